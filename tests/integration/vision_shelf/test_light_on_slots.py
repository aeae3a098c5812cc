"""Sun, lamps and dark bays: what light does to a slot is neither a hand before it nor a pack that left."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from vision.pipeline import CameraPipeline
from vision.readings import ShelfCounted

Light = Callable[[float], np.ndarray[Any, Any] | float]
SIZE = (640, 360)


def run(pipeline: CameraPipeline, film: Any, light: Light) -> Iterator[tuple[float, list[ShelfCounted]]]:
    """Every second frame of a film under a light that depends on the time: time and counts."""
    for frame in film.frames():
        if frame.index % 2 == 0:
            lit = np.clip(frame.image_bgr * light(frame.media_s), 0, 255)
            noise = np.random.default_rng(frame.index).normal(0, 1.2, lit.shape)
            readings = pipeline.process(replace(frame, image_bgr=np.clip(lit + noise, 0, 255).astype(np.uint8)))
            yield frame.media_s, [reading for reading in readings if isinstance(reading, ShelfCounted)]


def unlit_lower_bay(level: float, from_s: float, to_s: float = 1e9) -> Light:
    """The lower bay goes dark; the upper one stays lit."""
    dark = np.ones((SIZE[1], SIZE[0], 1), np.float32)
    dark[175:330] = level
    return lambda time_s: dark if from_s <= time_s < to_s else 1.0


def claims(pipeline: CameraPipeline) -> dict[str, int | None]:
    """Units that stand claimed; None: held."""
    return {slot.id: None if is_held else units for slot, units, is_held in pipeline.slot_units()}


@pytest.mark.parametrize("level", [0.0, 0.02, 0.04])
def test_a_bay_whose_lamp_fails_is_held_while_the_lit_one_goes_on(film: Any, pipeline: Any, level: float) -> None:
    began_s = film.hold(2.0)
    film.reach("tea", 1, film.scene.without("tea", 1))
    film.hold(3.0)
    told = [one for _, counts in run(pipeline, film, unlit_lower_bay(level, began_s)) for one in counts]
    assert [(one.slot_id, one.units) for one in told[5:]] == [("tea", 2)]
    assert claims(pipeline) == {"tea": 2, "rice": 4, "oil": 1, "beans": None, "soap": None}


def test_what_left_in_the_dark_is_told_when_the_lamp_is_back_and_not_before(film: Any, pipeline: Any) -> None:
    dark_s = film.hold(2.0)
    film.reach("beans", 2, film.scene.without("beans", 2))
    lit_s = film.hold(2.0)
    film.hold(3.0)
    told = [
        (at_s, one.slot_id, one.units)
        for at_s, counts in run(pipeline, film, unlit_lower_bay(0.02, dark_s, lit_s))
        for one in counts
    ]
    assert [one[1:] for one in told[5:]] == [("beans", 3)]
    assert told[-1][0] >= lit_s


def test_a_bay_that_is_dark_from_the_first_is_told_nothing_of(film: Any, pipeline: Any) -> None:
    film.hold(6.0)
    told = {one.slot_id for _, counts in run(pipeline, film, unlit_lower_bay(0.02, 0.0)) for one in counts}
    assert told == {"tea", "rice", "oil"}
    assert claims(pipeline)["beans"] is claims(pipeline)["soap"] is None


def test_a_pack_taken_in_the_sun_is_told_although_the_sun_stays(film: Any, pipeline: Any) -> None:
    patch = np.ones((SIZE[1], SIZE[0], 1), np.float32)
    patch[:200, 100:330] = 1.45
    sun_s = film.hold(3.0)
    film.hold(2.0)
    left_s = film.reach("tea", 2, film.scene.without("tea", 2))
    film.hold(3.0)
    counts = [
        (at_s, one) for at_s, counts in run(pipeline, film, lambda t: patch if t >= sun_s else 1.0) for one in counts
    ]
    assert [(one.slot_id, one.units) for _, one in counts[5:]] == [("tea", 2)]
    assert counts[-1][0] <= left_s + 1.5
    assert None not in claims(pipeline).values()
