"""What the newest facts say of the planogram: which slots hold a wrong product, and how much stands as planned.

Reads the store. What was told before the node's start is not believed any more: nobody has looked since.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from edge.facts import ShelfComplianceFact, ShelfMisplacedFact
from edge.store.store import Store

_LOOKED_AT = 300


@dataclass(frozen=True, slots=True)
class Planogram:
    """By camera, and by camera and slot."""

    seen: Mapping[tuple[str, str], str]
    """SKU of the product that stands in a slot and belongs elsewhere."""
    percent: Mapping[str, float]
    """Planned facings that hold their product."""

    @classmethod
    def of(cls, store: Store, *, since: datetime) -> Self:
        """As the newest facts from ``since`` on tell it. Blocks on disk for a millisecond.

        Raises:
            StoreError: the store does not answer.
        """
        seen: dict[tuple[str, str], str] = {}
        for fact in reversed(store.facts(kind=ShelfMisplacedFact.kind, limit=_LOOKED_AT, newest_first=True)):
            place = (fact.source, str(fact.body["slot"]))
            if fact.body["state"] == "ended" or fact.at < since:
                seen.pop(place, None)
            else:
                seen[place] = str(fact.body["seen_sku"])
        told = store.facts(kind=ShelfComplianceFact.kind, limit=_LOOKED_AT, newest_first=True)
        percent = {fact.source: float(fact.body["percent"]) for fact in reversed(told) if fact.at >= since}
        return cls(seen, percent)
