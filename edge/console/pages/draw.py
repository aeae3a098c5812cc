"""Draw: shelf places, zones, lines and masks on a camera's still picture.

The page itself is the script under ``static/plan``, which talks to the desk's routes; here is only its frame.
"""

from nicegui import ui

from edge.console.pages.camera_frame import CameraFrame
from edge.console.pages.stage import Parts


class DrawPage:
    """``/cameras/{camera_id}/draw``."""

    def __init__(self, parts: Parts, camera_id: str) -> None:
        ui.add_head_html('<script type="module" src="/static/plan/start.js"></script>')
        self._frame = CameraFrame(parts, camera_id, mode="draw", lead="Shelf places, zones, lines and masks")
        with self._frame.body:
            editor = ui.element("div")
            editor.props["id"], editor.props["data-camera"] = "plan-editor", camera_id

    async def run(self) -> None:
        """Keep the page's frame filled."""
        await self._frame.run()
