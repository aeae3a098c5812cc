"""What Home Assistant is told: a count that is not known is unknown, never what it last was."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from edge.home_states import states_of
from vision.readings import FeedFault
from vision.seats import CameraView, SlotTrust, SlotView

AT = datetime(2026, 11, 22, tzinfo=UTC)


@dataclass(frozen=True)
class Figures:
    disk_free_share: float = 0.42
    is_up: bool = True


def view(units: int | None, fault: FeedFault | None = None) -> CameraView:
    known_at = None if units is None else AT
    slot = SlotView("a.1", "BR-1", units, 4, 2, next(iter(SlotTrust)), since=AT, known_at=known_at)
    nothing = {"analysed_frames": 0, "gated_frames": 0, "thinned_frames": 0, "skipped_frames": 0, "late_frames": 0}
    return CameraView("cam", "Dairy", None, 0, (slot,), fault, AT, None, None, 0.0, **nothing)


@pytest.mark.parametrize(
    ("seen", "units", "low", "trouble"),
    [
        (view(7), "7", "OFF", "OFF"),
        (view(2), "2", "ON", "OFF"),
        (view(0), "0", "ON", "OFF"),
        (view(None), None, None, "OFF"),
        (view(7, next(iter(FeedFault))), None, None, "ON"),
    ],
)
def test_a_slot_is_told_only_while_it_is_known(seen, units, low, trouble) -> None:
    told = {state.id: state.value for state in states_of(lambda: [seen], Figures, Figures)()}
    assert told == {
        "disk_free": "42",
        "head_office": "ON",
        "camera_cam": trouble,
        "units_cam_a_1": units,
        "low_cam_a_1": low,
    }
