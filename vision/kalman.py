"""Where a person's box will be: a constant-velocity Kalman filter in real time, so that any frame rate will do.

Owns one box's motion. The four numbers of a box (centre x, centre y, width, height) are filtered each by itself;
only the centre has a velocity. All noise is in shares of the box's height, so that near and far look alike.

    x' = x + v dt        P' = F P F^T + q [[dt^3/3, dt^2/2], [dt^2/2, dt]]      (white-noise acceleration)

Bar-Shalom, Li and Kirubarajan, Estimation with Applications to Tracking and Navigation, 2001, section 6.2.
"""

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]

HAS_VELOCITY = np.array([1.0, 1.0, 0.0, 0.0])
MEASURED = np.array([0.04, 0.05, 0.05, 0.06])
"""Jitter of a detector's box, standard deviation in heights."""
DRIFT_PER_S = np.array([0.0, 0.0, 0.15, 0.10])
"""How fast the box's sides change, in heights per square root of a second."""
FIRST_SPEED = 0.8
"""Nobody's velocity is known at first; people walk about 0.8 of their height a second."""
ACCELERATION = 0.7
"""Standard deviation in heights per second and square root of a second: people stop and turn at will."""


def box_to_centre(xyxy_px: Vector) -> Vector:
    """Left, top, right, bottom as centre x, centre y, width, height."""
    left, top, right, bottom = xyxy_px
    return np.array([(left + right) / 2, (top + bottom) / 2, right - left, bottom - top])


class BoxMotion:
    """The motion of one box. One thread at a time."""

    def __init__(self, xyxy_px: Vector) -> None:
        self._place = box_to_centre(xyxy_px)
        self._speed = np.zeros(4)
        height = self._height
        self._place_var = (MEASURED * height) ** 2
        self._cross_var = np.zeros(4)
        self._speed_var = HAS_VELOCITY * (FIRST_SPEED * height) ** 2

    @property
    def _height(self) -> float:
        return max(1.0, float(self._place[3]))

    @property
    def xyxy_px(self) -> Vector:
        """The box as of the last prediction or correction."""
        x, y, width, height = self._place
        return np.array([x - width / 2, y - height / 2, x + width / 2, y + height / 2])

    def predict(self, dt_s: float) -> None:
        """Move on by ``dt_s`` seconds."""
        acceleration = HAS_VELOCITY * (ACCELERATION * self._height) ** 2
        drift = (DRIFT_PER_S * self._height) ** 2
        self._place = self._place + self._speed * dt_s
        spread_of_speed = 2 * dt_s * self._cross_var + dt_s**2 * self._speed_var
        self._place_var = self._place_var + spread_of_speed + acceleration * dt_s**3 / 3 + drift * dt_s
        self._cross_var = self._cross_var + dt_s * self._speed_var + acceleration * dt_s**2 / 2
        self._speed_var = self._speed_var + acceleration * dt_s

    def correct(self, xyxy_px: Vector) -> None:
        """Take in a box that was seen."""
        spread = self._place_var + (MEASURED * self._height) ** 2
        surprise = box_to_centre(xyxy_px) - self._place
        place_gain, speed_gain = self._place_var / spread, self._cross_var / spread
        self._place = self._place + place_gain * surprise
        self._speed = self._speed + speed_gain * surprise
        self._speed_var = self._speed_var - speed_gain * self._cross_var
        self._cross_var = (1 - place_gain) * self._cross_var
        self._place_var = (1 - place_gain) * self._place_var

    def surprises(self, centres: Vector) -> Vector:
        """Squared Mahalanobis distance of the centres of (N, 4) boxes (x, y, width, height) from the prediction."""
        spread = self._place_var + (MEASURED * self._height) ** 2
        away = (centres - self._place)[:, :2] ** 2 / spread[:2]
        return np.asarray(away.sum(axis=1))
