"""Overview: what needs somebody now. Cameras, shoppers who wait, shelves that are out or low."""

from nicegui import ui

from edge.console import stock, wording
from edge.console.pages.live_picture import LivePicture
from edge.console.pages.stage import Parts, Region, Stage, or_none
from edge.console.source import CameraPanel

_WORTH_A_LOOK = (*wording.kinds_in("Shelves"), *wording.kinds_in("Cameras"), *wording.kinds_in("Kiosk"))


class OverviewPage:
    """``/``."""

    def __init__(self, parts: Parts) -> None:
        self._snapshots = parts.snapshots
        self._stage = Stage(parts, active="/", title="Overview", lead="What needs somebody now")
        with self._stage.body:
            self._alarms = self._stage.region("health_notes.html")
            self._tiles = self._stage.region("overview_tiles.html", classes="tiles")
            with ui.element("div").classes("columns overview-columns"):
                with ui.element("div").classes("stack"):
                    self._wall = _CameraWall(self._stage)
                    self._latest = self._stage.region("latest.html", classes="card fill latest-card")
                with ui.element("div").classes("stack"):
                    self._tickets = self._stage.region("tickets.html", classes="card")
                    self._shelves = self._stage.region("shelves.html", classes="card fill")
        self._tickets.on_action(self._act)

    async def run(self) -> None:
        """Fill the page and keep it filled."""
        await self._stage.run(self._refresh)

    async def _refresh(self) -> None:
        cameras = await or_none(self._snapshots.cameras)
        tickets = await or_none(self._snapshots.tickets)
        link = await or_none(self._snapshots.link)
        counts = stock.level_counts(cameras) if cameras is not None else None
        seeing = stock.seeing(cameras) if cameras is not None else 0
        health = await or_none(self._snapshots.health)
        self._alarms.show(notes=() if health is None else health.alarms)
        self._tiles.show(cameras=cameras, seeing=seeing, counts=counts, tickets=tickets, link=link)
        if cameras is None:
            self._wall.show_unavailable()
            self._shelves.show_unavailable("The state of the shelves")
        else:
            self._wall.show(list(cameras))
            self._shelves.show(lines=stock.shelf_lines(cameras))
        facts = await or_none(lambda: self._snapshots.facts(kinds=_WORTH_A_LOOK))
        if facts is None:
            self._latest.show_unavailable("The stream of facts")
        else:
            self._latest.show(facts=facts[:30])
        if tickets is None:
            self._tickets.show_unavailable("The list of shoppers who wait")
        else:
            self._tickets.show(tickets=tickets)

    async def _act(self, action: str, value: str) -> None:
        acts = {"take-ticket": self._snapshots.take_ticket, "close-ticket": self._snapshots.close_ticket}
        if action not in acts:
            return
        if await or_none(lambda: acts[action](value)) is None:
            ui.notify("The ticket could not be changed. Please try again.", type="warning", position="top-right")
        await self._refresh()


class _CameraWall:
    """Cards of all cameras; built again only when the set of cameras changes."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._message: Region = stage.region("wall_message.html", classes="card wall-message")
        self._grid = ui.element("div").classes("wall")
        self._pictures: dict[str, LivePicture] = {}
        self._captions: dict[str, Region] = {}

    def show(self, cameras: list[CameraPanel]) -> None:
        if [camera.camera_id for camera in cameras] != list(self._pictures):
            self._build(cameras)
        self._message.show(has_cameras=bool(cameras))
        for camera in cameras:
            self._pictures[camera.camera_id].show(camera)
            self._captions[camera.camera_id].show(camera=camera, counts=stock.level_counts([camera]))

    def show_unavailable(self) -> None:
        self._build([])
        self._message.show_unavailable("The state of the cameras")

    def _build(self, cameras: list[CameraPanel]) -> None:
        self._grid.clear()
        self._pictures.clear()
        self._captions.clear()
        for camera in cameras:
            with self._grid, ui.element("a").classes("camera-card").props(f'href="/cameras/{camera.camera_id}"'):
                self._pictures[camera.camera_id] = LivePicture(self._stage, template="picture_over.html")
                self._captions[camera.camera_id] = self._stage.region("camera_caption.html", classes="camera-caption")
