"""The store: facts in, durable and numbered; outbox, ledger and stock view out.

Joins the parts of this package and is what the rest of the appliance knows of it. A fact, the privacy gate's verdict
on it and its numbered outbox row are written in one transaction. Refuses a second process, never refuses to start
for damage, and never deletes without saying so.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from types import TracebackType
from typing import Any, Self

import structlog
from sqlite_utils import Database

from edge.audit import AuditNote, AuditRow, Seal
from edge.clock import Clock
from edge.egress import EgressGate, Origin, class_of_kind
from edge.errors import StoreFullError, StoreUnavailableError
from edge.facts import DataClass, EgressDeniedFact, Fact, GapFact, StoreEpochFact
from edge.store.book import Book, Scribe
from edge.store.config import StoreSettings
from edge.store.connection import Readers
from edge.store.gaps import OpenGap
from edge.store.late_check import UNDER_WAY, LateCheck
from edge.store.leases import Leases
from edge.store.lock import StoreLock
from edge.store.numbers import NumberWatch, Snapshot, letters_only_id
from edge.store.opening import NewEpoch, Opener
from edge.store.outbox import SqliteOutbox
from edge.store.reading import Reading
from edge.store.retention import Retention
from edge.store.rows import Draft, HeldBack, LedgerEntry, LedgerTotal, StoredFact, StoreStats, draft_of, to_us
from edge.store.schema import LANES
from edge.store.sealing import Sealing
from edge.store.space import Ballast, RoomWatch
from edge.store.writer import Job, Writer, WriterEvents
from sync.outbox import Outbox
from sync.records import Lane

_JOB_WAIT_S = 30.0
_CANNOT_HEAR = (OSError, RuntimeError)


class Store:
    """Use as a context manager, once. Every method may be called from any thread while it is open.

    ``seal`` signs the audit chain's checkpoints; without one they are not made.
    """

    def __init__(
        self,
        settings: StoreSettings,
        *,
        gate: EgressGate,
        clock: Clock,
        make_epoch: Callable[[], str] = letters_only_id,
        seal: Seal | None = None,
    ) -> None:
        self._settings = settings
        self._gate = gate
        self._clock = clock
        self._classes: dict[type[Fact], DataClass] = {}
        self._snapshot: Snapshot = {}
        self._last_commit_ms = 0.0
        self._origin = (clock.mono_s(), Origin(clock.boot_id, clock.time_quality()))
        self._p1_waiting = 0
        self._finding = "not checked"
        self._damaged_rows = 0
        self._kinds: Mapping[str, int] = {}
        self._subscribers: list[Callable[[], None]] = []
        self._acked = threading.Condition()
        self._leases = Leases()
        self._room = RoomWatch()
        self._ballast = Ballast(settings.beside("ballast"), settings.ballast_bytes)
        self._lock = StoreLock(settings.beside("lock"))
        self._log = structlog.get_logger("edge.store")
        self._opener = Opener(
            settings,
            clock=clock,
            make_epoch=make_epoch,
            make_book=self._make_book,
            tell_epoch=self._epoch_draft,
            ballast=self._ballast,
        )
        self._seal = seal
        self._sealing = Sealing(clock, self._own_draft)
        self._retention = Retention(settings, clock=clock, ballast=self._ballast, watch=self._room)
        events = WriterEvents(self._on_commit, self._on_damage, self._keep_house)
        self._writer = Writer(settings, clock=clock, events=events, watch=self._room, ballast=self._ballast)
        self._readers = Readers(settings.path, settings.readers, on_damage=self._ask_for_salvage)
        self._late_check = LateCheck(settings.path, self._on_finding)
        self._reading = Reading(self._readers, epoch_name=self._epoch_name, on_damaged_row=self._count_damaged_row)
        self._outbox = SqliteOutbox(
            clock=clock, readers=self._readers, leases=self._leases, snapshot=lambda: self._snapshot, do=self._do
        )

    def __enter__(self) -> Self:
        """Lock, check and open the file and start the writer.

        Raises:
            StoreBusyError: another process holds the store.
            StoreFullError: the disk has no room even to open it.
            StoreError: the file may not be opened.
        """
        self._settings.path.parent.mkdir(parents=True, exist_ok=True)
        self._lock.acquire()
        try:
            self._watch = NumberWatch(self._settings.beside("numbers"))
            try:
                book, self._finding = self._opener.open(self._watch, is_hurried=True)
            except BaseException:
                self._watch.close()
                raise
        except BaseException:
            self._lock.release()
            raise
        self._ballast.hold()
        self._publish(book)
        self._writer.start(book)
        self.housekeep()
        if self._finding == UNDER_WAY:
            self._late_check.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish what is queued, close, unlock."""
        self._late_check.stop()
        self._readers.close()
        self._writer.stop()
        with self._acked:
            self._acked.notify_all()
        self._watch.close()
        self._lock.release()

    @property
    def outbox(self) -> Outbox:
        """What the uplink sends from."""
        return self._outbox

    def append(self, facts: Sequence[Fact]) -> "Future[list[int]]":
        """Store facts, all or none, and number what of them may leave.

        Judges in the caller's thread, waits (``append_timeout_s``) while the writer's queue is full or too many
        business records wait, and returns before the commit. The future gives the keys or raises `StoreFullError`.

        Raises:
            StoreFullError: no room; nothing was written. Facts of lane p0 are still tried.
            StoreUnavailableError: the writer stayed behind.
            StoreClosedError: the store is closed.
        """
        origin = self._origin_now()
        drafts: list[Draft] = []
        asked: list[int] = []
        for fact in facts:
            asked.append(len(drafts))
            drafts.extend(self._drafts(fact, origin))
        is_essential = all(draft.lane is Lane.P0 for draft in drafts)
        if not is_essential:
            self._wait_for_room(drafts)

        def work(book: Book) -> list[int]:
            ids = book.append(drafts)
            return [ids[place] for place in asked]

        job = Job(work, rows=len(drafts), is_essential=is_essential)
        return self._writer.submit(job, self._settings.append_timeout_s)

    def append_wait(self, facts: Sequence[Fact], timeout_s: float = _JOB_WAIT_S) -> list[int]:
        """Store facts and wait for the commit; returns their keys.

        Raises:
            StoreFullError: no room; nothing was written.
            StoreUnavailableError: no commit within ``timeout_s``; the facts may still be written.
            StoreClosedError: the store is closed.
        """
        ids: list[int] = _result(self.append(facts), timeout_s)
        return ids

    def audit(self, notes: Sequence[AuditNote], timeout_s: float = _JOB_WAIT_S) -> list[int]:
        """Chain audit rows of what is no fact; returns their numbers once they are on the disk.

        Raises:
            StoreError: as `append_wait`.
        """
        job = Job(lambda book: book.note(notes), is_urgent=True, is_essential=True)
        rows: list[int] = _result(self._writer.submit(job, timeout_s), timeout_s)
        return rows

    def audited(self, *kinds: str) -> Iterator[AuditRow]:
        """Audit rows of some kinds, newest first; read a page at a time, as they are asked for."""
        return self._reading.audited(*kinds)

    def facts(
        self,
        *,
        kind: str | None = None,
        source: str | None = None,
        after_id: int | None = None,
        limit: int = 100,
        newest_first: bool = False,
    ) -> list[StoredFact]:
        """Facts in the order of their keys; ``after_id`` goes on where the last page ended, in either direction."""
        return self._reading.facts(kind=kind, source=source, after_id=after_id, limit=limit, newest_first=newest_first)

    def latest_by_slot(self) -> Mapping[tuple[str, str], StoredFact]:
        """Newest ``shelf.count`` per (source, slot); kept whatever its age, also for slots no longer in a planogram."""
        return self._reading.latest_by_slot()

    def ledger(self, *, limit: int = 100, after_id: int | None = None) -> Sequence[LedgerEntry]:
        """What left the shop: newest first, or, with ``after_id``, what was added after an entry, oldest first."""
        return self._reading.ledger(limit=limit, after_id=after_id)

    def ledger_totals(self) -> Sequence[LedgerTotal]:
        """What left the shop, by kind. Reads the whole ledger: ask rarely."""
        return self._reading.ledger_totals()

    def held_back(self) -> Sequence[HeldBack]:
        """Facts of which nothing left, by kind and reason."""
        return self._reading.held_back()

    def stats(self) -> StoreStats:
        """How the store is; from memory, does not touch the disk's data."""
        room = self._room.room
        snapshot = self._snapshot
        return StoreStats(
            facts=sum(self._kinds.values()),
            by_kind=dict(self._kinds),
            pending={lane: _pending(snapshot, lane) for lane in LANES},
            size_bytes=room.used_bytes,
            fill=room.fill,
            disk_free_share=room.disk_free_share,
            room=self._room.state.value,
            last_commit_ms=self._last_commit_ms,
            epoch=list(snapshot)[-1] if snapshot else "",
            quick_check=self._finding,
            damaged_rows=self._damaged_rows,
        )

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back after each commit, in the writer's thread: only enqueue or set an event there.

        Returns what ends it. A callback that can wake nobody any more (OSError, RuntimeError) is dropped.
        """
        self._subscribers = [*self._subscribers, callback]

        def end() -> None:
            self._subscribers = [other for other in self._subscribers if other is not callback]

        return end

    def housekeep(self) -> None:
        """Run one pass of retention now and wait for it; also runs by itself every ``housekeeping_s``."""
        self._do(Job(self._writer.keep_house, is_urgent=True, is_essential=True, is_housekeeping=True))

    def _origin_now(self) -> Origin:
        """The clock's quality is asked once a second: asking looks at files."""
        now_s = self._clock.mono_s()
        asked_s, origin = self._origin
        if now_s - asked_s >= 1.0:
            origin = Origin(self._clock.boot_id, self._clock.time_quality())
            self._origin = (now_s, origin)
        return origin

    def _drafts(self, fact: Fact, origin: Origin) -> list[Draft]:
        verdict = self._gate.judge(fact, origin)
        drafts = [draft_of(fact, verdict, self._class_of(type(fact)))]
        for tombstone in verdict.tombstones:
            drafts.extend(self._drafts(tombstone, origin))
        return drafts

    def _class_of(self, fact_type: type[Fact]) -> DataClass:
        if fact_type not in self._classes:
            self._classes[fact_type] = class_of_kind(fact_type)
        return self._classes[fact_type]

    def _wait_for_room(self, drafts: Sequence[Draft]) -> None:
        if self._room.takes_only_p0:
            raise StoreFullError("no room left for facts; only alarms are taken")
        limit = self._settings.p1_limit_rows
        if self._p1_waiting < limit or not any(draft.lane is Lane.P1 and draft.record for draft in drafts):
            return
        with self._acked:
            if not self._acked.wait_for(lambda: self._p1_waiting < limit, self._settings.append_timeout_s):
                raise StoreFullError(f"{self._p1_waiting} business records wait for the cloud; no more are taken")

    def _do(self, job: Job) -> Any:
        return _result(self._writer.submit(job, _JOB_WAIT_S), _JOB_WAIT_S)

    def _make_book(self, db: Database) -> Book:
        scribe = Scribe(
            gap=self._gap_draft,
            tombstone=self._tombstone_draft,
            checkpoint=self._sealing.draft,
            now_us=lambda: to_us(self._clock.now()),
            seal=self._seal,
        )
        return Book(db, scribe=scribe, leases=self._leases, p2_limit_rows=self._settings.p2_limit_rows)

    def _own_draft(self, fact: Fact) -> Draft:
        return draft_of(fact, self._gate.judge(fact, self._origin_now()), self._class_of(type(fact)))

    def _gap_draft(self, gap: OpenGap) -> Draft:
        return self._own_draft(
            GapFact.model_validate(
                {
                    "at": self._clock.now(),
                    "mono_s": self._clock.mono_s(),
                    "source": "store",
                    "epoch": gap.epoch,
                    "gap_lane": gap.lane,
                    "first": gap.first,
                    "last": gap.last,
                    "reason": gap.reason,
                }
            )
        )

    def _tombstone_draft(self, kind: str, detector: str, hits: int) -> Draft:
        now, mono_s = self._clock.now(), self._clock.mono_s()
        return self._own_draft(
            EgressDeniedFact(at=now, mono_s=mono_s, source="egress", denied_kind=kind, detector=detector, hits=hits)
        )

    def _epoch_draft(self, new: NewEpoch) -> Draft:
        return self._own_draft(
            StoreEpochFact(
                at=self._clock.now(),
                mono_s=self._clock.mono_s(),
                source="store",
                epoch=new.epoch,
                previous_epoch=new.previous_epoch,
                reason="salvaged" if new.salvaged else "created",
                facts_salvaged=new.facts_salvaged,
                records_lost_upto=new.records_lost_upto,
            )
        )

    def _publish(self, book: Book) -> None:
        with self._acked:
            self._snapshot = book.numbers.snapshot()
            self._p1_waiting = _pending(self._snapshot, Lane.P1)
            self._kinds = {kind: rows for kind, rows in book.kinds.items() if rows > 0}
            self._acked.notify_all()

    def _on_commit(self, book: Book, took_ms: float) -> None:
        self._watch.note(book.numbers)
        self._last_commit_ms = took_ms
        self._publish(book)
        for callback in self._subscribers:
            try:
                callback()
            except _CANNOT_HEAR:
                self._log.warning("store.subscriber_dropped", exc_info=True)
                self._subscribers = [other for other in self._subscribers if other is not callback]

    def _keep_house(self, book: Book) -> None:
        self._retention.run(book)
        self._sealing.run(book)
        self._watch.note(book.numbers)
        self._publish(book)

    def _on_damage(self, book: Book) -> Book:
        book.db.conn.close()
        book, self._finding = self._opener.open(self._watch)
        self._readers.renew()
        self._publish(book)
        return book

    def _on_finding(self, finding: str) -> None:
        self._finding = finding
        if finding != "ok":
            self._ask_for_salvage()

    def _ask_for_salvage(self) -> None:
        """A reader met a damaged page: have the writer open the file anew, without waiting for it."""
        job = Job(lambda _: self._writer.heal(), is_urgent=True, is_essential=True, is_housekeeping=True)
        self._writer.submit(job, _JOB_WAIT_S)

    def _epoch_name(self, epoch_no: int) -> str:
        names = (epoch for epoch, state in self._snapshot.items() if state.epoch_no == epoch_no)
        return next(names, "unknown")

    def _count_damaged_row(self) -> None:
        self._damaged_rows += 1


def _pending(snapshot: Snapshot, lane: Lane) -> int:
    return sum(state.pending for epoch in snapshot.values() for state in epoch.lanes if state.lane is lane)


def _result(future: "Future[Any]", timeout_s: float) -> Any:
    try:
        return future.result(timeout_s)
    except FutureTimeoutError as error:
        raise StoreUnavailableError(f"the store's writer gave no answer within {timeout_s:g} s") from error
