"""Facts: what happened in the shop, as small frozen values with a data class on every field.

Owns the vocabulary of the store, the privacy gate and the cloud. Holds no arrays, bytes, paths or free text.
A fact says nothing that was not seen; "no data from 10:02 to 10:31" is itself a fact.
"""

from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from sync.records import Lane


class DataClass(StrEnum):
    """Sensitivity of one field; the last three never leave the shop, whatever a policy says."""

    PUBLIC = "public"
    INTERNAL = "internal"
    PERSONAL = "personal"
    PAYMENT = "payment"
    BIOMETRIC = "biometric"


Public = DataClass.PUBLIC
Internal = DataClass.INTERNAL

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$")]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Percent = Annotated[float, Field(ge=0.0, le=100.0)]
Count = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(ge=0.0)]


class Fact(BaseModel):
    """Base of every fact. ``media_s`` is set where the fact was read from a recording."""

    # An error about a wrong value would repeat the value, and land in a log.
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True)

    kind: ClassVar[str]
    lane: ClassVar[Lane]

    at: Annotated[AwareDatetime, Internal]
    mono_s: Annotated[float, Internal]
    source: Annotated[Name, Internal]
    media_s: Annotated[Seconds | None, Internal] = None
    confidence: Annotated[Share | None, Internal] = None

    def coalescing_key(self) -> str | None:
        """Key under which an unsent metric is replaced by its successor; only lane p3 has one."""
        return f"{self.kind}:{self.source}" if self.lane is Lane.P3 else None


class _ShelfFact(Fact):
    lane = Lane.P1

    slot: Annotated[Name, Internal]
    sku: Annotated[Name, Public]
    units: Annotated[Count, Internal]
    facings: Annotated[Count, Internal]


class ShelfCountFact(_ShelfFact):
    """A slot's steady count changed; ``delta`` is None for the first count ever made of it."""

    kind = "shelf.count"

    delta: Annotated[int | None, Internal]
    shelf_units: Annotated[Count, Internal]
    fill: Annotated[Share | None, Internal] = None


class ShelfLowFact(_ShelfFact):
    """A slot went from above ``low_at`` units to at or under it, but not to zero."""

    kind = "shelf.low"

    low_at: Annotated[Count, Internal]


class ShelfOutOfStockFact(_ShelfFact):
    """A slot went to zero units."""

    kind = "shelf.out_of_stock"


class ShelfRestockedFact(_ShelfFact):
    """A slot that was empty or low went above ``low_at``; ``out_s`` is how long it was, where known."""

    kind = "shelf.restocked"

    out_s: Annotated[Seconds | None, Internal]


class ShelfMisplacedFact(Fact):
    """A product stood in a slot where another belongs, seen twice (``began``), or no longer does (``ended``)."""

    kind = "shelf.misplaced"
    lane = Lane.P1

    slot: Annotated[Name, Internal]
    sku: Annotated[Name, Public]
    seen_sku: Annotated[Name, Public]
    state: Annotated[Literal["began", "ended"], Internal]
    began_at: Annotated[AwareDatetime, Internal]


class ShelfComplianceFact(Fact):
    """A camera's share of planned facings that hold their product changed; of slots whose product is known by print."""

    kind = "shelf.compliance"
    lane = Lane.P1

    percent: Annotated[Percent, Internal]
    planned: Annotated[Count, Internal]
    in_place: Annotated[Count, Internal]
    unknown_slots: Annotated[Count, Internal]


class ZoneDwellFact(Fact):
    """One person left a zone."""

    kind = "zone.dwell"
    lane = Lane.P2

    zone: Annotated[Name, Internal]
    dwell_s: Annotated[Seconds, Internal]


class ZoneCrossingFact(Fact):
    """One person went over a line."""

    kind = "zone.crossing"
    lane = Lane.P2

    line: Annotated[Name, Internal]
    direction: Annotated[Literal["in", "out"], Internal]


class QueueLengthFact(Fact):
    """The steady number of people in a queue zone changed, or about how long who joins now will wait (``wait_s``)."""

    kind = "queue.length"
    lane = Lane.P2

    zone: Annotated[Name, Internal]
    people: Annotated[Count, Internal]
    wait_s: Annotated[Seconds | None, Internal] = None


class FootfallCountFact(Fact):
    """Crossings of a line over a period; written each quarter of an hour in which somebody crossed."""

    kind = "footfall.count"
    lane = Lane.P1

    line: Annotated[Name, Internal]
    began_at: Annotated[AwareDatetime, Internal]
    period_s: Annotated[Seconds, Internal]
    entered: Annotated[Count, Internal]
    left: Annotated[Count, Internal]


class _FeedFaultFact(Fact):
    lane = Lane.P0

    began_at: Annotated[AwareDatetime, Internal]


class FeedLostFact(_FeedFaultFact):
    """No picture arrives from a camera; nothing is known from ``began_at`` on."""

    kind = "feed.lost"


class FeedFrozenFact(_FeedFaultFact):
    """A camera repeats one picture; nothing is known from ``began_at`` on."""

    kind = "feed.frozen"


class FeedBlindFact(_FeedFaultFact):
    """A camera is covered, dark or washed out; nothing is known from ``began_at`` on."""

    kind = "feed.blind"


class FeedMovedFact(_FeedFaultFact):
    """A camera looks elsewhere than it did, or at something put before it; nothing is known from ``began_at`` on."""

    kind = "feed.moved"


class FeedBlurredFact(_FeedFaultFact):
    """A camera is out of focus all over; nothing is known from ``began_at`` on."""

    kind = "feed.blurred"


class FeedRestoredFact(Fact):
    """A camera sees again; ``no_data_s`` seconds from ``began_at`` on stay unknown for ever."""

    kind = "feed.restored"
    lane = Lane.P0

    fault: Annotated[Literal["lost", "frozen", "blind", "moved", "blurred"], Internal]
    began_at: Annotated[AwareDatetime, Internal]
    no_data_s: Annotated[Seconds, Internal]


class KioskTurnFact(Fact):
    """A shopper asked something. Never the words: intent, outcome and timings only."""

    kind = "kiosk.turn"
    lane = Lane.P2

    intent: Annotated[Name, Internal]
    outcome: Annotated[Literal["answered", "unknown", "refused", "handoff"], Internal]
    wording: Annotated[Literal["template", "model"], Internal]
    verified: Annotated[bool, Internal]
    sku: Annotated[Name | None, Public]
    total_ms: Annotated[float, Field(ge=0.0), Internal]


class KioskRatingFact(Fact):
    """A shopper's thumb on an answer: whether it helped, and what kind of answer it was. Never the words."""

    kind = "kiosk.rating"
    lane = Lane.P2

    intent: Annotated[Name, Internal]
    outcome: Annotated[Literal["answered", "unknown", "refused", "handoff"], Internal]
    wording: Annotated[Literal["template", "model"], Internal]
    helped: Annotated[bool, Internal]


class KioskHandoffFact(Fact):
    """A shopper asked for a colleague, one is on the way, or has been; open tickets show on the console."""

    kind = "kiosk.handoff"
    lane = Lane.P1

    ticket: Annotated[Name, Internal]
    state: Annotated[Literal["opened", "coming", "closed"], Internal] = "opened"


class ArtefactActivatedFact(Fact):
    """A weights file became the active one of its task."""

    kind = "artefact.activated"
    lane = Lane.P1

    task: Annotated[Name, Internal]
    artefact: Annotated[Name, Internal]
    version: Annotated[Name, Internal]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$"), Internal]


class NodeHealthFact(Fact):
    """How the node is, every minute; the latest replaces the earlier ones while they are unsent."""

    kind = "node.health"
    lane = Lane.P3

    uptime_s: Annotated[Seconds, Internal]
    cameras_ok: Annotated[Count, Internal]
    cameras: Annotated[Count, Internal]
    language_up: Annotated[bool, Internal]
    disk_free_share: Annotated[Share, Internal]
    rss_mb: Annotated[float, Field(ge=0.0), Internal]
    skipped_frames: Annotated[Count, Internal]
    late_frames: Annotated[Count, Internal] = 0
    thinned_frames: Annotated[Count, Internal] = 0
    unchanged_frames: Annotated[Count, Internal] = 0
    language_held_s: Annotated[Seconds, Internal] = 0.0


class ClockStepFact(Fact):
    """The wall clock jumped against the monotonic one by ``step_s`` (positive: forward)."""

    kind = "clock.step"
    lane = Lane.P0

    step_s: Annotated[float, Internal]


class EgressDeniedFact(Fact):
    """The second net held a record back: how many hits of which detector, never what was hit."""

    kind = "egress.denied"
    lane = Lane.P0

    denied_kind: Annotated[Name, Internal]
    detector: Annotated[Name, Internal]
    hits: Annotated[Count, Internal]


class AuditCheckpointFact(Fact):
    """The audit rows ``first``..``last`` as the node's key sealed them; what stood there can be proved with it."""

    kind = "audit.checkpoint"
    lane = Lane.P0

    first: Annotated[Count, Internal]
    last: Annotated[Count, Internal]
    root: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$"), Internal]
    head: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$"), Internal]
    key: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$"), Internal]
    signature: Annotated[str, Field(pattern=r"^[0-9a-f]{128}$"), Internal]


class CommandResultFact(Fact):
    """What became of a signed command from head office (``counter``), or of a twin (``counter`` is its version)."""

    kind = "command.result"
    lane = Lane.P0

    epoch: Annotated[Name, Internal]
    counter: Annotated[Count, Internal]
    do: Annotated[Name, Internal]
    outcome: Annotated[Literal["done", "refused", "failed", "interrupted"], Internal]
    detail: Annotated[Name | None, Internal] = None


class StoreEpochFact(Fact):
    """A new numbering began: at the first start, or after a damaged store was salvaged."""

    kind = "store.epoch"
    lane = Lane.P0

    epoch: Annotated[Name, Internal]
    previous_epoch: Annotated[Name | None, Internal]
    reason: Annotated[Literal["created", "salvaged"], Internal]
    facts_salvaged: Annotated[Count, Internal]
    records_lost_upto: Annotated[Count | None, Internal]


class GapFact(Fact):
    """Records ``first``..``last`` of a lane will never come; declared so that nobody waits for them."""

    kind = "gap"
    lane = Lane.P0

    epoch: Annotated[Name, Internal]
    gap_lane: Annotated[Literal["p0", "p1", "p2", "p3"], Internal]
    first: Annotated[Count, Internal]
    last: Annotated[Count, Internal]
    reason: Annotated[Literal["evicted", "superseded", "salvage"], Internal]


FACT_TYPES: tuple[type[Fact], ...] = (
    ShelfCountFact,
    ShelfLowFact,
    ShelfOutOfStockFact,
    ShelfRestockedFact,
    ShelfMisplacedFact,
    ShelfComplianceFact,
    ZoneDwellFact,
    ZoneCrossingFact,
    QueueLengthFact,
    FootfallCountFact,
    FeedLostFact,
    FeedFrozenFact,
    FeedBlindFact,
    FeedMovedFact,
    FeedBlurredFact,
    FeedRestoredFact,
    KioskTurnFact,
    KioskRatingFact,
    KioskHandoffFact,
    ArtefactActivatedFact,
    NodeHealthFact,
    ClockStepFact,
    EgressDeniedFact,
    AuditCheckpointFact,
    CommandResultFact,
    StoreEpochFact,
    GapFact,
)


def data_class_of(fact_type: type[Fact], field: str) -> DataClass:
    """Data class of one field.

    Raises:
        LookupError: the field exists but carries no class; a test keeps this from shipping.
    """
    for mark in fact_type.model_fields[field].metadata:
        if isinstance(mark, DataClass):
            return mark
    raise LookupError(f"{fact_type.__name__}.{field} has no data class")
