"""Tracks: which box of this picture is the person of the last one.

Owns identity for as long as a person stays in view, in memory only: nothing is kept after a track ends, and
no id is used twice. Refuses to guess: a track has an id only once it is confirmed, and two never merge.

                 seen again, confirm_after_s later
    tentative ─────────────────────────────────────► confirmed (id)
        │                                              │       ▲
        │ not seen in the next picture       not seen  ▼       │ seen
        ▼                                             missing ─┘
      gone ◄──────────────────────────────────────────┘
             longer than max_missing_s, or out of the picture
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import lap
import numpy as np
from numpy.typing import NDArray

from vision.detections import Detections, iou
from vision.kalman import BoxMotion, box_to_centre

SURPRISE_LIMIT = 9.21
"""Squared Mahalanobis distance that 99 % of true pairs stay under (chi squared, two degrees of freedom)."""
REACH_HEIGHTS = 1.2
"""However uncertain, a person is not looked for farther away than this many heights."""
SAME_IOU = 0.3
FAINT_IOU = 0.5
DOUBLE_IOU = 0.7
HEIGHT_RATIO = 0.55
"""A box of the same person is not lower than this share of the taller one, unless they overlap well."""
NEVER = 1e3


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One person as of one picture."""

    id: int | None
    """Never used again by this tracker; None until the track is confirmed."""
    xyxy_px: tuple[float, float, float, float]
    """The box, smoothed over time; where motion puts it while ``missing_s`` is above zero."""
    score: float
    """Of the last box that was seen."""
    age_s: float
    """Seconds since the first box of this track."""
    is_confirmed: bool
    missing_s: float = 0.0
    """Seconds since a box was last seen; zero when it was seen in this picture."""

    @property
    def feet_px(self) -> tuple[float, float]:
        """Middle of the box's lower edge: where the person stands."""
        left, _, right, bottom = self.xyxy_px
        return (left + right) / 2, bottom


@dataclass(slots=True)
class _Living:
    """A track between two pictures."""

    motion: BoxMotion
    first_s: float
    last_s: float
    score: float
    id: int | None = None

    def see(self, box: NDArray[np.float32], score: float, time_s: float) -> None:
        self.motion.correct(box.astype(np.float64))
        self.score, self.last_s = score, time_s

    def shown(self, time_s: float) -> Track:
        left, top, right, bottom = (float(edge) for edge in self.motion.xyxy_px)
        return Track(
            id=self.id,
            xyxy_px=(left, top, right, bottom),
            score=self.score,
            age_s=time_s - self.first_s,
            is_confirmed=self.id is not None,
            missing_s=time_s - self.last_s,
        )


_CostOf = Callable[[Sequence[_Living], NDArray[np.float32]], NDArray[np.float64]]


class Tracker:
    """Kalman prediction and matching in rounds, sure boxes first (ByteTrack, Zhang et al. 2022).

    Boxes under ``sure_score`` keep a track alive but never begin one, so the detector may be asked for fainter
    ones than are believed. One thread at a time.
    """

    def __init__(self, *, sure_score: float = 0.40, confirm_after_s: float = 0.3, max_missing_s: float = 2.0) -> None:
        self._sure_score = sure_score
        self._confirm_after_s = confirm_after_s
        self._max_missing_s = max_missing_s
        self._living: list[_Living] = []
        self._last_id = 0
        self._last_s: float | None = None

    def update(
        self, detections: Detections, time_s: float, *, frame_size_px: tuple[int, int] | None = None
    ) -> list[Track]:
        """Every living track after this picture, those out of sight for a moment included.

        ``time_s`` is the picture's own time and must rise; steps may vary. ``frame_size_px`` is (width, height): who
        is not seen and walked over the picture's edge by his motion is gone, and is not looked for inside of it.

        Raises:
            ValueError: time went back or stood still.
        """
        self._predict(time_s)
        if not self._living and not len(detections):
            return []  # most frames: nobody is there
        self._match(detections, time_s)
        self._confirm_and_end(time_s, frame_size_px)
        return [track.shown(time_s) for track in self._living]

    def reset(self) -> None:
        """Forget every track (the picture was lost, so that nobody in it is known any more); ids go on rising."""
        self._living.clear()
        self._last_s = None

    def _predict(self, time_s: float) -> None:
        if self._last_s is not None:
            if time_s <= self._last_s:
                raise ValueError(f"picture time went from {self._last_s} s to {time_s} s")
            for track in self._living:
                track.motion.predict(time_s - self._last_s)
        self._last_s = time_s

    def _match(self, detections: Detections, time_s: float) -> None:
        """Confirmed tracks take sure boxes, then faint ones; tentative tracks take what sure ones are left."""
        sure = detections.select(detections.score >= self._sure_score)
        faint = detections.select(detections.score < self._sure_score)
        confirmed = [track for track in self._living if track.id is not None]
        tentative = [track for track in self._living if track.id is None]
        unseen, sure_left = _pair(confirmed, sure, time_s, _likely_cost)
        _pair(unseen, faint, time_s, _overlap_cost)
        _, new = _pair(tentative, sure_left, time_s, _likely_cost)
        self._begin(new, time_s)

    def _begin(self, new: Detections, time_s: float) -> None:
        """A box that nobody took begins a track, unless it is a second box of somebody just seen."""
        seen = np.array([track.motion.xyxy_px for track in self._living if track.last_s == time_s], np.float32)
        if len(new) and len(seen):
            new = new.select(iou(new.xyxy_px, seen).max(axis=1) < DOUBLE_IOU)
        for box, score in zip(new.xyxy_px, new.score, strict=True):
            self._living.append(_Living(BoxMotion(box.astype(np.float64)), time_s, time_s, float(score)))

    def _confirm_and_end(self, time_s: float, frame_size_px: tuple[int, int] | None) -> None:
        for track in self._living:
            is_due = track.last_s == time_s > track.first_s and time_s - track.first_s >= self._confirm_after_s
            if track.id is None and is_due:
                self._last_id += 1
                track.id = self._last_id
        self._living = [
            track
            for track in self._living
            if time_s - track.last_s <= (self._max_missing_s if track.id is not None else 0.0)
            and (track.last_s == time_s or not _has_left(track, frame_size_px))
        ]


def _has_left(track: _Living, frame_size_px: tuple[int, int] | None) -> bool:
    """Whether the middle of where motion puts a track lies outside of the picture."""
    if frame_size_px is None:
        return False
    x, y, _, _ = box_to_centre(track.motion.xyxy_px)
    return not (0 <= x <= frame_size_px[0] and 0 <= y <= frame_size_px[1])


def _likely_cost(tracks: Sequence[_Living], boxes: NDArray[np.float32]) -> NDArray[np.float64]:
    """Cost of every pair (tracks, boxes): little where a box overlaps the prediction or lies where it may be."""
    centres = np.array([box_to_centre(box) for box in boxes.astype(np.float64)])
    predicted = np.array([track.motion.xyxy_px for track in tracks])
    surprise = np.array([track.motion.surprises(centres) for track in tracks])
    overlap = iou(predicted.astype(np.float32), boxes).astype(np.float64)
    expected = np.array([box_to_centre(box) for box in predicted])
    taller = np.maximum(expected[:, None, 3], centres[None, :, 3])
    lower = np.minimum(expected[:, None, 3], centres[None, :, 3])
    away = np.linalg.norm(expected[:, None, :2] - centres[None, :, :2], axis=2)
    is_near = (surprise <= SURPRISE_LIMIT) & (away <= REACH_HEIGHTS * taller) & (lower >= HEIGHT_RATIO * taller)
    cost = (1 - overlap) + np.minimum(surprise, SURPRISE_LIMIT) / SURPRISE_LIMIT
    return np.where(is_near | (overlap >= SAME_IOU), cost, NEVER)


def _overlap_cost(tracks: Sequence[_Living], boxes: NDArray[np.float32]) -> NDArray[np.float64]:
    """Cost of every pair (tracks, faint boxes): a faint box must lie on the prediction."""
    predicted = np.array([track.motion.xyxy_px for track in tracks], np.float32)
    overlap = iou(predicted, boxes).astype(np.float64)
    return np.where(overlap >= FAINT_IOU, 1 - overlap, NEVER)


def _pair(
    tracks: Sequence[_Living], found: Detections, time_s: float, cost_of: _CostOf
) -> tuple[list[_Living], Detections]:
    """Give each track its box where all pairs together cost least; the tracks and boxes that are left over."""
    if not tracks or not len(found):
        return list(tracks), found
    _, box_of_track, track_of_box = lap.lapjv(cost_of(tracks, found.xyxy_px), extend_cost=True, cost_limit=NEVER / 2)
    for track, at in zip(tracks, box_of_track, strict=True):
        if at >= 0:
            track.see(found.xyxy_px[at], float(found.score[at]), time_s)
    unseen = [track for track, at in zip(tracks, box_of_track, strict=True) if at < 0]
    return unseen, found.select(np.asarray(track_of_box) < 0)
