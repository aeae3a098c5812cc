"""The demo shop's settings: hours that can be read, camera files that agree with what is drawn."""

import tomllib
from datetime import date, time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from scripts.shop_render import plans
from scripts.shop_render.floor import FloorCamera
from scripts.shop_render.layout import places_of, slot_polygons_norm
from scripts.shop_render.scene import ShelfPlan
from vision.config import CameraSettings

SHOP = Path(__file__).parents[3] / "firmware-config" / "shops" / "demo"
DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
SHELVES = [plan for plan in plans.all_plans().values() if isinstance(plan, ShelfPlan)]


def camera_file(camera_id: str) -> CameraSettings:
    """The settings of one camera of the demo shop."""
    text = (SHOP / "cameras" / f"{camera_id}.toml").read_text(encoding="utf-8")
    return CameraSettings.model_validate(tomllib.loads(text))


def info() -> dict[str, Any]:
    """What the kiosk may say about the shop."""
    return tomllib.loads((SHOP / "shop-info.toml").read_text(encoding="utf-8"))


def test_every_weekday_has_hours_that_can_be_read() -> None:
    hours = info()["hours"]
    assert list(hours) == DAYS
    for ranges in hours.values():
        for opens, closes in (text.split("-") for text in ranges):
            assert time.fromisoformat(opens) < time.fromisoformat(closes)


def test_exceptions_returns_and_services_are_complete() -> None:
    shop = info()
    assert all(isinstance(day["date"], date) and day["name"] for day in shop["exceptions"])
    assert shop["returns"]["days"] > 0
    assert shop["returns"]["lines"]
    assert all(service["name"] and service["where"] for service in shop["services"])
    assert shop["address"]
    assert shop["phone"]


def test_the_shop_names_every_camera_file() -> None:
    shop = tomllib.loads((SHOP / "shop.toml").read_text(encoding="utf-8"))["shop"]
    assert sorted(shop["cameras"]) == sorted(f"cameras/{path.name}" for path in (SHOP / "cameras").glob("*.toml"))
    assert {Path(name).stem for name in shop["cameras"]} == set(plans.all_plans())


@pytest.mark.parametrize("plan", SHELVES, ids=lambda plan: plan.view.camera_id)
def test_a_shelf_camera_file_holds_the_slots_that_are_drawn(plan: ShelfPlan) -> None:
    settings = camera_file(plan.view.camera_id)
    drawn = slot_polygons_norm(plan.view)
    assert [slot.id for slot in settings.slots] == [slot.id for slot in plan.view.slots]
    for set_slot, slot in zip(settings.slots, plan.view.slots, strict=True):
        assert (set_slot.sku, set_slot.facings, set_slot.low_at) == (slot.sku, slot.facings, slot.low_at)
        flat = [value for point in set_slot.polygon_norm for value in point]
        assert flat == pytest.approx([value for point in drawn[slot.id] for value in point], abs=2e-4)


@pytest.mark.parametrize("plan", SHELVES, ids=lambda plan: plan.view.camera_id)
def test_slots_lie_side_by_side_without_overlap(plan: ShelfPlan) -> None:
    places = places_of(plan.view)
    for level in plan.view.levels:
        ends = [(places[slot.id].left_mm, places[slot.id].right_mm) for slot in level.slots]
        assert all(right <= left for (_, right), (left, _) in pairwise(ends))


def test_the_floor_camera_file_holds_the_line_and_the_zone_that_are_walked() -> None:
    settings, plan = camera_file("cam-aisle"), plans.aisle_plan()
    lens = FloorCamera((1280, 720))
    assert settings.lines[0].id == plan.line_id
    assert settings.lines[0].start_norm == pytest.approx(lens.norm(*plan.line_m[0]), abs=2e-4)
    assert settings.lines[0].end_norm == pytest.approx(lens.norm(*plan.line_m[1]), abs=2e-4)
    assert settings.zones[0].id == plan.zone_id
    for point, corner in zip(settings.zones[0].polygon_norm, plan.zone_m, strict=True):
        assert point == pytest.approx(lens.norm(*corner), abs=2e-4)
