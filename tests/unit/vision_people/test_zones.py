"""Lines and zones, each walk a row of a table. The picture is 1000 x 1000, so that shares read as pixels."""

from itertools import pairwise

import pytest

from vision.config import LineSettings, ZoneSettings
from vision.geometry import distance_to_left, is_inside, passes_through
from vision.tracker import Track
from vision.zones import Crossing, Dwell, LineCounter, Occupancy, QueueWait, ZoneWatch

SIZE = (1000, 1000)
# From the lower edge up: its left is the picture's left, so walking to the right is "in".
UPWARDS = LineSettings(id="door", start_norm=(0.5, 0.8), end_norm=(0.5, 0.2))
SQUARE = ZoneSettings(
    id="till", polygon_norm=((0.4, 0.4), (0.6, 0.4), (0.6, 0.6), (0.4, 0.6)), kind="queue", min_dwell_s=2.0
)


def person(x: float, y: float = 500.0, *, known: int | None = 1, missing_s: float = 0.0) -> Track:
    return Track(
        id=known,
        xyxy_px=(x - 20, y - 100, x + 20, y),
        score=0.8,
        age_s=1.0,
        is_confirmed=known is not None,
        missing_s=missing_s,
    )


def directions(line: LineSettings, feet: list[tuple[float, float]]) -> list[str]:
    counter = LineCounter(line)
    return [crossing.direction for x, y in feet for crossing in counter.update([person(x, y)], frame_size_px=SIZE)]


def along(*xs: float) -> list[tuple[float, float]]:
    return [(x, 500.0) for x in xs]


@pytest.mark.parametrize(
    ("feet", "wanted"),
    [
        pytest.param(along(400, 450, 490, 505, 550), ["in"], id="to the right"),
        pytest.param(along(600, 550, 505, 490, 450), ["out"], id="to the left"),
        pytest.param(along(300, 700), ["in"], id="in one stride between two pictures"),
        pytest.param(along(400, 498, 502, 497, 503, 499, 504, 501), [], id="stands on the line and trembles"),
        pytest.param(along(400, 498, 502, 497, 503, 540), ["in"], id="trembles on the line, then goes on"),
        pytest.param(along(400, 498, 502, 497, 460), [], id="trembles on the line, then goes back"),
        pytest.param(along(400, 500, 600), ["in"], id="stops exactly on the line"),
        pytest.param(along(400, 600, 400, 600), ["in", "out", "in"], id="there and back again"),
        pytest.param([(400, 900), (600, 900)], [], id="passes below the line's end"),
        pytest.param([(400, 500), (400, 900), (600, 900), (600, 500)], [], id="walks round the line's end"),
        pytest.param([(400, 500), (600, 500), (600, 900), (400, 900), (600, 900)], ["in"], id="over it, then round it"),
        pytest.param(along(500, 501, 600), [], id="was first seen on the line"),
    ],
)
def test_each_real_crossing_counts_once(feet: list[tuple[float, float]], wanted: list[str]) -> None:
    assert directions(UPWARDS, feet) == wanted


@pytest.mark.parametrize(
    ("start", "end", "feet", "wanted"),
    [
        pytest.param((0.2, 0.5), (0.8, 0.5), [(500, 300), (500, 700)], ["in"], id="rightward line, walking down"),
        pytest.param((0.8, 0.5), (0.2, 0.5), [(500, 300), (500, 700)], ["out"], id="leftward line, walking down"),
        pytest.param((0.5, 0.2), (0.5, 0.8), [(300, 500), (700, 500)], ["out"], id="downward line, walking right"),
        pytest.param((0.2, 0.8), (0.8, 0.2), [(300, 300), (700, 700)], ["in"], id="slanting line"),
    ],
)
def test_from_the_lines_left_to_its_right_is_in(
    start: tuple[float, float], end: tuple[float, float], feet: list[tuple[float, float]], wanted: list[str]
) -> None:
    assert directions(LineSettings(id="l", start_norm=start, end_norm=end), feet) == wanted


def test_two_people_are_counted_apart() -> None:
    counter = LineCounter(UPWARDS)
    counter.update([person(400, known=1), person(600, known=2)], frame_size_px=SIZE)
    found = counter.update([person(600, known=1), person(400, known=2)], frame_size_px=SIZE)
    assert found == [
        Crossing(line_id="door", direction="in", confidence=0.8),
        Crossing(line_id="door", direction="out", confidence=0.8),
    ]


def test_nobody_crosses_who_is_not_confirmed_or_not_seen() -> None:
    counter = LineCounter(UPWARDS)
    for x in (400.0, 600.0):
        assert counter.update([person(x, known=None)], frame_size_px=SIZE) == []
    counter.update([person(400)], frame_size_px=SIZE)
    assert counter.update([person(600, missing_s=0.5)], frame_size_px=SIZE) == []


def test_a_person_hidden_at_the_line_counts_when_seen_behind_it() -> None:
    counter = LineCounter(UPWARDS)
    counter.update([person(450)], frame_size_px=SIZE)
    counter.update([person(510, missing_s=0.5)], frame_size_px=SIZE)
    assert len(counter.update([person(560)], frame_size_px=SIZE)) == 1


def test_after_a_lost_picture_nobody_has_crossed() -> None:
    counter = LineCounter(UPWARDS)
    counter.update([person(400)], frame_size_px=SIZE)
    counter.reset()
    assert counter.update([person(600)], frame_size_px=SIZE) == []


def test_lines_forget_people_who_are_gone() -> None:
    counter = LineCounter(UPWARDS)
    counter.update([person(400)], frame_size_px=SIZE)
    counter.update([], frame_size_px=SIZE)
    assert counter.update([person(600)], frame_size_px=SIZE) == []


def watch(steps: list[tuple[float, list[Track]]], zone: ZoneSettings = SQUARE) -> list[tuple[float, Dwell | Occupancy]]:
    zone_watch = ZoneWatch(zone, steady_s=1.0)
    return [
        (time_s, event)
        for time_s, tracks in steps
        for event in zone_watch.update(tracks, frame_size_px=SIZE, time_s=time_s)
    ]


def dwells(events: list[tuple[float, Dwell | Occupancy]]) -> list[float]:
    return [event.dwell_s for _, event in events if isinstance(event, Dwell)]


def people(events: list[tuple[float, Dwell | Occupancy]]) -> list[int]:
    return [event.people for _, event in events if isinstance(event, Occupancy)]


def places(*xs: float, every_s: float = 0.5) -> list[tuple[float, list[Track]]]:
    return [(number * every_s, [person(x)]) for number, x in enumerate(xs)]


@pytest.mark.parametrize(
    ("xs", "wanted"),
    [
        pytest.param((300, 500, 500, 500, 500, 500, 500, 700, 700, 700), [2.5], id="in and out"),
        pytest.param((300, 500, 500, 700, 700, 700, 700), [], id="only passes through"),
        pytest.param((500, 500, 500, 500, 500, 500), [], id="still there"),
        pytest.param((500, 500, 500, 500, 605, 500, 500, 500, 700, 700, 700), [3.5], id="one step out and in again"),
    ],
)
def test_a_dwell_is_told_when_the_person_has_left(xs: tuple[float, ...], wanted: list[float]) -> None:
    assert dwells(watch(places(*xs))) == wanted


def test_a_person_who_vanishes_left_when_last_seen_inside() -> None:
    steps = places(500, 500, 500, 500, 500, 500)  # seen until 2.5 s
    steps += [(3.0, [person(500, missing_s=0.5)]), (4.5, [person(520, missing_s=2.0)]), (5.0, [])]
    events = watch(steps)
    assert [(time_s, event.dwell_s) for time_s, event in events if isinstance(event, Dwell)] == [(5.0, 2.5)]


def test_only_a_number_that_stays_is_told() -> None:
    here, away = [person(500)], [person(300)]
    steps = [(number * 0.5, away) for number in range(4)]
    steps += [(2.0, here), (2.5, away), (3.0, away), (3.5, away), (4.0, away)]
    steps += [(4.5 + number * 0.5, here) for number in range(4)]
    assert people(watch(steps)) == [0, 1]


def test_a_queue_is_counted_by_feet_inside() -> None:
    queue = [person(450, known=1), person(500, known=2), person(550, known=3), person(700, known=4)]
    assert people(watch([(number * 0.5, queue) for number in range(4)])) == [3]


def test_after_a_lost_picture_a_zone_tells_no_dwell_and_counts_anew() -> None:
    zone_watch = ZoneWatch(SQUARE, steady_s=1.0)
    for number in range(8):
        zone_watch.update([person(500)], frame_size_px=SIZE, time_s=number * 0.5)
    zone_watch.reset()
    after = [zone_watch.update([], frame_size_px=SIZE, time_s=10 + number * 0.5) for number in range(4)]
    assert [event for events in after for event in events] == [
        Occupancy(zone_id="till", people=0, confidence=1.0, wait_s=0.0)
    ]


def test_sides_are_seen_as_a_walker_sees_them() -> None:
    assert distance_to_left((3, 5), (5, 9), (5, 1)) == pytest.approx(2)
    assert distance_to_left((9, 5), (5, 9), (5, 1)) == pytest.approx(-4)


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [
        pytest.param((0, 5), (9, 5), True, id="through"),
        pytest.param((0, 5), (4, 5), False, id="stops short"),
        pytest.param((0, 5), (5, 5), True, id="ends on it"),
        pytest.param((5, 5), (9, 5), False, id="begins on it"),
        pytest.param((0, 12), (9, 12), False, id="beside it"),
        pytest.param((5, 0), (5, 9), False, id="along it"),
    ],
)
def test_a_step_meets_a_line_once(before: tuple[float, float], after: tuple[float, float], wanted: bool) -> None:
    assert passes_through(before, after, (5, 1), (5, 9)) is wanted


def test_a_corner_that_points_inwards_is_outside() -> None:
    arrow = [(0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (5.0, 4.0), (0.0, 10.0)]
    assert is_inside((5, 2), arrow)
    assert not is_inside((5, 7), arrow)
    assert is_inside((1, 7), arrow)


def queue_of(*leave_s: float, until_s: float, seen_leaving: bool = True) -> list[Occupancy]:
    """Three at a time; at each of these moments the first walks out and another joins."""
    zone_watch, told = ZoneWatch(SQUARE, steady_s=1.0), []
    for number in range(int(until_s * 2) + 1):
        time_s = number / 2
        gone = sum(time_s >= moment for moment in leave_s)
        here = [person(450 + 50 * place, known=gone + place) for place in range(3)]
        if seen_leaving:
            here += [person(700, known=known) for known in range(gone)]
        told += [e for e in zone_watch.update(here, frame_size_px=SIZE, time_s=time_s) if isinstance(e, Occupancy)]
    here = [person(450, known=1000 + place) for place in range(4)]
    for number in range(4):
        time_s = until_s + (number + 1) / 2
        told += [e for e in zone_watch.update(here, frame_size_px=SIZE, time_s=time_s) if isinstance(e, Occupancy)]
    return told


def test_a_queue_takes_its_length_times_the_time_from_one_leaver_to_the_next() -> None:
    told = queue_of(*range(60, 540, 60), until_s=540)
    assert (told[0].people, told[0].wait_s) == (3, None), "nobody has left yet"
    assert told[-1].people > 3
    assert told[-1].wait_s == pytest.approx(60 * told[-1].people, rel=0.15)


def test_a_queue_that_stands_still_takes_longer_the_longer_it_does() -> None:
    told = queue_of(60, 120, 180, 240, 300, until_s=840)
    waits = [event.wait_s for event in told if event.people == 3 and event.wait_s is not None]
    assert waits == sorted(waits)
    assert 60 <= max(b - a for a, b in pairwise(waits)) < 75, "told again with each minute, though nobody comes or goes"
    assert waits[0] == pytest.approx(180, rel=0.2)
    assert waits[-1] > 340


def test_people_who_are_only_lost_from_sight_do_not_make_a_queue_fast() -> None:
    assert queue_of(*range(60, 540, 60), until_s=540, seen_leaving=False)[-1].wait_s is None


def test_an_empty_queue_takes_no_time_and_old_leavers_say_nothing() -> None:
    wait = QueueWait()
    for number in range(60):
        wait.see(2, int(number % 10 == 9), number * 6.0)
    assert wait.about_s(0) == 0.0
    assert wait.about_s(2) == pytest.approx(120, rel=0.1)
    wait.see(0, 0, 2000.0)
    assert wait.about_s(2) is None


def test_a_time_without_pictures_makes_no_queue_longer() -> None:
    wait = QueueWait()
    for number in range(60):
        wait.see(1, int(number % 10 == 9), number * 6.0)
    wait.pause()
    wait.see(1, 0, 800.0)
    assert wait.about_s(1) == pytest.approx(60, rel=0.1)


def test_only_queues_are_waited_in() -> None:
    hall = SQUARE.model_copy(update={"kind": "dwell"})
    told = ZoneWatch(hall, steady_s=1.0).update([], frame_size_px=SIZE, time_s=0.0)
    told += [event for number in range(4) for event in ZoneWatch(hall).update([], frame_size_px=SIZE, time_s=number)]
    assert all(event.wait_s is None for event in told if isinstance(event, Occupancy))
