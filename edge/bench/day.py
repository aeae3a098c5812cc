"""A shop's day before one shelf camera: how right the shelf's claims are, and how soon each trouble is told.

Owns the goals. The day (`edge.bench.shop_day`) is painted from a seed; twelve hours of light and trade pass in its
minutes, while hands, shoppers and knocks move at the pace of life, five frames a second. The pipeline is the one
that cameras run, without the person network: who stands before a slot is told by shape alone.
"""

import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from edge.bench.results import BenchResult, at_least
from edge.bench.shop_day.chart import chart_svg
from edge.bench.shop_day.lens import Lens, Shot
from edge.bench.shop_day.marks import Claim, Marks, Moment
from edge.bench.shop_day.script import Day, Playwright, Trouble
from edge.bench.shop_day.shelf import PaintedShelf
from vision.capture import use_one_thread
from vision.config import CameraSettings, VisionSettings
from vision.frames import Frame
from vision.pipeline import CameraPipeline
from vision.readings import Stamp

FPS = 5
_SEED = 20
_AGAINST = "the script of the rendered day"
_START = datetime(2026, 1, 1, 8, tzinfo=UTC)


@dataclass(frozen=True, slots=True, eq=False)
class LivedDay:
    """A day that a pipeline went through."""

    day: Day
    marks: Marks
    moments: tuple[Moment, ...]
    frame_ms: float


def run(quick: bool, drawing: Path | None = None) -> list[BenchResult]:
    """Measure, and draw the day if asked; blocks for under 45 s when quick, some minutes otherwise.

    Raises:
        OSError: the drawing cannot be written.
    """
    lived = live(rounds=1, visits=6) if quick else live(rounds=3, visits=90)
    if drawing is not None:
        drawing.write_text(chart_svg(lived.day, lived.moments), encoding="utf-8")
    return figures(lived)


def live(*, rounds: int, visits: int, seed: int = _SEED, troubles: Sequence[Trouble] = tuple(Trouble)) -> LivedDay:
    """Let a pipeline go through a day; see `Playwright.write` for how long that is."""
    use_one_thread()
    shelf = PaintedShelf(seed)
    day = Playwright({place.slot_id: place.facings for place in shelf.places.values()}, seed).write(
        rounds=rounds, visits=visits, troubles=troubles
    )
    settings = CameraSettings(id="cam-day", analyse_fps=FPS, slots=shelf.slots)
    pipeline, marks, moments, spent_s = CameraPipeline(settings, VisionSettings()), Marks(day), [], []
    areas = {slot.id: shelf.area_px(slot.id) for slot in shelf.slots}
    for index, (time_s, shot) in enumerate(_film(Lens(shelf, day, seed), day)):
        stamp = Stamp(_START + timedelta(seconds=time_s), time_s, time_s)
        began_s = time.perf_counter()
        readings = pipeline.miss(stamp) if shot.image_bgr is None else pipeline.process(_frame(index, stamp, shot))
        spent_s.append(time.perf_counter() - began_s)
        hidden = {slot_id: bool(shot.hidden[area].any()) for slot_id, area in areas.items()}
        claims = tuple(Claim(slot.id, units, held, slot.low_at) for slot, units, held in pipeline.slot_units())
        marks.note(time_s, readings, claims, fault=pipeline.fault, hidden=hidden)
        moments.append(
            Moment(time_s, claims, pipeline.fault is None, frozenset(slot for slot, is_so in hidden.items() if is_so))
        )
    return LivedDay(day, marks, tuple(moments), statistics.mean(spent_s) * 1e3)


def figures(lived: LivedDay) -> list[BenchResult]:
    """The day's figures with their goals."""
    marks, steady, slight = lived.marks, lived.marks.steady, lived.marks.slight
    results = [
        at_least("slot state right", _share(steady.right, steady.claimed), "", goal=0.99, against=_AGAINST),
        _at_most("mean count error a slot", _share(steady.error_units, steady.claimed), "units", goal=0.2),
        at_least("slots claimed while in sight", _share(steady.claimed, steady.seen), "", goal=0.9, against=_AGAINST),
        at_least(
            "knocked slightly: state right", _share(slight.right, slight.claimed), "", goal=0.99, against=_AGAINST
        ),
        at_least("knocked slightly: claimed", _share(slight.claimed, slight.seen), "", goal=0.8, against=_AGAINST),
        _at_most("out-of-stock told of hidden slots", len(marks.false_out), "claims", goal=0.0),
        _at_most("false out-of-stock in sight", len(marks.false_out_seen), "claims", goal=0.0),
        _at_most("false faults", len(marks.false_faults()), "faults", goal=0.0),
    ]
    for trouble, told in marks.told_after_s().items():
        times = [lived.day.end_s if after_s is None else after_s for after_s in told]
        results.append(_at_most(f"{trouble.value}: told after, at worst", round(max(times), 1), "s", goal=5.0))
    return [
        *results,
        BenchResult("frames", len(lived.moments), "frames"),
        BenchResult("the pipeline", round(lived.frame_ms, 2), "ms a frame"),
    ]


def _film(lens: Lens, day: Day) -> Iterator[tuple[float, Shot]]:
    for index in range(int(day.end_s * FPS)):
        yield index / FPS, lens.shoot(index / FPS)


def _frame(index: int, stamp: Stamp, shot: Shot) -> Frame:
    if shot.image_bgr is None:
        raise ValueError("the camera sent no picture")
    return Frame(
        camera_id="cam-day",
        index=index,
        image_bgr=shot.image_bgr,
        captured_at=stamp.at,
        mono_s=stamp.mono_s,
        media_s=stamp.media_s,
    )


def _share(part: int, whole: int) -> float:
    return round(part / max(whole, 1), 4)


def _at_most(what: str, value: float, unit: str, *, goal: float) -> BenchResult:
    return BenchResult(what, value, unit, goal, value <= goal, _AGAINST)
