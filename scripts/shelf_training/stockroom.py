"""The products a renderer may put on shelves: families of a brand, renewed a few at a time.

Printing a pack costs far more than pasting it, so a stockroom keeps some hundred and replaces the oldest.
"""

from collections import deque
from dataclasses import dataclass

from scripts.shelf_training.artwork import new_brand
from scripts.shelf_training.colours import Rng
from scripts.shelf_training.packs import DEPARTMENTS, FORMS, Sku, new_sku

_HANGING = ("blister", "blister", "bag", "pouch")


@dataclass(frozen=True, slots=True)
class Department:
    """Families of products that stand in one section."""

    families: list[list[Sku]]

    def pick(self, rng: Rng) -> list[Sku]:
        """What stands on one board: two or three families."""
        chosen = rng.choice(len(self.families), min(len(self.families), int(rng.integers(1, 6))), replace=False)
        return [sku for at in chosen for sku in self.families[int(at)]]


class Stockroom:
    """Families by form. One thread."""

    def __init__(self, rng: Rng, *, families: int = 14) -> None:
        self._shelves: dict[str, deque[list[Sku]]] = {form: deque(maxlen=families) for form in FORMS}
        for form in FORMS:
            for _ in range(families):
                self._shelves[form].append(_family(form, rng))

    def renew(self, rng: Rng, count: int) -> None:
        """Replace the oldest families of ``count`` forms."""
        for form in rng.choice(list(FORMS), count):
            self._shelves[str(form)].append(_family(str(form), rng))

    def department(self, rng: Rng, *, mixed: bool) -> Department:
        """Five to ten families of forms that go together; of any forms where ``mixed``."""
        forms = DEPARTMENTS[-1] if mixed else DEPARTMENTS[int(rng.integers(len(DEPARTMENTS)))]
        count = int(rng.integers(4, 11))
        return Department([self._any(str(form), rng) for form in rng.choice(forms, count)])

    def hanging(self, rng: Rng) -> list[Sku]:
        """A family that hangs on pegs or strips."""
        return self._any(str(rng.choice(_HANGING)), rng)

    def _any(self, form: str, rng: Rng) -> list[Sku]:
        families = self._shelves[form]
        return families[int(rng.integers(len(families)))]


def _family(form: str, rng: Rng) -> list[Sku]:
    brand = new_brand(rng)
    return [new_sku(brand, form, rng) for _ in range(int(rng.integers(2, 5)))]
