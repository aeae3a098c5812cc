"""The demo's score: it must reward only what is right and must be able to fail in every way."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edge.demo_truth import CameraTruth, Change, Span, score

CAMERA = CameraTruth(
    camera="cam-dairy",
    clip=Path("cam-dairy.mp4"),
    duration_s=60.0,
    initial={"d-1": 3, "d-2": 2},
    changes=(Change(10.0, "d-1", -1, 2), Change(20.0, "d-1", -2, 0), Change(40.0, "d-1", 3, 3)),
    occlusions=(Span(22.0, 27.0, "shopper"),),
    faults=(Span(45.0, 55.0, "blind"),),
)


def _count(t_s: float, units: int, slot: str = "d-1") -> dict[str, Any]:
    return {"kind": "shelf.count", "source": "cam-dairy", "media_s": t_s, "slot": slot, "units": units}


RIGHT: list[dict[str, Any]] = [
    _count(1.0, 3),
    _count(1.0, 2, "d-2"),
    _count(11.0, 2),
    _count(28.5, 0),
    {"kind": "shelf.out_of_stock", "source": "cam-dairy", "media_s": 28.5, "slot": "d-1"},
    _count(41.0, 3),
    {"kind": "feed.blind", "source": "cam-dairy", "media_s": 47.2},
    {"kind": "feed.restored", "source": "cam-dairy", "media_s": 55.6, "fault": "blind"},
]


def test_a_right_report_holds() -> None:
    result = score([CAMERA], RIGHT, watched_s=70.0)
    assert result.holds
    assert (result.units_found, result.units_moved) == (6, 6)
    assert result.faults[0]["told_after_s"] == 2.2


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param([f for f in RIGHT if f.get("units") != 2 or f["slot"] != "d-1"], id="a unit missed"),
        pytest.param([*RIGHT, _count(15.0, 1)], id="a count that never stood"),
        pytest.param([*RIGHT, _count(36.0, 0, "d-2")], id="another slot called empty"),
        pytest.param(
            [*RIGHT, {"kind": "shelf.out_of_stock", "source": "cam-dairy", "media_s": 25.0, "slot": "d-1"}],
            id="out of stock told behind a shopper",
        ),
        pytest.param([f for f in RIGHT if f["kind"] != "feed.blind"], id="a covered lens not told"),
        pytest.param([f for f in RIGHT if f["kind"] != "feed.restored"], id="a fault that never ends"),
    ],
)
def test_a_wrong_report_does_not_hold(changed: list[dict[str, Any]]) -> None:
    assert not score([CAMERA], changed, watched_s=70.0).holds


def test_a_hand_hides_the_slot_that_it_is_at_until_it_leaves_it() -> None:
    hand = Span(9.0, 12.5, "hand")
    shelf = CameraTruth("cam-dairy", Path("c.mp4"), 60.0, {"d-1": 1}, (Change(11.5, "d-1", -1, 0),), (hand,), ())
    assert shelf.hidden_at("d-1", 11.0) == "hand"
    assert shelf.hidden_at("d-2", 12.0) == "hand"
    assert shelf.hidden_at("d-1", 12.0) is None
    stays = replace(shelf, occlusions=(Span(9.0, 12.5, "shopper"),))
    assert stays.hidden_at("d-1", 12.0) == "shopper"


def test_what_could_not_be_told_yet_is_not_asked_for() -> None:
    assert score([CAMERA], [_count(1.0, 3), _count(1.0, 2, "d-2")], watched_s=12.0).units_moved == 0


def test_a_change_is_due_soon_even_when_hands_keep_coming() -> None:
    hands = tuple(Span(float(s), s + 2.5, "hand") for s in range(8, 56, 6))
    busy = CameraTruth("cam-dairy", Path("c.mp4"), 60.0, {"d-1": 3}, (Change(10.0, "d-1", -1, 2),), hands, ())
    assert busy.due_s(busy.changes[0]) == pytest.approx(16.5)
    assert score([busy], [_count(1.0, 3), _count(40.0, 2)], watched_s=60.0).missed


def test_the_clip_is_followed_over_its_loop() -> None:
    again = [{**f, "media_s": f["media_s"] + 60.0} for f in RIGHT if f["kind"] != "shelf.count" or f["media_s"] > 2]
    result = score([CAMERA], [*RIGHT, *again], watched_s=130.0)
    assert result.holds
    assert result.units_moved == 12
