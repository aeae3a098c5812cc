r"""How sure a cell of a slot is stocked: what each source says, as log odds, and their sum.

Owns the calibration of every source and the bar under which nothing is claimed. Pure numbers. A source that is
silent adds nothing, so that the sum stays nearer to a half; one that contradicts takes away. `scripts/fit_evidence.py`
fits the scales on rendered shelves; they are held flatter than that, since shops are less kind::

    likeness ── a · odds + b ──┐
    products ── a · score + b ─┼─► bounded, added, shrunk ─► log odds of "stocked" ─► claimed from CLAIM on
    learnt ──── a · odds + b ──┘
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from vision.looks import Opinion, Verdict

CLAIM = 0.85
"""Least probability of the least sure cell from which a slot's state is claimed."""


class Source(StrEnum):
    """What a cell's state is told by."""

    LIKENESS = "likeness"
    """Its looks when stocked and when empty."""
    PRODUCTS = "products"
    """Boxes of the product detector in it."""
    LEARNT = "learnt"
    """The classifier that the operator's answers have taught."""


@dataclass(frozen=True, slots=True)
class Scale:
    """A source's raw number x as log odds: ``slope * x + offset``, held within ``lowest`` and ``highest``.

    The bounds say how often the source is wrong for reasons that the renders do not hold: weights miss packs of
    unseen shops, a camera shows what nobody painted.
    """

    slope: float
    offset: float
    lowest: float
    highest: float

    def odds(self, raw: float) -> float:
        """Log odds of "stocked"."""
        return float(np.clip(self.slope * raw + self.offset, self.lowest, self.highest))


LIKENESS_BOTH = Scale(1.0, 0.0, -4.6, 4.6)
LIKENESS_STOCKED = Scale(1.0, 0.0, -4.6, 4.6)
LIKENESS_EMPTY = Scale(0.8, -4.7, -2.5, 2.5)
PRODUCTS = Scale(24.0, -6.2, -3.2, 3.5)
"""Four fifths of what renders give: on 90 photographs of other shops it then claimed .59, .78, .88, .93, .97 where .60,
.77, .89, .96, .996 were right."""
LEARNT = Scale(2.0, 0.0, -4.0, 4.0)
"""The ridge makes it shy: of what it gave .79 on pictures left out, .995 was right."""
_UNSURE_ODDS = 0.8
TAKEN_AS_STOCKED = 1.4
"""Log odds of a first view that nothing but the planogram speaks for: shelves are stocked more often than not."""
_TOGETHER = 0.8
"""Sources err together more often than chance would have it, on a pack that is odd to all of them."""


def likeness_odds(opinion: Opinion) -> float:
    """Log odds that a cell's memory gives; near even where it could not decide."""
    share = min(max(opinion.stocked, 1e-4), 1 - 1e-4)
    scale = LIKENESS_STOCKED if not opinion.knows_empty else LIKENESS_BOTH if opinion.knows_stocked else LIKENESS_EMPTY
    odds = scale.odds(float(np.log(share / (1 - share))))
    if opinion.verdict is Verdict.UNSURE:
        return float(np.clip(odds, -_UNSURE_ODDS, _UNSURE_ODDS))
    return odds


def products_odds(score: float) -> float:
    """Log odds that the best box in a cell gives; ``score`` as `vision.products.cell_scores` tells it, 0..1."""
    return PRODUCTS.odds(score)


def learnt_odds(empty: float) -> float:
    """Log odds that the learnt classifier gives; ``empty`` is its probability of an empty cell."""
    share = min(max(1.0 - empty, 1e-4), 1 - 1e-4)
    return LEARNT.odds(float(np.log(share / (1 - share))))


def join(odds: Sequence[float]) -> float:
    """Probability that a cell is stocked, from the log odds of the sources that speak; a half where none does."""
    total = sum(odds) * (_TOGETHER if len(odds) > 1 else 1.0)
    return float(1.0 / (1.0 + np.exp(-total)))


@dataclass(frozen=True, slots=True)
class SlotVerdict:
    """A slot by all its sources."""

    stocked: tuple[float, ...]
    """Probability of each cell, left to right."""

    @property
    def states(self) -> tuple[bool, ...]:
        """The likelier state of each cell."""
        return tuple(share > 0.5 for share in self.stocked)

    @property
    def confidence(self) -> float:
        """Probability that all of it is right, by the least sure cell: the cells of a slot err together."""
        return self.confidence_of(self.states)

    def confidence_of(self, states: Sequence[bool]) -> float:
        """Probability that these states are right."""
        return round(
            min(share if is_stocked else 1.0 - share for share, is_stocked in zip(self.stocked, states, strict=True)), 3
        )

    @property
    def told(self) -> tuple[bool, ...] | None:
        """The states, where they may be claimed."""
        return self.states if self.confidence >= CLAIM else None


def join_slot(sources: Mapping[Source, Sequence[float]], *, cells: int) -> SlotVerdict:
    """Join what the sources say of every cell; each source gives one number a cell."""
    return SlotVerdict(tuple(join([odds[cell] for odds in sources.values()]) for cell in range(cells)))
