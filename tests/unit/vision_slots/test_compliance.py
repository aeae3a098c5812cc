"""A shelf against its planogram, from packs whose names and places are known."""

import numpy as np

from vision.compliance import compare
from vision.config import SlotSettings
from vision.identity import PackFound

SIZE = (200, 100)
SKUS = frozenset({"oats", "rice", "tea"})


def slot(name: str, sku: str, left: float, right: float, facings: int) -> SlotSettings:
    return SlotSettings(
        id=name, sku=sku, polygon_norm=((left, 0.0), (right, 0.0), (right, 0.5), (left, 0.5)), facings=facings
    )


def pack(sku: str, x: float, y: float = 25.0) -> PackFound:
    quad = np.array([[x - 9, y - 9], [x + 9, y - 9], [x + 9, y + 9], [x - 9, y + 9]], np.float32)
    return PackFound(sku, quad, confidence=0.9, inliers=40, visible_share=1.0, rival=None)


SLOTS = (slot("left", "oats", 0.0, 0.5, 2), slot("right", "rice", 0.5, 1.0, 2))


def test_packs_count_in_the_slot_that_their_middle_lies_in() -> None:
    told = compare(
        SLOTS, [pack("oats", 20), pack("oats", 60), pack("rice", 150)], known_skus=SKUS, picture_size_px=SIZE
    )
    assert [content.units for content in told.slots] == [2, 1]
    assert told.share == 0.75


def test_a_pack_in_anothers_slot_is_misplaced_and_one_in_none_is_named() -> None:
    told = compare(
        SLOTS, [pack("rice", 20), pack("rice", 150), pack("tea", 60, y=90)], known_skus=SKUS, picture_size_px=SIZE
    )
    assert [content.others for content in told.slots] == [("rice",), ()]
    assert told.outside == ("tea",)
    assert told.share == 0.25


def test_too_many_packs_in_one_slot_do_not_make_up_for_another() -> None:
    told = compare(SLOTS, [pack("oats", x) for x in (15, 40, 65, 90)], known_skus=SKUS, picture_size_px=SIZE)
    assert told.slots[0].units == 4
    assert told.share == 0.5


def test_without_slots_nothing_is_planned() -> None:
    assert compare((), [pack("oats", 20)], known_skus=SKUS, picture_size_px=SIZE).share is None


def test_what_nobody_looked_for_is_unknown_and_left_out_of_the_share() -> None:
    told = compare(SLOTS, [pack("oats", 20)], known_skus={"oats"}, picture_size_px=SIZE)
    assert [content.units for content in told.slots] == [1, None]
    assert told.unknown == ("rice",)
    assert told.share == 0.5
