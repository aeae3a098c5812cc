"""`backroom doctor`: is this node fit to work, and if not, what cures it."""

from datetime import UTC, datetime
from pathlib import Path

import typer

from edge.checks import Check
from edge.cli.output import DataFolder, Json, ShopFolder, emit, say, sentences
from edge.cli.places import data_folder, shop_folder
from edge.cli.running import quiet_logs
from edge.clock import SystemClock
from edge.config import load_shop
from edge.doctor import Doctor
from edge.places import DEFAULT_ARTEFACTS, Places
from edge.status import read_status
from models.registry import Registry
from vision.capture import Capture, without_credentials
from vision.config import FOLDER_SCHEME, POST_SCHEME, CameraSettings
from vision.errors import FeedUnavailableError
from vision.picture_folder import PictureFolder

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def doctor(shop: ShopFolder = None, data: DataFolder = None, as_json: Json = False) -> None:
    """Check settings, weights, disk, clock, trust, cameras and broker. Exit code 0 only when all pass."""
    quiet_logs()
    places = Places(data_folder(data))
    with sentences():
        files = load_shop(shop_folder(shop))
        clips = places.data / "clips"
        if shop is None:
            files = files.with_cameras(c.model_copy(update={"url": str(clips / f"{c.id}.mp4")}) for c in files.cameras)
        registry = Registry(places.models, DEFAULT_ARTEFACTS)
        patient = Doctor(files, places, registry=registry, clock=SystemClock(), look_at_camera=_first_picture)
        done = []
        for check in patient.checks():
            done.append(check)
            if not as_json:
                say(_line(check))
    node = read_status(places.status, datetime.now(UTC))
    passed = all(check.passed for check in done)
    if as_json:
        emit({"passed": passed, "node_running": node.running, "checks": done})
    else:
        verdict = "All passed" if passed else "NOT all passed"
        say(f"{verdict}; the node is {'running' if node.running else 'not running'}.")
    if not passed:
        raise typer.Exit(1)


def _line(check: Check) -> str:
    line = f"{'pass' if check.passed else 'FAIL'}  {check.name:<18} {check.found}"
    return line if check.passed else f"{line}\n      {'':<18} -> {check.cure}"


def _first_picture(camera: CameraSettings) -> str:
    if camera.url.startswith(FOLDER_SCHEME):
        PictureFolder(Path(camera.url.removeprefix(FOLDER_SCHEME)))
        return f"{camera.url} can be read; its pictures show as they come"
    if camera.url == POST_SCHEME:
        return "it sends its pictures itself; its key is made at the first start"
    with Capture(camera.url) as capture:
        grabbed = capture.read()
    if grabbed is None:
        raise FeedUnavailableError(f"{without_credentials(camera.url)} opens and gives no picture")
    height, width = grabbed.image_bgr.shape[:2]
    return f"{without_credentials(camera.url)} gives {width}x{height} pictures"
