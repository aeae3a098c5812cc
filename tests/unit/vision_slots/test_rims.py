"""What is above and below a slot tells an emptied place from a place that somebody stands in front of."""

import numpy as np
import pytest

from vision.config import SlotSettings
from vision.pictures import Picture
from vision.rims import are_hidden, are_shown, rims_of
from vision.shelf_slot import ShelfSlot
from vision.slots import SlotPlace, place_slots

SIZE = (320, 240)


@pytest.fixture
def place() -> SlotPlace:
    corners = ((0.3, 0.3), (0.6, 0.3), (0.6, 0.6), (0.3, 0.6))
    slot = SlotSettings(id="tea", sku="tea", facings=2, polygon_norm=corners)
    return place_slots([slot], picture_size_px=SIZE, small_size_px=(160, 120))[0]


def shelf(*, stocked: bool = True, rails: bool = True) -> Picture:
    picture = np.full((SIZE[1], SIZE[0], 3), 150, np.uint8)
    if rails:
        for top in (60, 150):
            picture[top : top + 6] = 220
            for left in range(0, SIZE[0], 20):
                picture[top + 1 : top + 5, left : left + 8] = 40
    if stocked:
        picture[76:142, 98:142] = (30, 60, 200)
        picture[76:142, 146:190] = (30, 60, 200)
    return picture


def test_rails_stay_when_the_packs_leave(place: SlotPlace) -> None:
    assert not are_hidden(rims_of(place, shelf(stocked=False)), rims_of(place, shelf()), (0, 1))


def test_a_plain_coat_in_front_hides_the_rails(place: SlotPlace) -> None:
    coat = np.full_like(shelf(), 90)
    assert are_hidden(rims_of(place, coat), rims_of(place, shelf()), (0, 1))


def test_dimmer_light_hides_nothing(place: SlotPlace) -> None:
    dim = (shelf(stocked=False) * 0.5).astype(np.uint8)
    assert not are_hidden(rims_of(place, dim), rims_of(place, shelf()), (0, 1))


def test_where_there_never_was_a_rail_nothing_is_hidden(place: SlotPlace) -> None:
    bare = shelf(rails=False, stocked=False)
    assert not are_hidden(rims_of(place, bare), rims_of(place, bare), (0, 1))


def test_a_lone_pack_that_sticks_out_of_its_slot_hides_nothing_when_it_leaves(place: SlotPlace) -> None:
    bare = shelf(rails=False, stocked=False)
    full = bare.copy()
    full[60:160:4, 100:188] = (30, 60, 200)
    assert not are_hidden(rims_of(place, bare), rims_of(place, full), (0, 1))


def sunlit(picture: Picture) -> Picture:
    lit = picture.astype(np.float32)
    lit[:, 60:170] *= 1.4
    return np.clip(lit, 0, 255).astype(np.uint8)


def test_sun_on_an_emptied_place_leaves_it_in_plain_sight(place: SlotPlace) -> None:
    now = rims_of(place, sunlit(shelf(stocked=False)))
    assert are_shown(now, rims_of(place, shelf()), cells=(0, 1), changed=(0, 1))


def test_an_arm_that_comes_over_the_rim_does_not(place: SlotPlace) -> None:
    reached = shelf()
    reached[100:, 100:140] = (110, 140, 195)
    assert not are_shown(rims_of(place, reached), rims_of(place, shelf()), cells=(0,), changed=())


def test_where_there_never_was_a_rail_nothing_is_known_to_be_in_sight(place: SlotPlace) -> None:
    bare = shelf(rails=False, stocked=False)
    assert not are_shown(rims_of(place, bare), rims_of(place, bare), cells=(0, 1), changed=(0, 1))


def test_a_slot_that_settled_while_something_moved_still_comes_to_know_its_rims(place: SlotPlace) -> None:
    slot = ShelfSlot.of(place, 0.0)
    slot.look(shelf(), np.zeros((120, 160), bool), 1.0)
    slot.take_first(None)
    for time_s in (1.0, 2.0, 3.0):
        slot.propose((True, True), time_s, steady_s=1.0)
    slot.see_rims(shelf())
    assert slot.rims is None, "nothing was settled yet"
    slot.accept(None)  # somebody walks past elsewhere
    coat = np.full_like(shelf(), 90)
    assert not slot.is_behind_something((False, False), coat, 4.0)
    slot.see_rims(shelf())
    assert slot.is_behind_something((False, False), coat, 5.0)
