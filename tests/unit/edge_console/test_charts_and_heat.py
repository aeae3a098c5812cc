from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from edge.console.charts import footfall_chart, lanes_chart, step_chart
from edge.console.desk import Curve, Quarter
from edge.console.heat_picture import heat_cells

BERLIN = ZoneInfo("Europe/Berlin")
MIDNIGHT = datetime(2026, 11, 3, tzinfo=BERLIN)
NINE = datetime(2026, 11, 3, 8, 0, tzinfo=UTC)  # nine o'clock in the shop
SPAN = {"since": MIDNIGHT, "until": NINE + timedelta(hours=3), "zone": BERLIN}


def _curve(name: str, *counts: int | None) -> Curve:
    return Curve(name=name, points=tuple((NINE + timedelta(minutes=10 * n), c) for n, c in enumerate(counts)))


def test_time_runs_over_the_shops_own_day() -> None:
    chart = step_chart([_curve("oat", 4, None, 3)], **SPAN)

    assert chart["series"][0]["data"] == [[540.0, 4], [550.0, None], [560.0, 3]]
    assert (chart["xAxis"]["min"], chart["xAxis"]["max"]) == (540, 13 * 60)


def test_each_slot_has_a_lane_up_to_its_own_highest_count() -> None:
    chart = lanes_chart([_curve("milk", 6, 5), _curve("oat", None, 0)], **SPAN)

    assert [axis["max"] for axis in chart["yAxis"]] == [6, 1]
    assert [(one["xAxisIndex"], one["yAxisIndex"]) for one in chart["series"]] == [(0, 0), (1, 1)]
    assert [title["text"] for title in chart["title"]] == ["milk", "oat"]


def test_who_came_in_stands_above_the_line_and_who_went_out_below() -> None:
    chart = footfall_chart({"door": (Quarter(began_at=NINE, entered=5, left=2),)}, **SPAN)

    assert {one["name"]: one["data"] for one in chart["series"]} == {"in": [[547.5, 5]], "out": [[547.5, -2]]}


def test_a_day_without_anything_still_makes_an_axis() -> None:
    assert step_chart([], **SPAN)["xAxis"]["min"] == 0


def test_only_cells_in_which_somebody_was_are_coloured_and_the_warmest_most() -> None:
    cells = heat_cells([[0.0, 100.0], [25.0, 0.1]])

    assert [(cell.left, cell.top, cell.width, cell.height) for cell in cells] == [(50, 0, 50, 50), (0, 50, 50, 50)]
    assert cells[0].opacity > cells[1].opacity
    assert (cells[0].colour, cells[1].colour) == ("#b01230", "#ea6f29")


def test_nobody_leaves_no_colour() -> None:
    assert heat_cells([[0.0, 0.0]]) == heat_cells([]) == []
