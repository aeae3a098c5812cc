"""How a camera moved: one shift, turn and zoom that the parts of a view agree on, from the directions of its edges.

Owns the search for it and its arithmetic; decides nothing and keeps no time. The view is cut into blocks, each block
is looked for near its place, and the movement that most textured blocks share is taken: blocks behind a shopper, or
whose stock changed, point anywhere and are outvoted. Points are complex numbers, x + iy, in widths of the picture
from its middle.
"""

import cmath
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Directions = NDArray[np.complex64]
Points = NDArray[np.complex128]
BoxNorm = tuple[float, float, float, float]

_ROWS, _COLUMNS = 5, 7
_REACH_SHARE = 0.07  # of the width: how far from its place a block is looked for
_LEAST_CORNERED = 10.0  # edges across the block's main direction; a block of rails alone slides along them
_LEAST_KEPT = 0.4
_LEAST_FOUND = 0.25  # of a block's edges
_AGREES_PX = 0.8
_FEWEST_BLOCKS = 6
_LEAST_SHARE = 0.3  # of the textured blocks: half of the view may be hidden
_FAR = tuple(
    cmath.rect(zoom, math.radians(turn))
    for zoom, turn in ((1, 6), (1, -6), (1.12, 0), (0.89, 0), (1, 12), (1, -12), (1.25, 0), (0.8, 0))
)
_MOST_TURN = 0.14  # 8 degrees, or a zoom by 14 %


@dataclass(frozen=True, slots=True)
class Movement:
    """A point ``p`` of the learnt view is now seen at ``turn * p + shift``; ``abs(turn)`` is the zoom."""

    turn: complex = 1.0
    shift: complex = 0.0

    def then(self, other: "Movement") -> "Movement":
        """This movement of what the other one moves: what is seen after both, the other one being nearer the view."""
        return Movement(self.turn * other.turn, self.turn * other.shift + self.shift)

    def reach(self, aspect: float) -> float:
        """How far the corner that went farthest went, in widths; ``aspect`` is height by width."""
        corners = [complex(x, y * aspect) for x in (-0.5, 0.5) for y in (-0.5, 0.5)]
        return max(abs((self.turn - 1.0) * corner + self.shift) for corner in corners)

    def nearly(self, other: "Movement", aspect: float, *, within: float) -> bool:
        """Whether no corner lies farther than ``within`` from where the other one has it."""
        return Movement(self.turn - other.turn + 1.0, self.shift - other.shift).reach(aspect) <= within


def hidden_boxes(boxes: Sequence[BoxNorm], movement: Movement, aspect: float) -> list[BoxNorm]:
    """Boxes seen in a moved picture, in the picture put right, and the strips at its rim that nobody saw.

    Boxes are left, top, right, bottom as shares of the picture, ``aspect`` is height by width.
    """
    put_right = [
        _bounds([(c - movement.shift) / movement.turn for c in _corners(box, aspect)], aspect) for box in boxes
    ]
    left, top, right, bottom = _inner(movement, aspect)
    strips = [(0.0, 0.0, left, 1.0), (right, 0.0, 1.0, 1.0), (0.0, 0.0, 1.0, top), (0.0, bottom, 1.0, 1.0)]
    return put_right + [strip for strip in strips if strip[0] < strip[2] and strip[1] < strip[3]]


def _corners(box: BoxNorm, aspect: float) -> list[complex]:
    left, top, right, bottom = box
    return [
        complex(x - 0.5, (y - 0.5) * aspect) for x, y in ((left, top), (right, top), (right, bottom), (left, bottom))
    ]


def _bounds(points: Sequence[complex], aspect: float) -> BoxNorm:
    across, down = [point.real + 0.5 for point in points], [point.imag / aspect + 0.5 for point in points]
    clipped = [min(max(value, 0.0), 1.0) for value in (min(across), min(down), max(across), max(down))]
    return clipped[0], clipped[1], clipped[2], clipped[3]


def _inner(movement: Movement, aspect: float) -> BoxNorm:
    """The box in the picture put right of which every point was seen, taken at the corners of the moved one."""
    seen = [(c - movement.shift) / movement.turn for c in _corners((0.0, 0.0, 1.0, 1.0), aspect)]
    across, down = [point.real + 0.5 for point in seen], [point.imag / aspect + 0.5 for point in seen]
    return (
        max(across[0], across[3], 0.0),
        max(down[0], down[1], 0.0),
        min(across[1], across[2], 1.0),
        min(down[2], down[3], 1.0),
    )


@dataclass(frozen=True, slots=True)
class Found:
    """A movement, how many blocks agree on it, and how many of all textured ones that is."""

    movement: Movement
    blocks: int
    part: float


def find_movement(learnt: Directions, seen: Directions, *, around_px: tuple[int, int] = (0, 0)) -> Found | None:
    """The movement that took the learnt view (h, w) to the seen one; None when too few blocks agree on any.

    Blocks are looked for up to 7 % of the width from their place moved by ``around_px`` (right, down). Some 3 ms.
    """
    height, width = learnt.shape
    reach = round(_REACH_SHARE * width)
    tall, wide = height // _ROWS, width // _COLUMNS
    corners = _textured(learnt)
    if len(corners) < _FEWEST_BLOCKS:
        return None
    padded = np.pad(np.roll(seen, (-around_px[1], -around_px[0]), axis=(0, 1)), reach)
    blocks = [learnt[top : top + tall, left : left + wide] for top, left in corners]
    windows = [padded[top : top + tall + 2 * reach, left : left + wide + 2 * reach] for top, left in corners]
    offsets, found = _best_offsets(np.array(blocks), np.array(windows), reach)
    points = np.array([complex(left + (wide - width) / 2, top + (tall - height) / 2) for top, left in corners])
    is_found = found >= _LEAST_FOUND
    if np.count_nonzero(is_found) < max(_FEWEST_BLOCKS, _LEAST_SHARE * len(points)):
        return None
    agreed = _agreement(points[is_found], (points + offsets)[is_found], fewest=_LEAST_SHARE * len(points))
    if agreed is None:
        return None
    turn, shift, agreeing = agreed
    return Found(Movement(turn, (shift + complex(*around_px)) / width), agreeing, agreeing / len(points))


def find_far_movement(learnt: Directions, seen: Directions) -> Found | None:
    """As `find_movement`, for turns up to 15 degrees and zooms from .75 to 1.35; some 20 ms."""
    for guess in _FAR:
        found = find_movement(learnt, _put_right(seen, guess))
        if found is not None:
            return Found(Movement(guess).then(found.movement), found.blocks, found.part)
    return None


def _put_right(seen: Directions, turn: complex) -> Directions:
    """The directions as they would be had the camera not been turned and zoomed so; the nearest pixel is taken."""
    height, width = seen.shape
    middle = complex(width - 1, height - 1) / 2
    rows, columns = np.mgrid[:height, :width]
    source = turn * (columns + 1j * rows - middle) + middle
    across, down = np.rint(source.real).astype(int), np.rint(source.imag).astype(int)
    is_inside = (across >= 0) & (across < width) & (down >= 0) & (down < height)
    taken = seen[np.clip(down, 0, height - 1), np.clip(across, 0, width - 1)]
    return np.asarray(np.where(is_inside, taken * (turn.conjugate() / abs(turn)), 0), np.complex64)


def kept_blocks(learnt: Directions, seen: Directions) -> tuple[int, int]:
    """How many textured blocks of the learnt view (h, w) are to be seen at their place, and how many there are."""
    tall, wide = learnt.shape[0] // _ROWS, learnt.shape[1] // _COLUMNS
    agrees = (np.conj(learnt) * seen).real
    parts = [np.s_[top : top + tall, left : left + wide] for top, left in _textured(learnt)]
    kept = [float(agrees[part].sum()) >= _LEAST_KEPT * float(np.sum(np.abs(learnt[part]) ** 2)) for part in parts]
    return sum(kept), len(parts)


def _textured(learnt: Directions) -> list[tuple[int, int]]:
    """Top left corners (row, column) of the blocks that cannot be taken for their neighbourhood."""
    tall, wide = learnt.shape[0] // _ROWS, learnt.shape[1] // _COLUMNS
    corners = [(row * tall, column * wide) for row in range(_ROWS) for column in range(_COLUMNS)]
    return [at for at in corners if _cornered(learnt[at[0] : at[0] + tall, at[1] : at[1] + wide]) >= _LEAST_CORNERED]


def _cornered(block: Directions) -> float:
    """The lesser eigenvalue of the directions' spread: edges that say something along both axes."""
    size = float(np.sum(np.abs(block) ** 2))
    return (size - abs(complex(np.sum(block.astype(np.complex128) ** 2)))) / 2


def _best_offsets(blocks: Directions, windows: Directions, reach: int) -> tuple[Points, NDArray[np.float64]]:
    """Per block: where in its window it fits best, from its place, to a part of a pixel; and the share that fits."""
    shape = windows.shape[1:]
    surface = np.fft.ifft2(np.fft.fft2(windows) * np.conj(np.fft.fft2(blocks, s=shape))).real
    surface = surface[:, : 2 * reach + 1, : 2 * reach + 1]
    best = surface.reshape(len(blocks), -1).argmax(axis=1)
    rows, columns = np.unravel_index(best, surface.shape[1:])
    numbers = np.arange(len(blocks))
    peaks = surface[numbers, rows, columns]
    down = rows + _between(surface, numbers, rows, columns, (1, 0))
    across = columns + _between(surface, numbers, rows, columns, (0, 1))
    return (across - reach) + 1j * (down - reach), peaks / np.sum(np.abs(blocks) ** 2, axis=(1, 2))


def _between(
    surface: NDArray[np.float64],
    numbers: NDArray[np.int64],
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    step: tuple[int, int],
) -> NDArray[np.float64]:
    """Top of the parabola through the peak and its two neighbours, -0.5..0.5 from the peak; 0 at the rim."""
    last = surface.shape[1] - 1
    is_inside = (rows >= step[0]) & (rows + step[0] <= last) & (columns >= step[1]) & (columns + step[1] <= last)
    after = surface[numbers, np.minimum(rows + step[0], last), np.minimum(columns + step[1], last)]
    before = surface[numbers, np.maximum(rows - step[0], 0), np.maximum(columns - step[1], 0)]
    bend = 2 * surface[numbers, rows, columns] - before - after
    return np.where(is_inside & (bend > 1e-6), np.clip((after - before) / np.maximum(2 * bend, 1e-6), -0.5, 0.5), 0.0)


def _agreement(points: Points, seen: Points, *, fewest: float) -> tuple[complex, complex, int] | None:
    """Turn and shift that most pairs of points support, fitted to all that agree, and how many do; None: too few.

    Every pair of blocks proposes a movement, as in RANSAC with all samples taken (Fischler and Bolles, 1981).
    """
    one, other = np.triu_indices(len(points), k=1)
    apart = points[one] - points[other]
    turns = (seen[one] - seen[other]) / apart
    shifts = seen[one] - turns * points[one]
    misses = np.abs(turns[:, None] * points[None, :] + shifts[:, None] - seen[None, :])
    votes = np.count_nonzero(misses < _AGREES_PX, axis=1) * (np.abs(turns - 1.0) < _MOST_TURN)
    agree = misses[int(votes.argmax())] < _AGREES_PX
    if votes.max() < max(_FEWEST_BLOCKS, fewest):
        return None
    from_middle, seen_from = points[agree] - points[agree].mean(), seen[agree] - seen[agree].mean()
    turn = complex(np.vdot(from_middle, seen_from) / max(float(np.sum(np.abs(from_middle) ** 2)), 1e-9))
    return turn, complex(seen[agree].mean() - turn * points[agree].mean()), int(agree.sum())
