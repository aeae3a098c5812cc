"""Node, broker and receiver killed at random, again and again, and the outside oracle that counts what came.

``python -m tests.faults.kills --kills 1000 [--json]``. The node is a real store with a real uplink, the broker a real
mosquitto, the receiver the real one. The node promises each accepted record in a file of its own; at the end, with
nobody killed any more, head office must hold every promise once, and every lane must be whole.
"""

import argparse
import json
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random

from sync.cloud.sink_reader_store import SinkReader
from tests.faults.lives import PROMISES
from tests.faults.processes import Shop


@dataclass(slots=True)
class Count:
    """What the oracle found."""

    kills: int = 0
    promised: int = 0
    received: int = 0
    lost: int = 0
    """Promised, and neither received with its content nor inside a declared gap."""
    holes: int = 0
    mismatches: int = 0
    applied_twice: int = 0
    duplicates: int = 0
    """Came again and had no second effect: allowed."""
    reasons: list[str] = field(default_factory=list)


def try_kills(kills: int, *, seed: int = 20261122) -> Count:
    """Kill one of the three so often, then let the shop come to rest and count."""
    random = Random(seed)
    with tempfile.TemporaryDirectory(prefix="kills-") as place, ExitStack() as stack:
        shop = Shop(Path(place))
        stack.enter_context(shop.standing("broker", "receiver", "node"))
        for _ in range(kills):
            time.sleep(random.uniform(0.0, 0.4))
            name = random.choice(("node", "node", "node", "broker", "receiver"))
            shop.kill(name)
            shop.start(name)
        shop.kill("node")
        shop.drain()
        return _counted(Path(place), kills)


def _counted(folder: Path, kills: int) -> Count:
    count, reader = Count(kills=kills), SinkReader(folder / "head-office.db")
    report = reader.report()
    count.holes = sum(last - first + 1 for lane in report.lanes for first, last in lane.holes)
    count.mismatches = sum(lane.mismatches for lane in report.lanes)
    count.duplicates = sum(lane.duplicates for lane in report.lanes)
    count.applied_twice = sum(report.tallies.values()) - sum(report.stored.values())
    events = {event.event: str(event.data.get("units", "-")) for event in reader.facts(limit=10_000_000)}
    gaps = {(lane.epoch, lane.lane): lane.gaps for lane in report.lanes}
    count.received = len(events)
    for line in (folder / PROMISES).read_text().split("\n")[:-1]:
        name, units = line.split()
        epoch, lane, seq = name.rsplit(":", 2)
        count.promised += 1
        is_declared = any(first <= int(seq) <= last for first, last in gaps.get((epoch, lane), ()))
        if events.get(name) != units and not is_declared:
            count.lost += 1
            count.reasons = [*count.reasons, f"{name}: promised {units}, head office has {events.get(name)}"][:5]
    return count


def main() -> int:
    """Entry point; exit status 0 when everything promised came once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    count = try_kills(options.kills)
    text = (
        f"{count.kills} kills, {count.promised} promises, {count.received} events at head office: {count.lost} lost, "
    )
    text += f"{count.holes} undeclared holes, {count.mismatches} mismatches, {count.applied_twice} applied twice"
    sys.stdout.write((json.dumps(asdict(count)) if options.json else "\n  ".join([text, *count.reasons])) + "\n")
    return 0 if count.lost == count.holes == count.mismatches == count.applied_twice == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
