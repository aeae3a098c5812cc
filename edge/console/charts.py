"""A camera's day as options of the chart library: pure values in, plain dictionaries out.

Time runs over the shop's own day, in minutes since its midnight, whatever zone the browser is in. Where nothing was
known a line has a hole.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from edge.console.desk import Curve, Quarter

_COLOURS = (
    "#0d6e66",
    "#c98a1b",
    "#6b7fd1",
    "#cf4c43",
    "#58b486",
    "#8a5aa8",
    "#4a7fa5",
    "#a06b2f",
    "#d0709a",
    "#7a8b3a",
)
_INK, _LINE = "#4a5b68", "#dfe5e4"
_LONGEST_DAY_MINUTES = 25 * 60  # when the clock goes back
_SHORT_MINUTES = 8 * 60
_LANE_PX, _NAMES_PX = 46, 132
_NAME = {"fontSize": 12, "fontWeight": "normal", "color": _INK, "width": 100, "overflow": "truncate"}
_HOUR_WORDS = "value => String(Math.floor(value / 60)).padStart(2, '0') + ':' + String(value % 60).padStart(2, '0')"
_TELL = (
    "list => list.length ? [Math.floor(list[0].axisValue / 60).toString().padStart(2, '0') + ':'"
    " + Math.floor(list[0].axisValue % 60).toString().padStart(2, '0'), ...list.filter(one => one.value[1] !== null"
    " && one.value[1] !== undefined).map(one => one.marker + echarts_text(one.seriesName) + ' <b>'"
    " + one.value[1] + '</b>')].join('<br>') : ''"
).replace("echarts_text", "(text => String(text).replace(/[&<>]/g, ''))")


def step_chart(curves: Sequence[Curve], *, since: datetime, until: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """Counts as steps over one axis, one line for each curve."""
    return _framed([_steps(curve, since, zone) for curve in curves], since, until, zone)


def lanes_chart(curves: Sequence[Curve], *, since: datetime, until: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """Counts as steps, each curve in a lane of its own under the others; `lanes_height_px` high."""
    framed = step_chart(curves, since=since, until=until, zone=zone)
    times, counts = framed["xAxis"], framed["yAxis"]
    lanes = range(len(curves))
    most = [max((count for _, count in curve.points if count is not None), default=1) for curve in curves]
    last = len(curves) - 1
    hidden = {"axisLabel": {"show": False}, "axisTick": {"show": False}}
    return {
        **framed,
        "color": [_COLOURS[0]],
        "legend": {"show": False},
        "axisPointer": {"link": [{"xAxisIndex": "all"}]},
        "title": [
            {"text": curve.name, "left": 0, "top": lane * _LANE_PX + 14, "textStyle": _NAME}
            for lane, curve in enumerate(curves)
        ],
        "grid": [
            {"left": _NAMES_PX, "right": 14, "top": lane * _LANE_PX + 8, "height": _LANE_PX - 14} for lane in lanes
        ],
        "xAxis": [{**times, "gridIndex": lane, **({} if lane == last else hidden)} for lane in lanes],
        "yAxis": [
            {**counts, "gridIndex": lane, "min": 0, "max": max(most[lane], 1), "interval": max(most[lane], 1)}
            for lane in lanes
        ],
        "series": [
            {**series, "xAxisIndex": lane, "yAxisIndex": lane, "areaStyle": {"opacity": 0.16}}
            for lane, series in enumerate(framed["series"])
        ],
    }


def lanes_height_px(curves: Sequence[Curve]) -> int:
    """Height at which every lane can be read."""
    return _LANE_PX * len(curves) + 24


def _steps(curve: Curve, since: datetime, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "name": curve.name,
        "type": "line",
        "step": "end",
        "showSymbol": False,
        "connectNulls": False,
        "lineStyle": {"width": 2},
        "data": [[_minute(at, since, zone), count] for at, count in curve.points],
    }


def footfall_chart(
    footfall: Mapping[str, Sequence[Quarter]], *, since: datetime, until: datetime, zone: ZoneInfo
) -> dict[str, Any]:
    """People by the quarter of an hour: those who came in upwards, those who went out downwards."""
    bars = []
    for line, quarters in footfall.items():
        for words, sign in (("in", 1), ("out", -1)):
            counts = [(q.began_at, q.entered if sign > 0 else -q.left) for q in quarters]
            bars.append(
                {
                    "name": f"{line} {words}" if len(footfall) > 1 else words,
                    "type": "bar",
                    "stack": line,
                    "barWidth": 5,
                    "data": [[_minute(at, since, zone) + 7.5, count] for at, count in counts],
                }
            )
    return _framed(bars, since, until, zone)


def _minute(at: datetime, since: datetime, zone: ZoneInfo) -> float:
    return round((at.astimezone(zone) - since).total_seconds() / 60, 2)


def _framed(series: Sequence[dict[str, Any]], since: datetime, until: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """What all charts share; the axis goes from the full hour before the first point to the one after now."""
    firsts = [one["data"][0][0] for one in series if one["data"]]
    begin = int(min(firsts, default=0.0)) // 60 * 60
    end = min(_LONGEST_DAY_MINUTES, (int(_minute(until, since, zone)) // 60 + 1) * 60)
    label = {"color": _INK, "fontSize": 11}
    return {
        "animation": False,
        "color": list(_COLOURS),
        "grid": {"left": 34, "right": 14, "top": 30, "bottom": 22},
        "legend": {"type": "scroll", "top": 0, "left": 0, "itemHeight": 8, "itemWidth": 14, "textStyle": label},
        "tooltip": {"trigger": "axis", "confine": True, ":formatter": _TELL},
        "xAxis": {
            "type": "value",
            "min": begin,
            "max": end,
            "interval": 60 if end - begin <= _SHORT_MINUTES else 120,
            "axisLabel": {**label, ":formatter": _HOUR_WORDS},
            "splitLine": {"show": False},
            "axisLine": {"onZero": False, "lineStyle": {"color": _LINE}},
        },
        "yAxis": {
            "type": "value",
            "minInterval": 1,
            "axisLabel": {**label, ":formatter": "value => Math.abs(value)"},
            "splitLine": {"lineStyle": {"color": _LINE}},
        },
        "series": list(series),
    }
