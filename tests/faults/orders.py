"""Malformed and hostile commands by the hundred thousand, against the desk that a node has, on a real store.

``python -m tests.faults.orders --commands 100000 [--json]``. Each is made from one that is right: bits flipped, bytes
cut, added and doubled, fields changed, left out or of another type, signed by somebody else, for another node, from
another numbering, too late, retained, or simply the right one again. The oracle is what was carried out.
"""

import argparse
import json
import logging
import resource
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

import structlog

from edge.clock import SystemClock
from edge.commands import CommandDesk, DeskPorts
from edge.node_key import NodeKey, is_signed
from edge.store.store import Store
from sync.commands import Command, command_message, encode_command
from sync.link import Message
from sync.topics import NodeName
from tests.faults.workload import open_store

NODE = NodeName("acme", "store-7", "node-1")
_ODD: tuple[Any, ...] = (None, True, -1, 0, 1.5, 10**400, "", "-", "\ud800", "\x00", "a" * 5000, [], {}, [[1]], "½")


@dataclass(slots=True)
class Count:
    """What the oracle found."""

    commands: int = 0
    executed: int = 0
    """Beyond the one right command."""
    crashes: int = 0
    right_executed: int = 0
    audit_rows: int = 0
    grown_mb: float = 0.0
    reasons: list[str] = field(default_factory=list)


class Foe:
    """Has seen one right command and owns a key of its own, which nobody trusts."""

    def __init__(self, right: Command, signer: NodeKey, foe: NodeKey, random: Random) -> None:
        self._right, self._signer, self._foe, self._random = right, signer, foe, random
        self._payload = encode_command(right, signer.sign)

    def next(self) -> Message:
        """One more message that must not be obeyed."""
        ways = (self._flipped, self._cut, self._swollen, self._odd, self._forged, self._noise, self._refused)
        return self._random.choice(ways)()

    def _flipped(self) -> Message:
        bits = bytearray(self._payload)
        for _ in range(self._random.randint(1, 8)):
            bits[self._random.randrange(len(bits))] ^= 1 << self._random.randrange(8)
        return _message(bytes(bits))

    def _cut(self) -> Message:
        return _message(self._payload[: self._random.randrange(len(self._payload))])

    def _swollen(self) -> Message:
        place, times = self._random.randrange(len(self._payload)), self._random.choice((1, 10, 30_000))
        return _message(self._payload[:place] + self._payload[place : place + 3] * times + self._payload[place:])

    def _odd(self) -> Message:
        body = json.loads(self._payload)
        name = self._random.choice(list(body))
        if self._random.random() < 0.2:
            del body[name]
        elif self._random.random() < 0.2:
            body[f"{name}-more"] = 1
        else:
            body[name] = self._random.choice(_ODD)
        return _message(json.dumps(body).encode())

    def _forged(self) -> Message:
        return _message(encode_command(replace(self._right, counter=self._random.randint(1, 10**9)), self._foe.sign))

    def _noise(self) -> Message:
        shapes = (self._random.randbytes(self._random.randrange(600)), b"[" * 3000, b"1" * 4000, b'"\\ud800"')
        return _message(self._random.choice(shapes))

    def _refused(self) -> Message:
        """Rightly signed, and still not to be obeyed."""
        later, number = self._right.counter, self._random.randint(2, 2**40)
        match self._random.randrange(5):
            case 0:
                return _message(encode_command(replace(self._right, counter=later), self._signer.sign))
            case 1:
                elsewhere = replace(self._right, node=f"acme/store-7/node-{number}", counter=number)
                return _message(encode_command(elsewhere, self._signer.sign))
            case 2:
                return _message(encode_command(replace(self._right, epoch="other", counter=number), self._signer.sign))
            case 3:
                return replace(
                    _message(encode_command(replace(self._right, counter=number), self._signer.sign)), is_retained=True
                )
            case _:
                return replace(_message(self._payload), is_retained=self._random.random() < 0.5)


def _message(payload: bytes) -> Message:
    return command_message(NODE, payload)


def desk_of(store: Store, key: NodeKey) -> CommandDesk:
    """A node's desk over a store."""
    ports = DeskPorts(
        inbox=store,
        epoch=lambda: store.stats().epoch,
        record=lambda facts: store.append_wait(facts) and None,
        clock=SystemClock(),
        is_signed=is_signed,
        key=lambda: key.public,
    )
    return CommandDesk(NODE, ports)


def try_orders(commands: int, *, seed: int = 20261122) -> Count:
    """Obey one right command, then refuse so many others."""
    count, clock, random = Count(commands=commands), SystemClock(), Random(seed)
    done: list[str] = []
    with tempfile.TemporaryDirectory(prefix="orders-") as place, open_store(Path(place)) as store:
        head_office, foe = (NodeKey.load(Path(place) / name) for name in ("head-office.key", "foe.key"))
        desk = desk_of(store, head_office)
        until_s = int(clock.mono_s()) + 3600
        right = Command(NODE.path, store.stats().epoch, 1, clock.boot_id, until_s, "note", "this")
        with desk.open({"note": done.append}):
            desk.take(_message(encode_command(right, head_office.sign)))
            _attack(desk.take, Foe(right, head_office, foe, random), count)
        count.right_executed, count.executed = min(1, len(done)), max(0, len(done) - 1)
        count.audit_rows = _rows(store)
    return count


def _attack(take: Callable[[Message], None], foe: Foe, count: Count) -> None:
    settled_kb = 0
    with ThreadPoolExecutor(1, thread_name_prefix="attack") as attacker:
        for number in range(count.commands):
            error = attacker.submit(take, foe.next()).exception()
            if error is not None:
                count.crashes += 1
                count.reasons = [*count.reasons, f"{type(error).__name__}: {error}"[:200]][:5]
            if number == count.commands // 5:
                settled_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    count.grown_mb = round((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - settled_kb) / 1024, 1)


def _rows(store: Store) -> int:
    row = next(store.audited("command.refused"), None)
    return row.seq if row is not None else 0


def main() -> int:
    """Entry point; exit status 0 when nothing was obeyed but the one right command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commands", type=int, default=100_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    count = try_orders(options.commands)
    text = f"{count.commands} hostile commands: {count.executed} executed, {count.crashes} crashes, "
    text += f"{count.audit_rows} audit rows, grown by {count.grown_mb} MB after the first fifth"
    sys.stdout.write((json.dumps(asdict(count)) if options.json else text) + "\n")
    return 0 if count.executed == count.crashes == 0 and count.right_executed == 1 else 1


if __name__ == "__main__":
    sys.exit(main())
