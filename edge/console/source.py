"""Port to the running shop: everything that the console shows, as frozen values.

Owns the console's vocabulary. Holds no pictures beyond one redacted JPEG at a time and no database. Implemented
by `edge.app` over the store, the cameras and the uplink; the pages never see those.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from sync.records import Lane, Scalar


class CameraState(StrEnum):
    """Whether a camera's picture can be believed."""

    OK = "ok"
    LOST = "lost"
    FROZEN = "frozen"
    BLIND = "blind"
    MOVED = "moved"
    BLURRED = "blurred"


class SlotState(StrEnum):
    """Whether a slot's count can be believed."""

    STEADY = "steady"
    OCCLUDED = "occluded"
    NO_DATA = "no data"


class StockLevel(StrEnum):
    """What a slot needs, in the order in which the pages list it."""

    OUT = "out"
    LOW = "low"
    UNKNOWN = "unknown"
    OK = "ok"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotRow:
    """One place on a shelf. ``units`` is None until a first steady count."""

    slot_id: str
    sku: str
    product: str
    units: int | None
    facings: int
    low_at: int
    state: SlotState
    since: datetime
    """When the units last changed, or data began or ended."""
    misplaced: str = ""
    """The product that stands here and belongs elsewhere; empty while none is known to."""

    @property
    def level(self) -> StockLevel:
        """Level of the last steady count; a slot without data is unknown, never empty."""
        if self.units is None or self.state is SlotState.NO_DATA:
            return StockLevel.UNKNOWN
        if self.units == 0:
            return StockLevel.OUT
        return StockLevel.LOW if self.units <= self.low_at else StockLevel.OK


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraPanel:
    """One camera as it is now."""

    camera_id: str
    name: str
    state: CameraState
    since: datetime
    """When ``state`` began."""
    picture_id: str | None
    """Changes with every new picture; None while there is none."""
    fps: float
    """Frames analysed a second, lately."""
    skipped: int
    """Frames not looked at because the budget was spent, since the start."""
    late: int = 0
    """Frames looked at, but later than the camera's floor asks."""
    thinned: int = 0
    """Frames left out because ``analyse_fps`` asks for fewer."""
    compliance_percent: float | None = None
    """Planned facings that hold their product; None where packs are not looked for."""
    unchanged: int = 0
    """Frames looked at in which nothing had changed."""
    slots: tuple[SlotRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A redacted JPEG: faces blurred, slots and counts drawn."""

    picture_id: str
    jpeg: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class FactRow:
    """One stored fact; ``fields`` holds what is particular to its kind, times as ISO 8601 text."""

    fact_id: int
    at: datetime
    kind: str
    source: str
    lane: Lane
    fields: Mapping[str, Scalar] = field(default_factory=dict)
    product: str = ""
    """Name of the product in ``fields["sku"]``, where there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactPage:
    """Facts newest first, and the newest id in the store whether or not it matched."""

    rows: tuple[FactRow, ...]
    upto_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneRow:
    """One lane of the outbox in the current epoch."""

    lane: Lane
    pending: int
    """Rows still in the outbox."""
    in_flight: int
    """Rows sent and not yet acknowledged."""
    drawn_upto: int
    acked_upto: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GapRow:
    """A declared gap: these records will never come."""

    at: datetime
    epoch: str
    lane: Lane
    first: int
    last: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkPanel:
    """The link to head office as it is now."""

    up: bool
    since: datetime
    """When the link last went up or down; the start of the node where neither happened."""
    broker: str
    """``host:port`` for people to read; never with a user name or a password."""
    reconnects: int
    epoch: str
    last_ack_at: datetime | None
    lanes: tuple[LaneRow, ...]
    gaps: tuple[GapRow, ...] = ()
    """Newest first, as many as fit on a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRow:
    """One record that left the shop."""

    at: datetime
    record_id: str
    kind: str
    fields: tuple[str, ...]
    size_bytes: int
    policy_version: str
    sends: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KindTotal:
    """What left of one kind since the ledger began."""

    kind: str
    records: int
    size_bytes: int
    fields: tuple[str, ...]
    fields_kept: tuple[str, ...]
    """Fields of the kind that the policy keeps in the shop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRow:
    """What stayed in the shop, by kind and reason (``not in the policy``, or the detector that hit)."""

    kind: str
    reason: str
    records: int
    last_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyPanel:
    """The egress ledger and its totals."""

    policy_version: str
    ledger: tuple[LedgerRow, ...]
    """Newest first."""
    totals: tuple[KindTotal, ...]
    held: tuple[HeldRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthPanel:
    """The node as it is now."""

    uptime_s: float
    version: str
    boot_id: str
    time_quality: str
    language_up: bool
    language_name: str
    disk_free_bytes: int
    disk_total_bytes: int
    rss_bytes: int
    memory_total_bytes: int
    store_bytes: int
    facts_stored: int
    artefacts: tuple[tuple[str, str, str], ...] = ()
    """Active weights: task, name, version."""
    alarms: tuple[str, ...] = ()
    """Sentences that need somebody now, on every page's rail and on the overview; repeated in ``notes``."""
    notes: tuple[str, ...] = ()
    """Sentences for the operator, worst first; empty when all is well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A shopper waits for a colleague."""

    ticket_id: str
    opened_at: datetime
    kiosk: str
    about: str = ""
    """Product or topic where known; never the shopper's words."""
    is_taken: bool = False
    """Somebody said that they are on the way."""


class ConsoleSource(Protocol):
    """The running shop. Each method may be called from the console's two worker threads and may block on disk.

    Raises:
        SourceUnavailableError: from any method, when it cannot be told now.
    """

    def cameras(self) -> Sequence[CameraPanel]:
        """Every camera, in the order of the settings. Asked once a second at most; encodes no picture."""
        ...

    def picture(self, camera_id: str) -> Picture | None:
        """The newest redacted picture, or None while there is none or no such camera."""
        ...

    def facts(self, *, after_id: int, limit: int, kinds: Sequence[str] = (), source: str = "") -> FactPage:
        """Facts with an id above ``after_id``, newest first, at most ``limit``; empty filters match all."""
        ...

    def link(self) -> LinkPanel:
        """State of the link and of the outbox."""
        ...

    def privacy(self, *, limit: int) -> PrivacyPanel:
        """The newest ``limit`` rows of the egress ledger with the totals."""
        ...

    def health(self) -> HealthPanel:
        """How the node is."""
        ...

    def tickets(self) -> Sequence[Ticket]:
        """Open tickets, oldest first."""
        ...

    def take_ticket(self, ticket_id: str) -> bool:
        """Tell the shopper that somebody is on the way; False when it is not open (any more)."""
        ...

    def close_ticket(self, ticket_id: str) -> bool:
        """Close a ticket; False when it is not open (any more)."""
        ...
