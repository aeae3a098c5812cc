"""The desk where head office's commands arrive: judged, noted, then confirmed, then carried out one at a time.

Owns the order. A command that counts is a row of the audit chain (the inbox) before the broker hears that it came, so
it is carried out at most once: after a power cut in between, the next start tells it as interrupted. Commands that say
nothing (malformed, forged, replayed) are counted and noted at the 1st, 2nd, 4th, 8th ..., so that a flood cannot fill
the chain. Knows neither what a command does nor how it travelled.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from queue import Full, Queue
from threading import Thread
from types import TracebackType
from typing import Any, Literal, Protocol, Self

import structlog

from edge.audit import AuditNote, AuditRow
from edge.clock import Clock
from edge.errors import CommandError, StoreError
from edge.facts import CommandResultFact, Fact
from sync.commands import Command, Standing, judge
from sync.errors import OutboxUnavailableError
from sync.link import Message
from sync.signed import IsSigned
from sync.topics import NodeName

ACCEPTED = "command.accepted"
REFUSED = "command.refused"
_MOST_WAITING = 16
_STOP_S = 10.0
_RESULTS_LOOKED_AT = 200

log = structlog.get_logger("edge.commands")

Outcome = Literal["done", "refused", "failed", "interrupted"]
Work = Callable[[str], str | None]
"""Does one type of command with what it is about; returns a name for the result, or raises `CommandError`."""


class ToldResult(Protocol):
    """A fact as the store keeps it."""

    @property
    def body(self) -> Mapping[str, Any]:
        """Its fields."""
        ...


class Inbox(Protocol):
    """The part of the store that keeps the audit chain, and what was told."""

    def audit(self, notes: Sequence[AuditNote], timeout_s: float = ...) -> list[int]:
        """Chain rows and wait for the commit."""
        ...

    def last_audited(self, kind: str) -> AuditRow | None:
        """The newest row of a kind."""
        ...

    def facts(self, *, kind: str, limit: int, newest_first: bool) -> Sequence["ToldResult"]:
        """Facts of a kind."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskPorts:
    """What the desk needs from the node."""

    inbox: Inbox
    epoch: Callable[[], str]
    """The store's numbering now; any thread, without waiting."""
    record: Callable[[Sequence[Fact]], None]
    clock: Clock
    is_signed: IsSigned
    key: Callable[[], str]
    """The public key that is obeyed now."""


class CommandDesk:
    """``take`` belongs to the uplink's thread; the context manager carries out what was taken, in its own."""

    def __init__(self, node: NodeName, ports: DeskPorts) -> None:
        self._node = node
        self._ports = ports
        self._refused: Counter[str] = Counter()
        self._waiting: Queue[Command | None] = Queue(_MOST_WAITING)
        self._works: Mapping[str, Work] = {}
        self._thread = Thread(target=self._run, name="commands", daemon=True)
        self._last = _named(ports.inbox.last_audited(ACCEPTED))
        self._tell_interrupted()

    def open(self, works: Mapping[str, Work]) -> Self:
        """Say what each type of command does; carried out inside ``with``."""
        self._works = works
        return self

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._waiting.put(None, timeout=_STOP_S)
        except Full:
            log.error("commands.stop_late")
        self._thread.join(_STOP_S)

    def take(self, message: Message) -> None:
        """Judge what came and commit it; the broker may be told that it came once this returns.

        Raises:
            OutboxUnavailableError: the store cannot take it now; nothing was done and it may come again.
        """
        command, refusal = judge(
            message, key=self._ports.key(), is_signed=self._ports.is_signed, standing=self._standing
        )
        try:
            if command is None:
                self.note_refusal(str(refusal))
                return
            self._accept(command)
        except StoreError as error:
            raise OutboxUnavailableError(f"a command cannot be kept: {error}") from error
        if refusal is not None:
            self._tell(command, "refused", str(refusal))
        else:
            self._queue(command)

    def note_refusal(self, reason: str) -> bool:
        """Count something that may not be obeyed; True where the count came to 1, 2, 4, 8 ... and was noted.

        Raises:
            StoreError: it cannot be noted now.
        """
        self._refused[reason] += 1
        count = self._refused[reason]
        if count & (count - 1):
            return False
        log.error("security.command_refused", reason=reason, count=count)
        self._ports.inbox.audit([AuditNote(REFUSED, "link", json.dumps({"reason": reason, "count": count}))])
        return True

    def _standing(self) -> Standing:
        epoch, clock = self._ports.epoch(), self._ports.clock
        counter = self._last.counter if self._last is not None and self._last.epoch == epoch else 0
        return Standing(self._node, epoch, counter, clock.boot_id, clock.mono_s())

    def _accept(self, command: Command) -> None:
        body = json.dumps(
            {"epoch": command.epoch, "counter": command.counter, "do": command.do, "about": command.about}
        )
        self._ports.inbox.audit([AuditNote(ACCEPTED, "head-office", body)])
        self._last = _Taken(command.epoch, command.counter, command.do)

    def _queue(self, command: Command) -> None:
        try:
            self._waiting.put_nowait(command)
        except Full:
            self._tell(command, "refused", "busy")

    def _run(self) -> None:
        while (command := self._waiting.get()) is not None:
            work = self._works.get(command.do)
            if work is None:
                self._tell(command, "refused", "unknown")
                continue
            try:
                detail = work(command.about)
            except CommandError as error:
                self._tell(command, "failed", str(error))
            except Exception:
                # A fault of ours. A dead thread would look like a node that obeys nobody.
                log.exception("command.failed", do=command.do)
                self._tell(command, "failed", "fault")
            else:
                self._tell(command, "done", detail)

    def _tell(self, command: "Command | _Taken", outcome: Outcome, detail: str | None) -> None:
        clock = self._ports.clock
        self._ports.record(
            [
                CommandResultFact(
                    at=clock.now(),
                    mono_s=clock.mono_s(),
                    source=self._node.node,
                    epoch=command.epoch,
                    counter=command.counter,
                    do=command.do,
                    outcome=outcome,
                    detail=detail,
                )
            ]
        )

    def tell_twin(self, version: int, outcome: Outcome, detail: str | None) -> None:
        """Tell head office what became of a twin; its version stands for the counter."""
        self._tell(_Taken(self._ports.epoch(), version, "twin"), outcome, detail)

    def _tell_interrupted(self) -> None:
        """The last command taken has no result: the power went. Of others that waited before it nothing is told."""
        last = self._last
        if last is None or last.epoch != self._ports.epoch():
            return
        results = self._ports.inbox.facts(kind=CommandResultFact.kind, limit=_RESULTS_LOOKED_AT, newest_first=True)
        if (last.epoch, last.counter, last.do) not in [
            (r.body["epoch"], r.body["counter"], r.body["do"]) for r in results
        ]:
            self._tell(last, "interrupted", None)


@dataclass(frozen=True, slots=True)
class _Taken:
    epoch: str
    counter: int
    do: str


def _named(row: AuditRow | None) -> _Taken | None:
    if row is None:
        return None
    body = json.loads(row.body)
    return _Taken(body["epoch"], body["counter"], body["do"])
