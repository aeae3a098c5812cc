"""The desk where head office's commands arrive: judged, noted, then confirmed, then carried out one at a time.

Owns the order. A command that counts is a row of the audit chain (the inbox) before the broker hears that it came, so
it is carried out at most once: after a power cut the next start tells all that were begun and have no result as
interrupted. Commands that say nothing (malformed, forged, replayed) are counted and noted at the 1st, 2nd, 4th, 8th
..., so that a flood cannot fill the chain. Knows neither what a command does nor how it travelled.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from queue import Full, Queue
from threading import Thread
from types import TracebackType
from typing import Literal, Protocol, Self

import structlog

from edge.audit import AuditNote, AuditRow
from edge.clock import Clock
from edge.detectors import scan
from edge.errors import CommandError, CommandFaultError, StoreError
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
_WITHHELD = "withheld"

log = structlog.get_logger("edge.commands")

Outcome = Literal["done", "refused", "failed", "interrupted"]
Work = Callable[[str], str | None]
"""Does one type of command with what it is about; returns a name for the result, or raises `CommandError`."""


class Inbox(Protocol):
    """The part of the store that keeps the audit chain, and what was told."""

    def audit(self, notes: Sequence[AuditNote], timeout_s: float = ...) -> list[int]:
        """Chain rows and wait for the commit."""
        ...

    def audited(self, *kinds: str) -> Iterator[AuditRow]:
        """Rows of some kinds, newest first."""
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
        newest = next(ports.inbox.audited(ACCEPTED), None)
        self._last = None if newest is None else _taken(newest)
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
            command = replace(command, do=_plain(command.do))
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
            {"epoch": command.epoch, "counter": command.counter, "do": command.do, "about": _plain(command.about)}
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
                detail = _result_of(work, command.about)
            except CommandError as error:
                if isinstance(error, CommandFaultError):
                    log.error("command.failed", do=command.do, exc_info=error)
                self._tell(command, "failed", str(error))
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
        """Of what was taken in this numbering, tell in its order all that has no result: the power went meanwhile."""
        epoch = self._ports.epoch()
        ended: set[_Taken] = set()
        open_ones: list[_Taken] = []
        for row in self._ports.inbox.audited(ACCEPTED, CommandResultFact.kind):
            taken = _taken(row)
            if row.kind != ACCEPTED:
                ended.add(taken)
            elif taken.epoch != epoch:
                break
            elif taken not in ended:
                open_ones.append(taken)
        for taken in reversed(open_ones):
            self._tell(taken, "interrupted", None)


@dataclass(frozen=True, slots=True)
class _Taken:
    epoch: str
    counter: int
    do: str


def _plain(name: str) -> str:
    """A name as it may be kept and told: one that looks like personal data is neither, whoever has signed it."""
    return _WITHHELD if scan(name) else name


def _taken(row: AuditRow) -> _Taken:
    body = json.loads(row.body)
    return _Taken(body["epoch"], body["counter"], body["do"])


def _result_of(work: Work, about: str) -> str | None:
    """What the work has to tell.

    Raises:
        CommandError: it was not done.
        CommandFaultError: the work has a fault of ours. A thread that died of it would look like a node that obeys
            nobody, so it is head office that hears of it.
    """
    try:
        return work(about)
    except CommandError:
        raise
    except Exception as error:
        raise CommandFaultError("fault") from error
