"""Identity over time: who keeps his number, who gets none, what is forgotten."""

import itertools
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from vision.config import LineSettings, ZoneSettings
from vision.detections import Detections
from vision.tracker import Track, Tracker
from vision.zones import LineCounter, ZoneWatch

WIDTH, HEIGHT = 40.0, 100.0
Place = Callable[[float], tuple[float, float] | None]


def seen(*feet: tuple[float, float], score: float = 0.8) -> Detections:
    """Boxes of people of one size who stand at these places."""
    rows = [(x - WIDTH / 2, y - HEIGHT, x + WIDTH / 2, y) for x, y in feet]
    table = np.array(rows, np.float32).reshape(-1, 4)
    return Detections(table, np.full(len(rows), score, np.float32), np.zeros(len(rows), np.int64))


def standing(_time_s: float) -> tuple[float, float]:
    return 100, 200


def walk(tracker: Tracker, *people: Place, seconds: float, fps: float) -> Iterator[tuple[float, list[Track]]]:
    for number in range(int(seconds * fps)):
        time_s = number / fps
        places = [place for person in people if (place := person(time_s)) is not None]
        yield time_s, tracker.update(seen(*places), time_s)


def id_at(tracks: list[Track], x: float) -> int | None:
    return min(tracks, key=lambda track: abs(track.feet_px[0] - x)).id


@pytest.mark.parametrize("fps", [2.0, 5.0, 10.0])
def test_one_walker_is_one_person(fps: float) -> None:
    history = list(walk(Tracker(), lambda t: (50 + 80 * t, 200), seconds=6, fps=fps))
    ids = {track.id for _, tracks in history for track in tracks if track.is_confirmed}
    assert ids == {1}


@pytest.mark.parametrize("fps", [2.0, 5.0, 10.0])
def test_people_who_cross_keep_their_numbers(fps: float) -> None:
    people: tuple[Place, ...] = (lambda t: (100 + 60 * t, 300), lambda t: (500 - 60 * t, 320))
    history = list(walk(Tracker(), *people, seconds=6.5, fps=fps))
    early = next(tracks for time_s, tracks in history if time_s >= 1.5)
    _, late = history[-1]
    end_s = history[-1][0]
    assert id_at(early, 100 + 60 * 1.5) == id_at(late, 100 + 60 * end_s)
    assert id_at(early, 500 - 60 * 1.5) == id_at(late, 500 - 60 * end_s)
    assert id_at(early, 190) != id_at(early, 410)


def test_people_who_hide_one_another_keep_their_numbers() -> None:
    """While they overlap, the detector gives one box for the two."""

    def left_to_right(t: float) -> tuple[float, float] | None:
        return (100 + 60 * t, 300)

    def right_to_left(t: float) -> tuple[float, float] | None:
        x = 500 - 60 * t
        return None if abs(x - (100 + 60 * t)) < 30 else (x, 305)

    history = list(walk(Tracker(), left_to_right, right_to_left, seconds=6.5, fps=5))
    early = next(tracks for time_s, tracks in history if time_s >= 1.4)
    end_s, late = history[-1]
    assert id_at(early, 100 + 60 * 1.4) == id_at(late, 100 + 60 * end_s)
    assert id_at(early, 500 - 60 * 1.4) == id_at(late, 500 - 60 * end_s)


def test_a_person_behind_a_pillar_comes_out_with_the_same_number() -> None:
    def behind_a_pillar(t: float) -> tuple[float, float] | None:
        return None if 2.0 < t < 3.3 else (50 + 70 * t, 200)

    history = list(walk(Tracker(), behind_a_pillar, seconds=5, fps=5))
    hidden = next(tracks for time_s, tracks in history if time_s > 2.9)
    assert hidden[0].missing_s == pytest.approx(1.0)
    assert hidden[0].feet_px[0] == pytest.approx(50 + 70 * 3.0, abs=25)
    assert {track.id for _, tracks in history for track in tracks} == {None, 1}


def test_a_person_away_for_longer_than_that_is_somebody_new() -> None:
    def away(t: float) -> tuple[float, float] | None:
        return None if 2.0 < t < 5.0 else (200, 200)

    history = list(walk(Tracker(max_missing_s=2.0), away, seconds=7, fps=5))
    assert [track.id for track in history[-1][1]] == [2]


def test_a_box_seen_once_never_gets_a_number() -> None:
    tracker = Tracker()
    for number in range(40):  # every flicker lies elsewhere
        tracks = tracker.update(seen((100.0 + 300 * (number % 4), 100.0 + 250 * (number % 3))), number / 10)
        assert all(track.id is None and not track.is_confirmed for track in tracks)


def test_a_track_is_confirmed_with_the_time_and_not_with_the_frame_rate() -> None:
    slow, fast = Tracker(confirm_after_s=0.3), Tracker(confirm_after_s=0.3)
    first_slow = next(t for t, tracks in walk(slow, standing, seconds=3, fps=2) if tracks[0].id)
    first_fast = next(t for t, tracks in walk(fast, standing, seconds=3, fps=10) if tracks[0].id)
    assert (first_slow, first_fast) == (0.5, 0.3)


def test_faint_boxes_keep_a_person_and_make_none() -> None:
    tracker = Tracker(sure_score=0.4)
    for number in range(5):
        tracker.update(seen((100, 200)), number / 5)
    for number in range(5, 30):
        tracks = tracker.update(seen((100, 200), (400, 200), score=0.25), number / 5)
    assert [(track.id, track.missing_s) for track in tracks] == [(1, 0.0)]


def test_two_people_side_by_side_never_become_one() -> None:
    people: tuple[Place, ...] = (lambda t: (100 + 30 * t, 200), lambda t: (145 + 30 * t, 205))
    for time_s, tracks in walk(Tracker(), *people, seconds=6, fps=4):
        if time_s > 0.5:
            assert sorted(track.id or 0 for track in tracks) == [1, 2]


def test_numbers_are_never_used_again_even_after_a_reset() -> None:
    tracker = Tracker()
    list(walk(tracker, standing, seconds=1, fps=5))
    tracker.reset()
    assert tracker.update(Detections.empty(), 0.0) == []
    for number in range(1, 6):
        tracks = tracker.update(seen((100, 200)), number / 5)
    assert [track.id for track in tracks] == [2]


def test_what_is_kept_stays_small_however_many_come_by() -> None:
    tracker = Tracker(max_missing_s=1.0)
    random = np.random.default_rng(7)
    sizes = []
    for number in range(400):
        places = [(float(x), float(y)) for x, y in random.uniform((0, 100), (1900, 1000), size=(5, 2))]
        sizes.append(len(tracker.update(seen(*places), number / 5)))
    assert max(sizes[200:]) <= max(sizes[:200]) + 10
    assert max(sizes) < 5 * 5 * 2


def test_frames_that_come_unevenly_do_not_break_a_track() -> None:
    tracker = Tracker()
    gaps = itertools.cycle([0.1, 0.5, 0.25, 0.4])
    time_s = 0.0
    ids = set()
    for _ in range(40):
        ids |= {track.id for track in tracker.update(seen((50 + 90 * time_s, 200)), time_s)}
        time_s += next(gaps)
    assert ids == {None, 1}


def test_time_that_stands_still_is_refused() -> None:
    tracker = Tracker()
    tracker.update(Detections.empty(), 1.0)
    with pytest.raises(ValueError, match="picture time"):
        tracker.update(Detections.empty(), 1.0)


def test_who_walked_out_of_the_picture_is_not_taken_for_somebody_in_it() -> None:
    """Two leave at the right edge; a moment later a second, wider box of somebody who follows them."""
    tracker = Tracker()
    size = (640, 480)

    def boxes(time_s: float) -> Detections:
        leaving, follower = 520 + 60 * time_s, 380 + 60 * time_s
        people = [(x, 300.0) for x in (leaving, follower) if x < 630]
        return seen(*people, *([(follower + 12, 290.0)] if 2.5 < time_s < 2.8 else []))

    for number in range(25):
        tracks = tracker.update(boxes(number / 5), number / 5, frame_size_px=size)
        if number / 5 >= 2.6:
            assert [track.id for track in tracks if track.missing_s == 0.0 and track.id is not None] in ([2], [])
    assert tracks == []


def test_unconfirmed_people_on_both_sides_of_a_line_are_not_one_who_crosses_it() -> None:
    """The fault of keeping all that have no number yet under one number (roboflow/supervision, 2578)."""
    tracker = Tracker()
    line = LineCounter(LineSettings(id="door", start_norm=(0.5, 1.0), end_norm=(0.5, 0.0)))
    for number in range(60):
        left, right = (100.0 + 150 * (number % 2), 400.0), (600.0 + 150 * (number % 2), 400.0)
        tracks = tracker.update(seen((left, right)[number // 2 % 2]), number / 5, frame_size_px=(1000, 1000))
        assert line.update(tracks, frame_size_px=(1000, 1000)) == []


def test_half_an_hour_of_a_crowd_is_counted_and_forgotten() -> None:
    random = np.random.default_rng(1)
    tracker, size = Tracker(), (1920, 1080)
    line = LineCounter(LineSettings(id="door", start_norm=(0.5, 1.0), end_norm=(0.5, 0.0)))
    zone = ZoneWatch(ZoneSettings(id="hall", polygon_norm=((0.2, 0.2), (0.8, 0.2), (0.8, 1.0), (0.2, 1.0))))
    walkers: list[tuple[float, float, float]] = []
    came = crossed = most = 0
    for number in range(1800 * 3):
        time_s = number / 3
        if random.random() < 0.05:
            came += 1
            walkers.append((time_s, float(random.uniform(300, 1000)), float(random.choice([-1, 1]))))
        walkers = [walker for walker in walkers if time_s - walker[0] < 18]
        places = [
            (960 + way * (110 * (time_s - since_s) - 990) + random.normal(0, 2), feet + random.normal(0, 2))
            for since_s, feet, way in walkers
            if random.random() < 0.93
        ]
        tracks = tracker.update(seen(*places), time_s, frame_size_px=size)
        crossed += len(line.update(tracks, frame_size_px=size))
        zone.update(tracks, frame_size_px=size, time_s=time_s)
        most = max(most, len(tracker._living), len(line._walkers), len(zone._guests))
    assert came > 200
    assert abs(crossed - (came - len(walkers))) <= 0.02 * came + len(walkers)
    assert most <= 20
