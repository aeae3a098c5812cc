"""The console's picture: slots, zones, lines, persons and faults drawn over a frame that is already redacted.

Owns how it looks; takes plain values, so that it knows none of the parts that made them. It hides nothing:
redaction comes before. Colour is never the only sign, each state is also written. Under a fault's banner no
count is shown: the last value is not the present one.
"""

from dataclasses import dataclass, replace
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.detections import Detections
from vision.geometry import to_px
from vision.letterbox import Picture

SlotState = Literal["ok", "low", "out", "held", "unknown"]
PointNorm = tuple[float, float]
Colour = tuple[int, int, int]

WIDTH_PX = 1280
FONT = cv2.FONT_HERSHEY_SIMPLEX
TEXT_SCALE = 0.6
BANNER_SCALE = 1.0
FILL = 0.22

WHITE: Colour = (255, 255, 255)
INK: Colour = (30, 26, 22)
PERSON: Colour = (245, 235, 225)
ZONE: Colour = (220, 170, 60)
LINE: Colour = (200, 90, 190)
HATCH: Colour = (190, 190, 190)
HATCH_STEP_PX = 24
ALARM: Colour = (40, 40, 200)
SLOT_COLOURS: dict[SlotState, Colour] = {
    "ok": (96, 174, 60),
    "low": (30, 165, 245),
    "out": (60, 60, 225),
    "held": (200, 140, 90),
    "unknown": (150, 150, 150),
}
SLOT_WORDS: dict[SlotState, str] = {"ok": "", "low": " low", "out": " OUT", "held": " held", "unknown": " ?"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotMark:
    """A slot as it is to be drawn; ``units`` None: not known yet. ``held``: somebody is in front."""

    polygon_norm: tuple[PointNorm, ...]
    name: str
    units: int | None
    facings: int
    state: SlotState


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneMark:
    """A zone, the people steadily in it and, of a queue, about how long it takes (None: not known)."""

    polygon_norm: tuple[PointNorm, ...]
    name: str
    people: int | None
    wait_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineMark:
    """A line, with an arrow towards its ``in`` side (the right, seen from start to end) and what was counted."""

    start_norm: PointNorm
    end_norm: PointNorm
    name: str
    entered: int
    left: int


@dataclass(frozen=True, slots=True)
class BoxMark:
    """Something found, in pixels of the frame as given (left, top, right, bottom), and what to call it."""

    xyxy_px: tuple[float, float, float, float]
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """All that is drawn over one frame; ``banner`` is the fault in words ("NO DATA: covered since 10:02")."""

    slots: tuple[SlotMark, ...] = ()
    zones: tuple[ZoneMark, ...] = ()
    lines: tuple[LineMark, ...] = ()
    boxes: tuple[BoxMark, ...] = ()
    masks: tuple[tuple[PointNorm, ...], ...] = ()
    """Parts that were painted over before; hatched, so that nobody takes them for a wall."""
    persons: Detections | None = None
    banner: str | None = None


def annotate(image_bgr: Picture, overlay: Overlay, *, width_px: int = WIDTH_PX) -> Picture:
    """A picture ``width_px`` wide, uint8 BGR, with the overlay drawn on it; the frame itself is not changed.

    Boxes in ``overlay.persons`` and ``overlay.boxes`` are in pixels of the frame as given.
    """
    scale = width_px / image_bgr.shape[1]
    size_px = (width_px, max(1, round(image_bgr.shape[0] * scale)))
    shrinks = scale < 1.0
    resized = cv2.resize(image_bgr, size_px, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    canvas = np.asarray(resized, np.uint8)
    if overlay.banner is not None:
        canvas = np.asarray(cv2.convertScaleAbs(canvas, alpha=0.45), np.uint8)
        overlay = _without_values(overlay)
    _hatch(canvas, overlay.masks)
    _fill_areas(canvas, overlay)
    for zone in overlay.zones:
        _draw_zone(canvas, zone)
    for slot in overlay.slots:
        _draw_slot(canvas, slot)
    for line in overlay.lines:
        _draw_line(canvas, line)
    for box in overlay.boxes:
        _draw_box(canvas, box, scale)
    if overlay.persons is not None:
        _draw_persons(canvas, overlay.persons.xyxy_px * np.float32(scale))
    if overlay.banner is not None:
        _draw_banner(canvas, overlay.banner)
    return canvas


def _without_values(overlay: Overlay) -> Overlay:
    """The places without what was last known of them: a camera that gives no data shows no counts."""
    slots = tuple(replace(slot, units=None, state="unknown") for slot in overlay.slots)
    zones = tuple(replace(zone, people=None, wait_s=None) for zone in overlay.zones)
    return replace(overlay, slots=slots, zones=zones, boxes=(), persons=None)


def encode_jpeg(image_bgr: Picture, *, quality: int = 80) -> bytes:
    """The picture as JPEG.

    Raises:
        ValueError: there is nothing to encode.
    """
    if image_bgr.size == 0:
        raise ValueError("a picture without pixels cannot be encoded")
    _, encoded = cv2.imencode(".jpg", image_bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return bytes(encoded)


def _corners(canvas: Picture, polygon_norm: tuple[PointNorm, ...]) -> NDArray[np.int32]:
    size_px = (canvas.shape[1], canvas.shape[0])
    return np.array([to_px(point, size_px) for point in polygon_norm]).round().astype(np.int32)


def _fill_areas(canvas: Picture, overlay: Overlay) -> None:
    """Tint slots and zones; one blend for all, so that its cost does not grow with their number."""
    tinted = canvas.copy()
    for zone in overlay.zones:
        cv2.fillPoly(tinted, [_corners(canvas, zone.polygon_norm)], ZONE)
    for slot in overlay.slots:
        cv2.fillPoly(tinted, [_corners(canvas, slot.polygon_norm)], SLOT_COLOURS[slot.state])
    cv2.addWeighted(tinted, FILL, canvas, 1 - FILL, 0.0, dst=canvas)


def _hatch(canvas: Picture, polygons_norm: tuple[tuple[PointNorm, ...], ...]) -> None:
    if not polygons_norm:
        return
    height, width = canvas.shape[:2]
    covered, stripes = np.zeros((2, height, width), np.uint8)
    for polygon in polygons_norm:
        cv2.fillPoly(covered, [_corners(canvas, polygon)], 1)
    for x in range(-height, width, HATCH_STEP_PX):
        cv2.line(stripes, (x, height), (x + height, 0), 1, 2)
    canvas[(covered & stripes) > 0] = HATCH


def _draw_slot(canvas: Picture, slot: SlotMark) -> None:
    corners = _corners(canvas, slot.polygon_norm)
    colour = SLOT_COLOURS[slot.state]
    cv2.polylines(canvas, [corners], True, colour, 2, cv2.LINE_AA)
    units = "-" if slot.units is None else str(slot.units)
    left, top = corners.min(axis=0)
    right = corners[:, 0].max()
    _, below = _label(canvas, f"{units}/{slot.facings}{SLOT_WORDS[slot.state]}", (int(left), int(top)), fill=colour)
    name = _fitting(slot.name, int(right - left))
    if name:
        _label(canvas, name, (int(left), below), fill=INK, scale=0.45)


def _draw_zone(canvas: Picture, zone: ZoneMark) -> None:
    corners = _corners(canvas, zone.polygon_norm)
    cv2.polylines(canvas, [corners], True, ZONE, 2, cv2.LINE_AA)
    people = "-" if zone.people is None else str(zone.people)
    if zone.wait_s:
        people += f", about {max(round(zone.wait_s / 60), 1)} min"
    lowest = corners[corners[:, 1].argmax()]
    _label(canvas, f"{zone.name}: {people}", (int(corners[:, 0].min()), int(lowest[1]) - 26), fill=ZONE)


def _draw_line(canvas: Picture, line: LineMark) -> None:
    start, end = (np.array(point, float) for point in _corners(canvas, (line.start_norm, line.end_norm)))
    middle, along = (start + end) / 2, end - start
    # A quarter turn from the way start -> end to its right, with y downwards.
    inwards = np.array([-along[1], along[0]]) / max(1.0, float(np.hypot(*along)))
    tip = middle + 40 * inwards
    cv2.line(canvas, _whole(start), _whole(end), LINE, 3, cv2.LINE_AA)
    cv2.arrowedLine(canvas, _whole(middle), _whole(tip), LINE, 3, cv2.LINE_AA, tipLength=0.35)
    x, y = _whole(middle - 40 * inwards)
    _label(canvas, f"{line.name}  in {line.entered}  out {line.left}", (x, y), fill=LINE)


def _draw_box(canvas: Picture, box: BoxMark, scale: float) -> None:
    left, top, right, bottom = (round(side * scale) for side in box.xyxy_px)
    cv2.rectangle(canvas, (left, top), (right, bottom), ZONE, 2, cv2.LINE_AA)
    name = _fitting(box.name, right - left)
    if name:
        _label(canvas, name, (left, top), fill=INK, scale=0.45)


def _draw_persons(canvas: Picture, boxes: NDArray[np.float32]) -> None:
    for left, top, right, bottom in boxes.round().astype(int):
        cv2.rectangle(canvas, (int(left), int(top)), (int(right), int(bottom)), INK, 3, cv2.LINE_AA)
        cv2.rectangle(canvas, (int(left), int(top)), (int(right), int(bottom)), PERSON, 1, cv2.LINE_AA)


def _draw_banner(canvas: Picture, text: str) -> None:
    (width, height), _ = cv2.getTextSize(text, FONT, BANNER_SCALE, 2)
    cv2.rectangle(canvas, (0, 0), (canvas.shape[1], height + 36), ALARM, cv2.FILLED)
    at = (max(12, (canvas.shape[1] - width) // 2), height + 18)
    cv2.putText(canvas, text, at, FONT, BANNER_SCALE, WHITE, 2, cv2.LINE_AA)


def _label(
    canvas: Picture, text: str, at: tuple[int, int], *, fill: Colour, scale: float = TEXT_SCALE
) -> tuple[int, int]:
    """Text on a plate whose upper left corner is ``at``, moved into the picture; its lower right corner."""
    (width, height), base = cv2.getTextSize(text, FONT, scale, 1)
    width, height = width + 10, height + base + 6
    x = int(np.clip(at[0], 0, max(0, canvas.shape[1] - width)))
    y = int(np.clip(at[1], 0, max(0, canvas.shape[0] - height)))
    cv2.rectangle(canvas, (x, y), (x + width, y + height), fill, cv2.FILLED)
    ink = INK if sum(fill) > 330 else WHITE
    cv2.putText(canvas, text, (x + 5, y + height - base - 2), FONT, scale, ink, 1, cv2.LINE_AA)
    return x + width, y + height


def _fitting(name: str, width_px: int) -> str:
    """As much of a name as fits into a width; nothing when that would be under four letters."""
    for length in range(len(name), 3, -1):
        shown = name if length == len(name) else name[: length - 1].rstrip() + "."
        if cv2.getTextSize(shown, FONT, 0.45, 1)[0][0] + 10 <= width_px:
            return shown
    return ""


def _whole(point: NDArray[np.float64]) -> tuple[int, int]:
    return round(float(point[0])), round(float(point[1]))
