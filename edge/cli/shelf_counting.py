"""What `backroom shelf count` does with a picture and with a recording, and how it tells it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from edge.cli.output import emit, say, table
from edge.errors import ConfigError
from edge.facts import Fact, ShelfComplianceFact, ShelfCountFact, ShelfMisplacedFact
from edge.places import Places
from edge.replay import replay_facts
from edge.shelf_eyes import glance, read_view, redacted
from edge.shelf_products import products_in
from models.registry import Registry
from vision.capture import Capture
from vision.compliance import Compliance, compare
from vision.config import CameraSettings
from vision.detections import Detections
from vision.drawing import BoxMark, Overlay, SlotMark, annotate, encode_jpeg
from vision.identity import PackFound, find_packs
from vision.masks import Masks
from vision.packs import load_references
from vision.pictures import Picture
from vision.pipeline import slot_state
from vision.shelf_glance import SlotGlance, Untold

_UNTOLD = {
    Untold.UNSURE: (
        "Nothing that is known of these goods decides. Confirm them with `backroom shelf learn` or on the console, "
        "give the camera's file a stocked or an empty reference picture, or name the packs with --packs."
    ),
    Untold.BEHIND_SOMEBODY: "Somebody stands in front. Take a picture without people.",
    Untold.DARK: "No light falls there. See to the lamp, then take another picture.",
}
_UNDATED = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Counting:
    """What to count with, and where to."""

    camera: CameraSettings | None
    packs: Path | None
    draw: Path | None
    registry: Registry
    places: Places
    as_json: bool

    @property
    def planogram(self) -> CameraSettings:
        """The camera's file.

        Raises:
            ConfigError: none was given, or it has no slots.
        """
        if self.camera is None:
            raise ConfigError(
                "give the camera's file with its slots: --planogram CAMERA.toml (a picture is counted without it too)"
            )
        if not self.camera.slots:
            raise ConfigError(f"camera {self.camera.id} has no [[slots]]; there is nothing to count")
        return self.camera


def count_picture(source: Path, counting: Counting) -> None:
    """Slots by all their sources, packs by their print, or all products where neither is known."""
    image = read_view(source, counting.camera)
    if counting.camera is None and counting.packs is None:
        products = products_in(image, counting.registry)
        _draw(image, _product_overlay(products), counting)
        _tell_products(products, as_json=counting.as_json)
        return
    if counting.packs is None:
        camera = counting.planogram
        glances = glance(image, camera, counting.registry, counting.places)
        marks = [_mark(camera, g.slot.id, g.units) for g in glances]
        _draw(image, Overlay(slots=tuple(marks)), counting)
        _tell_slots(glances, as_json=counting.as_json)
        return
    references = load_references(counting.packs)
    found = find_packs(image, references)
    sorted_in = None
    if counting.camera is not None:
        known = {reference.sku for reference in references}
        size_px = (image.shape[1], image.shape[0])
        sorted_in = compare(counting.planogram.slots, found, known_skus=known, picture_size_px=size_px)
    _draw(image, _pack_overlay(found, sorted_in), counting)
    _tell_packs(found, sorted_in, counting.packs, as_json=counting.as_json)


@dataclass(slots=True)
class _Film:
    """What a recording said."""

    latest: dict[str, ShelfCountFact] = field(default_factory=dict)
    changes: list[tuple[float, int]] = field(default_factory=list)
    misplaced: dict[tuple[str, str], ShelfMisplacedFact] = field(default_factory=dict)
    compliance: ShelfComplianceFact | None = None

    def take(self, fact: Fact) -> None:
        if isinstance(fact, ShelfCountFact):
            self.latest[fact.slot] = fact
            if not self.changes or self.changes[-1][1] != fact.shelf_units:
                self.changes.append((fact.media_s or 0.0, fact.shelf_units))
        elif isinstance(fact, ShelfComplianceFact):
            self.compliance = fact
        elif isinstance(fact, ShelfMisplacedFact):
            self.misplaced.pop((fact.slot, fact.seen_sku), None)
            if fact.state == "began":
                self.misplaced[fact.slot, fact.seen_sku] = fact


def count_recording(source: Path, counting: Counting) -> None:
    """The slots' steady counts at the end, and the steady units of the whole shelf on the way there."""
    camera, film = counting.planogram, _Film()
    batches = replay_facts(
        source,
        camera,
        registry=counting.registry,
        places=counting.places,
        started_at=_UNDATED,
        packs=counting.packs,
    )
    for facts in batches:
        for fact in facts:
            film.take(fact)
    if counting.draw is not None:
        units = {slot: fact.units for slot, fact in film.latest.items()}
        marks = tuple(_mark(camera, slot.id, units.get(slot.id)) for slot in camera.slots)
        _draw(_last_picture(source, camera), Overlay(slots=marks), counting)
    _tell_film(camera, film, as_json=counting.as_json, has_packs=counting.packs is not None)


def _last_picture(source: Path, camera: CameraSettings) -> Picture:
    last: Picture | None = None
    with Capture(str(source)) as capture:
        while (grabbed := capture.read()) is not None:
            last = grabbed.image_bgr
    if last is None:
        raise ConfigError(f"{source} holds no picture to draw on")
    Masks(camera.masks).hide(last)
    return last


def _tell_film(camera: CameraSettings, film: _Film, *, as_json: bool, has_packs: bool) -> None:
    slots = [
        {
            "slot": slot.id,
            "sku": slot.sku,
            "facings": slot.facings,
            "units": film.latest[slot.id].units if slot.id in film.latest else None,
            "confidence": film.latest[slot.id].confidence if slot.id in film.latest else None,
        }
        for slot in camera.slots
    ]
    wrong = [{"slot": f.slot, "sku": f.sku, "seen_sku": f.seen_sku} for f in film.misplaced.values()]
    percent = None if film.compliance is None else film.compliance.percent
    if as_json:
        named = {"misplaced": wrong, "compliance_percent": percent} if has_packs else {}
        changes = [{"video_s": at, "shelf_units": units} for at, units in film.changes]
        emit({"slots": slots, "changes": changes, **named})
        return
    columns = ("slot", "sku", "units", "facings", "confidence")
    rows = [(s["slot"], s["sku"], _units(s["units"]), s["facings"], _units(s["confidence"])) for s in slots]
    table("Slots at the end", columns, rows)
    never = [slot["slot"] for slot in slots if slot["units"] is None]
    if never:
        say(f"Never told: {', '.join(map(str, never))}. Covered, unlit, never at rest, or: {_UNTOLD[Untold.UNSURE]}")
    say(f"Steady units on the shelf: {'-'.join(str(units) for _, units in film.changes) or 'never steady'}")
    if has_packs:
        for one in wrong:
            say(f"{one['slot']}: {one['seen_sku']} stands where {one['sku']} belongs")
        say(f"Planogram compliance: {'unknown' if percent is None else f'{percent:.0f}%'}")


def _tell_packs(found: Sequence[PackFound], sorted_in: Compliance | None, packs: Path, *, as_json: bool) -> None:
    facings = dict(sorted(Counter(pack.sku for pack in found).items()))
    if as_json:
        emit({"facings": facings, "packs": [_pack(pack) for pack in found], **_compliance(sorted_in, packs)})
        return
    table("Packs", ("sku", "facings"), list(facings.items()))
    if sorted_in is None:
        return
    rows = [(c.slot.id, c.slot.sku, _units(c.units), c.slot.facings, ", ".join(c.others)) for c in sorted_in.slots]
    table("Slots", ("slot", "sku", "units", "facings", "misplaced there"), rows)
    for sku in sorted_in.unknown:
        say(_no_reference(sku, packs))
    if sorted_in.share is None:
        say("Planogram compliance: unknown")
    else:
        say(f"Planogram compliance{' of the other slots' if sorted_in.unknown else ''}: {sorted_in.share:.0%}")
    if sorted_in.outside:
        say(f"In no slot: {', '.join(sorted_in.outside)}")


def _no_reference(sku: str, packs: Path) -> str:
    return f"unknown: no reference for {sku} in {packs}/"


def _pack(pack: PackFound) -> dict[str, Any]:
    corners = [[round(float(x), 1), round(float(y), 1)] for x, y in pack.quad_px]
    return {
        "sku": pack.sku,
        "quad_px": corners,
        "confidence": pack.confidence,
        "inliers": pack.inliers,
        "visible_share": pack.visible_share,
        "rival": pack.rival,
    }


def _compliance(sorted_in: Compliance | None, packs: Path) -> dict[str, Any]:
    if sorted_in is None:
        return {}
    slots = [
        {
            "slot": c.slot.id,
            "sku": c.slot.sku,
            "units": c.units,
            "facings": c.slot.facings,
            "misplaced": c.others,
            "problem": _no_reference(c.slot.sku, packs) if c.units is None else None,
        }
        for c in sorted_in.slots
    ]
    share = None if sorted_in.share is None else round(sorted_in.share, 4)
    return {"slots": slots, "outside": sorted_in.outside, "compliance": share}


def _tell_slots(glances: Sequence[SlotGlance], *, as_json: bool) -> None:
    if as_json:
        slots = [
            {
                "slot_id": g.slot.id,
                "sku": g.slot.sku,
                "units": g.units,
                "facings": g.slot.facings,
                "confidence": g.confidence,
                "untold": g.untold,
            }
            for g in glances
        ]
        emit({"slots": slots})
        return
    rows = [(g.slot.id, g.slot.sku, _units(g.units), g.slot.facings, g.confidence) for g in glances]
    table("Slots", ("slot", "sku", "units", "facings", "confidence"), rows)
    for untold, sentence in _UNTOLD.items():
        ids = [g.slot.id for g in glances if g.untold is untold]
        if ids:
            say(f"Not told: {', '.join(ids)}. {sentence}")


def _product_overlay(found: Detections) -> Overlay:
    pairs = zip(found.xyxy_px.tolist(), found.score.tolist(), strict=True)
    return Overlay(boxes=tuple(BoxMark((box[0], box[1], box[2], box[3]), f"{score:.2f}") for box, score in pairs))


def _tell_products(found: Detections, *, as_json: bool) -> None:
    if not as_json:
        say(f"Products in the picture: about {len(found)}. A planogram (--planogram) tells them apart by slot.")
        return
    pairs = zip(found.xyxy_px.tolist(), found.score.tolist(), strict=True)
    boxes = [{"xyxy_px": [round(side, 1) for side in box], "confidence": round(score, 3)} for box, score in pairs]
    emit({"units": len(found), "products": boxes})


def _pack_overlay(found: Sequence[PackFound], sorted_in: Compliance | None) -> Overlay:
    boxes = tuple(
        BoxMark((*pack.quad_px.min(axis=0).tolist(), *pack.quad_px.max(axis=0).tolist()), pack.sku) for pack in found
    )
    if sorted_in is None:
        return Overlay(boxes=boxes)
    marks = tuple(
        SlotMark(
            polygon_norm=c.slot.polygon_norm,
            name=c.slot.id,
            units=c.units,
            facings=c.slot.facings,
            state=slot_state(c.units, low_at=0, is_held=False),
        )
        for c in sorted_in.slots
    )
    return Overlay(slots=marks, boxes=boxes)


def _mark(camera: CameraSettings, slot_id: str, units: int | None) -> SlotMark:
    slot = next(slot for slot in camera.slots if slot.id == slot_id)
    state = slot_state(units, low_at=slot.low_at, is_held=False)
    return SlotMark(polygon_norm=slot.polygon_norm, name=slot.id, units=units, facings=slot.facings, state=state)


def _draw(image: Picture, overlay: Overlay, counting: Counting) -> None:
    if counting.draw is not None:
        draw_picture(counting.draw, image, overlay, registry=counting.registry, camera=counting.camera)


def draw_picture(
    out: Path, image: Picture, overlay: Overlay, *, registry: Registry, camera: CameraSettings | None
) -> None:
    """Write an annotated picture in which nobody can be recognised.

    Raises:
        ConfigError: it cannot be written.
        ModelsError: weights that hide people are missing.
    """
    jpeg = encode_jpeg(annotate(redacted(image, registry, camera), overlay), quality=90)
    try:
        out.write_bytes(jpeg)
    except OSError as error:
        raise ConfigError(f"{out}: cannot be written: {error.strerror}") from error


def _units(units: object) -> object:
    return "?" if units is None else units
