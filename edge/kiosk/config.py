"""Settings of the kiosk: where it listens, who it is, and how patient it is with whom.

Owns the section `[kiosk]`. Refuses unknown keys and values out of bounds.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class KioskSettings(BaseModel):
    """The section `[kiosk]` of the shop's settings."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    host: str = "127.0.0.1"
    """Address to listen on."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    """0 takes any free port."""
    kiosk_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$")] = "kiosk-1"
    """Source of the facts about questions."""
    idle_s: Annotated[float, Field(ge=1.0, le=600.0)] = 30.0
    """Seconds without a touch after which the session is wiped."""
    wording_deadline_s: Annotated[float, Field(gt=0.0, le=10.0)] = 2.5
    """The model has so long to word an answer; then the template is shown."""
    stock_max_age_s: Annotated[float, Field(gt=0.0, le=86400.0)] = 900.0
    """A shelf not seen for longer is unknown."""
    rate_per_minute: Annotated[int, Field(ge=1, le=6000)] = 60
    """Requests of one screen, on average; a third of it may come at once."""
