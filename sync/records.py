"""The one type that may cross from the shop to the cloud, and the lanes it travels in.

Owns the shape of an outgoing record. Only `edge.egress` makes one; `sync` carries it and never looks for
more than what is in it. Stands between the privacy gate and the outbox.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

Scalar = str | int | float | bool | None


class Lane(StrEnum):
    """Delivery class of a record.

    ====  =============================================  ==========================
    lane  carries                                        when the outbox is full
    ====  =============================================  ==========================
    p0    gaps, epochs, command results, audit, alarms   never dropped
    p1    business facts                                 the producer waits
    p2    telemetry                                      oldest range out, one gap
    p3    metrics                                        latest per key
    ====  =============================================  ==========================
    """

    P0 = "p0"
    P1 = "p1"
    P2 = "p2"
    P3 = "p3"


@dataclass(frozen=True, slots=True)
class OutgoingRecord:
    """What the privacy gate let through: plain values only, no arrays, bytes, paths or free text."""

    lane: Lane
    kind: str
    """Fact kind, e.g. ``shelf.count``."""
    source: str
    """Camera, kiosk or part that saw it, e.g. ``cam-dairy``."""
    occurred_at: datetime
    """Aware UTC time of the fact in the node's clock."""
    mono_s: float
    """Monotonic seconds of the node at the fact; comparable within one ``boot_id``."""
    boot_id: str
    time_quality: str
    """``synced`` or ``unsynced``: how far the wall clock may be trusted."""
    data_class: str
    """Highest data class among the fields that leave: ``public`` or ``internal``."""
    policy_version: str
    data: Mapping[str, Scalar]
    key: str | None = None
    """Metrics of lane p3 with the same key replace each other while unsent."""
    traceparent: str | None = None
    """W3C trace context of the work that made the fact, where there is one."""


@dataclass(frozen=True, slots=True)
class QueuedRecord:
    """An outgoing record with the number that its lane gave it, in the transaction that stored its fact."""

    epoch: str
    lane: Lane
    seq: int
    record: OutgoingRecord

    @property
    def id(self) -> str:
        """Event id ``{epoch}:{lane}:{seq}``: unique without a clock."""
        return f"{self.epoch}:{self.lane}:{self.seq}"
