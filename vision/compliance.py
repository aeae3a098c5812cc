"""A shelf against its planogram: what stands in which slot, what is missing, what stands where it does not belong.

Owns the sums. Takes plain places and findings of one picture; knows no picture and no network.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vision.config import SlotSettings
from vision.geometry import is_inside, polygon_to_px
from vision.identity import PackFound


@dataclass(frozen=True, slots=True)
class SlotContent:
    """One slot as seen."""

    slot: SlotSettings
    units: int
    """Packs of its product in it."""
    others: tuple[str, ...]
    """Products in it that belong elsewhere, once for each pack."""


@dataclass(frozen=True, slots=True)
class Compliance:
    """All slots of a picture."""

    slots: tuple[SlotContent, ...]
    outside: tuple[str, ...]
    """Products that stand in no slot, once for each pack."""

    @property
    def share(self) -> float:
        """Planned facings that hold their product, 0..1. Further packs of it do not make up for another slot's."""
        planned = sum(content.slot.facings for content in self.slots)
        held = sum(min(content.units, content.slot.facings) for content in self.slots)
        return held / planned if planned else 0.0


def compare(
    slots: Sequence[SlotSettings], packs: Sequence[PackFound], *, picture_size_px: tuple[int, int]
) -> Compliance:
    """Sort packs into slots by the middle of their front; ``picture_size_px`` is (width, height)."""
    polygons = [polygon_to_px(slot.polygon_norm, picture_size_px) for slot in slots]
    inside: list[list[str]] = [[] for _ in slots]
    outside: list[str] = []
    for pack in packs:
        x, y = np.mean(pack.quad_px, axis=0)
        at = next((n for n, polygon in enumerate(polygons) if is_inside((float(x), float(y)), polygon)), None)
        (outside if at is None else inside[at]).append(pack.sku)
    contents = [
        SlotContent(slot, skus.count(slot.sku), tuple(sku for sku in skus if sku != slot.sku))
        for slot, skus in zip(slots, inside, strict=True)
    ]
    return Compliance(tuple(contents), tuple(outside))
