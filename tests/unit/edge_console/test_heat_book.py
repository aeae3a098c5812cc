import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from edge.heat_book import KEPT_DAYS, HeatBook
from vision.heat import COLUMNS, ROWS, Heat

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 11, 3, 11, 0, tzinfo=UTC)


def _heat(seconds: float, people: int = 1) -> Heat:
    grid = np.zeros((ROWS, COLUMNS), np.float32)
    grid[3, 4] = seconds
    return Heat(grid, people)


def _book(folder: Path, *given: Heat | None) -> HeatBook:
    heats = list(given)
    return HeatBook(folder, ("cam",), take=lambda _: heats.pop(0) if heats else None, zone=BERLIN)


def test_what_cameras_saw_adds_up_over_the_day_and_over_a_restart(tmp_path: Path) -> None:
    first = _book(tmp_path, _heat(2.5, people=3), None, _heat(1.0))
    for minute in range(3):
        first.collect(NOON + timedelta(minutes=minute))
    second = _book(tmp_path, _heat(0.5))
    second.collect(NOON + timedelta(minutes=9))

    day = second.day("cam", NOON)

    assert (float(day.seconds[3, 4]), day.people) == (4.0, 5)


def test_the_day_is_the_shops_and_not_the_clocks(tmp_path: Path) -> None:
    late = datetime(2026, 11, 3, 23, 30, tzinfo=UTC)  # half past midnight in the shop
    book = _book(tmp_path, _heat(2.0))
    book.collect(late)

    assert book.day("cam", NOON).people == 0
    assert book.day("cam", late).people == 1


@pytest.mark.parametrize(
    "damaged",
    [
        pytest.param(b'{"form": 1, "peop', id="cut off"),
        pytest.param(b"", id="empty"),
        pytest.param(b"\xff\xfe\x00\x81" * 40, id="no text"),
        pytest.param(b'{"form": 2, "people": 1, "seconds": []}', id="of another form"),
        pytest.param(
            b'{"form": 1, "people": 1, "seconds": %b}' % json.dumps([[float("inf")] * COLUMNS] * ROWS).encode(),
            id="no numbers",
        ),
    ],
)
def test_a_damaged_page_begins_anew(tmp_path: Path, damaged: bytes) -> None:
    book = _book(tmp_path, _heat(2.0), _heat(1.0))
    book.collect(NOON)
    next(tmp_path.glob("cam/*.json")).write_bytes(damaged)

    book.collect(NOON)

    assert float(book.day("cam", NOON).seconds[3, 4]) == 1.0


def test_over_midnight_the_new_day_begins_at_nothing_and_the_old_one_keeps_its_sum(tmp_path: Path) -> None:
    midnight = datetime(2026, 11, 3, 23, 0, tzinfo=UTC)  # in the shop
    book = _book(tmp_path, _heat(2.0), _heat(0.25))
    book.collect(midnight - timedelta(seconds=5))
    assert book.day("cam", midnight).people == 0

    book.collect(midnight + timedelta(seconds=55))

    again = _book(tmp_path)
    days = [again.day("cam", midnight + timedelta(seconds=at_s)) for at_s in (-1, 60)]
    assert [float(day.seconds[3, 4]) for day in days] == [2.0, 0.25]


def test_old_days_are_forgotten_and_other_files_are_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "cam"
    folder.mkdir()
    (folder / "notes.json").write_text("{}")
    book = _book(tmp_path, _heat(2.0))
    book.collect(NOON)

    book.collect(NOON + timedelta(days=KEPT_DAYS + 1))

    assert [path.name for path in folder.iterdir()] == ["notes.json"]
