"""The rendered day's people, light and camera: from the painted canvas to the picture that a cheap camera sends.

Owns what hides the shelf, what lights it and what the lens, the sensor and the codec do to it. Takes times and a
script; decides nothing about either.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.bench.shop_day.script import CLOSE_H, OPEN_H, REACH_S, WALK_S, Day, Fault, Reach, Stand, Trouble
from edge.bench.shop_day.shelf import BORDER_PX, CANVAS_PX, VIEW_PX, PaintedShelf, lay
from vision.pictures import Mask, Picture

_KNOCK_S = 0.4
_NOISE_LEVELS = 2.0
_JPEG_QUALITY = 70
_FLICKER = 0.03
_TUBES = 3
_SHIFTS = {
    Trouble.NUDGED_1: 0.01,
    Trouble.NUDGED_2: 0.02,
    Trouble.NUDGED_3: 0.03,
    Trouble.NUDGED_5: 0.05,
    Trouble.NUDGED_10: 0.10,
}
_TURNS_DEG = {Trouble.TURNED_HALF: 0.5, Trouble.TURNED_2: 2.0, Trouble.TURNED_6: 6.0}
_SLEEVES = ((150, 60, 40), (40, 90, 170), (70, 70, 75), (60, 140, 90), (140, 70, 150), (190, 190, 185), (40, 40, 150))


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """One picture of the camera, None while it sends none, and where on the canvas somebody hides the shelf."""

    image_bgr: Picture | None
    hidden: Mask


class Lens:
    """The camera before a shelf; the same seed films the same pictures, when they are asked for in order."""

    def __init__(self, shelf: PaintedShelf, day: Day, seed: int) -> None:
        self._shelf, self._day = shelf, day
        self._rng = np.random.default_rng([seed, 3])
        shape = (VIEW_PX[1] + 32, VIEW_PX[0] + 32, 3)
        self._grain = [self._rng.normal(0, _NOISE_LEVELS, shape).round().astype(np.int16) for _ in range(6)]
        self._wall = self._paint_wall()
        self._sent: Picture | None = None

    def shoot(self, time_s: float) -> Shot:
        """The picture at a moment."""
        canvas = self._shelf.picture(self._day.state_at(time_s)).copy()
        hidden = np.zeros(canvas.shape[:2], np.uint8)
        for reach in self._day.reaches:
            if reach.has(time_s):
                self._lay_hand(canvas, hidden, reach, time_s)
        for stand in self._day.stands:
            if stand.has(time_s):
                _lay_shopper(canvas, hidden, stand, time_s)
        fault = self._day.fault_at(time_s)
        image = self._sense(self._light(canvas, time_s), fault, time_s)
        if fault is None or fault.trouble is not Trouble.FROZEN or self._sent is None:
            self._sent = image
        is_lost = fault is not None and fault.trouble is Trouble.LOST
        return Shot(None if is_lost else self._sent, hidden > 0)

    def _lay_hand(self, canvas: Picture, hidden: Picture, reach: Reach, time_s: float) -> None:
        near = min((time_s - reach.from_s) / REACH_S, (reach.to_s - time_s) / REACH_S, 1.0)
        goal = np.mean([self._shelf.middle_px(reach.slot_id, column) for column in reach.columns], axis=0)
        start = np.array([goal[0] + 120 * reach.side, CANVAS_PX[1] + 30.0])
        tip = start + near * (goal - start)
        if (time_s >= reach.touch_s) != reach.is_put:
            self._carry(canvas, hidden, reach, tip)
        skin, cloth = (110, 140, 195), _SLEEVES[len(reach.columns) + reach.side + 1]
        elbow = tip + np.array([60.0 * reach.side, 190.0])
        for picture, colours in ((canvas, (skin, cloth)), (hidden, (1, 1))):
            wrist = tip + 0.3 * (elbow - tip)
            cv2.line(picture, _at(wrist), _at(elbow + 3 * (elbow - wrist)), colours[1], 46, cv2.LINE_8)
            cv2.line(picture, _at(tip), _at(wrist), colours[0], 26, cv2.LINE_8)
            cv2.circle(picture, _at(tip), 19, colours[0], -1, cv2.LINE_8)
        for finger in (-10, -3, 4, 11):
            cv2.line(
                canvas,
                _at(tip + np.array([finger, -8])),
                _at(tip + np.array([finger, 10])),
                (85, 110, 160),
                1,
                cv2.LINE_AA,
            )

    def _carry(self, canvas: Picture, hidden: Picture, reach: Reach, tip: NDArray[np.float64]) -> None:
        pack = self._shelf.pack(reach.slot_id)
        left, top = round(float(tip[0])) - pack.shape[1] // 2, round(float(tip[1])) - pack.shape[0] // 2
        rows, columns = slice(max(top, 0), top + pack.shape[0]), slice(max(left, 0), left + pack.shape[1])
        window = canvas[rows, columns]
        if window.size:
            part = pack[rows.start - top :, columns.start - left :][: window.shape[0], : window.shape[1]]
            lay(window, part, part[..., 3])
            hidden[rows, columns] |= part[..., 3] > 0

    def _light(self, canvas: Picture, time_s: float) -> Picture:
        """Three tubes that flicker and are switched in steps, and from ten to four the sun, a warm moving patch."""
        rows, columns = CANVAS_PX[1] // 8, CANVAS_PX[0] // 8
        xs, ys = np.linspace(0, 1, columns)[None, :], np.linspace(0, 1, rows)[:, None]
        tubes = np.ones(_TUBES)
        for when_s, tube, light in self._day.lamps:
            if when_s <= time_s:
                tubes[tube] = light * (self._rng.uniform(0.3, 1.0) if time_s - when_s < 0.8 and light else 1.0)
        spread = np.stack([np.exp(-(((xs - (n + 0.5) / _TUBES) / 0.42) ** 2)) for n in range(_TUBES)])
        lamps = np.tensordot(tubes, spread / spread.sum(axis=0), axes=1) * (1.05 - 0.25 * ys)
        lamps = lamps * (1.0 + _FLICKER * np.sin(2 * np.pi * (2.0 * ys + self._rng.uniform())))
        gain = (0.25 + 0.75 * lamps)[..., None] * np.ones(3) + self._sun(xs, ys, time_s)
        field = cv2.resize(gain.astype(np.float32), CANVAS_PX, interpolation=cv2.INTER_LINEAR)
        return np.asarray(cv2.multiply(canvas, field, dtype=cv2.CV_8U), np.uint8)

    def _sun(self, xs: NDArray[np.float64], ys: NDArray[np.float64], time_s: float) -> NDArray[np.float64]:
        hour = self._day.hour(time_s)
        if not OPEN_H + 2 < hour < CLOSE_H - 4:
            return np.zeros((1, 1, 3))
        middle = (hour - OPEN_H - 2) / 6 * 1.4 - 0.2
        across = np.abs(xs + 0.25 * ys - 0.12 - middle)
        patch = np.clip((0.14 - across) / 0.02, 0, 1) * np.clip((ys - 0.15) / 0.03, 0, 1)
        return np.asarray(patch[..., None] * np.array([0.45, 0.62, 0.7]), np.float64)

    def _sense(self, lit: Picture, fault: Fault | None, time_s: float) -> Picture:
        seen = self._aim(lit, fault, time_s)
        if fault is not None and fault.trouble in (Trouble.COVERED, Trouble.DARK):
            share = min((time_s - fault.from_s) / 0.3, 1.0)
            shade = 14 if fault.trouble is Trouble.COVERED else 2
            seen = np.asarray(cv2.addWeighted(seen, 1 - share, np.full_like(seen, shade), share, 0), np.uint8)
        if fault is not None and fault.trouble is Trouble.DEFOCUSED:
            seen = np.asarray(cv2.GaussianBlur(seen, (0, 0), 3.0), np.uint8)
        top, left = (int(v) for v in self._rng.integers(32, size=2))
        grain = self._grain[int(self._rng.integers(len(self._grain)))]
        noisy = cv2.add(seen, grain[top : top + seen.shape[0], left : left + seen.shape[1]], dtype=cv2.CV_8U)
        _, coded = cv2.imencode(".jpg", noisy, (cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY))
        return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)

    def _aim(self, lit: Picture, fault: Fault | None, time_s: float) -> Picture:
        """The view's part of the canvas, as the camera hangs now."""
        if fault is None:
            return lit[BORDER_PX:-BORDER_PX, BORDER_PX:-BORDER_PX]
        share = fault.sign * min((time_s - fault.from_s) / _KNOCK_S, 1.0)
        if fault.trouble is Trouble.AWAY and abs(share) == 1.0:
            return self._wall
        shift = share * _SHIFTS.get(fault.trouble, 0.0) * VIEW_PX[0]
        turn_deg = share * _TURNS_DEG.get(fault.trouble, 0.0)
        zoom = 1.0 + (0.05 * abs(share) if fault.trouble is Trouble.ZOOMED else 0.0)
        move = cv2.getRotationMatrix2D((CANVAS_PX[0] / 2, CANVAS_PX[1] / 2), turn_deg, zoom)
        move[:, 2] += np.array([shift, 0.3 * shift]) - BORDER_PX
        return np.asarray(cv2.warpAffine(lit, move, VIEW_PX, borderMode=cv2.BORDER_REPLICATE), np.uint8)

    def _paint_wall(self) -> Picture:
        """What lies beside the shelf: a door, a poster, a socket."""
        wall = np.full((VIEW_PX[1], VIEW_PX[0], 3), 170, np.uint8)
        cv2.rectangle(wall, (60, 40), (250, 360), (120, 130, 150), -1)
        cv2.rectangle(wall, (75, 60), (235, 200), (190, 200, 205), -1)
        for line in range(8):
            x, y = (int(v) for v in self._rng.integers((330, 40), (560, 300)))
            colour = self._rng.integers(0, 255, 3).tolist()
            cv2.rectangle(wall, (x, y), (x + 20 + 6 * line, y + 14), colour, -1)
        return wall


def _lay_shopper(canvas: Picture, hidden: Picture, stand: Stand, time_s: float) -> None:
    """Somebody's back, from the left, swaying a little while he stands."""
    width, height = CANVAS_PX
    since_s, left_s = time_s - stand.from_s, stand.to_s - time_s
    goal, half = stand.at * width, stand.width * width / 2
    if since_s < WALK_S:
        x = -half + (goal + half) * since_s / WALK_S
    elif left_s < WALK_S:
        x = width + half - (width + half - goal) * left_s / WALK_S
    else:
        x = goal + 4 * np.sin(1.3 * since_s) + 2 * np.sin(3.1 * since_s)
    cloth, hair = _SLEEVES[stand.look], (30 + 8 * stand.look, 34 + 6 * stand.look, 40)
    for picture, colours in ((canvas, (cloth, hair)), (hidden, (1, 1))):
        cv2.ellipse(picture, (int(x), int(0.86 * height)), (int(half), int(0.6 * height)), 0, 0, 360, colours[0], -1)
        cv2.ellipse(
            picture, (int(x), int(0.2 * height)), (int(0.42 * half), int(0.19 * height)), 0, 0, 360, colours[1], -1
        )
    for fold in range(-3, 4):
        shade = tuple(int(0.75 * c) for c in cloth)
        foot = (int(x + 0.24 * fold * half), height)
        cv2.line(canvas, (int(x + 0.2 * fold * half), int(0.45 * height)), foot, shade, 3, cv2.LINE_AA)


def _at(point: NDArray[np.float64]) -> tuple[int, int]:
    return round(float(point[0])), round(float(point[1]))
