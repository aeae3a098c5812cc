from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from edge.console import wording
from edge.console.fragments import Fragments
from edge.facts import FACT_TYPES
from tests.unit.edge_console.console_clock import HandClock


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "under 5 s"),
        (44, "40 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (11_100, "3 h 5 min"),
        (187_200, "2 d 4 h"),
    ],
)
def test_spans_are_said_in_at_most_two_units(seconds: float, said: str) -> None:
    assert wording.duration(seconds) == said


@pytest.mark.parametrize(
    ("size_bytes", "said"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (214_000_000, "204 MiB"), (39_000_000_000, "36.3 GiB")],
)
def test_sizes_take_the_largest_unit_that_fits(size_bytes: int, said: str) -> None:
    assert wording.size(size_bytes) == said


@pytest.mark.parametrize("kind", [fact.kind for fact in FACT_TYPES])
def test_every_fact_kind_has_words_and_a_filter_group(kind: str) -> None:
    assert wording.title_of(kind) != kind
    assert kind in wording.kinds_in(wording.group_of(kind))


def test_an_unknown_filter_group_filters_nothing() -> None:
    assert wording.kinds_in("") == ()
    assert wording.kinds_in("Nonsense") == ()


def test_details_say_units_signs_and_truth_in_words_and_leave_out_what_has_its_column() -> None:
    fields = {
        "slot": "s1",
        "sku": "BR-0001",
        "delta": -2,
        "low_at": 1,
        "verified": True,
        "total_ms": 412.3,
        "no_data_s": 37.0,
        "disk_free_share": 0.61,
        "out_s": None,
        "began_at": "2026-11-22T15:00:00+00:00",
    }

    said = wording.fact_details(fields, say_time=lambda at: at.strftime("%H.%M"))

    assert said == [
        ("delta", "\u22122"),
        ("low at", "1"),
        ("verified", "yes"),
        ("total", "412 ms"),
        ("no data", "37.0 s"),
        ("disk free", "61 %"),
        ("began", "15.00"),
    ]


def test_a_series_is_drawn_from_left_to_right_with_its_peak_at_the_top() -> None:
    assert wording.sparkline([(0.0, 0.0), (10.0, 4.0), (20.0, 2.0)], width=100.0, height=40.0) == [
        "0.0,40.0 50.0,0.0 100.0,20.0"
    ]


def test_a_hole_in_a_series_breaks_the_line() -> None:
    points = [(0.0, 1.0), (10.0, 1.0), (20.0, 1.0), (200.0, 1.0), (210.0, 1.0)]

    assert len(wording.sparkline(points, width=100.0, height=40.0)) == 2


def test_a_single_point_draws_nothing() -> None:
    assert wording.sparkline([(0.0, 1.0)], width=100.0, height=40.0) == []


def test_times_are_told_in_the_shops_zone_with_the_date_on_other_days() -> None:
    fragments = Fragments(zone=ZoneInfo("Europe/Berlin"), clock=HandClock())

    assert fragments._time(datetime(2026, 11, 22, 15, 30, 5, tzinfo=UTC)) == "16:30:05"
    assert fragments._time(datetime(2026, 11, 21, 15, 30, 5, tzinfo=UTC)) == "21 Nov 16:30"


def test_nothing_stored_can_become_markup() -> None:
    fragments = Fragments(zone=ZoneInfo("UTC"), clock=HandClock())

    said = fragments.render("unavailable.html", what="<img src=x onerror=alert(1)>")

    assert "<img" not in said
    assert "&lt;img" in said
