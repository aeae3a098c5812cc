"""Today: where people were, and the counts of slots, lines and queues over the shop's day.

Asks the store rarely: the curves are renewed twice a minute, while the page is open.
"""

from collections.abc import Mapping
from typing import Any

from nicegui import ui

from edge.clock import Clock
from edge.console import charts, wording
from edge.console.desk import DayPanel, DeskRefusedError, HeatPanel, Still
from edge.console.errors import SourceUnavailableError
from edge.console.heat_picture import heat_cells
from edge.console.pages.camera_frame import CameraFrame
from edge.console.pages.stage import Parts, Stage, or_none

_EVERY_S = 30.0


class TodayPage:
    """``/cameras/{camera_id}/today``."""

    def __init__(self, parts: Parts, camera_id: str) -> None:
        self._desk = parts.desk
        self._clock: Clock = parts.clock
        self._zone = parts.shop.zone
        self._camera_id = camera_id
        self._still: Still | None = None
        self._asked_s: float | None = None
        self._frame = CameraFrame(parts, camera_id, mode="today", lead="Counts and ways since midnight")
        with self._frame.body, ui.element("div").classes("columns today-columns"):
            with ui.element("div").classes("stack"):
                self._slots = _ChartCard(self._frame.stage, "Units on the shelf", "slots", height_px=300)
                self._footfall = _ChartCard(
                    self._frame.stage, "Footfall by the quarter of an hour", "footfall", height_px=190
                )
            with ui.element("div").classes("stack"):
                self._heat = self._frame.stage.region("heat.html", classes="card")
                self._queues = _ChartCard(self._frame.stage, "People in the queue", "queues", height_px=190)

    async def run(self) -> None:
        """Fill the page and keep it filled."""
        await self._frame.run(self._refresh)

    async def _refresh(self) -> None:
        now_s = self._clock.mono_s()
        if self._asked_s is not None and now_s - self._asked_s < _EVERY_S:
            return
        self._asked_s = now_s
        await self._show_heat()
        day = await or_none(lambda: self._desk.ask(lambda desk: desk.day(self._camera_id)))
        for card in (self._slots, self._footfall, self._queues):
            card.show(None, is_known=day is not None)
        if day is not None:
            self._show_day(day)

    async def _show_heat(self) -> None:
        heat: HeatPanel | None = await or_none(lambda: self._desk.ask(lambda desk: desk.heat(self._camera_id)))
        if heat is None:
            self._heat.show_unavailable("Where people were")
            return
        if self._still is None and heat.seconds:
            self._still = await self._take_still()
        cells = heat_cells(heat.seconds)
        most_s = max((cell for row in heat.seconds for cell in row), default=0.0)
        self._heat.show(camera_id=self._camera_id, heat=heat, cells=cells, still=self._still, most_s=most_s)

    async def _take_still(self) -> Still | None:
        try:
            return await self._desk.ask(lambda desk: desk.take_still(self._camera_id))
        except (SourceUnavailableError, DeskRefusedError):
            return None  # the ways are shown on grey ground

    def _show_day(self, day: DayPanel) -> None:
        span: dict[str, Any] = {"since": day.since, "until": day.until, "zone": self._zone}
        note = "The day holds more counts than are drawn; the curves begin later." if day.is_cut else ""
        if day.slots:
            self._slots.resize(charts.lanes_height_px(day.slots))
            self._slots.show(charts.lanes_chart(day.slots, **span), note=note)
        if day.queues:
            waits = [
                f"{zone}: about {wording.duration(wait_s)} for who joins now" for zone, wait_s in day.waits_s.items()
            ]
            self._queues.show(charts.step_chart(day.queues, **span), note=", ".join(waits) or note)
        if any(day.footfall.values()):
            self._footfall.show(charts.footfall_chart(day.footfall, **span))


class _ChartCard:
    """A card with a chart, or with words where there is nothing to draw."""

    def __init__(self, stage: Stage, title: str, about: str, *, height_px: int) -> None:
        self._about = about
        with ui.element("div").classes("card chart-card"):
            self._head = stage.region("chart_head.html")
            self._chart = ui.echart({}, renderer="svg").style(f"height: {height_px}px")
        self._title = title
        self._chart.set_visibility(False)

    def resize(self, height_px: int) -> None:
        """Make room for more or fewer lanes."""
        self._chart.style(f"height: {height_px}px")

    def show(self, options: Mapping[str, Any] | None, *, is_known: bool = True, note: str = "") -> None:
        """Show a chart; None: say that there is nothing, or that nothing can be told now."""
        self._head.show(
            title=self._title, has_chart=options is not None, is_known=is_known, note=note, about=self._about
        )
        self._chart.set_visibility(options is not None)
        if options is not None and options != self._chart.options:
            self._chart.options.clear()
            self._chart.options.update(options)
            self._chart.update()
