"""Shoppers: anatomy, clothes, and the walk. `figure` draws what this module poses.

A body is posed in metres (x to its left, y up from the floor, z ahead), turned by its heading, tilted by the
camera's pitch and scaled to pixels. No person is anybody: looks come from a short list.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scripts.shop_render.figure import Limb, Mark, Material, Point3, draw_figure
from scripts.shop_render.raster import Layer, mixed
from scripts.shop_render.scene import Rgb

Joint = npt.NDArray[np.float64]

FOLD_M = 0.034
"""Size of a jacket's wide folds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How one shopper looks."""

    height_m: float
    skin: Rgb
    hair: Rgb
    top: Rgb
    legs: Rgb
    shoes: Rgb
    long_hair: bool = False
    bag: Rgb | None = None


LOOKS: tuple[Look, ...] = (
    Look(
        height_m=1.78, skin=(222, 176, 148), hair=(58, 40, 28), top=(42, 62, 108), legs=(52, 56, 66), shoes=(40, 34, 30)
    ),
    Look(
        height_m=1.66,
        skin=(232, 188, 164),
        hair=(120, 78, 44),
        top=(152, 44, 52),
        legs=(44, 54, 88),
        shoes=(220, 220, 216),
        long_hair=True,
        bag=(96, 66, 44),
    ),
    Look(
        height_m=1.82, skin=(132, 88, 62), hair=(24, 20, 20), top=(206, 200, 188), legs=(60, 66, 92), shoes=(60, 44, 34)
    ),
    Look(
        height_m=1.70,
        skin=(214, 166, 136),
        hair=(38, 30, 30),
        top=(56, 108, 84),
        legs=(36, 38, 44),
        shoes=(30, 30, 34),
        long_hair=True,
    ),
    Look(
        height_m=1.75,
        skin=(226, 182, 156),
        hair=(168, 166, 162),
        top=(98, 86, 72),
        legs=(88, 92, 100),
        shoes=(56, 46, 40),
    ),
    Look(
        height_m=1.69,
        skin=(160, 112, 82),
        hair=(30, 22, 18),
        top=(222, 168, 60),
        legs=(48, 60, 96),
        shoes=(236, 236, 232),
        long_hair=True,
        bag=(40, 42, 48),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pose:
    """Heading in degrees (0: away from the camera, 90: to the right, 180: at the camera) and the point in the step."""

    heading_deg: float
    step: float | None
    """Share 0..1 of a double step, or None for standing."""
    lift_deg: float = 0.0
    """How far the right arm is lifted forward."""


class _Body:
    """Collects limbs in body metres and hands them out in pixels."""

    def __init__(
        self, look: Look, pose: Pose, *, px_per_m: float, pitch_deg: float, foot_px: tuple[float, float]
    ) -> None:
        turn, tilt = np.radians(pose.heading_deg), np.radians(pitch_deg)
        ahead = np.array([np.sin(turn), 0.0, -np.cos(turn)])
        left = np.array([-np.cos(turn), 0.0, -np.sin(turn)])
        self._axes = np.stack([left, np.array([0.0, 1.0, 0.0]), ahead])
        self._tilt = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
        self._scale, self._foot = px_per_m, foot_px
        self.unit = look.height_m / 1.75
        self.limbs: list[Limb] = []
        self.marks: list[Mark] = []

    def px(self, joint: npt.ArrayLike) -> Point3:
        """A body point as (x, y, z) pixels; z grows towards the camera."""
        seen = self._tilt @ (np.asarray(joint, float) * self.unit @ self._axes)
        return (
            self._foot[0] + float(seen[0]) * self._scale,
            self._foot[1] - float(seen[1]) * self._scale,
            float(seen[2]) * self._scale,
        )

    def limb(self, a: npt.ArrayLike, b: npt.ArrayLike, radii_m: tuple[float, float], material: Material) -> None:
        """A limb between two body points with radii in metres."""
        size = self._scale * self.unit
        self.limbs.append(
            Limb(
                start=self.px(a),
                end=self.px(b),
                start_px=radii_m[0] * size,
                end_px=radii_m[1] * size,
                material=material,
            )
        )

    def mark(self, at: npt.ArrayLike, size_m: tuple[float, float], colour: Rgb, share: float = 1.0) -> None:
        """A painted oval on the head."""
        size = self._scale * self.unit
        self.marks.append(
            Mark(at=self.px(at), size_px=(size_m[0] * size, size_m[1] * size), colour=colour, share=share)
        )


def draw_person(
    look: Look,
    pose: Pose,
    *,
    shape: tuple[int, int],
    foot_px: tuple[float, float],
    px_per_m: float,
    pitch_deg: float,
    rng: np.random.Generator,
    fine: float = 2.0,
) -> Layer:
    """A layer of ``shape`` with the middle of the person's feet at ``foot_px``."""
    fold_px = FOLD_M * px_per_m
    firm = min(px_per_m / 700, 1.0)
    body = _Body(look, pose, px_per_m=px_per_m, pitch_deg=pitch_deg, foot_px=foot_px)
    cloth = Material(colour=look.top, creases=0.20 + 0.16 * firm)
    trousers = Material(colour=look.legs, creases=0.18 + 0.14 * firm)
    skin = Material(colour=look.skin, creases=0.03, gloss=0.10)
    bob = 0.0 if pose.step is None else 0.018 * float(np.cos(4 * np.pi * pose.step))
    _legs(body, look, pose, trousers, bob)
    _trunk(body, cloth, trousers, bob)
    _arms(body, pose, cloth, skin, bob)
    _head(body, look, skin, bob)
    if look.bag is not None:
        _bag(body, look.bag, bob)
    return draw_figure(body.limbs, body.marks, shape, rng=rng, fine=fine, fold_px=fold_px)


def _off(joint: Joint, x: float, y: float, z: float) -> Joint:
    """A point that lies (x, y, z) metres from a joint."""
    return np.asarray(joint + np.array([x, y, z]), float)


def _swing(pose: Pose, side: int) -> float:
    """-1..1: how far ahead a leg is; the arms go against it."""
    return 0.0 if pose.step is None else float(np.sin(2 * np.pi * pose.step + (0 if side > 0 else np.pi)))


def _rising(pose: Pose, side: int) -> float:
    """0..1: how far a leg is lifted to swing forward."""
    return 0.0 if pose.step is None else max(0.0, float(np.cos(2 * np.pi * pose.step + (0 if side > 0 else np.pi))))


def _legs(body: _Body, look: Look, pose: Pose, trousers: Material, bob: float) -> None:
    shoes = Material(colour=look.shoes, creases=0.05, gloss=0.25)
    for side in (1, -1):
        swing = _swing(pose, side)
        rising = _rising(pose, side)
        hip = np.array([0.092 * side, 0.90 + bob, 0.0])
        thigh = np.radians(27 * swing + 12 * rising)
        knee = hip + 0.42 * np.array([0.02 * side, -np.cos(thigh), np.sin(thigh)])
        shin = thigh - np.radians(6 + 52 * rising)
        ankle = knee + 0.40 * np.array([0.0, -np.cos(shin), np.sin(shin)])
        ankle[1] = max(ankle[1], 0.085)
        lean = 0.5 * max(-swing, 0.0) * (1 - rising)
        toe = ankle + np.array([0.02 * side, -0.045 - 0.02 * lean, 0.17])
        body.limb(hip, knee, (0.098, 0.066), trousers)
        body.limb(knee, _off(ankle, 0, 0.02, 0), (0.066, 0.052), trousers)
        body.limb(_off(ankle, 0, -0.03, -0.03), toe, (0.046, 0.036), shoes)


def _trunk(body: _Body, cloth: Material, trousers: Material, bob: float) -> None:
    for y, half, radius, material in (
        (0.90, 0.070, 0.105, trousers),
        (0.97, 0.072, 0.112, cloth),
        (1.04, 0.066, 0.112, cloth),
        (1.12, 0.070, 0.112, cloth),
        (1.20, 0.086, 0.114, cloth),
        (1.28, 0.104, 0.114, cloth),
        (1.35, 0.118, 0.104, cloth),
        (1.41, 0.120, 0.076, cloth),
    ):
        body.limb((-half, y + bob, 0.0), (half, y + bob, 0.0), (radius, radius), material)
    for side in (1, -1):
        body.limb((0.172 * side, 1.415 + bob, 0.0), (0.03 * side, 1.475 + bob, 0.0), (0.064, 0.058), cloth)


def _arms(body: _Body, pose: Pose, cloth: Material, skin: Material, bob: float) -> None:
    for side in (1, -1):
        lift = np.radians(pose.lift_deg) if side < 0 else 0.0
        upper = np.radians(-24 * _swing(pose, side)) + lift
        lower = upper + np.radians(16 if pose.step is not None else 10) + lift * 0.5
        shoulder = np.array([0.190 * side, 1.405 + bob, 0.0])
        elbow = shoulder + 0.285 * np.array([0.16 * side, -np.cos(upper), np.sin(upper)])
        wrist = elbow + 0.25 * np.array([0.02 * side, -np.cos(lower), np.sin(lower)])
        palm = wrist + 0.10 * np.array([-0.02 * side, -np.cos(lower + 0.2), np.sin(lower + 0.2)])
        body.limb(shoulder, elbow, (0.066, 0.050), cloth)
        body.limb(elbow, wrist, (0.050, 0.038), cloth)
        body.limb(wrist, palm, (0.030, 0.040), skin)
        body.limb(palm, _off(palm, 0, -0.05, 0.015), (0.034, 0.022), skin)


def _head(body: _Body, look: Look, skin: Material, bob: float) -> None:
    hair = Material(colour=look.hair, creases=0.12, gloss=0.26)
    up = np.array([0.0, bob, 0.0])
    body.limb(_off(up, 0, 1.42, -0.01), _off(up, 0, 1.55, 0.01), (0.058, 0.052), skin)
    body.limb(_off(up, 0, 1.545, 0.045), _off(up, 0, 1.65, 0.012), (0.054, 0.082), skin)
    body.limb(_off(up, 0, 1.60, 0.02), _off(up, 0, 1.66, 0.0), (0.076, 0.084), skin)
    body.limb(_off(up, 0, 1.595, 0.098), _off(up, 0, 1.625, 0.088), (0.014, 0.010), skin)
    for side in (1, -1):
        body.limb(_off(up, 0.080 * side, 1.60, 0.0), _off(up, 0.083 * side, 1.63, -0.004), (0.014, 0.018), skin)
    body.limb(_off(up, 0, 1.675, -0.018), _off(up, 0, 1.62, -0.042), (0.092, 0.074), hair)
    body.limb(_off(up, -0.03, 1.715, 0.030), _off(up, 0.03, 1.715, 0.030), (0.052, 0.052), hair)
    if look.long_hair:
        body.limb(_off(up, 0, 1.63, -0.050), _off(up, 0, 1.44, -0.075), (0.090, 0.070), hair)
        for side in (1, -1):
            body.limb(_off(up, 0.062 * side, 1.66, -0.01), _off(up, 0.078 * side, 1.50, -0.02), (0.040, 0.028), hair)
    _face(body, look, up)


def _face(body: _Body, look: Look, up: Joint) -> None:
    for side in (1, -1):
        body.mark(_off(up, 0.032 * side, 1.637, 0.078), (0.0155, 0.0085), (236, 232, 226))
        body.mark(_off(up, 0.032 * side, 1.637, 0.080), (0.0080, 0.0085), (48, 36, 30))
        body.mark(_off(up, 0.033 * side, 1.657, 0.078), (0.0200, 0.0050), mixed(look.hair, look.skin, 0.2), 0.9)
        body.mark(_off(up, 0.010 * side, 1.592, 0.098), (0.0050, 0.0035), mixed(look.skin, (60, 20, 10), 0.6), 0.8)
        body.mark(_off(up, 0.045 * side, 1.598, 0.070), (0.0200, 0.0150), mixed(look.skin, (220, 90, 80), 0.35), 0.4)
    body.mark(_off(up, 0, 1.566, 0.090), (0.0240, 0.0075), mixed(look.skin, (150, 40, 40), 0.55))
    body.mark(_off(up, 0, 1.566, 0.092), (0.0230, 0.0020), mixed(look.skin, (60, 10, 10), 0.75))


def _bag(body: _Body, colour: Rgb, bob: float) -> None:
    leather = Material(colour=colour, creases=0.10, gloss=0.22)
    for step in range(5):
        y = 0.78 + 0.055 * step + bob
        body.limb((0.235, y, -0.10), (0.235, y, 0.12), (0.052, 0.052), leather)
    body.limb((0.225, 1.02 + bob, 0.0), (0.15, 1.47 + bob, 0.02), (0.014, 0.014), leather)
