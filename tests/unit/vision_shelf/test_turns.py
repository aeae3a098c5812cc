"""A floor for every camera comes first, then what changes; and a camera is short only for want of time."""

from dataclasses import replace

import pytest

from vision.turns import CoreShare, Waiting, in_order

CALM = Waiting("calm", wait_s=0.2, longest_s=0.5, at_hand_s=0.1, is_changing=False)
CHANGING = replace(CALM, camera_id="changing", is_changing=True)


@pytest.mark.parametrize(
    ("waiting", "first"),
    [
        pytest.param([], None, id="nobody waits"),
        pytest.param([CALM, CHANGING], "changing", id="what changes goes before what does not"),
        pytest.param([replace(CALM, wait_s=0.45), CHANGING], "calm", id="a floor goes before a change"),
        pytest.param(
            [CHANGING, replace(CHANGING, camera_id="longer", wait_s=0.3)], "longer", id="who waits longest goes first"
        ),
        pytest.param(
            [replace(CHANGING, wait_s=0.9), replace(CALM, camera_id="strict", wait_s=0.6, longest_s=0.2)],
            "strict",
            id="of two floors the one that is farther over",
        ),
        pytest.param(
            [replace(CHANGING, wait_s=9.0), replace(CALM, camera_id="new", wait_s=float("inf"))],
            "new",
            id="a camera that was never looked at goes first",
        ),
    ],
)
def test_the_turn_goes_to(waiting: list[Waiting], first: str | None) -> None:
    turns = in_order(waiting)
    assert (turns[0].camera_id if turns else None) == first


def test_with_time_for_half_of_the_frames_every_camera_keeps_its_floor_and_changes_get_the_rest() -> None:
    looked_at = {"still-a": -1.0, "still-b": -1.0, "busy-a": -1.0, "busy-b": -1.0}
    looks = dict.fromkeys(looked_at, 0)
    for step in range(1200):  # one look takes 1/12 s; four cameras of five a second would need 20 looks a second
        now_s = step / 12
        waiting = [
            Waiting(name, now_s - at_s, 0.5, now_s - at_s - 0.2, name.startswith("busy"))
            for name, at_s in looked_at.items()
            if now_s - at_s >= 0.2
        ]
        for turn in in_order(waiting)[:1]:
            looks[turn.camera_id] += 1
            looked_at[turn.camera_id] = now_s
    assert min(looks["still-a"], looks["still-b"]) >= 200
    assert min(looks["busy-a"], looks["busy-b"]) > max(looks["still-a"], looks["still-b"]) * 1.2


@pytest.mark.parametrize(
    ("wait_s", "at_hand_s", "is_short"),
    [
        pytest.param(0.55, 0.4, False, id="a frame's step over the floor is none"),
        pytest.param(0.8, 0.6, True, id="frames were there and nobody looked"),
        pytest.param(60.0, 0.1, False, id="the camera was silent and has just sent again"),
        pytest.param(1.0, 0.0, False, id="the camera sends one frame a second"),
        pytest.param(float("inf"), 0.1, False, id="the first frame has just come"),
    ],
)
def test_a_camera_is_short_only_when_frames_waited(wait_s: float, at_hand_s: float, is_short: bool) -> None:
    assert replace(CALM, wait_s=wait_s, at_hand_s=at_hand_s).is_short is is_short


@pytest.mark.parametrize(
    ("looks", "is_starved"),
    [
        pytest.param([], False, id="no look yet"),
        pytest.param([(0.02, 0.0195)] * 50, False, id="slow, but on its core"),
        pytest.param([(0.03, 0.02)] * 50, True, id="a third of the time for others"),
        pytest.param([(0.03, 0.02)] * 50 + [(0.02, 0.02)] * 200, False, id="what was is forgotten"),
    ],
)
def test_a_worker_is_starved_only_when_others_use_its_core(looks: list[tuple[float, float]], is_starved: bool) -> None:
    share = CoreShare()
    for worked_s, got_s in looks:
        share.note(worked_s=worked_s, got_s=got_s)
    assert share.is_starved is is_starved
