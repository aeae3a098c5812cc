"""What the kiosk may say about stock: units that a camera sees now, with the moment up to which that is known.

Joins the slots of one product over all cameras. Says nothing about a product of which any slot is unknown: half
a count would read as a low one. A blind, frozen or covered view ages; it never turns into "none left".
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from edge.assistant.tools import Stock


@dataclass(frozen=True, slots=True)
class SlotSight:
    """One slot as a camera last knew it; ``known_at`` is when it was last seen uncovered and steady."""

    sku: str
    units: int | None
    known_at: datetime | None


class ShelfStock:
    """Implements the assistant's stock view. Any thread; answers from memory."""

    def __init__(self, sights: Callable[[], Iterable[SlotSight]]) -> None:
        """Keep where to ask for the slots."""
        self._sights = sights

    def stock(self, sku: str) -> Stock | None:
        """Units over all slots of a product, or None while any of them is unknown."""
        units, known_at = 0, None
        for sight in self._sights():
            if sight.sku != sku:
                continue
            if sight.units is None or sight.known_at is None:
                return None
            units += sight.units
            known_at = sight.known_at if known_at is None else min(known_at, sight.known_at)
        return None if known_at is None else Stock(units=units, seen_at=known_at)
