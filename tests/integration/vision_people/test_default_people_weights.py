"""The weights that come with the appliance, run for real on pictures drawn here."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from models.manifest import Task, read_manifest
from scripts import convert_centerface, convert_nanodet
from vision.box_network import BoxNetwork
from vision.config import LineSettings
from vision.detections import Detections, iou
from vision.detector import FaceDetector, PersonDetector
from vision.redact import redact
from vision.tracker import Tracker
from vision.zones import Crossing, LineCounter

Picture = NDArray[np.uint8]
DEFAULTS = Path(__file__).parents[3] / "models" / "defaults"
Drawer = Callable[..., tuple[float, float, float, float]]


def overlap(found: Detections, box: tuple[float, ...]) -> float:
    return float(iou(found.xyxy_px[:1], np.array([box], np.float32))[0, 0])


@pytest.mark.parametrize(
    ("name", "task", "first_label"),
    [("nanodet-g-416-int8", Task.PERSONS, "person"), ("centerface-int8", Task.FACES, "face")],
)
def test_weights_are_what_their_manifest_says_and_carry_a_licence(name: str, task: Task, first_label: str) -> None:
    manifest = read_manifest(DEFAULTS / f"{name}.json")
    content = (DEFAULTS / f"{name}.onnx").read_bytes()
    assert manifest.sha256 == hashlib.sha256(content).hexdigest()
    assert manifest.size_bytes == len(content) <= 5_000_000
    assert (manifest.name, manifest.task, manifest.labels[0]) == (name, task, first_label)
    assert "Permission is hereby granted" in (DEFAULTS / f"{name}.LICENSE.txt").read_text()


def test_manifests_name_the_input_that_the_converters_calibrated() -> None:
    persons = read_manifest(DEFAULTS / "nanodet-g-416-int8.json")
    faces = read_manifest(DEFAULTS / "centerface-int8.json")
    assert persons.input == convert_nanodet.PICTURE
    assert faces.input == convert_centerface.PICTURE
    assert (persons.decoder, faces.decoder) == ("nanodet", "centerface")


@pytest.mark.parametrize("feet_x", [120, 320, 520])
def test_a_person_is_found_where_he_stands(
    persons_network: BoxNetwork, room: Callable[[], Picture], draw_person: Drawer, feet_x: int
) -> None:
    picture = room()
    box = draw_person(picture, feet_x=feet_x)
    found = PersonDetector(persons_network, threshold=0.4).detect(picture)
    assert len(found) == 1
    assert overlap(found, box) > 0.75


def test_an_empty_room_is_empty(
    persons_network: BoxNetwork, faces_network: BoxNetwork, room: Callable[[], Picture]
) -> None:
    assert len(PersonDetector(persons_network, threshold=0.4).detect(room())) == 0
    assert len(FaceDetector(faces_network, threshold=0.4).detect(room())) == 0


@pytest.mark.parametrize("width_px", [60, 90, 150])
def test_a_face_is_found_where_it_is(
    faces_network: BoxNetwork, room: Callable[[], Picture], draw_face: Drawer, width_px: int
) -> None:
    picture = room()
    box = draw_face(picture, centre=(250, 200), width_px=width_px)
    found = FaceDetector(faces_network, threshold=0.4).detect(picture)
    assert len(found) == 1
    assert overlap(found, box) > 0.5


def test_a_redacted_face_is_no_face_any_more(
    faces_network: BoxNetwork, room: Callable[[], Picture], draw_face: Drawer
) -> None:
    picture = room()
    draw_face(picture, centre=(250, 200), width_px=150)
    detector = FaceDetector(faces_network, threshold=0.2)
    hidden = redact(picture, detector.detect(picture), Detections.empty(), whole_person=False)
    assert len(detector.detect(hidden)) == 0


@pytest.mark.parametrize("size", [(480, 640), (720, 1280), (1280, 720), (97, 1003)])
def test_pictures_of_any_shape_go_through(
    persons_network: BoxNetwork, faces_network: BoxNetwork, size: tuple[int, int]
) -> None:
    picture = np.full((*size, 3), 90, np.uint8)
    assert len(PersonDetector(persons_network, threshold=0.4).detect(picture)) == 0
    assert len(FaceDetector(faces_network, threshold=0.4).detect(picture)) == 0


def test_the_same_picture_gives_the_same_boxes(
    persons_network: BoxNetwork, room: Callable[[], Picture], draw_person: Drawer
) -> None:
    picture = room()
    draw_person(picture, feet_x=300)
    detector = PersonDetector(persons_network, threshold=0.2)
    first, second = detector.detect(picture), detector.detect(picture)
    assert np.array_equal(first.xyxy_px, second.xyxy_px)
    assert np.array_equal(first.score, second.score)


@pytest.mark.parametrize("fps", [2, 5])
def test_a_walk_through_a_door_is_one_crossing(
    persons_network: BoxNetwork, room: Callable[[], Picture], draw_person: Drawer, fps: int
) -> None:
    detector, tracker = PersonDetector(persons_network, threshold=0.25), Tracker()
    door = LineCounter(LineSettings(id="door", start_norm=(0.5, 1.0), end_norm=(0.5, 0.0)))
    crossings: list[Crossing] = []
    for number in range(5 * fps):
        picture = room()
        draw_person(picture, feet_x=100 + 100 * number // fps)
        tracks = tracker.update(detector.detect(picture), number / fps)
        crossings += door.update(tracks, frame_size_px=(640, 480))
    assert [crossing.direction for crossing in crossings] == ["in"]
