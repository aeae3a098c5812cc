"""Settings of the surface to which cameras post pictures: where it listens and what a picture may cost.

Owns the section `[camera_post]`. There is no such surface unless a camera's file says `url = "post:"`.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class CameraPostSettings(BaseModel):
    """The section `[camera_post]` of the shop's settings."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    host: Annotated[str, Field(min_length=1, max_length=255)] = "127.0.0.1"
    """Address of this box in the cameras' network; without encryption, so give cameras a network of their own."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8102
    """0 takes any free port."""
    max_bytes: Annotated[int, Field(ge=10_000, le=50_000_000)] = 8_000_000
    """Longest picture that is taken, in bytes."""
    least_interval_s: Annotated[float, Field(ge=0.1, le=60.0)] = 1.0
    """A camera that posts sooner after its last picture is told to wait."""
