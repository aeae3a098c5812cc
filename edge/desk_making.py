"""Joins the desk of a running shop: its cameras with their files, the learnt slots, the heat and the days."""

from pathlib import Path
from zoneinfo import ZoneInfo

from edge.camera_days import CameraDays
from edge.camera_desk import DeskParts, ShopDesk
from edge.catalogue import Catalogue
from edge.clock import Clock
from edge.config import ShopFiles, load_camera
from edge.desk_audit import DeskAudit
from edge.heat_book import HeatBook
from edge.places import Places
from edge.slot_teaching import SlotTeaching
from edge.store.store import Store
from models.registry import Registry
from vision.heat import Heat
from vision.service import VisionService

_HEAT_WAIT_S = 0.5


def make_desk(
    shop: ShopFiles,
    places: Places,
    *,
    vision: VisionService,
    catalogue: Catalogue,
    registry: Registry,
    store: Store,
    clock: Clock,
) -> ShopDesk:
    """The desk of a running shop.

    Raises:
        ConfigError: a camera's file cannot be read any more.
    """
    zone = ZoneInfo(shop.settings.shop.timezone)

    def take(camera_id: str) -> Heat | None:
        try:
            return vision.call(camera_id, lambda seat: seat.pipeline.people.heat.take(), timeout_s=_HEAT_WAIT_S)
        except TimeoutError:
            return None

    return ShopDesk(
        DeskParts(
            cameras=shop.cameras,
            files=camera_files(shop),
            vision=vision,
            catalogue=catalogue,
            teaching=SlotTeaching(registry, places, shop.settings.models),
            heat=HeatBook(places.heat, [camera.id for camera in shop.cameras], take=take, zone=zone),
            days=CameraDays(store, zone=zone),
            audit=DeskAudit(store),
            clock=clock,
        )
    )


def camera_files(shop: ShopFiles) -> dict[str, Path]:
    """Each camera's own file, by the camera's id.

    Raises:
        ConfigError: one of them cannot be read any more.
    """
    paths = [shop.path(name) for name in shop.settings.shop.cameras]
    return {load_camera(path).id: path for path in paths}
