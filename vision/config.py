"""Settings of the cameras: what to look at, where, and how often.

Owns one camera's file (feed, slots, zones, lines), the planogram being its slots. Refuses unknown keys,
open polygons, doubled ids and coordinates off the picture, with the path of the field.
"""

from itertools import combinations
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from vision.geometry import is_inside, passes_through, shared_part

Norm = Annotated[float, Field(ge=0.0, le=1.0, description="share of the picture's width or height")]
PointNorm = tuple[Norm, Norm]
Identifier = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]


def _simple(polygon: tuple[PointNorm, ...]) -> tuple[PointNorm, ...]:
    twice_area = sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in zip(polygon, polygon[1:] + polygon[:1], strict=True))
    if abs(twice_area) < 2e-5:
        raise ValueError("the points enclose no area; give the corners in order around the place")
    edges = list(zip(polygon, polygon[1:] + polygon[:1], strict=True))
    for place, edge in enumerate(edges):
        others = edges[place + 2 : len(edges) - (place == 0)]  # neighbours meet at their corner
        if any(passes_through(*edge, *other) for other in others):
            raise ValueError("its edges cross; give the corners in order around the place")
    return polygon


QuadNorm = Annotated[tuple[PointNorm, PointNorm, PointNorm, PointNorm], AfterValidator(_simple)]
PolygonNorm = Annotated[tuple[PointNorm, ...], Field(min_length=3, max_length=64), AfterValidator(_simple)]


FOLDER_SCHEME = "folder:"
"""What the address of a folder of single pictures begins with."""

POST_SCHEME = "post:"
"""The address of a camera that sends its pictures to this box."""

STREAM_SCHEMES = ("rtsp", "rtsps", "http", "https", "rtmp", "udp", "file")
"""Of these the driver's own messages hold no user and no password."""

SHARED_SLOT_PART = 0.15
"""Slots drawn by hand may touch; over this part of the smaller one a pack would be counted in both."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SlotSettings(_Section):
    """A place on a shelf that holds one product.

    ``polygon_norm`` goes top left, top right, bottom right, bottom left::

        0 ───────── 1
        │ ▯  ▯  ▯   │   facings = 3: three columns of equal width, left to right
        3 ───────── 2
    """

    id: Identifier
    """Name of the place, as facts carry it."""
    sku: Identifier
    """Product that belongs there."""
    polygon_norm: QuadNorm
    """Top left, top right, bottom right, bottom left, as shares of the picture."""
    facings: int = Field(default=1, ge=1, le=40, description="packs that stand side by side when full")
    low_at: int = Field(default=0, ge=0, le=40, description="at or under this many units the slot is low; 0: never")
    separable: bool = True
    """Off for loose goods and heaps: units are then columns that hold something, and the fill level is told as well."""


class ZoneSettings(_Section):
    """An area of the floor; people are counted in it by the middle of their feet."""

    id: Identifier
    """Name of the zone."""
    polygon_norm: PolygonNorm
    """Its corners in order, as shares of the picture."""
    kind: Literal["dwell", "queue"] = "dwell"
    """`queue` tells how many stand in it, `dwell` how long each stayed."""
    min_dwell_s: float = Field(default=3.0, ge=0.0, le=3600.0)
    """A shorter stay is not told."""


class LineSettings(_Section):
    """A line over the floor. Going from its left to its right (seen from start to end) is ``in``."""

    id: Identifier
    """Name of the line."""
    start_norm: PointNorm
    """One end, as shares of the picture."""
    end_norm: PointNorm
    """The other end."""

    @model_validator(mode="after")
    def _has_length(self) -> Self:
        if self.start_norm == self.end_norm:
            raise ValueError("start_norm and end_norm are the same point")
        return self


class ReferenceSettings(_Section):
    """Pictures of the same view: every slot full, every slot empty. Without, the first steady view counts as full."""

    stocked: Path | None = None
    """Picture of the view with every slot full."""
    empty: Path | None = None
    """Picture of the view with every slot empty."""


class CameraSettings(_Section):
    """One camera. Paths are relative to the file that names them."""

    id: Identifier
    """Source of its facts."""
    name: str = Field(default="", max_length=80)
    """What the console calls it."""
    url: str = Field(
        default="",
        max_length=500,
        repr=False,
        description="rtsp://..., file, folder:/path of single JPEG pictures, post: (the camera sends), or /dev/video0",
    )
    picture_every_s: float = Field(
        default=0.0, ge=0.0, le=86400.0, description="a camera that sends single pictures: how far apart; 0 for streams"
    )
    loop: bool = Field(default=False, description="start a file again at its end")
    analyse_fps: float = Field(default=5.0, gt=0.0, le=30.0, description="frames looked at a second, at most")
    min_fps: float = Field(
        default=2.0, gt=0.0, le=30.0, description="frames looked at a second, at least, however busy the kiosk is"
    )
    steady_s: float = Field(default=0.5, ge=0.2, le=30.0, description="at rest for so long before a count is claimed")
    person_threshold: float = Field(default=0.40, gt=0.0, lt=1.0)
    """Score from which a detection is a person."""
    shrink: float = Field(default=0.8, ge=0.5, le=1.0, description="1.0 where people are seen from far away")
    detect_persons: bool = True
    """Off: nobody is looked for."""
    learnt_bar: float = Field(
        default=0.9, ge=0.5, le=1.0, description="accuracy on pictures left out from which learnt slots are believed"
    )
    whole_person_blur: bool = False
    """Pixelate whole persons, not only faces and heads."""
    masks: Annotated[tuple[PolygonNorm, ...], Field(max_length=32)] = ()
    """Parts of the picture that are painted over before anything looks at it: never analysed, shown or stored."""
    references: ReferenceSettings = ReferenceSettings()
    slots: tuple[SlotSettings, ...] = ()
    zones: tuple[ZoneSettings, ...] = ()
    lines: tuple[LineSettings, ...] = ()

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Self:
        for name in ("slots", "zones", "lines"):
            ids = [part.id for part in getattr(self, name)]
            doubled = sorted({i for i in ids if ids.count(i) > 1})
            if doubled:
                raise ValueError(f"{name}: id used twice: {', '.join(doubled)}")
        return self

    @field_validator("url")
    @classmethod
    def _is_a_known_stream(cls, url: str) -> str:
        scheme, mark, _ = url.partition("://")
        if mark and scheme not in STREAM_SCHEMES:
            raise ValueError(f"a stream's address begins with one of {', '.join(STREAM_SCHEMES)}, each with ://")
        return url

    @model_validator(mode="after")
    def _posts_are_awaited(self) -> Self:
        if self.url.startswith(POST_SCHEME) and (self.url != POST_SCHEME or self.picture_every_s == 0.0):
            raise ValueError('url: a camera that posts has "post:" alone, and picture_every_s says how often it does')
        return self

    @model_validator(mode="after")
    def _slots_lie_apart(self) -> Self:
        for one, other in combinations(self.slots, 2):
            shared = shared_part(one.polygon_norm, other.polygon_norm)
            if shared > SHARED_SLOT_PART:
                raise ValueError(
                    f"slots: {one.id} and {other.id} lie over each other ({shared:.0%} of the smaller one), so a pack"
                    " would be counted in both; draw them side by side or take one out"
                )
        return self

    @model_validator(mode="after")
    def _slots_can_be_seen(self) -> Self:
        for mask in self.masks:
            for slot in self.slots:
                covers = any(is_inside(corner, mask) for corner in _corners_and_middle(slot.polygon_norm))
                if covers or any(is_inside(corner, slot.polygon_norm) for corner in mask):
                    raise ValueError(f"masks: one lies over slot {slot.id}, which cannot be read so; move one of them")
        return self


def _corners_and_middle(quad: tuple[PointNorm, ...]) -> tuple[PointNorm, ...]:
    return (*quad, (sum(x for x, _ in quad) / len(quad), sum(y for _, y in quad) / len(quad)))


class VisionSettings(_Section):
    """What all cameras share."""

    workers: int = Field(
        default=0, ge=0, le=16, description="threads that look at the cameras' pictures; 0: one a core, four at most"
    )
    frozen_after_s: float = Field(default=3.0, gt=0.5, le=60.0)
    """The same picture for so long is a frozen feed."""
    blind_after_s: float = Field(default=2.0, gt=0.2, le=60.0)
    """Covered, dark or washed out for so long is a blind camera."""
    moved_after_s: float = Field(default=2.0, gt=0.2, le=60.0)
    """The view seen shifted by more than a twenty-fifth of its width for so long is a moved one; less is put right."""
    blurred_after_s: float = Field(default=3.0, gt=0.2, le=60.0)
    """Softer than it was all over for so long is a camera out of focus."""
    lost_after_s: float = Field(default=3.0, gt=0.5, le=60.0)
    """No picture for so long is a lost feed."""
    reconnect_max_s: float = Field(default=30.0, ge=1.0, le=300.0)
    """Longest wait between tries to connect."""
    packs: Path | None = None
    """Folder with a picture of each pack's front, named by its sku: what stands in a wrong slot is then told."""
    packs_every_s: float = Field(
        default=600.0, ge=20.0, le=86400.0, description="how often packs are named; also after every change of a count"
    )
