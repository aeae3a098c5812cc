"""Counts over painted shelves: every unit found, and nothing said that was not seen."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from vision.pipeline import References
from vision.readings import FeedFaulted, ShelfCounted


def test_a_taken_unit_is_claimed_within_a_second_and_a_half_of_the_hand_leaving(film: Any, watch: Any) -> None:
    left_s = film.reach("tea", 1, film.scene.without("tea", 1))
    film.hold(2.0)
    watched = watch(film)
    assert watched.changes == [("tea", 2)]
    assert left_s - 0.3 <= watched.counts[0][0] <= left_s + 1.5


def test_the_first_steady_view_counts_as_full(film: Any, watch: Any) -> None:
    watched = watch(film)
    assert watched.first == {"tea": 3, "rice": 4, "oil": 1, "beans": 4, "soap": 3}
    assert {reading.shelf_units for reading in watched.readings} == {15}


def test_units_taken_together_are_claimed_together(film: Any, watch: Any) -> None:
    film.pass_by(film.scene.without("tea", 0).without("beans", 2, 3), stand_s=3.0)
    film.hold(2.5)
    watched = watch(film)
    claims = [r for r in watched.readings if isinstance(r, ShelfCounted)][5:]
    assert sorted((r.slot_id, r.units) for r in claims) == [("beans", 2), ("tea", 2)]
    assert len({r.media_s for r in claims}) == 1
    assert {r.shelf_units for r in claims} == {12}


def test_a_unit_put_back_askew_is_stocked_again(film: Any, watch: Any) -> None:
    full = film.scene
    film.reach("oil", 0, full.without("oil", 0))
    film.hold(2.0)
    film.reach("oil", 0, replace(full, shifts={"oil": (5, -3)}))
    film.hold(2.0)
    assert watch(film).changes == [("oil", 0), ("oil", 1)]


@pytest.mark.parametrize("slot", ["rice", "oil", "soap"])
def test_a_hand_that_rests_in_front_for_six_seconds_takes_nothing(film: Any, watch: Any, slot: str) -> None:
    film.reach(slot, 0, film.scene, rest_s=6.0)
    film.hold(2.0)
    assert watch(film).changes == []


def test_a_shopper_who_stands_in_front_hides_a_change_until_he_leaves(film: Any, watch: Any) -> None:
    left_s = film.pass_by(film.scene.without("beans", 2).without("tea", 2), stand_s=8.0)
    film.hold(2.0)
    watched = watch(film)
    assert sorted(watched.changes) == [("beans", 3), ("tea", 2)]
    assert all(left_s - 1.0 < at_s < left_s + 1.5 for at_s, _, _ in watched.counts)


def test_a_shopper_who_takes_nothing_changes_nothing(film: Any, watch: Any) -> None:
    film.pass_by(film.scene, stand_s=8.0)
    film.hold(2.0)
    assert watch(film).changes == []


def test_light_steps_and_drift_claim_nothing(film: Any, watch: Any) -> None:
    for gain_from, gain_to, seconds in ((1.0, 0.5, 0.1), (0.5, 1.35, 0.1), (1.35, 0.6, 8.0)):
        film.light(seconds, gain_from, gain_to)
        film.hold(2.0)
    watched = watch(film)
    assert (watched.changes, watched.faults) == ([], [])


def test_a_unit_taken_in_half_the_light_is_found(film: Any, watch: Any) -> None:
    film.light(0.1, 1.0, 0.5)
    film.hold(2.0)
    film.reach("soap", 2, film.scene.without("soap", 2))
    film.hold(2.0)
    assert watch(film).changes == [("soap", 2)]


def test_a_covered_lens_is_blind_and_never_empty(film: Any, watch: Any) -> None:
    began_s = film.hold(1.0)
    film.hold(6.0, replace(film.scene, covered=True))
    film.hold(2.5, replace(film.scene, covered=False).without("oil", 0))
    watched = watch(film)
    assert watched.faults == [("FeedFaulted", "blind"), ("FeedRestored", "blind")]
    faulted, restored = watched.readings[5], watched.readings[6]
    assert faulted.began_media_s == pytest.approx(began_s, abs=0.2)
    assert faulted.media_s - began_s <= 5.0
    assert restored.no_data_s == pytest.approx(6.0, abs=1.0)
    assert watched.changes == [("oil", 0)], "what changed in the dark is claimed after it, by a fresh look"


def test_a_frozen_picture_is_told_within_five_seconds_and_ends(film: Any, watch: Any) -> None:
    film.hold(1.0)
    began_s = film.now_s
    film.freeze(6.0)
    film.hold(2.0)
    watched = watch(film)
    assert watched.faults == [("FeedFaulted", "frozen"), ("FeedRestored", "frozen")]
    faulted = watched.readings[5]
    assert faulted.media_s - began_s <= 5.0
    assert faulted.began_media_s == pytest.approx(began_s, abs=0.5)
    assert watched.changes == []


def test_a_knocked_camera_claims_nothing_until_its_view_is_back(film: Any, watch: Any) -> None:
    began_s = film.hold(12.0)
    film.hold(8.0, film.scene.without("oil", 0))
    film.pictures[-80:] = [np.roll(picture, (10, 40), axis=(0, 1)) for picture in film.pictures[-80:]]
    film.hold(4.0)
    watched = watch(film)
    assert watched.faults == [("FeedFaulted", "moved"), ("FeedRestored", "moved")]
    faulted = next(reading for reading in watched.readings if isinstance(reading, FeedFaulted))
    assert faulted.began_media_s == pytest.approx(began_s, abs=1.1)
    assert faulted.media_s - began_s <= 5.0
    assert watched.changes == [("oil", 0)], "what changed meanwhile is claimed after it"
    assert watched.counts[0][0] > began_s + 8.0


def test_references_tell_what_is_missing_at_the_first_view(shop: Any, new_film: Callable[..., Any], watch: Any) -> None:
    full = shop.full()
    bare = full
    for name, row in full.stock.items():
        bare = bare.without(name, *range(len(row)))
    film = new_film(full.without("beans", 0, 3).without("oil", 0))
    film.hold(3.0)
    references = References(stocked=shop.picture(full), empty=shop.picture(bare))
    assert watch(film, references=references).first == {"tea": 3, "rice": 4, "oil": 0, "beans": 2, "soap": 3}


def test_an_empty_reference_alone_tells_stocked_from_empty(shop: Any, new_film: Callable[..., Any], watch: Any) -> None:
    bare = shop.full()
    for name, row in bare.stock.items():
        bare = bare.without(name, *range(len(row)))
    film = new_film(bare.with_units("tea", 1, 2).with_units("rice", 0))
    film.hold(6.0)
    watched = watch(film, references=References(empty=shop.picture(bare)))
    assert watched.first == {"tea": 2, "rice": 1, "oil": 0, "beans": 0, "soap": 0}


def test_a_camera_that_changes_its_picture_size_learns_again(film: Any, pipeline: Any) -> None:
    film.hold(1.0)
    frames = list(film.frames())
    half = [replace(frame, image_bgr=np.ascontiguousarray(frame.image_bgr[::2, ::2])) for frame in frames]
    later = [replace(f, index=f.index + 100, media_s=f.media_s + 10, mono_s=f.mono_s + 10) for f in half]
    readings = [reading for frame in (*frames, *later) for reading in pipeline.process(frame)]
    assert all(isinstance(reading, ShelfCounted) for reading in readings)
    assert {reading.units for reading in readings if reading.slot_id == "tea"} == {3}
