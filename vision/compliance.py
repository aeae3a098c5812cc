"""A shelf against its planogram: what stands in which slot, what is missing, what stands where it does not belong.

Owns the sums. Takes plain places and findings of one picture; knows no picture and no network.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from vision.config import SlotSettings
from vision.geometry import is_inside, polygon_to_px
from vision.identity import PackFound


@dataclass(frozen=True, slots=True)
class SlotContent:
    """One slot as seen."""

    slot: SlotSettings
    units: int | None
    """Packs of its product in it; None where nobody showed what its product looks like."""
    others: tuple[str, ...]
    """Products in it that belong elsewhere, once for each pack."""


@dataclass(frozen=True, slots=True)
class Compliance:
    """All slots of a picture."""

    slots: tuple[SlotContent, ...]
    outside: tuple[str, ...]
    """Products that stand in no slot, once for each pack."""

    @property
    def unknown(self) -> tuple[str, ...]:
        """Products whose slots cannot be told, once each."""
        return tuple(dict.fromkeys(content.slot.sku for content in self.slots if content.units is None))

    @property
    def share(self) -> float | None:
        """Planned facings that hold their product, 0..1, of the slots that can be told; None where there are none.

        Further packs of a product do not make up for another slot's.
        """
        return self.in_place / self.planned if self.planned else None

    @property
    def planned(self) -> int:
        """Facings of the slots that can be told."""
        return sum(content.slot.facings for content in self.slots if content.units is not None)

    @property
    def in_place(self) -> int:
        """How many of them hold their product."""
        return sum(min(content.units, content.slot.facings) for content in self.slots if content.units is not None)


def compare(
    slots: Sequence[SlotSettings],
    packs: Sequence[PackFound],
    *,
    known_skus: Collection[str],
    picture_size_px: tuple[int, int],
) -> Compliance:
    """Sort packs into slots by the middle of their front.

    Args:
        slots: the planogram.
        packs: what was found.
        known_skus: products that were looked for; of any other nothing is claimed.
        picture_size_px: (width, height).
    """
    polygons = [polygon_to_px(slot.polygon_norm, picture_size_px) for slot in slots]
    inside: list[list[str]] = [[] for _ in slots]
    outside: list[str] = []
    for pack in packs:
        x, y = np.mean(pack.quad_px, axis=0)
        at = next((n for n, polygon in enumerate(polygons) if is_inside((float(x), float(y)), polygon)), None)
        (outside if at is None else inside[at]).append(pack.sku)
    contents = [
        SlotContent(
            slot,
            skus.count(slot.sku) if slot.sku in known_skus else None,
            tuple(sku for sku in skus if sku != slot.sku),
        )
        for slot, skus in zip(slots, inside, strict=True)
    ]
    return Compliance(tuple(contents), tuple(outside))
