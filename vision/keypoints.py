"""Local features of a picture and the plane maps between two pictures: the only importer of OpenCV's SIFT and USAC.

Owns how keypoints are found and described (SIFT, Lowe 2004, patents expired in 2020; RootSIFT, Arandjelović and
Zisserman 2012) and how a plane is fitted to pairs. Decides nothing about what a pair means.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.pictures import Field, Mask, Picture

_LEAST_PAIRS = 4
_TRIALS = 500


@dataclass(frozen=True, slots=True, eq=False)
class Keypoints:
    """N features of one picture. All float32; angles grow clockwise, as y grows downwards."""

    xy_px: Field
    """(N, 2)."""
    size_px: Field
    """(N,) diameter of the described patch."""
    angle_rad: Field
    """(N,)."""
    descriptors: Field
    """(N, 128), each of length 1: a dot product is the likeness."""

    def __len__(self) -> int:
        return len(self.size_px)

    def select(self, keep: NDArray[np.bool_] | NDArray[np.int64]) -> "Keypoints":
        """The features that a mask or a list of indices names."""
        return Keypoints(self.xy_px[keep], self.size_px[keep], self.angle_rad[keep], self.descriptors[keep])


def find_keypoints(image_bgr: Picture, *, most: int, scale: float = 1.0) -> Keypoints:
    """The strongest features of a picture, uint8 (H, W, 3), BGR; blocks some tenths of a second a megapixel.

    ``scale`` resizes the picture first; positions and sizes are still in pixels of the picture as given.
    """
    grey = cv2.cvtColor(image_bgr, cv2.COLOR_BGR2GRAY)
    if scale != 1.0:
        way = cv2.INTER_AREA if scale < 1.0 else cv2.INTER_CUBIC
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=way)
    found, described = cv2.SIFT.create(nfeatures=most, contrastThreshold=0.03).detectAndCompute(grey, None)
    if not found:
        return Keypoints(*(np.zeros(shape, np.float32) for shape in ((0, 2), (0,), (0,), (0, 128))))
    roots = np.sqrt(described / np.maximum(described.sum(axis=1, keepdims=True), 1e-6)).astype(np.float32)
    return Keypoints(
        np.array([k.pt for k in found], np.float32) / np.float32(scale),
        np.array([k.size for k in found], np.float32) / np.float32(scale),
        np.deg2rad(np.array([k.angle for k in found], np.float32)).astype(np.float32),
        roots,
    )


def resize(image_bgr: Picture, size_px: tuple[int, int]) -> Picture:
    """The picture in another size of (width, height): by area where it shrinks, cubic where it grows."""
    way = cv2.INTER_AREA if size_px[0] < image_bgr.shape[1] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image_bgr, size_px, interpolation=way), np.uint8)


def lab(patch_bgr: Picture) -> Field:
    """CIE L*a*b* of a picture, float32 (H, W, 3), 0..100 and about -100..100, a little smoothed."""
    smooth = cv2.GaussianBlur(patch_bgr, (0, 0), 1.0).astype(np.float32)
    return np.asarray(cv2.cvtColor(smooth / np.float32(255), cv2.COLOR_BGR2LAB), np.float32)


def shared_area_px2(first: Field, second: Field) -> float:
    """Area common to two convex polygons, (N, 2) and (M, 2)."""
    area, _ = cv2.intersectConvexConvex(first.astype(np.float32), second.astype(np.float32))
    return float(area)


def fit_similarity(source_xy: Field, target_xy: Field, *, within_px: float) -> tuple[NDArray[np.float64], Mask] | None:
    """Scale, turn and shift as a (3, 3) map from source to target and the pairs that obey it; None where none does."""
    if len(source_xy) < 2:
        return None
    fitted: Any = cv2.estimateAffinePartial2D(
        source_xy, target_xy, method=cv2.RANSAC, ransacReprojThreshold=within_px, maxIters=_TRIALS, confidence=0.999
    )
    matrix, inliers = fitted
    if matrix is None:
        return None
    return np.vstack([matrix, [0.0, 0.0, 1.0]]), inliers.ravel() > 0


def fit_plane(source_xy: Field, target_xy: Field, *, within_px: float) -> tuple[NDArray[np.float64], Mask] | None:
    """A homography (3, 3) from source to target and the pairs that obey it, by USAC; None where none does."""
    if len(source_xy) < _LEAST_PAIRS:
        return None
    fitted: Any = cv2.findHomography(
        source_xy,
        target_xy,
        method=cv2.USAC_MAGSAC,
        ransacReprojThreshold=within_px,
        maxIters=_TRIALS,
        confidence=0.999,
    )
    matrix, inliers = fitted
    if matrix is None or not np.isfinite(matrix).all():
        return None
    return np.asarray(matrix, np.float64), inliers.ravel() > 0
