"""What the pages of one camera share: the tabs of the cameras, and those of what can be done with one.

Refuses a camera that does not exist: then the body is not shown.
"""

from collections.abc import Awaitable, Callable

from nicegui import ui

from edge.console.pages.stage import Parts, Stage, or_none

MODES = (("", "Live"), ("draw", "Draw"), ("teach", "Teach"), ("today", "Today"))


async def _nothing_more() -> None:
    """A page whose body fills itself."""


class CameraFrame:
    """Use as ``with frame.body:`` and end with ``await frame.run(refresh)``."""

    def __init__(self, parts: Parts, camera_id: str, *, mode: str, lead: str) -> None:
        self._parts = parts
        self._camera_id = camera_id
        self._mode = mode
        self.stage = Stage(parts, active="/cameras", title="Cameras", lead=lead)
        with self.stage.body:
            self._tabs = self.stage.region("camera_tabs.html", classes="tabs")
            self._modes = self.stage.region("camera_modes.html", classes="modes")
            self.body = ui.element("div").classes("mode-body")

    async def run(self, refresh: Callable[[], Awaitable[None]] = _nothing_more) -> None:
        """Fill the page and keep it filled; ``refresh`` is called while there is such a camera."""

        async def tick() -> None:
            if await self._show():
                await refresh()

        await self.stage.run(tick)

    async def _show(self) -> bool:
        cameras = await or_none(self._parts.snapshots.cameras)
        if cameras is None:
            self._tabs.show_unavailable("The state of the cameras")
            return True
        camera = next((panel for panel in cameras if panel.camera_id == self._camera_id), None)
        self._tabs.show(cameras=cameras, chosen=self._camera_id, is_known=camera is not None, mode=self._mode)
        self.body.set_visibility(camera is not None)
        if camera is None:
            return False
        self._modes.show(camera_id=self._camera_id, modes=MODES, mode=self._mode)
        self.stage.retitle(camera.name or camera.camera_id)
        return True
