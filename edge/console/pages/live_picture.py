"""A camera's picture on a page: renewed when there is a newer one, greyed with a banner when it is not live."""

from urllib.parse import quote

from nicegui import ui

from edge.console.pages.stage import Stage
from edge.console.source import CameraPanel, CameraState


class LivePicture:
    """The frame holds its shape with and without a picture, so that nothing on the page jumps."""

    def __init__(self, stage: Stage, *, template: str) -> None:
        self._source = ""
        self._frame = ui.element("div").classes("picture")
        with self._frame:
            self._image = ui.element("img").props('alt=""')
            self._over = stage.region(template, classes="picture-over")

    def show(self, camera: CameraPanel) -> None:
        """Show the camera as it is; the browser keeps the former picture until the newer one is there."""
        source = ""
        if camera.picture_id is not None:
            source = f"/pictures/{quote(camera.camera_id)}.jpg?at={quote(camera.picture_id, safe='')}"
        if source != self._source:
            self._source = source
            if source:
                self._image.props["src"] = source
            else:
                self._image.props.pop("src", None)
            self._image.update()
        self._frame.classes(
            add="" if camera.state is CameraState.OK else "is-stale",
            remove="is-stale" if camera.state is CameraState.OK else "",
        )
        self._over.show(camera=camera)
