"""Section ``[store]``: where the store lies, how it groups commits and what it gives up when room runs out."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from edge.facts import DataClass

_MIB = 1024 * 1024
_Days = Annotated[float, Field(ge=0.0, le=3660.0)]
_Share = Annotated[float, Field(gt=0.0, le=1.0)]


def _days_by_class() -> dict[DataClass, float]:
    return {
        DataClass.PUBLIC: 400.0,
        DataClass.INTERNAL: 400.0,
        DataClass.PERSONAL: 1.0,
        DataClass.PAYMENT: 0.0,
        DataClass.BIOMETRIC: 0.0,
    }


def _days_by_kind() -> dict[str, float]:
    return {"node.health": 14.0, "zone.crossing": 60.0, "zone.dwell": 60.0, "queue.length": 60.0, "kiosk.turn": 90.0}


class StoreSettings(BaseModel):
    """Bounds of the store; the lock, the ballast and the number watch lie beside ``path`` under its name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: Path = Path("data/backroom.db")
    """Set by the data folder of the node."""
    max_bytes: Annotated[int, Field(ge=256 * 1024)] = 4096 * _MIB
    """Room the store may take: database and write-ahead log."""
    ballast_bytes: Annotated[int, Field(ge=0)] = 16 * _MIB
    """Kept aside and given up when the disk is full, so that alarms and acknowledgements can still be written."""
    group_ms: Annotated[float, Field(ge=0.0, le=1000.0)] = 10.0
    """Longest wait of a fact for others to share its commit."""
    group_rows: Annotated[int, Field(ge=1, le=10_000)] = 100
    """Most facts in one commit."""
    queue_rows: Annotated[int, Field(ge=1, le=1_000_000)] = 2_000
    """Facts that may wait for the writer; then the producer waits."""
    append_timeout_s: Annotated[float, Field(gt=0.0, le=600.0)] = 10.0
    """A producer waits so long for room, then keeps its facts itself."""
    p1_limit_rows: Annotated[int, Field(ge=1)] = 3_000_000
    """Business records waiting for the cloud; then the producer waits."""
    p2_limit_rows: Annotated[int, Field(ge=1)] = 500_000
    """Telemetry records waiting for the cloud; then the oldest go, declared by a gap."""
    trim_at: _Share = 0.70
    """Fill above which old telemetry goes."""
    trim_hard_at: _Share = 0.85
    """Fill above which old facts of any lane go, and unsent telemetry too."""
    refuse_at: _Share = 0.95
    """Fill above which only lane p0 is accepted."""
    keep_days: dict[DataClass, _Days] = Field(default_factory=_days_by_class)
    """Age at which facts go, by the highest data class among their fields."""
    keep_kind_days: dict[str, _Days] = Field(default_factory=_days_by_kind)
    """Shorter ages for single kinds."""
    ledger_days: _Days = 400.0
    """How long the list of what left is kept."""
    housekeeping_s: Annotated[float, Field(gt=0.0, le=3600.0)] = 30.0
    """How often retention looks."""
    backup_to: Path | None = None
    """Folder on a second medium for a copy of the store, made beside the running node; none: no copies."""
    backup_every_h: Annotated[float, Field(gt=0.0, le=8760.0)] = 24.0
    """How old a copy may be before the next is made."""
    readers: Annotated[int, Field(ge=1, le=32)] = 4
    """Read-only connections; a reader waits for one."""

    @model_validator(mode="after")
    def _watermarks_rise(self) -> Self:
        if not self.trim_at < self.trim_hard_at < self.refuse_at:
            raise ValueError("trim_at, trim_hard_at and refuse_at must rise, such as 0.70, 0.85, 0.95")
        return self

    def beside(self, suffix: str) -> Path:
        """A file beside the database, such as ``backroom.db.lock``."""
        return self.path.with_name(f"{self.path.name}.{suffix}")
