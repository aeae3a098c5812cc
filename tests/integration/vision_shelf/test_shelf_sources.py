"""What other sources change: an empty slot at first sight, a slot that nobody can tell, a word against likeness."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from vision.config import VisionSettings
from vision.evidence import Source
from vision.pictures import Picture, Quad
from vision.pipeline import CameraPipeline
from vision.readings import ShelfCounted
from vision.shelf_aids import ShelfAids

SURE, FAINT = 3.4, 0.4


class Told:
    """Sources that know the truth of the film, or say what they were told to."""

    def __init__(self, settings: Any, film: Any) -> None:
        self._film = film
        self._slots = {tuple(map(tuple, s.polygon_norm)): s.id for s in settings.slots}
        self.word: dict[str, float] = {}
        self.asked: list[str] = []

    def ask(self, image_bgr: Picture, corners_px: Quad, facings: int) -> Mapping[Source, Sequence[float]]:
        height, width = image_bgr.shape[:2]
        key = min(
            self._slots,
            key=lambda quad: sum(
                abs(x * width - cx) + abs(y * height - cy) for (x, y), (cx, cy) in zip(quad, corners_px, strict=True)
            ),
        )
        slot = self._slots[key]
        self.asked.append(slot)
        if slot in self.word:
            return {Source.PRODUCTS: [self.word[slot]] * facings}
        return {Source.PRODUCTS: [SURE if here else -SURE for here in self._film.scene.stock[slot]]}


@pytest.fixture
def told(film: Any, settings: Any) -> Told:
    return Told(settings(), film)


def counted(film: Any, settings: Any, told: Told) -> list[ShelfCounted]:
    pipeline = CameraPipeline(settings(), VisionSettings(), aids=ShelfAids(sources=told))
    frames = [frame for frame in film.frames() if frame.index % 2 == 0]
    return [r for frame in frames for r in pipeline.process(frame) if isinstance(r, ShelfCounted)]


def test_an_empty_slot_at_first_sight_is_told_empty(film: Any, settings: Any, told: Told) -> None:
    film.pictures.clear()
    film.hold(4.0, film.scene.without("oil", 0).without("beans", 1, 2))
    first = {r.slot_id: r.units for r in counted(film, settings, told)}
    assert first == {"tea": 3, "rice": 4, "oil": 0, "beans": 2, "soap": 3}


def test_a_slot_that_nobody_can_tell_is_not_claimed_and_holds_nobody_up(film: Any, settings: Any, told: Told) -> None:
    told.word["soap"] = FAINT
    film.hold(6.0)
    readings = counted(film, settings, told)
    assert {r.slot_id for r in readings} == {"tea", "rice", "oil", "beans"}
    assert max(r.media_s for r in readings) < 5.0


def test_a_word_against_likeness_holds_a_claim_back(film: Any, settings: Any, told: Told) -> None:
    film.hold(2.0)
    film.reach("oil", 0, film.scene.without("oil", 0))
    film.hold(4.0)
    told.word["oil"] = SURE  # boxes still stand where likeness sees an empty place
    assert [(r.slot_id, r.units) for r in counted(film, settings, told)][5:] == []


def test_sources_are_asked_at_single_moments(film: Any, settings: Any, told: Told) -> None:
    film.hold(20.0)
    counted(film, settings, told)
    assert len(told.asked) <= 4 * 5


def test_goods_that_cannot_be_told_apart_have_a_fill_level(film: Any, settings: Any, told: Told) -> None:
    film.pictures.clear()
    film.hold(3.0, film.scene.without("beans", 1, 2))
    camera = settings()
    slots = tuple(slot.model_copy(update={"separable": slot.id != "beans"}) for slot in camera.slots)
    fills = {r.slot_id: r.fill for r in counted(film, lambda: camera.model_copy(update={"slots": slots}), told)}
    assert fills == {"tea": None, "rice": None, "oil": None, "beans": 0.5, "soap": None}
