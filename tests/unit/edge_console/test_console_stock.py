from datetime import UTC, datetime, timedelta

import pytest

from edge.console import stock
from edge.console.source import CameraPanel, CameraState, SlotRow, SlotState, StockLevel

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def _slot(slot_id: str, units: int | None, state: SlotState = SlotState.STEADY, minutes: int = 0) -> SlotRow:
    return SlotRow(
        slot_id=slot_id,
        sku="BR-0001",
        product="Milk",
        units=units,
        facings=6,
        low_at=2,
        state=state,
        since=NOON - timedelta(minutes=minutes),
    )


def _camera(*slots: SlotRow, state: CameraState = CameraState.OK) -> CameraPanel:
    return CameraPanel(
        camera_id="cam-1", name="One", state=state, since=NOON, picture_id="1", fps=5.0, skipped=0, slots=slots
    )


@pytest.mark.parametrize(
    ("slot", "level"),
    [
        pytest.param(_slot("s", 0), StockLevel.OUT, id="none left"),
        pytest.param(_slot("s", 2), StockLevel.LOW, id="at the threshold"),
        pytest.param(_slot("s", 3), StockLevel.OK, id="above it"),
        pytest.param(_slot("s", None), StockLevel.UNKNOWN, id="never counted"),
        pytest.param(_slot("s", 0, SlotState.NO_DATA), StockLevel.UNKNOWN, id="a blind camera is no empty shelf"),
        pytest.param(_slot("s", 0, SlotState.OCCLUDED), StockLevel.OUT, id="hidden keeps the last steady count"),
    ],
)
def test_a_slots_level_follows_what_was_steadily_seen(slot: SlotRow, level: StockLevel) -> None:
    assert slot.level is level


def test_shelves_that_need_somebody_come_first_and_the_longest_waiting_before_the_others() -> None:
    camera = _camera(
        _slot("ok", 5),
        _slot("low", 1),
        _slot("out-new", 0, minutes=1),
        _slot("unknown", None),
        _slot("out-old", 0, minutes=9),
    )

    assert [line.slot.slot_id for line in stock.shelf_lines([camera])] == ["out-old", "out-new", "low", "unknown", "ok"]


def test_levels_are_counted_over_all_cameras() -> None:
    counts = stock.level_counts([_camera(_slot("a", 0), _slot("b", 1)), _camera(_slot("c", 6))])

    assert counts == {"out": 1, "low": 1, "unknown": 0, "ok": 1}


def test_only_cameras_without_a_fault_see() -> None:
    assert stock.seeing([_camera(), _camera(state=CameraState.BLIND)]) == 1
