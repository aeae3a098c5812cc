r"""Which product stands where in one picture, by the local features of its reference packs.

Owns the search: features vote for the middle, size and turn of a pack (generalised Hough voting, Ballard 1981; with
SIFT as in Lowe 2004), each heap of votes becomes a plane, each plane is checked by its light and colour, and the
scene is then explained greedily, best first, each place and each feature once. Refuses packs that are not wholly in
the picture and planes that no standing pack could give.

::

    reference            scene                 a feature at r, turned and scaled as in the scene, says where
    ┌──────┐             ┌───┐ ┌───┐           the middle is; features of one pack agree, so two packs of
    │ r──► + middle      │ + │ │ + │           one product are two heaps
    └──────┘             └───┘ └───┘
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from vision import pictures
from vision.keypoints import Keypoints, find_keypoints, fit_plane, fit_similarity, lab, shared_area_px2
from vision.packs import HEIGHT_PX, PackReference
from vision.pictures import Field, Picture

Indices = NDArray[np.int64]
Matrix = NDArray[np.float64]

MOST_KEYPOINTS = 12_000
_LIKE = 0.72  # least dot product of two features that may be the same print
_RATIO = 0.85  # Lowe's: the second best place must be this much farther away
_STEEPEST = np.deg2rad(45)  # packs stand
_HEAP_REACH = 0.15  # of the pack's height, around a vote for its middle
_HEAP_SCALE, _HEAP_TURN = 0.6, 0.4  # octaves, radians
_LEAST_VOTES = 5
_LEAST_INLIERS = 10
_MOST_PLANES = 24
_NEAR, _CLOSE, _EXACT = 0.06, 0.03, 0.015  # of the pack's height: how far a pair may lie from its plane
_MOST_SKEW = 1.5  # between opposite sides of a pack's outline
_MOST_SQUEEZE = 1.6  # of its width to its height, against the reference
_PATCH_PX = (72, 96)
_LEAST_LIKENESS = 0.3
_LEAST_COLOUR = 0.3
_COLOUR_REACH = 40.0  # in L*a*b*: a farther colour is as wrong as can be
_RIVAL_SHARE = 0.35  # of the smaller outline: so much overlap is the same place
_MANY_INLIERS = 20.0


@dataclass(frozen=True, slots=True, eq=False)
class PackFound:
    """One pack in a picture."""

    sku: str
    quad_px: Field
    """(4, 2): top left, top right, bottom right, bottom left of its front."""
    confidence: float
    """0..1: evidence for it against the best other product at the same place; 0.5 where two cannot be told apart."""
    inliers: int
    visible_share: float
    """How much of its outline lies in the picture, 0..1."""
    rival: str | None
    """The best other product at the same place."""


@dataclass(frozen=True, slots=True, eq=False)
class _Plane:
    sku: str
    quad: Field
    pairs: Indices
    """Scene features that support it, each reference feature once."""
    strength: float
    """Likeness times colour, 0..1."""
    visible_share: float

    @property
    def score(self) -> float:
        return len(self.pairs) * self.strength


def find_packs(
    image_bgr: Picture, references: Iterable[PackReference], *, whole_share: float = 0.75
) -> list[PackFound]:
    """Packs of the references' products in a picture, uint8 (H, W, 3), BGR; left to right, then downwards.

    ``whole_share`` is how much of a pack's outline has to lie in the picture. Blocks for seconds: about 0.1 s for
    each reference at a megapixel.
    """
    scene = find_keypoints(image_bgr, most=MOST_KEYPOINTS)
    planes = [plane for reference in references for plane in _planes(scene, reference, image_bgr)]
    found = [pack for pack in _explain(planes) if pack.visible_share >= whole_share]
    return sorted(found, key=lambda pack: (float(pack.quad_px[:, 0].mean()), float(pack.quad_px[:, 1].mean())))


def _planes(scene: Keypoints, reference: PackReference, image_bgr: Picture) -> list[_Plane]:
    """Every place where the scene could show this product."""
    in_scene, in_reference = _pairs(scene, reference)
    seen_xy, print_xy = scene.xy_px[in_scene], reference.keypoints.xy_px[in_reference]
    middles, octaves, turns = _votes(scene.select(in_scene), reference, in_reference)
    free = np.abs(turns) < _STEEPEST
    planes = []
    for _ in range(_MOST_PLANES):
        heap = _fullest_heap(middles, octaves, turns, free)
        if len(heap) < _LEAST_VOTES:
            break
        scale = float(2.0 ** np.median(octaves[heap]))
        fitted = _fit(print_xy, seen_xy, heap, free=free, height_px=HEIGHT_PX * scale, reference=reference)
        free[heap] = False
        if fitted is None:
            continue
        matrix, pairs = fitted
        free[pairs] = False
        strength = _strength(image_bgr, reference, matrix)
        if strength is not None:
            _, once = np.unique(in_reference[pairs], return_index=True)
            quad = _carry(reference.corners_px, matrix)
            planes.append(
                _Plane(reference.sku, quad, in_scene[pairs[once]], strength, _visible_share(quad, image_bgr.shape))
            )
    return planes


def _pairs(scene: Keypoints, reference: PackReference) -> tuple[Indices, Indices]:
    """Scene features and the reference's feature each resembles, where no other place of it comes close."""
    likeness = scene.descriptors @ reference.keypoints.descriptors.T
    best = likeness.argmax(axis=1)
    rows = np.nonzero(likeness[np.arange(len(best)), best] > _LIKE)[0]
    likeness, best = likeness[rows], best[rows]
    first = likeness[np.arange(len(best)), best]
    likeness[reference.neighbours[best]] = -1.0
    second = likeness.max(axis=1, initial=-1.0)
    clear = (1.0 - first) < _RATIO**2 * (1.0 - second)  # squared distances of unit vectors are 2 - 2 cos
    return rows[clear], best[clear]


def _votes(seen: Keypoints, reference: PackReference, chosen: Indices) -> tuple[Field, Field, Field]:
    """For each pair: the pack's middle in the scene, its scale in octaves and its turn in radians."""
    printed = reference.keypoints
    scale = seen.size_px / printed.size_px[chosen]
    turns = (seen.angle_rad - printed.angle_rad[chosen] + np.pi) % (2 * np.pi) - np.pi
    to_middle = np.array(reference.size_px, np.float32) / 2 - printed.xy_px[chosen]
    cos, sin = scale * np.cos(turns), scale * np.sin(turns)
    x, y = to_middle.T
    middles = seen.xy_px + np.stack([cos * x - sin * y, sin * x + cos * y], axis=1)
    return middles, np.log2(scale), turns


def _fullest_heap(middles: Field, octaves: Field, turns: Field, free: NDArray[np.bool_]) -> Indices:
    """The free votes that agree with the vote that most agree with."""
    rows = np.nonzero(free)[0]
    if len(rows) == 0:
        return rows
    xy, octave, turn = middles[rows], octaves[rows], turns[rows]
    reach = _HEAP_REACH * HEIGHT_PX * 2.0**octave
    agree = np.abs(octave[:, None] - octave) < _HEAP_SCALE
    agree &= np.abs(turn[:, None] - turn) < _HEAP_TURN
    agree &= np.hypot(xy[:, :1] - xy[:, 0], xy[:, 1:] - xy[:, 1]) < reach[:, None]
    return np.asarray(rows[agree[agree.sum(axis=1).argmax()]], np.int64)


def _fit(
    print_xy: Field,
    seen_xy: Field,
    heap: Indices,
    *,
    free: NDArray[np.bool_],
    height_px: float,
    reference: PackReference,
) -> tuple[Matrix, Indices] | None:
    """A plane through a heap of votes, then through all free pairs that it explains; None where it is none."""
    fitted = fit_similarity(print_xy[heap], seen_xy[heap], within_px=_CLOSE * height_px)
    if fitted is None:
        return None
    matrix, pairs = fitted[0], heap
    for reach in (_NEAR, _CLOSE):
        off = np.linalg.norm(_carry(print_xy, matrix) - seen_xy, axis=1)
        pairs = np.nonzero(free & (off < reach * height_px))[0]
        plane = fit_plane(print_xy[pairs], seen_xy[pairs], within_px=_EXACT * height_px + 1.0)
        if plane is None or np.count_nonzero(plane[1]) < _LEAST_INLIERS:
            return None
        matrix, pairs = plane[0], pairs[plane[1]]
        if not _could_stand(_carry(reference.corners_px, matrix), reference):
            return None
    return matrix, pairs


def _could_stand(quad: Field, reference: PackReference) -> bool:
    """Whether an outline is convex, not mirrored, and near enough to the reference's shape."""
    sides = np.roll(quad, -1, axis=0) - quad
    following = np.roll(sides, -1, axis=0)
    if (sides[:, 0] * following[:, 1] - sides[:, 1] * following[:, 0] <= 0).any():
        return False
    top, right, bottom, left = np.linalg.norm(sides, axis=1)
    if max(top / bottom, bottom / top, left / right, right / left) > _MOST_SKEW:
        return False
    width, height = reference.size_px
    squeeze = (top + bottom) / (left + right) * height / width
    return bool(1 / _MOST_SQUEEZE < squeeze < _MOST_SQUEEZE)


def _strength(image_bgr: Picture, reference: PackReference, matrix: Matrix) -> float | None:
    """How like the reference the straightened place is, in light and colour, 0..1; None where it is not."""
    quad = _carry(reference.corners_px, matrix)
    shown = lab(pictures.rectify(image_bgr, quad, _PATCH_PX))
    printed = lab(pictures.fit_to(reference.image_bgr, _PATCH_PX))
    inside = _inside(quad, image_bgr.shape)
    if np.count_nonzero(inside) < inside.size // 10:
        return None
    shown, printed = shown[inside], printed[inside]
    likeness = float(_correlation(shown[:, 0], printed[:, 0]))
    colour = 1.0 - float(np.minimum(np.hypot(*(shown - printed)[:, 1:].T), _COLOUR_REACH).mean()) / _COLOUR_REACH
    return likeness * colour if likeness >= _LEAST_LIKENESS and colour >= _LEAST_COLOUR else None


def _inside(quad: Field, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Which pixels of the straightened patch lie in the picture, by its outline's bilinear map."""
    width, height = _PATCH_PX
    u, v = np.meshgrid((np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height)
    corners = quad.astype(np.float32)
    x, y = (
        (1 - u) * (1 - v) * corners[0, k]
        + u * (1 - v) * corners[1, k]
        + u * v * corners[2, k]
        + (1 - u) * v * corners[3, k]
        for k in (0, 1)
    )
    return np.asarray((x >= 0) & (y >= 0) & (x < shape[1]) & (y < shape[0]))


def _correlation(first: Field, second: Field) -> float:
    first, second = first - first.mean(), second - second.mean()
    return float(first @ second / max(float(np.sqrt((first @ first) * (second @ second))), 1e-6))


def _visible_share(quad: Field, shape: tuple[int, ...]) -> float:
    height, width = shape[:2]
    frame = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    return min(shared_area_px2(quad, frame) / _area_px2(quad), 1.0)


def _area_px2(quad: Field) -> float:
    x, y = quad.T
    return max(abs(float((x * np.roll(y, -1) - y * np.roll(x, -1)).sum())) / 2, 1e-6)


def _carry(points: Field, matrix: Matrix) -> Field:
    """Points (N, 2) through a (3, 3) map."""
    mapped = points @ matrix[:, :2].T + matrix[:, 2]
    return np.asarray(mapped[:, :2] / mapped[:, 2:], np.float32)


def _explain(planes: Sequence[_Plane]) -> list[PackFound]:
    """Take the best plane, then the best of what it leaves, and so on: no place and no feature serves twice."""
    taken: list[_Plane] = []
    rivals: dict[int, _Plane] = {}
    used = np.zeros(1 + max((int(plane.pairs.max()) for plane in planes), default=0), bool)
    for plane in sorted(planes, key=lambda plane: -plane.score):
        holder = next((n for n, other in enumerate(taken) if _overlap(plane, other) > _RIVAL_SHARE), None)
        if holder is not None:
            if plane.sku != taken[holder].sku:
                rivals.setdefault(holder, plane)
            continue
        left = replace(plane, pairs=plane.pairs[~used[plane.pairs]])
        if len(left.pairs) >= _LEAST_INLIERS:
            used[left.pairs] = True
            taken.append(left)
    return [_told(plane, rivals.get(n)) for n, plane in enumerate(taken)]


def _overlap(first: _Plane, second: _Plane) -> float:
    return shared_area_px2(first.quad, second.quad) / min(_area_px2(first.quad), _area_px2(second.quad))


def _told(plane: _Plane, rival: _Plane | None) -> PackFound:
    against = 0.0 if rival is None else rival.score
    evidence = 1.0 - float(np.exp(-len(plane.pairs) / _MANY_INLIERS))
    confidence = evidence * plane.score / (plane.score + against)
    return PackFound(
        sku=plane.sku,
        quad_px=plane.quad,
        confidence=round(confidence, 3),
        inliers=len(plane.pairs),
        visible_share=round(plane.visible_share, 3),
        rival=None if rival is None else rival.sku,
    )
