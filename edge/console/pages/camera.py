"""One camera: its picture, its slots with counts, and when it could not see."""

from nicegui import ui

from edge.console import stock, wording
from edge.console.pages.camera_frame import MODES
from edge.console.pages.live_picture import LivePicture
from edge.console.pages.stage import Parts, Stage, or_none


class CameraPage:
    """``/cameras`` for the first camera and ``/cameras/{camera_id}``."""

    def __init__(self, parts: Parts, camera_id: str | None) -> None:
        self._snapshots = parts.snapshots
        self._camera_id = camera_id
        self._stage = Stage(parts, active="/cameras", title="Cameras", lead="Picture, shelf places and faults")
        with self._stage.body:
            self._tabs = self._stage.region("camera_tabs.html", classes="tabs")
            self._modes = self._stage.region("camera_modes.html", classes="modes")
            self._columns = ui.element("div").classes("columns camera-columns")
            with self._columns:
                with ui.element("div").classes("stack"):
                    with ui.element("div").classes("card picture-card"):
                        self._picture = LivePicture(self._stage, template="picture_over.html")
                        self._caption = self._stage.region("camera_numbers.html", classes="camera-numbers")
                    self._faults = self._stage.region("camera_faults.html", classes="card fill")
                with ui.element("div").classes("stack"):
                    self._slots = self._stage.region("camera_slots.html", classes="card fill")

    async def run(self) -> None:
        """Fill the page and keep it filled."""
        await self._stage.run(self._refresh)

    async def _refresh(self) -> None:
        cameras = await or_none(self._snapshots.cameras)
        if cameras is None:
            self._columns.set_visibility(False)
            self._tabs.show_unavailable("The state of the cameras")
            return
        if self._camera_id is None and cameras:
            self._camera_id = cameras[0].camera_id
        camera = next((panel for panel in cameras if panel.camera_id == self._camera_id), None)
        self._tabs.show(cameras=cameras, chosen=self._camera_id, is_known=camera is not None, mode="")
        self._columns.set_visibility(camera is not None)
        if camera is None:
            return
        self._modes.show(camera_id=camera.camera_id, modes=MODES, mode="")
        self._stage.retitle(camera.name)
        self._picture.show(camera)
        self._caption.show(camera=camera)
        self._slots.show(lines=stock.shelf_lines([camera]), camera=camera)
        faults = await or_none(
            lambda: self._snapshots.facts(kinds=wording.kinds_in("Cameras"), source=camera.camera_id)
        )
        if faults is None:
            self._faults.show_unavailable("The history of faults")
        else:
            self._faults.show(facts=faults[:20])
