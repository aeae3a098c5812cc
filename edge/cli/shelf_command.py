"""`backroom shelf`: count, find voids, name packs and learn on a single picture or a recording."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from edge.cli.output import DataFolder, Json, emit, say, sentences, table
from edge.cli.places import data_folder
from edge.cli.shelf_counting import Counting, count_picture, count_recording, draw_picture
from edge.config import load_camera
from edge.errors import ConfigError
from edge.places import DEFAULT_ARTEFACTS, Places
from edge.shelf_eyes import LearntSlots
from edge.shelf_voids import voids_in
from models.registry import Registry
from vision.capture import read_picture
from vision.config import CameraSettings
from vision.drawing import BoxMark, Overlay
from vision.slot_learning import Lesson, SlotState
from vision.voids import Void

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
    """Count a shelf by its --planogram, in a picture or a recording; with --packs also name what stands where."""
    with sentences():
        camera = None if planogram is None else load_camera(planogram)
        registry, places = _registry(data)
        counting = Counting(camera, packs, draw, registry, places, as_json)
        if source.suffix.lower() in PICTURES:
            count_picture(source, counting)
        else:
            count_recording(source, counting)


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
        registry, _ = _registry(data)
        found = [void for void in voids_in(image, registry) if void.confidence >= least]
        if draw is not None:
            marks = tuple(BoxMark(void.xyxy_px, f"{void.confidence:.2f}") for void in found)
            draw_picture(draw, image, Overlay(boxes=marks), registry=registry, camera=None)
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


def _registry(data: Path | None) -> tuple[Registry, Places]:
    places = Places(data_folder(data))
    return Registry(places.models, DEFAULT_ARTEFACTS), places


def _row(void: Void) -> tuple[object, ...]:
    return (*(round(side) for side in void.xyxy_px), void.confidence)
