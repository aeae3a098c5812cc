"""What the staff console sees of the running shop: the cameras' views, the store, the link, the language model.

Implements the console's port over the parts that the composition root gives it. Reads only, except for closing a
ticket, which becomes a fact.
"""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import Literal, Protocol

from edge.audit_notes import note_ticket
from edge.catalogue import Catalogue
from edge.clock import Clock
from edge.console.errors import SourceUnavailableError
from edge.console.source import (
    CameraPanel,
    CameraState,
    FactPage,
    FactRow,
    GapRow,
    HealthPanel,
    HeldRow,
    KindTotal,
    LaneRow,
    LedgerRow,
    LinkPanel,
    Picture,
    PrivacyPanel,
    SlotRow,
    SlotState,
    Ticket,
)
from edge.egress import Disposition
from edge.errors import StoreError
from edge.facts import FACT_TYPES, KioskHandoffFact
from edge.node_report import UplinkView, rss_mb
from edge.planogram import Planogram
from edge.store.rows import StoredFact
from edge.store.store import Store
from models.governor import Governor
from models.language.requests import LanguageStats
from models.registry import Registry
from sync.records import Lane, Scalar
from vision.seats import CameraView
from vision.service import VisionService

_LANES = {t.kind: t.lane for t in FACT_TYPES}
_COMMON_FIELDS = frozenset({"at", "mono_s", "source", "media_s"})
_GAPS_SHOWN = 20
_REASONS = {
    Disposition.KEPT: "not in the policy",
    Disposition.DENIED: "the second net found something in it",
    Disposition.QUEUED: "waiting",
}


class Language(Protocol):
    """The part of the language model that the health page shows."""

    def stats(self) -> LanguageStats:
        """Counters and speeds."""
        ...


class Tickets:
    """Open calls for a colleague. Any thread."""

    def __init__(self) -> None:
        """Nobody waits yet."""
        self._lock = Lock()
        self._open: dict[str, Ticket] = {}

    def note(self, fact: KioskHandoffFact) -> None:
        """A shopper called, a colleague is on the way, or has been."""
        with self._lock:
            if fact.state == "closed":
                self._open.pop(fact.ticket, None)
                return
            known = self._open.get(fact.ticket)
            if fact.state == "opened":
                self._open[fact.ticket] = Ticket(ticket_id=fact.ticket, opened_at=fact.at, kiosk=fact.source)
            elif known is not None:
                self._open[fact.ticket] = replace(known, is_taken=True)

    def waiting(self) -> Sequence[Ticket]:
        """Open tickets, oldest first."""
        with self._lock:
            return sorted(self._open.values(), key=lambda t: t.opened_at)

    def open_at(self, kiosk_id: str) -> Sequence[tuple[str, bool]]:
        """Open tickets of one screen, oldest first, and whether somebody is on the way."""
        return [(ticket.ticket_id, ticket.is_taken) for ticket in self.waiting() if ticket.kiosk == kiosk_id]

    def kiosk_of(self, ticket_id: str) -> str | None:
        """Where an open ticket was given out; None when it is not open."""
        with self._lock:
            ticket = self._open.get(ticket_id)
            return None if ticket is None else ticket.kiosk


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningShop:
    """The parts that the console looks at."""

    store: Store
    vision: VisionService
    registry: Registry
    language: Language
    governor: Governor
    catalogue: Catalogue
    tickets: Tickets
    move_ticket: Callable[[str, str, Literal["coming", "closed"]], None]
    """Record that somebody goes to the ticket of a kiosk, or that it is done."""
    clock: Clock
    started_at: datetime
    policy_version: str
    kept_fields: Mapping[str, tuple[str, ...]]
    """For each fact kind, the fields that the privacy policy keeps in the shop."""
    uplink: UplinkView
    data: Path


class ShopSource:
    """The console's view of a running shop. Two threads of the console's own call it; it may block on disk."""

    def __init__(self, shop: RunningShop) -> None:
        """Keep the parts; nothing is asked yet."""
        self._shop = shop

    def cameras(self) -> Sequence[CameraPanel]:
        """Every camera in the order of the settings."""
        try:
            planogram = Planogram.of(self._shop.store, since=self._shop.started_at)
        except StoreError as error:
            raise SourceUnavailableError(str(error)) from error
        return [self._panel(view, planogram) for view in self._shop.vision.views()]

    def picture(self, camera_id: str) -> Picture | None:
        """The newest redacted picture."""
        if camera_id not in self._shop.vision.camera_ids:
            return None
        view = self._shop.vision.view(camera_id)
        return None if view.jpeg is None else Picture(picture_id=str(view.picture_number), jpeg=view.jpeg)

    def facts(self, *, after_id: int, limit: int, kinds: Sequence[str] = (), source: str = "") -> FactPage:
        """Facts with an id above ``after_id``, newest first."""
        try:
            return self._fact_page(after_id, limit, kinds, source)
        except StoreError as error:
            raise SourceUnavailableError(str(error)) from error

    def _fact_page(self, after_id: int, limit: int, kinds: Sequence[str], source: str) -> FactPage:
        newest = self._shop.store.facts(limit=1, newest_first=True)
        upto_id = newest[0].id if newest else 0
        if upto_id <= after_id:
            return FactPage(rows=(), upto_id=upto_id)
        found: list[StoredFact] = []
        for kind in kinds or (None,):
            found.extend(self._shop.store.facts(kind=kind, source=source or None, limit=limit, newest_first=True))
        fresh = sorted((f for f in found if f.id > after_id), key=lambda f: f.id, reverse=True)
        return FactPage(rows=tuple(self._fact_row(f) for f in fresh[:limit]), upto_id=upto_id)

    def link(self) -> LinkPanel:
        """State of the link and of the outbox."""
        status, stats = self._shop.uplink.status(), self._shop.store.stats()
        now = self._shop.clock.now()
        ack_age_s = status.last_ack_age_s
        lanes = self._shop.store.outbox.lanes(stats.epoch)
        return LinkPanel(
            up=status.is_up,
            since=status.since,
            broker=status.broker,
            reconnects=status.reconnects,
            epoch=stats.epoch,
            last_ack_at=None if ack_age_s is None else now - timedelta(seconds=ack_age_s),
            lanes=tuple(
                LaneRow(
                    lane=lane.lane,
                    pending=stats.pending.get(lane.lane, 0),
                    in_flight=max(0, lane.sent_upto - lane.acked_upto),
                    drawn_upto=lane.drawn_upto,
                    acked_upto=lane.acked_upto,
                )
                for lane in lanes
            ),
            gaps=tuple(_gap_row(f) for f in self._shop.store.facts(kind="gap", limit=_GAPS_SHOWN, newest_first=True)),
        )

    def privacy(self, *, limit: int) -> PrivacyPanel:
        """The newest rows of the egress ledger with the totals."""
        store = self._shop.store
        return PrivacyPanel(
            policy_version=self._shop.policy_version,
            ledger=tuple(
                LedgerRow(
                    at=row.first_sent_at,
                    record_id=row.record_id,
                    kind=row.kind,
                    fields=tuple(row.fields),
                    size_bytes=row.bytes,
                    policy_version=row.policy_version,
                    sends=row.sends,
                )
                for row in store.ledger(limit=limit)
            ),
            totals=tuple(
                KindTotal(
                    kind=total.kind,
                    records=total.records,
                    size_bytes=total.bytes,
                    fields=tuple(total.fields),
                    fields_kept=self._shop.kept_fields.get(total.kind, ()),
                )
                for total in store.ledger_totals()
            ),
            held=tuple(
                HeldRow(kind=held.kind, reason=_REASONS[held.disposition], records=held.records, last_at=held.last_at)
                for held in store.held_back()
            ),
        )

    def health(self) -> HealthPanel:
        """How the node is."""
        shop = self._shop
        alarms = self._alarms()
        disk, stats, language = shutil.disk_usage(shop.data), shop.store.stats(), shop.language.stats()
        active = [e.manifest for e in shop.registry.list() if e.slot == "active"]
        names = {str(m.task): m.name for m in active}
        return HealthPanel(
            uptime_s=(shop.clock.now() - shop.started_at).total_seconds(),
            version=version("backroom"),
            boot_id=shop.clock.boot_id,
            time_quality=shop.clock.time_quality(),
            language_up=language.is_up,
            language_name=names.get("language", ""),
            disk_free_bytes=disk.free,
            disk_total_bytes=disk.total,
            rss_bytes=int(rss_mb() * 1e6),
            memory_total_bytes=_memory_total_bytes(),
            store_bytes=stats.size_bytes,
            facts_stored=stats.facts,
            artefacts=tuple((str(m.task), m.name, m.version) for m in active),
            alarms=tuple(alarms),
            notes=(*alarms, *self._notes(language)),
        )

    def tickets(self) -> Sequence[Ticket]:
        """Open tickets, oldest first."""
        return self._shop.tickets.waiting()

    def close_ticket(self, ticket_id: str) -> bool:
        """Close a ticket; its fact tells head office how long the shopper waited."""
        return self._move_ticket(ticket_id, "closed")

    def take_ticket(self, ticket_id: str) -> bool:
        """Tell the shopper at the kiosk that somebody is on the way."""
        return self._move_ticket(ticket_id, "coming")

    def _move_ticket(self, ticket_id: str, state: Literal["coming", "closed"]) -> bool:
        kiosk = self._shop.tickets.kiosk_of(ticket_id)
        if kiosk is None:
            return False
        try:
            note_ticket(self._shop.store, ticket_id, state)
            self._shop.move_ticket(ticket_id, kiosk, state)
        except StoreError as error:
            raise SourceUnavailableError(str(error)) from error
        return True

    def _alarms(self) -> list[str]:
        stats = self._shop.store.stats()
        alarms = []
        if stats.room in ("refusing", "full"):
            alarms.append("The disk is full: free space. Until then facts wait in memory and only alarms are stored.")
        if stats.quick_check not in ("ok", "being checked"):
            alarms.append(f"The store was damaged and salvaged: {stats.quick_check}. What was lost is declared.")
        if self._shop.vision.failure is not None:
            alarms.append("The cameras' worker ended: restart the node. Nothing on the shelves is known until then.")
        return alarms

    def _notes(self, language: LanguageStats) -> list[str]:
        stats = self._shop.store.stats()
        notes = []
        if stats.room == "trimming":
            notes.append(f"The store's room is {stats.fill:.0%} used: old facts are being trimmed. Free disk space.")
        if not language.is_up:
            notes.append("The language model is down: the kiosk answers from templates.")
        if self._shop.governor.is_holding:
            cores = self._shop.governor.cores
            notes.append(f"Cameras are under their floor: the kiosk's language model is held to {cores:g} cores.")
        if self._shop.clock.time_quality() != "synced":
            notes.append("No time service keeps the clock: facts are marked unsynced.")
        return notes

    def _panel(self, view: CameraView, planogram: Planogram) -> CameraPanel:
        return CameraPanel(
            camera_id=view.camera_id,
            name=view.name,
            state=CameraState.OK if view.fault is None else CameraState(view.fault.value),
            since=view.since,
            picture_id=None if view.jpeg is None else str(view.picture_number),
            fps=view.analysed_fps,
            skipped=view.skipped_frames,
            late=view.late_frames,
            thinned=view.thinned_frames,
            unchanged=view.gated_frames,
            compliance_percent=planogram.percent.get(view.camera_id),
            slots=tuple(
                SlotRow(
                    slot_id=slot.slot_id,
                    sku=slot.sku,
                    product=self._title(slot.sku),
                    units=slot.units,
                    facings=slot.facings,
                    low_at=slot.low_at,
                    state=SlotState(slot.state.value),
                    since=slot.since,
                    misplaced=self._title(seen) if (seen := planogram.seen.get((view.camera_id, slot.slot_id))) else "",
                )
                for slot in view.slots
            ),
        )

    def _fact_row(self, fact: StoredFact) -> FactRow:
        fields: dict[str, Scalar] = {k: v for k, v in fact.body.items() if k not in _COMMON_FIELDS and v is not None}
        sku = fields.get("sku")
        return FactRow(
            fact_id=fact.id,
            at=fact.at,
            kind=fact.kind,
            source=fact.source,
            lane=_LANES.get(fact.kind, Lane.P1),
            fields=fields,
            product=self._title(sku) if isinstance(sku, str) else "",
        )

    def _title(self, sku: str) -> str:
        product = self._shop.catalogue.get(sku)
        return sku if product is None else product.title


def _memory_total_bytes() -> int:
    line = next(text for text in Path("/proc/meminfo").read_text().splitlines() if text.startswith("MemTotal:"))
    return int(line.split()[1]) * 1024


def _gap_row(fact: StoredFact) -> GapRow:
    body = fact.body
    return GapRow(
        at=fact.at,
        epoch=str(body["epoch"]),
        lane=Lane(body["gap_lane"]),
        first=int(body["first"]),
        last=int(body["last"]),
        reason=str(body["reason"]),
    )
