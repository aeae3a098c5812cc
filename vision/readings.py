"""What vision says about the shop: plain readings, each with the frame's own time.

Owns the vocabulary between the cameras and `edge.translate`, which turns readings into facts. Holds no
pictures, no track ids and nothing about a person that outlives the moment.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class FeedFault(StrEnum):
    """Why a camera gives no data."""

    LOST = "lost"
    FROZEN = "frozen"
    BLIND = "blind"
    MOVED = "moved"
    BLURRED = "blurred"


@dataclass(frozen=True, slots=True)
class Stamp:
    """A moment in the three times that readings carry."""

    at: datetime
    mono_s: float
    media_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Where and when: common to every reading."""

    camera_id: str
    captured_at: datetime
    """Aware UTC time of the frame (for a file: start of the replay plus ``media_s``)."""
    mono_s: float
    """Monotonic seconds at the frame."""
    media_s: float
    """Seconds since the start of the clip or stream, in the stream's own time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShelfCounted(Seen):
    """A slot's steady count: seen twice, with nothing in front. Sent at start and on every change.

    Slots that become steady together are sent together, in one batch and with one time.
    """

    slot_id: str
    sku: str
    units: int
    facings: int
    """Places in the slot; ``units`` lies in 0..facings."""
    shelf_units: int
    """Steady units over all slots of this camera after the whole batch."""
    low_at: int
    """At or under this many units the slot is low."""
    confidence: float
    fill: float | None = None
    """Share of the slot's width that holds something, 0..1, where packs cannot be told apart; ``units`` are columns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackMisplaced(Seen):
    """A product stands in a slot where it does not belong, or no longer does; told when seen twice."""

    slot_id: str
    sku: str
    """The product that belongs there."""
    seen_sku: str
    confidence: float
    began_at: datetime
    """When it was first seen there."""
    is_over: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanogramCompared(Seen):
    """How far a camera's shelf keeps to its planogram changed; seen twice."""

    compliance: float
    """Planned facings that hold their product, 0..1, of the slots that can be told."""
    planned: int
    """Facings of the slots that can be told."""
    in_place: int
    unknown_slots: int
    """Slots of products without a reference picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedFaulted(Seen):
    """A camera stopped giving usable pictures; until restored its slots and zones are "no data"."""

    fault: FeedFault
    began_at: datetime
    began_media_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRestored(Seen):
    """The fault that began at ``began_at`` ended; ``no_data_s`` is how long nothing was known."""

    fault: FeedFault
    began_at: datetime
    no_data_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LineCrossed(Seen):
    """One person went over a line; ``direction`` is ``in`` or ``out`` as the line's settings name its sides."""

    line_id: str
    direction: str
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneDwelt(Seen):
    """One person left a zone after ``dwell_s`` seconds in it."""

    zone_id: str
    dwell_s: float
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneOccupied(Seen):
    """The steady number of people in a zone changed (a queue, when the zone is one)."""

    zone_id: str
    people: int
    confidence: float
    wait_s: float | None = None
    """About how long who joins a queue now will wait; None where that is not known, and in zones of another kind."""


Reading = (
    ShelfCounted
    | PackMisplaced
    | PlanogramCompared
    | FeedFaulted
    | FeedRestored
    | LineCrossed
    | ZoneDwelt
    | ZoneOccupied
)
