"""Where slots lie: columns on the shelf in millimetres, and the same places in the camera's picture.

Pure geometry, shared by the painter and by the camera files, so that a drawn pack and its slot agree.

    slot.left_mm                         picture: homography from the shelf's
      │  pitch   pitch   pitch  │        front plane (mm) to shares of the
      │ ▯ col 0 │ ▯ 1   │ ▯ 2   │        picture's width and height
      └───── board_mm ──────────┘
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scripts.shop_render.scene import Level, ShelfView, Slot

POST_MM = 40.0
GAP_MM = 9.0
RAIL_MM = 34.0
HEADROOM_MM = 6.0

Matrix = npt.NDArray[np.float64]
Point = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A slot on its board."""

    slot: Slot
    level: Level
    left_mm: float
    pitch_mm: float

    @property
    def right_mm(self) -> float:
        """Right end of the last column."""
        return self.left_mm + self.pitch_mm * self.slot.facings

    def column_middle_mm(self, column: int) -> float:
        """Middle of one column."""
        return self.left_mm + self.pitch_mm * (column + 0.5)

    @property
    def corners_mm(self) -> tuple[Point, Point, Point, Point]:
        """Top left, top right, bottom right, bottom left of the slot."""
        top = self.level.board_mm - self.slot.pack.height_mm - HEADROOM_MM
        bottom = self.level.board_mm + 1.0
        return (self.left_mm, top), (self.right_mm, top), (self.right_mm, bottom), (self.left_mm, bottom)


def places_of(view: ShelfView) -> dict[str, Place]:
    """Every slot's place by slot id; the room that is left goes between the slots in equal parts.

    Raises:
        ValueError: a level's packs are wider than the shelf, or a pack is higher than its level.
    """
    places = {}
    for level in view.levels:
        widths = [(slot.pack.width_mm + GAP_MM) * slot.facings for slot in level.slots]
        room = view.width_mm - 2 * POST_MM - sum(widths)
        if room < 0:
            raise ValueError(f"{view.camera_id}: the level at {level.board_mm} mm is {-room:.0f} mm too narrow")
        between = room / (len(level.slots) + 1)
        left = POST_MM + between
        for slot, width in zip(level.slots, widths, strict=True):
            if slot.pack.height_mm + HEADROOM_MM > level.clear_mm:
                raise ValueError(f"{slot.id} is {slot.pack.height_mm} mm high, its level {level.clear_mm} mm")
            pitch = slot.pack.width_mm + GAP_MM
            places[slot.id] = Place(slot=slot, level=level, left_mm=left, pitch_mm=pitch)
            left += width + between
    return places


def picture_from_mm(view: ShelfView, size: tuple[int, int]) -> Matrix:
    """Homography from shelf millimetres to pixels of a picture of ``size`` (width, height)."""
    width, height = size
    return homography(view.corners_mm, ((0, 0), (width, 0), (width, height), (0, height)))


def homography(source: tuple[Point, ...], target: tuple[Point, ...]) -> Matrix:
    """The 3x3 matrix that takes four points to four points (direct linear solution with h33 = 1)."""
    rows, right = [], []
    for (x, y), (u, v) in zip(source, target, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        right += [u, v]
    return np.append(np.linalg.solve(np.array(rows, float), np.array(right, float)), 1.0).reshape(3, 3)


def project(matrix: Matrix, points: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Points (n, 2) through a homography."""
    flat = np.asarray(points, dtype=np.float64)
    homogeneous = np.column_stack([flat, np.ones(len(flat))]) @ matrix.T
    return homogeneous[:, :2] / homogeneous[:, 2:]


def slot_polygons_norm(view: ShelfView) -> dict[str, tuple[Point, ...]]:
    """Each slot's corners as shares of the picture, in the order that the camera settings ask for."""
    matrix = picture_from_mm(view, (1, 1))
    return {
        slot_id: tuple((round(float(x), 4), round(float(y), 4)) for x, y in project(matrix, place.corners_mm))
        for slot_id, place in places_of(view).items()
    }
