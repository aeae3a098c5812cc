"""Films: the clean picture of a camera at any moment, put together from painted parts.

`ShelfFilm` lays arms, carried packs and a shopper's back over a shelf; `AisleFilm` lets shoppers walk over the
floor. Neither knows noise, codecs or files: `camera` and `writer` come after.
"""

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

from scripts.shop_render.catalogue import Product
from scripts.shop_render.floor import WALL_Z_M, FloorCamera, FloorPainter
from scripts.shop_render.hand import Arm, arm_pose, draw_arm, lay_arm, reach_share
from scripts.shop_render.motion import Path, Stance
from scripts.shop_render.people import LOOKS, Look, Pose, draw_person
from scripts.shop_render.raster import Picture, as_picture, lay_over, place
from scripts.shop_render.scene import WALK_IN_S, AislePlan, Reach, Rest, Stand
from scripts.shop_render.script import Move, ShelfScript
from scripts.shop_render.shelf import ShelfPainter


class Film(Protocol):
    """Something that can be filmed."""

    def picture_at(self, time_s: float) -> Picture:
        """The clean picture at a moment; it may be shared, so it must not be painted on."""
        ...


class ShelfFilm:
    """A shelf and what happens before it."""

    def __init__(
        self,
        script: ShelfScript,
        *,
        products: dict[str, Product],
        size: tuple[int, int],
        rng: np.random.Generator,
        offers: frozenset[str] = frozenset(),
    ) -> None:
        self._script, self._size, self._rng = script, size, rng
        self._px_per_mm = size[0] / script.plan.view.width_mm
        self.painter = ShelfPainter(script.plan.view, products=products, size=size, rng=rng, offers=offers)
        self._arms: dict[int, Arm] = {}
        self._moves = {id(move.action): move for move in script.moves}
        self._shoppers = _Backs(size, self._px_per_mm, rng)

    def picture_at(self, time_s: float) -> Picture:
        """The clean picture at a moment."""
        picture = self.painter.picture(self._script.standing_at(time_s))
        for action in self._script.plan.actions:
            if not action.start_s <= time_s < action.end_s or action.end_s > self._script.duration_s:
                continue
            if isinstance(action, Reach | Rest):
                picture = picture.copy()
                self._lay_hand(picture, action, time_s)
            elif isinstance(action, Stand):
                picture = picture.copy()
                self._shoppers.lay(picture, action, time_s)
        return picture

    def _lay_hand(self, picture: Picture, action: Reach | Rest, time_s: float) -> None:
        move = self._moves.get(id(action))
        target, carried_px = self._target(action, move)
        share = reach_share(action, time_s)
        grip, turn = arm_pose(target, share, from_side=action.from_side, size=self._size, carried_px=carried_px)
        if move is not None and (time_s < move.touch_s) == (move.delta > 0):
            self._lay_carried(picture, move, offset=(grip[0] - target[0], grip[1] - target[1]))
        lay_arm(picture, self._arm(action.actor), grip, turn)

    def _target(self, action: Reach | Rest, move: Move | None) -> tuple[tuple[float, float], float]:
        """Where the grip goes, and how far what it carries sticks out above it."""
        columns = move.columns if move is not None else (1,)
        units = [self.painter.units[action.slot, column] for column in columns]
        middle = np.mean([unit.middle_px for unit in units], axis=0)
        half = max(unit.layer.shape[0] for unit in units) / 2
        return (float(middle[0]), float(middle[1]) + 0.12 * half), half

    def _lay_carried(self, picture: Picture, move: Move, offset: tuple[float, float]) -> None:
        for column in move.columns:
            unit = self.painter.units[move.slot, column]
            shift = np.array([[1, 0, offset[0] % 1], [0, 1, offset[1] % 1]], np.float32)
            rows, columns = unit.layer.shape[:2]
            moved = cv2.warpAffine(unit.layer, shift, (columns + 1, rows + 1))
            place(picture, np.asarray(moved, np.uint8), unit.left + int(offset[0] // 1), unit.top + int(offset[1] // 1))

    def _arm(self, actor: int) -> Arm:
        if actor not in self._arms:
            self._arms[actor] = draw_arm(actor, self._px_per_mm, np.random.default_rng([11, actor]))
        return self._arms[actor]


@dataclass(frozen=True, slots=True)
class _Sprite:
    layer: Picture
    foot: tuple[float, float]


class _Backs:
    """Shoppers right before a shelf camera: near, cut off by the picture, mostly seen from behind."""

    NEARNESS = 1.22
    EYE_M = 1.36
    """Height of the camera above the floor: what lies on the picture's middle row."""

    def __init__(self, size: tuple[int, int], px_per_mm: float, rng: np.random.Generator) -> None:
        self._size, self._rng = size, rng
        self._px_per_m = px_per_mm * 1000 * self.NEARNESS
        self._sprites: dict[tuple[int, int, int], _Sprite] = {}

    def lay(self, picture: Picture, stand: Stand, time_s: float) -> None:
        """Lay the shopper of ``stand`` at a moment over the picture, in place."""
        since = time_s - stand.start_s
        width = self._size[0]
        out = 0.62 * self._px_per_m
        target = stand.at_x * width
        if since < WALK_IN_S:
            share = since / WALK_IN_S
            x, heading, step = -out + (target + out) * share, 90, round(share * 8) % 8
        elif since < WALK_IN_S + stand.hold_s:
            x, heading, step = target + 0.006 * width * np.sin(since * 1.3), 0, -1
        else:
            share = min((since - WALK_IN_S - stand.hold_s) / WALK_IN_S, 1.0)
            x, heading, step = target + (width + out - target) * share, 90, round(share * 8) % 8
        sprite = self._sprite(stand.person, heading, step)
        _lay_shifted(picture, sprite, x, 0.0)

    def _sprite(self, person: int, heading: int, step: int) -> _Sprite:
        key = (person, heading, step)
        if key not in self._sprites:
            height, half = self._size[1], round(0.52 * self._px_per_m)
            foot = (float(half), height / 2 + self.EYE_M * self._px_per_m)
            pose = Pose(heading_deg=heading, step=None if step < 0 else step / 8, lift_deg=34 if step < 0 else 0)
            layer = draw_person(
                LOOKS[person],
                pose,
                shape=(height, 2 * half),
                foot_px=foot,
                px_per_m=self._px_per_m,
                pitch_deg=0.0,
                rng=np.random.default_rng([13, person]),
                fine=1.0,
            )
            soft = cv2.GaussianBlur(layer, (0, 0), self._size[0] / 800)
            self._sprites[key] = _Sprite(as_picture(np.asarray(soft, np.float32)), (float(half), 0.0))
        return self._sprites[key]


class AisleFilm:
    """The floor and the shoppers on it, the farther ones first."""

    STEPS = 8
    TURN_DEG = 30.0
    SPRITE_PX_PER_M = 190.0

    def __init__(self, plan: AislePlan, *, size: tuple[int, int], rng: np.random.Generator) -> None:
        self._plan = plan
        self._camera = FloorCamera(size)
        self._floor = FloorPainter(self._camera, rng)
        self._paths = [Path(walker) for walker in plan.walkers]
        self._scale = self.SPRITE_PX_PER_M * size[0] / 1280
        self._sprites: dict[tuple[int, int, int, int], _Sprite] = {}

    def picture_at(self, time_s: float) -> Picture:
        """The clean picture at a moment."""
        here = [(path.person, stance) for path in self._paths if (stance := path.at(time_s)) is not None]
        if not here:
            return self._floor.picture
        picture = self._floor.picture.copy()
        for person, stance in sorted(here, key=lambda pair: -pair[1].z_m):
            self._lay(picture, person, stance, time_s)
            if stance.z_m > WALL_Z_M:
                cv2.copyTo(self._floor.picture, self._floor.wall, picture)
        return picture

    def _lay(self, picture: Picture, person: int, stance: Stance, time_s: float) -> None:
        sprite = self._sprite(person, stance)
        x, y = self._camera.px(stance.x_m, 0.0, stance.z_m)
        scale = self._camera.px_per_m(0.9, stance.z_m) / self._scale
        sway = 0.0 if stance.step is not None else 0.012 * self._scale * scale * float(np.sin(time_s * 1.1 + person))
        _lay_shifted(picture, sprite, x + sway, y, scale=scale)

    def _sprite(self, person: int, stance: Stance) -> _Sprite:
        heading = round(stance.heading_deg / self.TURN_DEG) % round(360 / self.TURN_DEG)
        step = -1 if stance.step is None else int(stance.step * self.STEPS) % self.STEPS
        pitch = round(float(np.degrees(np.arctan2(self._camera.height_m - 0.9, stance.z_m))) / 6) * 6
        key = (person, heading, step, pitch)
        if key not in self._sprites:
            self._sprites[key] = self._drawn(
                LOOKS[person],
                Pose(heading_deg=heading * self.TURN_DEG, step=None if step < 0 else (step + 0.5) / self.STEPS),
                pitch,
            )
        return self._sprites[key]

    def _drawn(self, look: Look, pose: Pose, pitch_deg: int) -> _Sprite:
        scale = self._scale
        shape = (round(2.15 * scale), round(1.5 * scale))
        foot = (shape[1] / 2, shape[0] - 0.26 * scale)
        person = draw_person(
            look,
            pose,
            shape=shape,
            foot_px=foot,
            px_per_m=scale,
            pitch_deg=pitch_deg,
            rng=np.random.default_rng([17, LOOKS.index(look)]),
            fine=1.25,
        )
        ground = np.zeros(shape, np.float32)
        flat = float(np.sin(np.radians(pitch_deg + 4)))
        middle = (round(foot[0] + 0.06 * scale), round(foot[1]))
        cv2.ellipse(ground, middle, (round(0.30 * scale), max(round(0.30 * scale * flat), 2)), 0, 0, 360, (1.0,), -1)
        shadow = np.zeros_like(person)
        shadow[..., 3] = cv2.GaussianBlur(ground, (0, 0), 0.05 * scale) * 130
        return _Sprite(as_picture(lay_over(shadow, person)), foot)


def _lay_shifted(picture: Picture, sprite: _Sprite, x: float, y: float, *, scale: float = 1.0) -> None:
    """Lay a sprite with its foot at (``x``, ``y``), between pixels too."""
    left, top = x - sprite.foot[0] * scale, y - sprite.foot[1] * scale
    rows, columns = sprite.layer.shape[:2]
    size = (int(np.ceil(columns * scale)) + 1, int(np.ceil(rows * scale)) + 1)
    matrix = np.array([[scale, 0, left - np.floor(left)], [0, scale, top - np.floor(top)]], np.float32)
    moved = cv2.warpAffine(sprite.layer, matrix, size, flags=cv2.INTER_LINEAR)
    place(picture, np.asarray(moved, np.uint8), int(np.floor(left)), int(np.floor(top)))
