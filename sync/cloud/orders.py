"""Head office's way down: sends one signed command or twin and waits for what became of it.

Owns the counter file beside the signing key, so that no number is ever used twice, and the reckoning of a node's
clock: what the node last said of its own, plus the time that head office has waited since. A message that was late
makes the command good for less long, never for longer.
"""

import fcntl
import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from sync.cloud.sink_reader_store import LastSeen, SinkReader, StoredEvent
from sync.commands import Command
from sync.errors import LinkUnavailableError
from sync.link import Link, Message, Settled
from sync.topics import NodeName

_SEND_S = 10.0
_LOOK_S = 0.2
_RESULTS_LOOKED_AT = 1000


def next_counter(path: Path, *, above: int = 0) -> int:
    """Draw the next number; durable before it is given out.

    Args:
        path: the counter file; made when missing.
        above: what nodes are known to have taken, should the file have been lost.

    Raises:
        OSError: the file cannot be read or written.
        ValueError: it holds no number.
    """
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        number = max(int(file.read().strip() or 0), above) + 1
        file.seek(0)
        file.write(f"{number}\n")
        file.flush()
        os.fsync(file.fileno())
    return number


def make_command(seen: LastSeen, counter: int, do: str, about: str, *, good_for_s: int, now: datetime) -> Command:
    """A command for a node as it was last seen, good for so many of its seconds from now on."""
    passed_s = max(0.0, (now - seen.received_at).total_seconds())
    until_s = int(seen.mono_s + passed_s + good_for_s)
    return Command(seen.node.path, seen.epoch, counter, seen.boot_id, until_s, do, about)


def send(link: Link, message: Message) -> bool:
    """Publish one message over a new link; False where the broker knows of nobody who listens. Blocks.

    Raises:
        LinkUnavailableError: the broker is not reached, refused it, or did not answer.
        LinkSettingsError: a certificate or key file cannot be used.
    """
    try:
        link.open()
        token = link.publish(message)
        deadline_s = time.monotonic() + _SEND_S
        while (remaining_s := deadline_s - time.monotonic()) > 0:
            for event in link.poll(remaining_s):
                if isinstance(event, Settled) and event.token == token:
                    if event.is_refused:
                        raise LinkUnavailableError(f"the broker refused it with reason {event.reason_code:#04x}")
                    return not event.is_unheard
        raise LinkUnavailableError("the broker did not answer")
    finally:
        link.close(is_farewell=True)


def results_of(reader: SinkReader, node: NodeName) -> tuple[StoredEvent, ...]:
    """What a node told of commands and twins, newest first.

    Raises:
        SinkStoreError: the receiver's database cannot be read.
    """
    events = reader.facts(kind="command.result", limit=_RESULTS_LOOKED_AT)
    return tuple(event for event in events if f"{event.tenant}/{event.store}/{event.node}" == node.path)


def await_result(
    reader: SinkReader, node: NodeName, number: int, *, before: Sequence[StoredEvent], is_twin: bool, timeout_s: float
) -> StoredEvent | None:
    """What the node told of a command's counter or a twin's version since ``before``; None: nothing in time. Blocks.

    Raises:
        SinkStoreError: the receiver's database cannot be read.
    """
    known = {event.event for event in before}
    deadline_s = time.monotonic() + timeout_s
    while True:
        for event in results_of(reader, node):
            is_kind = (event.data.get("do") == "twin") == is_twin
            if is_kind and event.event not in known and event.data.get("counter") == number:
                return event
        if time.monotonic() >= deadline_s:
            return None
        time.sleep(_LOOK_S)


def utc_now() -> datetime:
    """Head office's own clock."""
    return datetime.now(UTC)
