"""The rendered day as one drawing: for each slot what stood there, what was claimed, and when nothing could be.

Plain SVG text; owns only how it looks. The thin line is the truth, the bar under it the claim.
"""

from collections.abc import Iterator, Sequence
from html import escape

from edge.bench.shop_day.marks import Moment
from edge.bench.shop_day.script import SLIGHT, Day

_WIDTH, _LEFT, _ROW, _TOP = 1500.0, 70.0, 34.0, 70.0
_CLAIMED, _WRONG, _HELD, _HIDDEN = "#3fa05f", "#d03a3a", "#c9c9c9", "#7a8fb5"
_FAULT, _SLIGHT = "#f3c6c0", "#fdeccb"
_STYLE = "font-family:sans-serif;font-size:11px"


def chart_svg(day: Day, moments: Sequence[Moment]) -> str:
    """The drawing; moments in order, all of the same slots."""
    slots = [claim.slot_id for claim in moments[-1].claims] if moments else []
    height = _TOP + _ROW * len(slots) + 30
    size = f'width="{_WIDTH:.0f}" height="{height:.0f}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} style="{_STYLE}"><rect {size} fill="white"/>'
    parts = [head, *_faults(day, height), *_hours(day, height)]
    for row, slot_id in enumerate(slots):
        parts += _slot(day, moments, slot_id, row)
    legend = (
        f"green: claimed and right · red: wrong · grey: held · blue: hidden · line: truth · {day.end_s:.0f} s of film"
    )
    return "\n".join([*parts, f'<text x="{_LEFT:.0f}" y="14">{legend}</text>', "</svg>", ""])


def _x(day: Day, time_s: float) -> float:
    return _LEFT + (_WIDTH - _LEFT - 10) * time_s / max(day.end_s, 1e-6)


def _faults(day: Day, height: float) -> Iterator[str]:
    for number, fault in enumerate(day.faults):
        left, right = _x(day, fault.from_s), _x(day, fault.to_s)
        colour = _SLIGHT if fault.trouble in SLIGHT else _FAULT
        yield _bar(left, _TOP - 8, right - left, height - _TOP - 14, colour)
        yield f'<text x="{left:.1f}" y="{28 + 12 * (number % 3)}" font-size="9">{escape(fault.trouble.value)}</text>'


def _hours(day: Day, height: float) -> Iterator[str]:
    for hour in range(8, 21, 2):
        x = _x(day, day.end_s * (hour - 8) / 12)
        yield f'<text x="{x:.1f}" y="{height - 8:.0f}" text-anchor="middle">{hour}:00</text>'


def _slot(day: Day, moments: Sequence[Moment], slot_id: str, row: int) -> Iterator[str]:
    top = _TOP + _ROW * row
    yield f'<text x="4" y="{top + 18:.0f}">{escape(slot_id)}</text>'
    looks = [_look(day, moment, slot_id) for moment in moments]
    begun = 0
    for at in range(1, len(looks) + 1):
        if at == len(looks) or looks[at] != looks[begun]:
            until_s = moments[at].time_s if at < len(moments) else day.end_s
            left, (colour, share) = _x(day, moments[begun].time_s), looks[begun]
            tall = 2.0 + 24.0 * share
            yield _bar(left, top + 28 - tall, _x(day, until_s) - left, tall, colour)
            begun = at
    full = max(len(day.first[slot_id]), 1)
    edges = [(time_s, sum(map(bool, state[slot_id])) / full) for time_s, state in [(0.0, day.first), *day.states]]
    path = "".join(f"H{_x(day, time_s):.1f}V{top + 26 - 24 * share:.1f}" for time_s, share in edges)
    yield f'<path d="M{_LEFT:.1f} {top + 2:.1f}{path}H{_x(day, day.end_s):.1f}" fill="none" stroke="black"/>'


def _look(day: Day, moment: Moment, slot_id: str) -> tuple[str, float]:
    """Colour of the claim and its units as a share of a full slot."""
    claim = next(claim for claim in moment.claims if claim.slot_id == slot_id)
    row = day.state_at(moment.time_s)[slot_id]
    if slot_id in moment.hidden:
        return _HIDDEN, 0.0
    if claim.units is None or claim.is_held or not moment.has_data:
        return _HELD, 0.0
    return _CLAIMED if claim.units == sum(map(bool, row)) else _WRONG, claim.units / max(len(row), 1)


def _bar(left: float, top: float, width: float, height: float, colour: str) -> str:
    return f'<rect x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}"/>'
