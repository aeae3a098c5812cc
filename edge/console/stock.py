"""Which shelves need somebody: pure ordering and counting over the cameras' slots."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from edge.console.source import CameraPanel, CameraState, SlotRow, StockLevel

_URGENCY = {level: place for place, level in enumerate(StockLevel)}


@dataclass(frozen=True, slots=True)
class ShelfLine:
    """A slot together with the camera that sees it."""

    camera: CameraPanel
    slot: SlotRow


def shelf_lines(cameras: Iterable[CameraPanel]) -> list[ShelfLine]:
    """Every slot: out first, then low, then without data, then well stocked; the longest waiting first in each."""
    lines = [ShelfLine(camera, slot) for camera in cameras for slot in camera.slots]
    return sorted(lines, key=lambda line: (_URGENCY[line.slot.level], line.slot.since, line.slot.slot_id))


def level_counts(cameras: Iterable[CameraPanel]) -> dict[str, int]:
    """How many slots are at each level, by the level's word."""
    counts = {level.value: 0 for level in StockLevel}
    for camera in cameras:
        for slot in camera.slots:
            counts[slot.level.value] += 1
    return counts


def seeing(cameras: Sequence[CameraPanel]) -> int:
    """How many cameras give a picture that can be believed."""
    return sum(camera.state is CameraState.OK for camera in cameras)
