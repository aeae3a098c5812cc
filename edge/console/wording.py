"""How the console says numbers, spans and facts: pure functions from values to short text."""

from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import pairwise

from edge.facts import FACT_TYPES
from sync.records import Scalar

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_QUIET_FIELDS = frozenset({"slot", "sku", "shelf_units", "sha256", "epoch"})

KIND_GROUPS: Mapping[str, tuple[str, ...]] = {
    "Shelves": ("shelf.",),
    "Cameras": ("feed.",),
    "People": ("zone.", "footfall.", "queue."),
    "Kiosk": ("kiosk.",),
    "Node": ("node.", "clock.", "store.", "artefact.", "audit.", "command."),
    "Link": ("egress.", "gap"),
}

KIND_TITLES: Mapping[str, str] = {
    "shelf.count": "Count changed",
    "shelf.low": "Low",
    "shelf.out_of_stock": "Out of stock",
    "shelf.restocked": "Restocked",
    "shelf.misplaced": "Wrong product",
    "shelf.compliance": "As planned",
    "zone.dwell": "Dwell",
    "zone.crossing": "Line crossed",
    "queue.length": "Queue length",
    "footfall.count": "Footfall",
    "feed.lost": "Camera lost",
    "feed.frozen": "Camera frozen",
    "feed.blind": "Camera blind",
    "feed.moved": "Camera moved",
    "feed.blurred": "Camera out of focus",
    "feed.restored": "Camera restored",
    "kiosk.turn": "Kiosk question",
    "kiosk.rating": "Answer rated",
    "kiosk.handoff": "Colleague called",
    "artefact.activated": "Weights activated",
    "node.health": "Node health",
    "audit.checkpoint": "Audit sealed",
    "command.result": "Order from head office",
    "clock.step": "Clock stepped",
    "egress.denied": "Held back",
    "store.epoch": "New numbering",
    "gap": "Gap declared",
}


def kinds_in(group: str) -> tuple[str, ...]:
    """Fact kinds of a filter group; none for a group that does not exist, which means no filter."""
    prefixes = KIND_GROUPS.get(group, ())
    return tuple(fact.kind for fact in FACT_TYPES if prefixes and fact.kind.startswith(prefixes))


def group_of(kind: str) -> str:
    """Filter group of a kind; ``Other`` for one that no group names."""
    return next((group for group, prefixes in KIND_GROUPS.items() if kind.startswith(prefixes)), "Other")


def title_of(kind: str) -> str:
    """A kind in words; the kind itself where there are none."""
    return KIND_TITLES.get(kind, kind)


def count(number: int) -> str:
    """A count with thin spaces between thousands."""
    return f"{number:,}".replace(",", "\u2009")


def size(size_bytes: int) -> str:
    """A size in the largest unit that leaves at least one whole."""
    value, unit = float(size_bytes), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if value < 1024:
            break
        value, unit = value / 1024, larger
    return f"{value:.0f} {unit}" if unit == "B" or value >= 100 else f"{value:.1f} {unit}"


def duration(seconds: float) -> str:
    """A span in at most two units: ``under 5 s``, ``40 s``, ``12 min``, ``3 h 5 min``, ``2 d 4 h``."""
    whole = int(seconds)
    if whole < 5:
        return "under 5 s"
    if whole < _MINUTE:
        return f"{whole // 5 * 5} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min"
    if whole < _DAY:
        return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"
    return f"{whole // _DAY} d {whole % _DAY // _HOUR} h"


def percent(share: float) -> str:
    """A share of one as whole percent."""
    return f"{share * 100:.0f} %"


def fact_details(fields: Mapping[str, Scalar], *, say_time: Callable[[datetime], str]) -> list[tuple[str, str]]:
    """Fields of a fact worth a line, named and said in words; those with their own column are left out.

    Args:
        fields: plain values by field name; fields ending in ``_at`` hold ISO 8601 text.
        say_time: how a time reads in the shop.
    """
    return [
        (_field_name(name.removesuffix("_at")), _say_at(value, say_time))
        if name.endswith("_at") and isinstance(value, str)
        else (_field_name(name), _say(name, value))
        for name, value in fields.items()
        if name not in _QUIET_FIELDS and value is not None
    ]


def _say_at(value: str, say_time: Callable[[datetime], str]) -> str:
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return value
    return say_time(at) if at.tzinfo else value


def _field_name(name: str) -> str:
    for suffix in ("_s", "_ms", "_mb", "_share"):
        name = name.removesuffix(suffix)
    return name.replace("_", " ")


def _say(name: str, value: Scalar) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name == "delta" and isinstance(value, int):
        return f"{value:+d}".replace("-", "\u2212")
    if name.endswith("_s") and isinstance(value, int | float):
        return f"{value:.1f} s" if value < _MINUTE else duration(value)
    if name.endswith("_ms") and isinstance(value, int | float):
        return f"{value:.0f} ms"
    if name.endswith("_mb") and isinstance(value, int | float):
        return f"{value:.0f} MB"
    if name.endswith("_share") and isinstance(value, int | float):
        return percent(value)
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def sparkline(points: list[tuple[float, float]], *, width: float, height: float) -> list[str]:
    """SVG polylines of a series; a break wherever time jumps by over five times the usual step.

    Args:
        points: time and value, times ascending.
        width: width of the drawing in its own units; the newest point lies at its right edge.
        height: height of the drawing; zero lies at the bottom and the largest value at the top.
    """
    if len(points) < 2:
        return []
    steps = sorted(later - earlier for (earlier, _), (later, _) in pairwise(points))
    longest = 5 * max(steps[len(steps) // 2], 1e-6)
    start, span = points[0][0], max(points[-1][0] - points[0][0], 1e-6)
    top = max(max(value for _, value in points), 1.0)
    lines: list[list[str]] = [[]]
    for index, (at, value) in enumerate(points):
        if index and at - points[index - 1][0] > longest:
            lines.append([])
        lines[-1].append(f"{(at - start) / span * width:.1f},{height - value / top * height:.1f}")
    return [" ".join(line) for line in lines if len(line) > 1]
