"""The motion gate: where does a camera's picture move, and where does it differ from its settled background?

Owns one small background picture per camera, follows slow and sudden light, and forgets things that were put
down for good. Decides nothing about shelves. Every frame passes here first; most end here.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from vision import pictures
from vision.pictures import Box, Field, Mask, Picture
from vision.shrunk import Shrunk

_BACK_S = 0.19  # motion is told against a frame at least this old: a slow hand moves little from frame to frame
_RING_S = 0.6
_SETTLE_S = 8.0  # a change away from the shelves that lasts this long belongs to the background
_FLOOD_SHARE = 0.5
_ADAPT_S = 15.0
_ADAPT_EVERY_S = 0.5
_COMPARE_EVERY_S = 1.0  # while something moves; what was put down is noticed within this time
_REFRESH_S = 6.0  # light that changes slowly adds up to a change before that
_NOISE_S = 3.0
_NOISE_FACTOR = 4.0
_SPECK_PX = 7
_AROUND_PX = 24  # what moves fades out beside the tiles that it changes, and the difference looks 12 pixels around
_MOST_LOOKED_AT = 0.6  # of the picture, as a part of it: from there on the whole costs no more
_TRACE = _SAME_SCORE = 0.5
_WALKER_LEVELS = 8.0  # people who walked changed a tile by 45 at least, a codec in a still scene one by 4 to 18
_ALIKE_FACTOR = 3.0


@dataclass(frozen=True, slots=True, eq=False)
class Unlike:
    """Where a picture differs from the settled background; masks are of the shrunk picture (height, width)."""

    foreground: Mask
    traces: Mask
    """Faintly unlike the background, the foreground included: joins an arm in a sleeve of the wall's colour to its
    hand."""
    is_flooded: bool
    """Most of the picture is unlike the background: no shape in the foreground means anything."""


@dataclass(frozen=True, slots=True, eq=False)
class GateView:
    """What the gate saw in one frame; ``moving`` is a mask of the shrunk picture (height, width)."""

    is_open: bool
    """Something moves, or moved within the last fifth of a second."""
    is_quiet: bool
    """The picture is the same as the last one looked at in full; all else is as it was then."""
    moving: Mask
    unlike: Callable[[], Unlike]
    """Compare with the background, at the first call. It costs twice what motion does, and few frames need it."""


class Glance:
    """Whether one camera's pictures change at all: enough to know when to look for people. One thread at a time.

    A lamp or a noisy sensor changes all tiles alike, so the largest change counts against the quiet quarter of them.
    """

    def __init__(self) -> None:
        self._ring: deque[tuple[float, Picture]] = deque()

    def moves(self, sample_bgr: Picture, time_s: float) -> bool:
        """Compare a frame's sparse sample with that of one a fifth of a second older, or with the last one."""
        if self._ring and self._ring[-1][1].shape != sample_bgr.shape:
            self._ring.clear()
        while len(self._ring) > 1 and time_s - self._ring[1][0] >= _BACK_S:
            self._ring.popleft()
        before = self._ring[0][1] if self._ring else sample_bgr
        self._ring.append((time_s, sample_bgr))
        changes = pictures.tile_changes(sample_bgr, before)
        largest = float(changes.max())
        if largest <= _WALKER_LEVELS:
            return False
        quiet = changes.size // 4
        return largest > _ALIKE_FACTOR * float(np.partition(changes.ravel(), quiet)[quiet])

    def drop_past(self) -> None:
        """The pictures before now say nothing any more."""
        self._ring.clear()


@dataclass(slots=True, eq=False)
class _Past:
    time_s: float
    shrunk: Shrunk
    _features: Field | None = None
    _tiles: Field | None = None

    @property
    def features(self) -> Field:
        if self._features is None:
            self._features = pictures.features(self.shrunk.small)
        return self._features

    def features_in(self, place: Box) -> Field:
        """Features of a part of the picture alone, where those of the whole were not made."""
        return pictures.features(self.shrunk.small[place]) if self._features is None else self._features[place]

    @property
    def tiles(self) -> Field:
        if self._tiles is None:
            self._tiles = pictures.tile_means(self.features)
        return self._tiles


class MotionGate:
    """Motion and change of one camera's pictures, from the first shrunk one on. One thread at a time.

    ``keep_out`` is a mask of places (slots and what is close to them) where nothing becomes background unless
    `absorb` says so.
    """

    def __init__(self, first_bgr: Picture, keep_out: Mask, time_s: float) -> None:
        self._keep_out = keep_out
        self._ring: deque[_Past] = deque()
        self._background = pictures.features(first_bgr)
        self._still_since_s = np.full(keep_out.shape, time_s)
        self._moved = np.zeros_like(keep_out)
        self._looked: _Past | None = None
        self._unlike: Unlike | None = None
        self._compared_s = -np.inf
        self._last = GateView(False, False, np.zeros_like(keep_out), self._compare)
        self._adapted_s = time_s
        self._noise = 0.0
        self._noise_s = -np.inf
        self.quiet_frames = 0

    def look(self, shrunk: Shrunk, time_s: float) -> GateView:
        """Compare a frame with the recent past and with the background."""
        now = _Past(time_s, shrunk)
        past = self._recent(now)
        if self._is_quiet(now, past):
            self.quiet_frames += 1
            self._last = replace(self._last, is_open=False, is_quiet=True, moving=np.zeros_like(self._keep_out))
            return self._last
        before = self._shrunk_before(now, past)
        self._looked, self._unlike = now, None
        self._last = self._look_in_full(now, before)
        return self._last

    def _recent(self, now: _Past) -> _Past:
        while self._ring and now.time_s - self._ring[0].time_s > _RING_S and len(self._ring) > 1:
            self._ring.popleft()
        past = next((entry for entry in reversed(self._ring) if now.time_s - entry.time_s >= _BACK_S), None)
        self._ring.append(now)
        return past or self._ring[0]

    def _shrunk_before(self, now: _Past, past: _Past) -> _Past:
        """What to tell motion against where only a sample was kept: the picture last looked at is then the same."""
        if past.shrunk.has_small or past is now:
            return past
        if self._looked is not None:
            return self._looked
        return next((entry for entry in reversed(self._ring) if entry.shrunk.has_small and entry is not now), now)

    def _is_quiet(self, now: _Past, past: _Past) -> bool:
        looked = self._looked
        if looked is None or self._last.is_open or now.time_s - looked.time_s > _REFRESH_S:
            return False
        sample = now.shrunk.sample
        if pictures.is_changed(sample, looked.shrunk.sample):
            return False
        return past is looked or not pictures.is_changed(sample, past.shrunk.sample)

    def _look_in_full(self, now: _Past, past: _Past) -> GateView:
        moving = self._moving(now, past)
        self._moved |= moving
        view = GateView(bool(moving.any()), False, moving, self._compare)
        if not view.is_open or now.time_s - self._compared_s >= _COMPARE_EVERY_S:
            self._compare()
        return view

    def _moving(self, now: _Past, past: _Past) -> Mask:
        """Where something moves: looked for around the tiles that changed and where something moved before."""
        moving = np.zeros_like(self._keep_out)
        if past is now:
            return moving
        place = pictures.around_changes(
            now.shrunk.sample, past.shrunk.sample, moving.shape, also=self._last.moving, margin_px=_AROUND_PX
        )
        is_noise_old = now.time_s - self._noise_s > _NOISE_S
        if is_noise_old or (place is not None and moving[place].size > _MOST_LOOKED_AT * moving.size):
            score = pictures.difference(now.features, past.features, pictures.light_step(now.tiles, past.tiles))
            self._noise, self._noise_s = pictures.noise_level(score), now.time_s
            return _changed(score, self._noise)
        if place is not None:
            tiles = (pictures.rough_tile_means(one.shrunk.sample) for one in (now, past))
            score = pictures.difference(now.features_in(place), past.features_in(place), pictures.light_step(*tiles))
            moving[place] = _changed(score, self._noise)
        return moving

    def _compare(self) -> Unlike:
        """Compare the picture last looked at in full with the background, once."""
        if self._unlike is not None:
            return self._unlike
        now = self._looked
        if now is None:
            nothing = np.zeros_like(self._keep_out)
            return Unlike(nothing, nothing, is_flooded=False)
        light = pictures.light_plane(now.tiles, pictures.tile_means(self._background), self._keep_out.shape)
        score = pictures.difference(now.features, self._background, light)
        noise = pictures.noise_level(score)
        foreground = _changed(score, noise)
        traces = foreground | _changed(score, noise, least=_TRACE)
        self._unlike = Unlike(foreground, traces, is_flooded=bool(foreground.mean() > _FLOOD_SHARE))
        self._settle(now, foreground)
        if now.time_s - self._adapted_s >= _ADAPT_EVERY_S and not self._unlike.is_flooded:
            self._follow_light(now, light, score)
        self._compared_s = now.time_s
        return self._unlike

    def _follow_light(self, now: _Past, light: Field, score: Field) -> None:
        """Take the smooth light change over at once, and small local drift slowly where nothing is in the way."""
        share = min((now.time_s - self._adapted_s) / _ADAPT_S, 1.0)
        self._adapted_s = now.time_s
        self._background += light
        pictures.draw_to(self._background, now.features, share, where=score < _SAME_SCORE)

    def _settle(self, now: _Past, foreground: Mask) -> None:
        """Let things that were put down away from the shelves become background, and all of a view that changed."""
        self._still_since_s[self._moved | ~foreground] = now.time_s
        self._moved[:] = False
        old = foreground & (now.time_s - self._still_since_s > _SETTLE_S)
        if not old.any():
            return
        if old.mean() > _FLOOD_SHARE:
            self._background = now.features.copy()
            return
        labels, found = pictures.blobs(pictures.close_gaps(foreground, radius_px=2), min_area_px=1)
        touching = set(np.unique(labels[self._keep_out]).tolist())
        taken = old & np.isin(labels, [blob.label for blob in found if blob.label not in touching])
        self._background[taken] = now.features[taken]

    def absorb(self, small_bgr: Picture, places: Mask) -> None:
        """Make the picture as it is now the background in these places."""
        self._background[places] = pictures.features(small_bgr)[places]
        self._looked = self._unlike = None

    def drop_past(self) -> None:
        """The pictures before now say nothing about motion any more (a feed was lost and is back)."""
        self._ring.clear()
        self._looked = self._unlike = None


def _changed(score: Field, noise: float, *, least: float = 1.0) -> Mask:
    threshold = max(least, _NOISE_FACTOR * noise)
    return pictures.without_specks(score > threshold, min_area_px=_SPECK_PX)
