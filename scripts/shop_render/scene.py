"""What can stand and happen in a clip: slots, shelf views and scripted actions, as plain values.

Owns the vocabulary that `plans` speaks and `script` unrolls. Knows nothing of pixels, colours or files.
Lengths are millimetres on the shelf's front plane, times are seconds of the clip.
"""

from dataclasses import dataclass, field
from typing import Literal

PackForm = Literal["carton", "bottle", "can", "bag", "jar", "tub", "box"]
Rgb = tuple[int, int, int]

REACH_IN_S = 1.0
HOLD_S = 0.5
REACH_OUT_S = 1.1
REACH_S = REACH_IN_S + HOLD_S + REACH_OUT_S
WALK_IN_S = 1.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """How one unit of a product looks: its form, size and three print colours (ground, accent, text)."""

    form: PackForm
    width_mm: float
    height_mm: float
    colours: tuple[Rgb, Rgb, Rgb]
    motif: str = "wave"


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A place for ``facings`` packs of one product, side by side; ``initial`` of them are there at the start."""

    id: str
    sku: str
    pack: Pack
    facings: int
    low_at: int = 1
    initial: int | None = None

    @property
    def start_units(self) -> int:
        """Units at the start of the clip: full unless said otherwise."""
        return self.facings if self.initial is None else self.initial


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One shelf board: its upper edge, the room above it, and its slots from left to right."""

    board_mm: float
    clear_mm: float
    slots: tuple[Slot, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShelfView:
    """A shelf as one camera sees it; ``corners_mm`` lie at the picture's corners, clockwise from top left."""

    camera_id: str
    name: str
    width_mm: float
    height_mm: float
    corners_mm: tuple[tuple[float, float], ...]
    levels: tuple[Level, ...]
    panel: Rgb = (206, 208, 210)

    @property
    def slots(self) -> tuple[Slot, ...]:
        """Every slot, top level first."""
        return tuple(slot for level in self.levels for slot in level.slots)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """A hand takes (``delta`` < 0) or puts (``delta`` > 0) one or two units."""

    start_s: float
    slot: str
    delta: int
    actor: int = 0
    from_side: float = 0.15
    """Where the arm comes from: share of the picture's width right of the target (negative: left)."""

    @property
    def end_s(self) -> float:
        """When the hand is off the picture again."""
        return self.start_s + REACH_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """A hand comes, rests before a slot for ``rest_s`` and leaves without touching anything."""

    start_s: float
    slot: str
    rest_s: float
    actor: int = 0
    from_side: float = 0.12

    @property
    def end_s(self) -> float:
        """When the hand is off the picture again."""
        return self.start_s + REACH_IN_S + self.rest_s + REACH_OUT_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """A shopper walks in, stands before the shelf and walks on; ``hold_s`` 0 is a plain walk past.

    With ``slot`` one unit is taken at the middle of the hold, hidden by the shopper's own body.
    """

    start_s: float
    hold_s: float
    at_x: float = 0.5
    slot: str | None = None
    person: int = 0

    @property
    def end_s(self) -> float:
        """When the shopper is off the picture again."""
        return self.start_s + 2 * WALK_IN_S + self.hold_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Dim:
    """The lamps lose a quarter of their light within a second and get it back within another."""

    start_s: float
    end_s: float
    share: float = 0.75


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """Something dark and skin-like lies on the lens."""

    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """The stream repeats one picture."""

    start_s: float
    end_s: float


Action = Reach | Rest | Stand | Dim | Cover | Freeze


@dataclass(frozen=True, slots=True, kw_only=True)
class ShelfPlan:
    """A shelf and everything that happens before it."""

    view: ShelfView
    actions: tuple[Action, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Walker:
    """A shopper on the floor: way points ``(t_s, x_m, z_m)``; equal successive places mean standing still."""

    person: int
    way: tuple[tuple[float, float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AislePlan:
    """A stretch of floor, its counting line and queue zone (metres on the floor), and who walks there."""

    camera_id: str
    name: str
    line_id: str
    line_m: tuple[tuple[float, float], tuple[float, float]]
    zone_id: str
    zone_m: tuple[tuple[float, float], ...]
    walkers: tuple[Walker, ...] = field(default=())


Plan = ShelfPlan | AislePlan
