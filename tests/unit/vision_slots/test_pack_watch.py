"""When packs are searched and what is told of them: twice seen, begin and end, and the share of the planogram."""

from concurrent.futures import Future
from datetime import UTC, datetime, timedelta

import numpy as np

from vision.config import SlotSettings
from vision.frames import Frame
from vision.identity import PackFound
from vision.pack_watch import PackWatch
from vision.pictures import Picture
from vision.readings import PackMisplaced, PlanogramCompared, Reading

START = datetime(2026, 5, 4, 10, 0, tzinfo=UTC)
SLOTS = (
    SlotSettings(id="left", sku="oats", facings=2, polygon_norm=((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))),
    SlotSettings(id="right", sku="rice", facings=2, polygon_norm=((0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0))),
)
FULL = (("oats", 10), ("oats", 30), ("rice", 60), ("rice", 80))
ONE_WRONG = (("oats", 10), ("rice", 30), ("rice", 60), ("rice", 80))


class Search:
    """Finds what it is told to, at once or when `release` is called."""

    known_skus = frozenset({"oats", "rice"})

    def __init__(self) -> None:
        self.packs: tuple[tuple[str, int], ...] = FULL
        self.confidence = 0.9
        self.searches = 0
        self.holds_back = False
        self.waiting: list[Future[list[PackFound]]] = []

    def begin(self, image_bgr: Picture) -> Future[list[PackFound]]:
        self.searches += 1
        done: Future[list[PackFound]] = Future()
        self.waiting.append(done)
        if not self.holds_back:
            self.release()
        return done

    def release(self) -> None:
        for done in self.waiting:
            done.set_result([self._pack(sku, x) for sku, x in self.packs])
        self.waiting.clear()

    def _pack(self, sku: str, x: int) -> PackFound:
        quad = np.array([[x - 5, 20], [x + 5, 20], [x + 5, 80], [x - 5, 80]], np.float32)
        return PackFound(sku, quad, self.confidence, 30, 1.0, None)


class Shelf:
    """A watch and its film."""

    def __init__(self) -> None:
        self.search = Search()
        self.watch = PackWatch(SLOTS, self.search, every_s=100.0)
        self.time_s = 0.0

    def run(self, seconds: float, *, is_calm: bool = True, has_changed: bool = False) -> list[Reading]:
        """Look once a second."""
        told: list[Reading] = []
        for second in range(round(seconds)):
            frame = Frame(
                camera_id="cam",
                index=int(self.time_s),
                image_bgr=np.zeros((100, 100, 3), np.uint8),
                captured_at=START + timedelta(seconds=self.time_s),
                mono_s=self.time_s,
                media_s=self.time_s,
            )
            told += self.watch.look(frame, is_calm=is_calm, has_changed=has_changed and second == 0)
            self.time_s += 1.0
        return told


def misplaced(readings: list[Reading]) -> list[tuple[str, str, bool]]:
    return [(r.slot_id, r.seen_sku, r.is_over) for r in readings if isinstance(r, PackMisplaced)]


def shares(readings: list[Reading]) -> list[tuple[float, int, int]]:
    return [(r.compliance, r.in_place, r.planned) for r in readings if isinstance(r, PlanogramCompared)]


def test_a_wrong_pack_is_told_when_seen_twice_and_again_when_it_is_gone() -> None:
    shelf = Shelf()
    shelf.search.packs = ONE_WRONG
    assert misplaced(shelf.run(3)) == []
    began = shelf.run(120)
    assert misplaced(began) == [("left", "rice", False)]
    shelf.search.packs = FULL
    assert misplaced(shelf.run(250)) == [("left", "rice", True)]


def test_it_says_when_the_wrong_pack_was_first_seen() -> None:
    shelf = Shelf()
    shelf.search.packs = ONE_WRONG
    (reading,) = [r for r in shelf.run(120) if isinstance(r, PackMisplaced)]
    assert reading.began_at == START
    assert (reading.sku, reading.seen_sku, reading.confidence) == ("oats", "rice", 0.9)


def test_what_is_seen_once_is_never_told() -> None:
    shelf = Shelf()
    shelf.search.packs = ONE_WRONG
    shelf.run(2)
    shelf.search.packs = FULL
    assert misplaced(shelf.run(300)) == []


def test_two_products_that_cannot_be_told_apart_are_not_misplaced() -> None:
    shelf = Shelf()
    shelf.search.packs, shelf.search.confidence = ONE_WRONG, 0.5
    assert misplaced(shelf.run(300)) == []


def test_compliance_is_told_when_seen_twice_and_when_it_changed() -> None:
    shelf = Shelf()
    assert shares(shelf.run(220)) == [(1.0, 4, 4)]
    shelf.search.packs = ONE_WRONG
    assert shares(shelf.run(220)) == [(0.75, 3, 4)]
    assert shelf.watch.compliance == 0.75


def test_a_shelf_in_motion_is_not_searched() -> None:
    shelf = Shelf()
    shelf.run(50, is_calm=False)
    assert shelf.search.searches == 0


def test_a_change_of_a_count_brings_the_next_search_forward() -> None:
    shelf = Shelf()
    shelf.run(40)
    before = shelf.search.searches
    shelf.run(10, has_changed=True)
    assert shelf.search.searches == before + 1


def test_one_search_at_a_time_and_none_is_believed_after_a_fault() -> None:
    shelf = Shelf()
    shelf.search.holds_back, shelf.search.packs = True, ONE_WRONG
    shelf.run(30)
    assert shelf.search.searches == 1
    shelf.watch.forget_running()
    shelf.search.holds_back = False
    shelf.search.release()
    assert shares(shelf.run(1)) == []
