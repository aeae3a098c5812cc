"""What the page Teach ticks beforehand: what was counted, and nothing where somebody or something is in front."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from edge.places import DEFAULT_ARTEFACTS, Places
from edge.slot_teaching import SlotTeaching
from models.config import ModelsSettings
from models.registry import Registry
from vision.config import CameraSettings, SlotSettings
from vision.seats import SlotTrust, SlotView

AT = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
CAMERA = CameraSettings(
    id="cam",
    slots=(SlotSettings(id="milk", sku="1", facings=2, polygon_norm=((0.1, 0.1), (0.4, 0.1), (0.4, 0.4), (0.1, 0.4))),),
)


@pytest.mark.parametrize(
    ("units", "state", "ticked"),
    [
        pytest.param(2, SlotTrust.STEADY, "stocked", id="full"),
        pytest.param(0, SlotTrust.STEADY, "empty", id="empty"),
        pytest.param(1, SlotTrust.STEADY, None, id="partly full"),
        pytest.param(2, SlotTrust.OCCLUDED, None, id="full before somebody stood there"),
        pytest.param(0, SlotTrust.OCCLUDED, None, id="empty before somebody stood there"),
        pytest.param(2, SlotTrust.NO_DATA, None, id="full before the feed failed"),
        pytest.param(None, SlotTrust.NO_DATA, None, id="never counted"),
    ],
)
def test_a_facing_nobody_sees_is_left_open(
    tmp_path: Path, units: int | None, state: SlotTrust, ticked: str | None
) -> None:
    places = Places(tmp_path)
    teaching = SlotTeaching(Registry(places.models, DEFAULT_ARTEFACTS), places, ModelsSettings())
    view = SlotView("milk", "1", units, 2, 0, state, AT, AT)

    cells = teaching.cells(CAMERA, np.zeros((90, 160, 3), np.uint8), [view])

    assert [cell.state for cell in cells] == [ticked, ticked]
