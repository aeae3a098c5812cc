"""What a shop's own Home Assistant is told: units on each slot, trouble with each camera, how the box is."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from sync.home_assistant import State
from vision.seats import CameraView


class Room(Protocol):
    """The part of the store's figures that is told."""

    @property
    def disk_free_share(self) -> float:
        """0 to 1."""
        ...


class Way(Protocol):
    """The part of the uplink's state that is told."""

    @property
    def is_up(self) -> bool:
        """Whether the broker of head office is reached."""
        ...


def states_of(
    views: Callable[[], Sequence[CameraView]], room: Callable[[], Room], way: Callable[[], Way]
) -> Callable[[], list[State]]:
    """A function that says all states as they are now."""

    def states() -> list[State]:
        free = f"{room().disk_free_share * 100:.0f}"
        box = [
            State("disk_free", "Disk free", "sensor", free, unit="%"),
            State("head_office", "Head office", "binary_sensor", _on(way().is_up), device_class="connectivity"),
        ]
        return [*box, *(state for view in views() for state in _of_camera(view))]

    return states


def _of_camera(view: CameraView) -> Iterator[State]:
    yield State(
        f"camera_{_plain(view.camera_id)}",
        f"Camera {view.name}",
        "binary_sensor",
        _on(view.fault is not None),
        device_class="problem",
    )
    for slot in view.slots:
        # A slot that is held back or was never seen is unknown, not what it last was.
        is_known = view.fault is None and slot.units is not None and slot.known_at is not None
        name = f"{_plain(view.camera_id)}_{_plain(slot.slot_id)}"
        yield State(f"units_{name}", f"Units {slot.slot_id}", "sensor", str(slot.units) if is_known else None)
        is_low = _on(slot.units <= slot.low_at) if is_known and slot.units is not None else None
        yield State(f"low_{name}", f"Low {slot.slot_id}", "binary_sensor", is_low, device_class="problem")


def _on(is_on: bool) -> str:
    return "ON" if is_on else "OFF"


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "_", name)
