"""Cameras that post: joins the surface that they post to with their keys and the running cameras.

Owns that assembly and where the keys lie. Starts no server; `edge.app` does.
"""

from pathlib import Path
from typing import Any

from edge.camera_post.app import Deliver, create_post_surface
from edge.clock import Clock
from edge.config import ShopFiles
from edge.keys import load_key
from vision.config import POST_SCHEME

KEY_FOLDER = "camera-keys"
"""In the data folder: one file for each camera that posts, called as the camera."""


def posting_cameras(shop: ShopFiles) -> list[str]:
    """Ids of the cameras that send their pictures here."""
    return [camera.id for camera in shop.cameras if camera.url == POST_SCHEME]


def make_post_surface(shop: ShopFiles, data: Path, *, deliver: Deliver, clock: Clock) -> Any:
    """Read the cameras' keys, or make them, and build the surface.

    Raises:
        KeyFileError: a key's file is wrong; the text names the cure.
    """
    folder = data / KEY_FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    keys = {camera: load_key(folder / camera) for camera in posting_cameras(shop)}
    return create_post_surface(keys, deliver, shop.settings.camera_post, clock=clock)
