"""`backroom shelf`: count, find voids, name packs and learn on a single picture or a recording."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from edge.cli.output import DataFolder, Json, emit, say, sentences, table
from edge.cli.places import data_folder
from edge.config import load_camera
from edge.errors import ConfigError
from edge.facts import ShelfCountFact
from edge.places import DEFAULT_ARTEFACTS, Places
from edge.replay import replay_facts
from edge.shelf_eyes import LearntSlots, SlotReading, read_view, redacted
from models.registry import Registry
from vision.capture import read_picture
from vision.compliance import Compliance, compare
from vision.config import CameraSettings
from vision.drawing import BoxMark, Overlay, SlotMark, annotate, encode_jpeg
from vision.identity import PackFound, find_packs
from vision.packs import load_references
from vision.pictures import Picture
from vision.slot_learning import Lesson, SlotState
from vision.voids import Void, find_voids

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

PICTURES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})


def _jpeg_name(given: Path | None) -> Path | None:
    """What is drawn is a JPEG, and is called one."""
    if given is not None and given.suffix.lower() not in (".jpg", ".jpeg"):
        raise typer.BadParameter(f"{given}: a JPEG is written; give a name that ends in .jpg")
    return given


Draw = Annotated[
    Path | None,
    typer.Option(
        "--draw", help="Write the annotated picture (JPEG) there; people are hidden in it.", callback=_jpeg_name
    ),
]
Planogram = Annotated[Path | None, typer.Option(help="A camera's file with its [[slots]] (TOML).")]


@app.command()
def count(
    source: Annotated[Path, typer.Argument(help="A picture or a recording.")],
    planogram: Planogram = None,
    packs: Annotated[Path | None, typer.Option(help="Folder with a picture of each pack, named by its sku.")] = None,
    draw: Draw = None,
    *,
    data: DataFolder = None,
    as_json: Json = False,
) -> None:
    """Count a shelf: packs by their print (--packs), slots as learnt on site, or a recording's changes."""
    with sentences():
        camera = None if planogram is None else load_camera(planogram)
        registry, places = _registry(data)
        if source.suffix.lower() in PICTURES:
            _count_picture(source, camera, packs, draw, registry=registry, places=places, as_json=as_json)
        else:
            if packs is not None or draw is not None:
                raise ConfigError(
                    f"{source} is no picture that can be read, and --packs and --draw take one; give .jpg, .png, "
                    ".webp, .bmp or .tif (a recording is counted by its --planogram alone)"
                )
            _count_recording(source, _needed(camera), registry, places, as_json=as_json)


@app.command()
def voids(
    picture: Annotated[Path, typer.Argument(help="A picture of a shelf.")],
    draw: Draw = None,
    *,
    least: Annotated[float, typer.Option(help="Lowest confidence shown.", min=0.0, max=1.0)] = 0.5,
    data: DataFolder = None,
    as_json: Json = False,
) -> None:
    """Find where the back of a shelf shows, without any slots drawn."""
    with sentences():
        image = read_picture(picture)
        found = [void for void in find_voids(image) if void.confidence >= least]
        if draw is not None:
            registry, _ = _registry(data)
            marks = tuple(BoxMark(void.xyxy_px, f"{void.confidence:.2f}") for void in found)
            _write(draw, image, Overlay(boxes=marks), registry=registry, camera=None)
    if as_json:
        emit({"voids": [{"xyxy_px": void.xyxy_px, "confidence": void.confidence} for void in found]})
        return
    table("Voids", ("left", "top", "right", "bottom", "confidence"), [_row(void) for void in found])


@app.command()
def learn(
    planogram: Annotated[Path, typer.Option(help="A camera's file with its [[slots]] (TOML).")],
    picture: Annotated[Path | None, typer.Argument(help="A picture of the camera's view.", show_default=False)] = None,
    empty: Annotated[list[str] | None, typer.Option(help="Slot that is empty; may be repeated.")] = None,
    stocked: Annotated[list[str] | None, typer.Option(help="Slot that is fully stocked; may be repeated.")] = None,
    rest: Annotated[str | None, typer.Option(help="What all other slots are: empty or stocked.")] = None,
    *,
    data: DataFolder = None,
    as_json: Json = False,
) -> None:
    """Teach a camera empty from stocked; without a picture, tell how well it has learnt."""
    with sentences():
        camera = load_camera(planogram)
        registry, places = _registry(data)
        learnt = LearntSlots(camera, registry, places)
        if picture is None:
            lesson = learnt.lesson()
        else:
            lesson = learnt.confirm(picture, _states(camera, empty or (), stocked or (), rest))
        believed = learnt.is_believed(lesson)
    if as_json:
        emit({"camera": camera.id, "lesson": lesson, "bar": camera.learnt_bar, "believed": believed})
    else:
        say(_lesson_sentence(camera, lesson, believed=believed))


def _count_picture(
    source: Path,
    camera: CameraSettings | None,
    packs: Path | None,
    draw: Path | None,
    *,
    registry: Registry,
    places: Places,
    as_json: bool,
) -> None:
    image = read_view(source, camera)
    if packs is not None:
        references = load_references(packs)
        found = find_packs(image, references)
        sorted_in = None
        if camera is not None:
            known = {reference.sku for reference in references}
            size_px = (image.shape[1], image.shape[0])
            sorted_in = compare(_needed(camera).slots, found, known_skus=known, picture_size_px=size_px)
        overlay = _pack_overlay(found, sorted_in)
        if draw is not None:
            _write(draw, image, overlay, registry=registry, camera=camera)
        _tell_packs(found, sorted_in, packs, as_json=as_json)
    else:
        readings = _learnt_readings(_needed(camera), image, registry, places)
        overlay = _slot_overlay(_needed(camera), readings)
        if draw is not None:
            _write(draw, image, overlay, registry=registry, camera=camera)
        _tell_slots(readings, as_json=as_json)


def _learnt_readings(camera: CameraSettings, image: Picture, registry: Registry, places: Places) -> list[SlotReading]:
    learnt = LearntSlots(camera, registry, places)
    lesson = learnt.lesson()
    if not learnt.is_believed(lesson):
        raise ConfigError(
            f"{_lesson_sentence(camera, lesson, believed=False)} "
            "Confirm more pictures with `backroom shelf learn`, or name the packs with --packs."
        )
    return learnt.read(image)


def _count_recording(
    source: Path, camera: CameraSettings, registry: Registry, places: Places, *, as_json: bool
) -> None:
    """The slots' steady counts at the end, and the steady units of the whole shelf on the way there."""
    latest: dict[str, ShelfCountFact] = {}
    changes: list[tuple[float, int]] = []
    undated = datetime(2000, 1, 1, tzinfo=UTC)
    for facts in replay_facts(source, camera, registry=registry, places=places, started_at=undated):
        for fact in facts:
            if isinstance(fact, ShelfCountFact):
                latest[fact.slot] = fact
                if not changes or changes[-1][1] != fact.shelf_units:
                    changes.append((fact.media_s or 0.0, fact.shelf_units))
    slots = [
        {
            "slot": slot.id,
            "sku": slot.sku,
            "facings": slot.facings,
            "units": latest[slot.id].units if slot.id in latest else None,
        }
        for slot in camera.slots
    ]
    if as_json:
        emit({"slots": slots, "changes": [{"video_s": at, "shelf_units": units} for at, units in changes]})
        return
    table(
        "Slots at the end",
        ("slot", "sku", "units", "facings"),
        [(s["slot"], s["sku"], _units(s["units"]), s["facings"]) for s in slots],
    )
    say(f"Steady units on the shelf: {'-'.join(str(units) for _, units in changes) or 'never steady'}")


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


def _tell_slots(readings: Sequence[SlotReading], *, as_json: bool) -> None:
    if as_json:
        emit({"slots": readings})
        return
    rows = [(r.slot_id, r.sku, _units(r.units), r.facings, r.confidence) for r in readings]
    table("Slots", ("slot", "sku", "units", "facings", "confidence"), rows)


def _states(
    camera: CameraSettings, empty: Sequence[str], stocked: Sequence[str], rest: str | None
) -> dict[str, SlotState]:
    known = [slot.id for slot in camera.slots]
    unknown = sorted({*empty, *stocked} - set(known))
    if unknown:
        raise ConfigError(f"no slot is called {', '.join(unknown)}; camera {camera.id} has {', '.join(known)}")
    both = sorted(set(empty) & set(stocked))
    if both:
        raise ConfigError(f"{', '.join(both)}: said to be empty and stocked; say one of them")
    if rest not in (None, "empty", "stocked"):
        raise ConfigError(f"--rest {rest}: say empty or stocked")
    states: dict[str, SlotState] = {}
    for slot in known:
        if slot in empty or (slot not in stocked and rest == "empty"):
            states[slot] = "empty"
        elif slot in stocked or rest == "stocked":
            states[slot] = "stocked"
    if not states:
        raise ConfigError("say which slots are --empty and which --stocked, or what the --rest is")
    return states


def _lesson_sentence(camera: CameraSettings, lesson: Lesson, *, believed: bool) -> str:
    confirmed = f"{lesson.examples} facings of {lesson.pictures} picture(s) confirmed, {lesson.empty} of them empty"
    seen = f"{camera.id}: {confirmed}."
    if lesson.accuracy is None:
        return f"{seen} Too little to judge: it takes two pictures and four facings of each state. Nothing is claimed."
    verdict = "Its claims are used." if believed else f"Nothing is claimed below {camera.learnt_bar:.2f}."
    return f"{seen} Accuracy on pictures left out: {lesson.accuracy:.2f}. {verdict}"


def _pack_overlay(found: Sequence[PackFound], sorted_in: Compliance | None) -> Overlay:
    boxes = tuple(
        BoxMark((*pack.quad_px.min(axis=0).tolist(), *pack.quad_px.max(axis=0).tolist()), pack.sku) for pack in found
    )
    slots = (
        ()
        if sorted_in is None
        else tuple(_mark(c.slot.polygon_norm, c.slot.id, c.units, c.slot.facings) for c in sorted_in.slots)
    )
    return Overlay(slots=slots, boxes=boxes)


def _slot_overlay(camera: CameraSettings, readings: Sequence[SlotReading]) -> Overlay:
    pairs = zip(camera.slots, readings, strict=True)
    return Overlay(slots=tuple(_mark(slot.polygon_norm, slot.id, r.units, slot.facings) for slot, r in pairs))


def _mark(polygon_norm: tuple[tuple[float, float], ...], name: str, units: int | None, facings: int) -> SlotMark:
    state: Any = "unknown" if units is None else "out" if units == 0 else "ok"
    return SlotMark(polygon_norm=polygon_norm, name=name, units=units, facings=facings, state=state)


def _write(draw: Path, image: Picture, overlay: Overlay, *, registry: Registry, camera: CameraSettings | None) -> None:
    jpeg = encode_jpeg(annotate(redacted(image, registry, camera), overlay), quality=90)
    try:
        draw.write_bytes(jpeg)
    except OSError as error:
        raise ConfigError(f"{draw}: cannot be written: {error.strerror}") from error


def _needed(camera: CameraSettings | None) -> CameraSettings:
    if camera is None:
        raise ConfigError(
            "give the camera's file with its slots: --planogram CAMERA.toml (or --packs DIR for a picture)"
        )
    if not camera.slots:
        raise ConfigError(f"camera {camera.id} has no [[slots]]; there is nothing to count")
    return camera


def _registry(data: Path | None) -> tuple[Registry, Places]:
    places = Places(data_folder(data))
    return Registry(places.models, DEFAULT_ARTEFACTS), places


def _row(void: Void) -> tuple[object, ...]:
    return (*(round(side) for side in void.xyxy_px), void.confidence)


def _units(units: object) -> object:
    return "?" if units is None else units
