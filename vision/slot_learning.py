"""Empty or stocked, learnt from what an operator confirmed: a logistic regression on a slot's features.

Owns the fit, its cross-validated accuracy and the rule when it is good enough to be believed. Pure numbers: knows no
picture, no network and no file. With 384 features and some tens of examples the ridge carries the fit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

SlotState = Literal["empty", "stocked"]

RIDGE = 300.0
"""On 90 real photos 100 to 1000 differ by less than .003; 300 was best with 2, 4 and 10 photos confirmed."""
MOST_FOLDS = 5
LEAST_OF_A_STATE = 4
SURE = 0.8
_ROUNDS = 25
_STILL = 1e-3

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """One slot in one picture, as a person saw it."""

    picture_id: str
    slot_id: str
    state: SlotState
    features: NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """How well the examples teach; accuracies are balanced over both states, judged on pictures left out."""

    examples: int
    pictures: int
    empty: int
    accuracy: float | None
    """None until there are two pictures and enough of both states."""
    claimed_share: float | None
    """Of the slots left out: how many were sure enough to be claimed."""
    claimed_accuracy: float | None

    def is_ready(self, bar: float) -> bool:
        """Whether what it says may be believed."""
        return self.accuracy is not None and self.accuracy >= bar


class SlotClassifier:
    """Tells empty from stocked. Made by `fit`; the same examples give the same classifier."""

    def __init__(self, mean: _Array, spread: _Array, weights: _Array, bias: float) -> None:
        self._mean, self._spread, self._weights, self._bias = mean, spread, weights, bias

    def empty(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Probability that each of N slots (N, F) is empty, (N,) in 0..1."""
        return _sigmoid((features - self._mean) / self._spread @ self._weights + self._bias).astype(np.float32)


def claim(empty: float) -> SlotState | None:
    """The state that a probability is sure enough for; None: no claim."""
    if empty >= SURE:
        return "empty"
    return "stocked" if empty <= 1 - SURE else None


def fit(examples: Sequence[Example]) -> SlotClassifier:
    """Fit on all examples, both states weighing the same; milliseconds for a hundred, tenths of a second for thousands.

    Raises:
        ValueError: one of the two states is missing.
    """
    empty = np.array([example.state == "empty" for example in examples])
    if not empty.any() or empty.all():
        raise ValueError("both an empty and a stocked slot are needed")
    return _fit(np.stack([example.features for example in examples]).astype(np.float64), empty)


def teach(examples: Sequence[Example]) -> Lesson:
    """Judge the examples against each other: each picture by a classifier that was fitted without it."""
    pictures = sorted({example.picture_id for example in examples})
    empty = np.array([example.state == "empty" for example in examples], bool)
    of_a_state = min(int(empty.sum()), int((~empty).sum())) if len(empty) else 0
    told = _judge(examples, pictures, empty) if of_a_state >= LEAST_OF_A_STATE and len(pictures) > 1 else None
    seen = None if told is None else ~np.isnan(told)
    sure = None if told is None or seen is None else seen & (np.abs(told - 0.5) >= SURE - 0.5)
    return Lesson(
        examples=len(examples),
        pictures=len(pictures),
        empty=int(empty.sum()),
        accuracy=None if told is None or seen is None else _balanced(told[seen] > 0.5, empty[seen]),
        claimed_share=None if sure is None or seen is None else round(float(sure.sum() / max(seen.sum(), 1)), 3),
        claimed_accuracy=None if told is None or sure is None else _balanced(told[sure] > 0.5, empty[sure]),
    )


def _judge(examples: Sequence[Example], pictures: Sequence[str], empty: NDArray[np.bool_]) -> _Array:
    """Probability of each example by a classifier of the other folds; a fold is some pictures. NaN: could not tell."""
    features = np.stack([example.features for example in examples]).astype(np.float64)
    fold = {picture: number % MOST_FOLDS for number, picture in enumerate(pictures)}
    folds = np.array([fold[example.picture_id] for example in examples])
    told = np.full(len(examples), np.nan)
    for number in range(min(len(pictures), MOST_FOLDS)):
        left_out = folds == number
        rest = empty[~left_out]
        if rest.any() and not rest.all():
            told[left_out] = _fit(features[~left_out], rest).empty(features[left_out].astype(np.float32))
    return told


def _balanced(told_empty: NDArray[np.bool_], empty: NDArray[np.bool_]) -> float | None:
    if not empty.any() or empty.all():
        return None
    return round(float((told_empty[empty].mean() + (~told_empty[~empty]).mean()) / 2), 3)


def _fit(features: _Array, empty: NDArray[np.bool_]) -> SlotClassifier:
    """Ridge logistic regression by Newton's steps."""
    mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-3
    spanned, basis = _span((features - mean) / spread)
    spanned = np.column_stack([spanned, np.ones(len(features))])
    share = np.where(empty, 0.5 / empty.sum(), 0.5 / (~empty).sum()) * len(empty)
    ridge = np.full(spanned.shape[1], RIDGE)
    ridge[-1] = 1e-6
    weights = np.zeros(spanned.shape[1])
    for _ in range(_ROUNDS):
        told = _sigmoid(spanned @ weights)
        curve = spanned.T @ (spanned * (share * told * (1 - told) + 1e-9)[:, None])
        curve[np.diag_indices_from(curve)] += ridge
        step = np.linalg.solve(curve, spanned.T @ (share * (empty - told)) - ridge * weights)
        weights += step
        if float(np.abs(step).max()) < _STILL:
            break
    return SlotClassifier(mean, spread, basis.T @ weights[:-1], float(weights[-1]))


def _span(centred: _Array) -> tuple[_Array, _Array]:
    """The examples in the space they span, and that space's axes (K, F): the ridge's answer lies in it, exactly."""
    if len(centred) >= centred.shape[1]:
        return centred, np.eye(centred.shape[1])
    squares, axes = np.linalg.eigh(centred @ centred.T)
    kept = squares > 1e-9 * squares[-1]
    lengths = np.sqrt(squares[kept])
    return axes[:, kept] * lengths, (axes[:, kept] / lengths).T @ centred


def _sigmoid(logits: _Array) -> _Array:
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -30, 30))))
