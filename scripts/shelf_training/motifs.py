"""Pictures on pack fronts: discs, heaps of food, photograph-like windows, rays, waves, mascots; painted in place."""

from collections.abc import Callable

import cv2
import numpy as np

from scripts.shelf_training.colours import (
    Colour,
    Picture,
    Rng,
    mixed,
    near,
    print_colour,
    smooth_noise,
)


def _disc(art: Picture, accent: Colour, rng: Rng) -> None:
    rows, columns = art.shape[:2]
    centre = (int(columns * rng.uniform(0.3, 0.7)), int(rows * rng.uniform(0.45, 0.8)))
    radius = int(min(rows, columns) * rng.uniform(0.2, 0.48))
    cv2.circle(art, centre, radius, near(rng, accent, 40), -1, cv2.LINE_AA)
    if rng.random() < 0.5:
        cv2.circle(art, centre, int(radius * 0.8), print_colour(rng), max(1, radius // 8), cv2.LINE_AA)


def _heap(art: Picture, accent: Colour, rng: Rng) -> None:
    """A heap of round lit things: sweets, fruit, flakes."""
    rows, columns = art.shape[:2]
    base = near(rng, accent, 50)
    size = max(2.0, min(rows, columns) * float(rng.uniform(0.05, 0.16)))
    for _ in range(int(rng.integers(8, 28))):
        x, y = columns * rng.normal(0.5, 0.2), rows * rng.normal(0.68, 0.1)
        radius = max(1, int(size * rng.uniform(0.6, 1.3)))
        axes = (radius, max(1, int(radius * rng.uniform(0.5, 1.0))))
        tone = near(rng, base, 25)
        cv2.ellipse(art, (int(x), int(y)), axes, float(rng.uniform(0, 180)), 0, 360, mixed(tone, (0, 0, 0), 0.3), -1)
        lit = (int(x - radius * 0.25), int(y - radius * 0.25))
        cv2.circle(art, lit, max(1, radius * 6 // 10), mixed(tone, (255, 255, 255), 0.25), -1)


def _photo(art: Picture, accent: Colour, rng: Rng) -> None:
    """A window with something that looks like a photograph: clouds of three colours at several scales."""
    rows, columns = art.shape[:2]
    top, bottom = int(rows * rng.uniform(0.3, 0.55)), int(rows * rng.uniform(0.7, 1.0))
    left = int(columns * rng.uniform(0, 0.3))
    right = columns - (left if rng.random() < 0.7 else 0)
    shape = (bottom - top, right - left)
    if min(shape) < 6:
        return
    share = smooth_noise(rng, shape, max(shape) / 3) + 0.6 * smooth_noise(rng, shape, max(shape) / 9)
    share = np.clip(share * 0.6 + 0.5, 0, 1)[..., None]
    patch = np.asarray(near(rng, accent, 40)) * share + np.asarray(print_colour(rng)) * (1 - share)
    patch += rng.normal(0, 12, (*shape, 1))
    if rng.random() < 0.5:
        patch[share[..., 0] > 0.8] = print_colour(rng)
    art[top:bottom, left:right] = np.clip(patch, 0, 255)


def _rays(art: Picture, accent: Colour, rng: Rng) -> None:
    rows, columns = art.shape[:2]
    centre = np.array([columns * rng.uniform(0.2, 0.8), rows * rng.uniform(0.3, 0.9)])
    reach = 1.5 * max(rows, columns)
    beams = int(rng.integers(8, 18))
    for beam in range(beams):
        angles = 2 * np.pi * (np.array([beam, beam + 0.5]) / beams)
        ends = centre + reach * np.stack([np.cos(angles), np.sin(angles)], 1)
        cv2.fillPoly(art, [np.vstack([centre, ends]).astype(np.int32)], mixed(accent, (255, 255, 255), 0.3))


def _waves(art: Picture, accent: Colour, rng: Rng) -> None:
    rows, columns = art.shape[:2]
    for _ in range(int(rng.integers(1, 4))):
        x = np.linspace(0, columns, 24)
        y = rows * (
            rng.uniform(0.3, 0.9) + rng.uniform(0.03, 0.15) * np.sin(x / columns * rng.uniform(2, 9) + rng.random() * 6)
        )
        cv2.polylines(
            art,
            [np.stack([x, y], 1).astype(np.int32)],
            False,
            near(rng, accent, 50),
            int(rng.integers(2, max(3, rows // 8))),
            cv2.LINE_AA,
        )


def _figure(art: Picture, accent: Colour, rng: Rng) -> None:
    """A mascot-like heap of ellipses with a dark outline."""
    rows, columns = art.shape[:2]
    centre = np.array([columns * rng.uniform(0.35, 0.65), rows * rng.uniform(0.5, 0.75)])
    size = min(rows, columns) * rng.uniform(0.15, 0.3)
    for _ in range(int(rng.integers(3, 7))):
        at = (centre + rng.normal(0, size * 0.6, 2)).astype(int)
        axes = tuple(int(a) for a in np.maximum(1, size * rng.uniform(0.3, 0.9, 2)))
        turn = float(rng.uniform(0, 180))
        cv2.ellipse(art, at.tolist(), axes, turn, 0, 360, near(rng, accent, 60), -1, cv2.LINE_AA)
        cv2.ellipse(art, at.tolist(), axes, turn, 0, 360, (20, 20, 20), 1, cv2.LINE_AA)


MOTIFS: tuple[Callable[[Picture, Colour, Rng], None], ...] = (
    _disc,
    _heap,
    _photo,
    _rays,
    _waves,
    _figure,
    _heap,
    _photo,
)
