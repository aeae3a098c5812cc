"""The search beside the cameras: found elsewhere, given way to, and stopped within a reference's time."""

import threading
import time

import cv2
import numpy as np
import pytest

from vision.identity import find_packs
from vision.pack_search import SearchAtOnce, SearchThread
from vision.packs import PackReference, make_reference
from vision.pictures import Picture


def front(seed: int) -> Picture:
    draw = np.random.default_rng(seed)
    picture = np.full((260, 180, 3), draw.integers(60, 200, 3), np.uint8)
    for _ in range(40):
        at, ink = (int(draw.integers(180)), int(draw.integers(260))), tuple(map(int, draw.integers(0, 255, 3)))
        cv2.circle(picture, at, int(draw.integers(5, 28)), ink, int(draw.integers(1, 6)))
        cv2.putText(picture, chr(int(draw.integers(65, 91))) * 3, at, cv2.FONT_HERSHEY_SIMPLEX, 0.9, ink, 2)
    return picture


@pytest.fixture(scope="module")
def references() -> list[PackReference]:
    made = [make_reference(sku, front(seed)) for seed, sku in enumerate(("oats", "rice", "flour"))]
    return [reference for reference in made if reference is not None]


@pytest.fixture(scope="module")
def shelf() -> Picture:
    scene = np.full((400, 700, 3), 90, np.uint8)
    for seed, left in ((0, 60), (1, 300), (0, 500)):
        scene[100:334, left : left + 162] = cv2.resize(front(seed), (162, 234), interpolation=cv2.INTER_AREA)
    return scene


def test_the_thread_finds_what_a_search_at_once_finds(references: list[PackReference], shelf: Picture) -> None:
    with SearchThread(references) as search:
        beside = search.begin(shelf).result(timeout=60)
    at_once = SearchAtOnce(references).begin(shelf).result(timeout=0)
    assert [pack.sku for pack in beside] == [pack.sku for pack in at_once] == ["oats", "rice", "oats"]
    assert search.known_skus == {"oats", "rice", "flour"}


def test_the_search_gives_way_to_the_cameras(references: list[PackReference], shelf: Picture) -> None:
    with SearchThread(references) as search:
        search.begin(shelf).result(timeout=60)
        (thread,) = [t for t in threading.enumerate() if t.name.startswith("packs")]
        with open(f"/proc/self/task/{thread.native_id}/stat", encoding="ascii") as stat:  # noqa: PTH123 - of a thread
            nice = int(stat.read().rsplit(")", 1)[1].split()[16])
    assert nice >= 15


def test_an_end_does_not_wait_for_all_references(references: list[PackReference], shelf: Picture) -> None:
    began = time.perf_counter()
    find_packs(shelf, references)
    whole_s = time.perf_counter() - began
    many = references * 20
    search = SearchThread(many)
    with search:
        under_way = search.begin(shelf)
    assert time.perf_counter() - began < whole_s * 20
    assert under_way.done()
