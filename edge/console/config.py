"""Settings of the staff console: where it listens, where its password lies, how long a login lasts.

Refuses unknown keys. Listens on this machine only unless told otherwise.
"""

from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field, field_validator


class ConsoleSettings(BaseModel):
    """The section ``[console]``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field(default="127.0.0.1", min_length=1, max_length=255, description="address to listen on")
    port: int = Field(default=8090, ge=0, le=65535, description="0 takes any free port")
    password_file: Path = Field(default=Path("console-password"), description="holds a hash, never the password")
    session_hours: float = Field(default=8.0, gt=0.0, le=24.0, description="a login ends after this, used or not")
    secure_cookie: bool = Field(default=False, description="true behind a TLS proxy: the cookie then needs https")


class ShopLabel(BaseModel):
    """What the pages call the shop, and the zone in which they tell the time."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=80)
    node: str = Field(default="", max_length=80)
    timezone: str = "UTC"

    @field_validator("timezone")
    @classmethod
    def _is_known(cls, timezone: str) -> str:
        if timezone not in available_timezones():
            raise ValueError(f"no such time zone: {timezone}; give one like Europe/Berlin")
        return timezone

    @property
    def zone(self) -> ZoneInfo:
        """The zone itself."""
        return ZoneInfo(self.timezone)
