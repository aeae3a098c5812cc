"""Where walkers are at each moment, how they face, and what that makes true: crossings and the queue's length.

Pure. The floor is in metres: x to the right, z away from the camera.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from scripts.shop_render.scene import AislePlan, Walker

Samples = npt.NDArray[np.float64]

STEP_M = 1.42
"""Length of a double step."""
SAMPLE_S = 0.02
ROUNDING_S = 0.35


@dataclass(frozen=True, slots=True, kw_only=True)
class Stance:
    """One walker at one moment. ``heading_deg``: 0 away from the camera, 90 to the right, 180 at the camera."""

    x_m: float
    z_m: float
    heading_deg: float
    speed_m_s: float
    walked_m: float

    @property
    def step(self) -> float | None:
        """Point in the double step, or None when standing."""
        return None if self.speed_m_s < 0.2 else (self.walked_m / STEP_M) % 1.0


class Path:
    """A walker's way, rounded at its corners."""

    def __init__(self, walker: Walker) -> None:
        times = np.arange(walker.way[0][0], walker.way[-1][0] + SAMPLE_S, SAMPLE_S)
        given = np.array(walker.way, float)
        width = max(int(ROUNDING_S / SAMPLE_S), 1)
        kernel = np.ones(2 * width + 1) / (2 * width + 1)
        x, z = (
            np.convolve(np.pad(np.interp(times, given[:, 0], given[:, axis]), width, mode="edge"), kernel, mode="valid")
            for axis in (1, 2)
        )
        self.person = walker.person
        self.start_s, self.end_s = float(times[0]), float(times[-1])
        self._times, self.x_m, self.z_m = times, x, z
        steps = np.hypot(np.diff(x, prepend=x[0]), np.diff(z, prepend=z[0]))
        self._walked = np.cumsum(steps)
        self._speed = np.gradient(self._walked, SAMPLE_S)
        self._heading = self._headings(x, z)

    @property
    def times_s(self) -> Samples:
        """The sampled moments."""
        return self._times

    def at(self, time_s: float) -> Stance | None:
        """The walker at ``time_s``, or None outside of the way."""
        if not self.start_s <= time_s <= self.end_s:
            return None
        index = min(int((time_s - self.start_s) / SAMPLE_S), len(self._times) - 1)
        return Stance(
            x_m=float(self.x_m[index]),
            z_m=float(self.z_m[index]),
            heading_deg=float(self._heading[index]),
            speed_m_s=float(self._speed[index]),
            walked_m=float(self._walked[index]),
        )

    def _headings(self, x: Samples, z: Samples) -> Samples:
        dx, dz = np.gradient(x), np.gradient(z)
        moving = np.hypot(dx, dz) > 0.2 * SAMPLE_S
        heading = np.degrees(np.arctan2(dx, dz))
        last = np.maximum.accumulate(np.where(moving, np.arange(len(x)), 0))
        return np.asarray(heading[last])


def crossings(plan: AislePlan, paths: list[Path], duration_s: float) -> list[dict[str, Any]]:
    """Every moment at which somebody goes over the line; from its far side to the near one is ``in``."""
    (x0, z0), (x1, z1) = plan.line_m
    found = []
    for path in paths:
        side = (x1 - x0) * (path.z_m - z0) - (z1 - z0) * (path.x_m - x0)
        along = ((path.x_m - x0) * (x1 - x0) + (path.z_m - z0) * (z1 - z0)) / ((x1 - x0) ** 2 + (z1 - z0) ** 2)
        for index in np.nonzero(np.diff(np.sign(side)))[0]:
            if 0 <= along[index] <= 1 and path.times_s[index] < duration_s:
                direction = "in" if side[index] > 0 else "out"
                found.append(
                    {"t_s": round(float(path.times_s[index]), 2), "line": plan.line_id, "direction": direction}
                )
    return sorted(found, key=lambda row: row["t_s"])


def queue_lengths(plan: AislePlan, paths: list[Path], duration_s: float) -> list[dict[str, Any]]:
    """Every moment at which the number of people in the zone changes."""
    times = np.arange(0, duration_s, SAMPLE_S * 5)
    counts = np.zeros(len(times), int)
    for path in paths:
        for index, time_s in enumerate(times):
            stance = path.at(float(time_s))
            counts[index] += stance is not None and _inside(plan.zone_m, stance.x_m, stance.z_m)
    changes = np.nonzero(np.diff(counts, prepend=0))[0]
    return [{"t_s": round(float(times[i]), 2), "zone": plan.zone_id, "people": int(counts[i])} for i in changes]


def _inside(polygon: tuple[tuple[float, float], ...], x: float, z: float) -> bool:
    crossed = 0
    for (x0, z0), (x1, z1) in pairwise((*polygon, polygon[0])):
        if (z0 > z) != (z1 > z) and x < x0 + (z - z0) / (z1 - z0) * (x1 - x0):
            crossed += 1
    return crossed % 2 == 1


def truth_of(plan: AislePlan, clip: str, duration_s: float) -> dict[str, Any]:
    """The floor camera's part of the truth file."""
    paths = [Path(walker) for walker in plan.walkers]
    return {
        "clip": clip,
        "duration_s": duration_s,
        "initial": {},
        "events": [],
        "occlusions": [],
        "light": [],
        "faults": [],
        "crossings": crossings(plan, paths, duration_s),
        "queues": queue_lengths(plan, paths, duration_s),
    }
