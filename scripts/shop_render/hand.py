"""A shopper's arm as the shelf camera sees it: sleeve, wrist, back of the hand, fingers reaching into the shelf.

Owns the arm's anatomy and how it moves; `figure` draws it. The arm points up, its grip is the layer's anchor.

          fingers
         ││││ /thumb      grip = middle of the fingers
         palm
        ══cuff══
         sleeve  ... long enough to leave the picture
"""

from dataclasses import dataclass

import cv2
import numpy as np

from scripts.shop_render.figure import Limb, Material, draw_figure, soft_shadow
from scripts.shop_render.raster import Picture, as_picture, lay_bgra
from scripts.shop_render.scene import HOLD_S, REACH_IN_S, REACH_OUT_S, Reach, Rest, Rgb

ARM_MM = 1050.0
GRIP_MM = 165.0
HALF_MM = 150.0
NEARNESS = 1.18
"""A hand before the shelf is nearer to the camera than the packs, so it looks larger."""

SKINS: tuple[Rgb, ...] = ((214, 164, 134), (168, 112, 80), (228, 184, 158), (120, 78, 54))
SLEEVES: tuple[Rgb, ...] = ((44, 58, 92), (120, 40, 44), (94, 100, 84), (30, 92, 96))


@dataclass(frozen=True, slots=True)
class Arm:
    """A drawn arm, BGRA premultiplied uint8, and the pixel at which it grips."""

    layer: Picture
    grip: tuple[float, float]


def draw_arm(actor: int, px_per_mm: float, rng: np.random.Generator) -> Arm:
    """The arm of one actor at the picture's scale."""
    scale = px_per_mm * NEARNESS
    skin = Material(colour=SKINS[actor % len(SKINS)], creases=0.05, gloss=0.10)
    sleeve = Material(colour=SLEEVES[actor % len(SLEEVES)], creases=0.34)
    middle, wrist = HALF_MM * scale, (GRIP_MM + 70) * scale

    def limb(
        a: tuple[float, float, float], b: tuple[float, float, float], radii: tuple[float, float], material: Material
    ) -> Limb:
        start, end = ((middle + x * scale, wrist + y * scale, z * scale) for x, y, z in (a, b))
        return Limb(start=start, end=end, start_px=radii[0] * scale, end_px=radii[1] * scale, material=material)

    limbs = [
        limb((18, 1000, 40), (3, 72, 0), (70, 44), sleeve),
        limb((3, 84, 2), (2, 66, 2), (46, 46), sleeve),
        limb((0, 80, -4), (0, 0, -2), (27, 25), skin),
        limb((-8, 0, -4), (8, 0, -4), (22, 22), skin),
    ]
    for x, length in ((-31.0, 62.0), (-11.0, 74.0), (10.0, 70.0), (29.0, 54.0)):
        knuckle = (x, -78.0 - 6 * (abs(x) < 20), 4.0)
        bend = (x * 1.12, knuckle[1] - length * 0.55, 6.0)
        tip = (x * 1.06, bend[1] - length * 0.36, -12.0)
        limbs += [
            limb((x * 0.5, -6, -2), knuckle, (17, 13.5), skin),
            limb(knuckle, bend, (11.5, 10), skin),
            limb(bend, tip, (10, 8), skin),
        ]
    limbs += [
        limb((-14, -12, 0), (-46, -46, 6), (20, 14), skin),
        limb((-46, -46, 6), (-60, -84, 2), (13, 11), skin),
        limb((-60, -84, 2), (-54, -110, -8), (11, 8), skin),
    ]
    shape = (round((GRIP_MM + ARM_MM) * scale), round(2 * HALF_MM * scale))
    drawn = draw_figure(limbs, [], shape, rng=rng, fine=1.6)
    shadow = (round(22 * scale), round(20 * scale))
    layer = soft_shadow(drawn, shadow, blur=14 * scale, darkness=0.34)
    layer = np.asarray(cv2.GaussianBlur(layer, (0, 0), 0.7), dtype=np.float32)
    return Arm(layer=as_picture(layer), grip=(middle - 4 * scale, wrist - 96 * scale))


def reach_share(action: Reach | Rest, time_s: float) -> float:
    """How far in the hand is: 0 off the picture, 1 at its target; eased at both ends."""
    hold_s = HOLD_S if isinstance(action, Reach) else action.rest_s
    since = time_s - action.start_s
    if since < REACH_IN_S:
        share = since / REACH_IN_S
    elif since < REACH_IN_S + hold_s:
        return 1.0
    else:
        share = 1 - (since - REACH_IN_S - hold_s) / REACH_OUT_S
    share = min(max(share, 0.0), 1.0)
    return share * share * (3 - 2 * share)


def arm_pose(
    target_px: tuple[float, float], share: float, *, from_side: float, size: tuple[int, int], carried_px: float
) -> tuple[tuple[float, float], float]:
    """Where the grip is and the arm's turn in degrees (clockwise), on a straight way from below the picture.

    ``carried_px`` is how far a unit in the hand sticks out above the grip: at share 0 that is out of sight too.
    """
    width, height = size
    start = (target_px[0] + from_side * width, height + carried_px + 0.16 * height)
    grip = (start[0] + (target_px[0] - start[0]) * share, start[1] + (target_px[1] - start[1]) * share)
    turn = float(np.degrees(np.arctan2(-from_side * width, height * 1.05)))
    return grip, turn


def lay_arm(picture: Picture, arm: Arm, grip_px: tuple[float, float], turn_degrees: float) -> None:
    """Paint the arm on ``picture`` in place with its grip at ``grip_px``."""
    matrix = cv2.getRotationMatrix2D(arm.grip, -turn_degrees, 1.0)
    matrix[:, 2] += np.array(grip_px) - np.array(arm.grip)
    rows, columns = arm.layer.shape[:2]
    corners = np.array([[0, 0, 1], [columns, 0, 1], [columns, rows, 1], [0, rows, 1]], float) @ matrix.T
    x0, y0 = np.maximum(np.floor(corners.min(axis=0)).astype(int), 0)
    x1 = min(int(np.ceil(corners[:, 0].max())), picture.shape[1])
    y1 = min(int(np.ceil(corners[:, 1].max())), picture.shape[0])
    if x0 >= x1 or y0 >= y1:
        return
    matrix[:, 2] -= (x0, y0)
    moved = cv2.warpAffine(arm.layer, matrix, (x1 - int(x0), y1 - int(y0)), flags=cv2.INTER_LINEAR)
    lay_bgra(picture[y0:y1, x0:x1], np.asarray(moved, dtype=np.uint8))
