"""What happens in the clips adds up: no unit from nowhere, no overfull slot, an end like the beginning."""

from itertools import pairwise

import numpy as np
import pytest

from scripts.shop_render import plans
from scripts.shop_render.motion import Path as WalkedPath
from scripts.shop_render.motion import truth_of as aisle_truth_of
from scripts.shop_render.scene import Level, Pack, Reach, Rest, ShelfPlan, ShelfView, Slot, Stand
from scripts.shop_render.script import check, truth_of, unroll

SHELVES = [plan for plan in plans.all_plans().values() if isinstance(plan, ShelfPlan)]
by_camera = pytest.mark.parametrize("plan", SHELVES, ids=lambda plan: plan.view.camera_id)


def small_plan(*actions: Reach | Rest | Stand) -> ShelfPlan:
    """A shelf of one slot with three places."""
    pack = Pack(form="box", width_mm=80, height_mm=80, colours=((200, 200, 200), (90, 90, 90), (0, 0, 0)), motif="dots")
    slot = Slot(id="slot", sku="BR-0001", pack=pack, facings=3)
    corners = ((0.0, 0.0), (400.0, 0.0), (400.0, 225.0), (0.0, 225.0))
    view = ShelfView(
        camera_id="cam-small",
        name="Small",
        width_mm=400,
        height_mm=225,
        corners_mm=corners,
        levels=(Level(board_mm=150, clear_mm=120, slots=(slot,)),),
    )
    return ShelfPlan(view=view, actions=actions)


@by_camera
def test_the_script_can_be_filmed_and_looped(plan: ShelfPlan) -> None:
    assert check(plan, plans.DURATION_S) == []


@by_camera
@pytest.mark.parametrize("seed", range(5))
def test_units_stay_between_nothing_and_full_and_return_to_the_start(plan: ShelfPlan, seed: int) -> None:
    script = unroll(plan, plans.DURATION_S, np.random.default_rng(seed))
    truth = truth_of(script, "clip.mp4")
    units, facings = dict(truth["initial"]), {slot.id: slot.facings for slot in plan.view.slots}
    for event in truth["events"]:
        units[event["slot"]] += event["delta"]
        assert units[event["slot"]] == event["units"]
        assert 0 <= event["units"] <= facings[event["slot"]]
    assert units == truth["initial"]
    assert script.standing_at(0.0) == script.standing_at(plans.DURATION_S)


@by_camera
def test_what_stands_is_what_the_truth_counts(plan: ShelfPlan) -> None:
    script = unroll(plan, plans.DURATION_S, np.random.default_rng(7))
    for move in script.moves:
        standing = script.standing_at(move.touch_s)
        assert sum(standing[move.slot]) == move.units


@by_camera
def test_nothing_else_happens_within_three_seconds_of_an_action(plan: ShelfPlan) -> None:
    reaching = sorted((a for a in plan.actions if isinstance(a, Reach | Rest | Stand)), key=lambda a: a.start_s)
    assert all(after.start_s - before.end_s >= 3.0 for before, after in pairwise(reaching))


def test_the_clips_hold_every_case_that_the_appliance_has_to_master() -> None:
    scripts = [unroll(plan, plans.DURATION_S, np.random.default_rng(7)) for plan in SHELVES]
    truths = [truth_of(script, "clip.mp4") for script in scripts]
    events = [event for truth in truths for event in truth["events"]]
    low_at = {slot.id: slot.low_at for plan in SHELVES for slot in plan.view.slots}
    assert len(events) >= 24
    assert {event["delta"] for event in events} == {-2, -1, 1, 2}
    assert any(event["units"] == 0 for event in events)
    assert any(0 < event["units"] <= low_at[event["slot"]] and event["delta"] < 0 for event in events)
    assert {fault["fault"] for truth in truths for fault in truth["faults"]} == {"blind", "frozen"}
    assert any(truth["light"] for truth in truths)
    assert any(isinstance(move.action, Stand) for script in scripts for move in script.moves)
    assert any(isinstance(action, Rest) for plan in SHELVES for action in plan.actions)


def test_a_plan_that_takes_what_is_not_there_is_refused() -> None:
    plan = small_plan(*(Reach(start_s=t, slot="slot", delta=-2) for t in (1.0, 8.0)))
    with pytest.raises(ValueError, match="1 of 3 stand there"):
        unroll(plan, 60.0, np.random.default_rng(1))


@pytest.mark.parametrize(
    ("actions", "sentence"),
    [
        pytest.param((Reach(start_s=1, slot="slot", delta=-1),), "slot ends -1 from its start", id="loses a unit"),
        pytest.param((Rest(start_s=1, slot="slot", rest_s=1), Stand(start_s=3, hold_s=1)), "overlap", id="two at once"),
        pytest.param((Rest(start_s=57, slot="slot", rest_s=5),), "ends after the clip", id="too late"),
    ],
)
def test_a_plan_that_cannot_loop_is_told(actions: tuple[Reach | Rest | Stand, ...], sentence: str) -> None:
    assert any(sentence in fault for fault in check(small_plan(*actions), 60.0))


def test_an_action_that_does_not_fit_into_a_short_clip_is_left_out() -> None:
    script = unroll(small_plan(Reach(start_s=4.0, slot="slot", delta=-1)), 5.0, np.random.default_rng(1))
    assert script.moves == ()
    assert truth_of(script, "clip.mp4")["occlusions"] == []


def test_shoppers_come_and_go_in_pairs_of_crossings() -> None:
    truth = aisle_truth_of(plans.aisle_plan(), "clip.mp4", plans.DURATION_S)
    directions = [crossing["direction"] for crossing in truth["crossings"]]
    assert directions[0] == "in"
    assert directions.count("in") == directions.count("out") == 4


def test_the_floor_is_empty_at_both_ends_of_the_clip() -> None:
    paths = [WalkedPath(walker) for walker in plans.aisle_plan().walkers]
    assert all(path.start_s > 1.0 and path.end_s < plans.DURATION_S - 1.0 for path in paths)


def test_the_queue_grows_to_two_and_empties() -> None:
    truth = aisle_truth_of(plans.aisle_plan(), "clip.mp4", plans.DURATION_S)
    lengths = [row["people"] for row in truth["queues"]]
    assert max(lengths) == 2
    assert lengths[-1] == 0
    assert all(abs(after - before) == 1 for before, after in pairwise([0, *lengths]))
