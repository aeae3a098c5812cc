"""`backroom shelf` as people and programs use it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

BACKROOM = Path(sys.executable).parent / "backroom"
CAMERA = """
id = "cam-test"
[[slots]]
id = "left"
sku = "oats"
polygon_norm = [[0.05, 0.1], [0.45, 0.1], [0.45, 0.9], [0.05, 0.9]]
facings = 2
[[slots]]
id = "right"
sku = "rice"
polygon_norm = [[0.55, 0.1], [0.95, 0.1], [0.95, 0.9], [0.55, 0.9]]
facings = 2
"""


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [str(BACKROOM), "shelf", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def print_of(seed: int) -> np.ndarray:
    draw = np.random.default_rng(seed)
    front = np.full((260, 180, 3), draw.integers(60, 200, 3), np.uint8)
    for _ in range(40):
        at, ink = (int(draw.integers(180)), int(draw.integers(260))), tuple(map(int, draw.integers(0, 255, 3)))
        cv2.circle(front, at, int(draw.integers(5, 28)), ink, int(draw.integers(1, 6)))
        cv2.putText(front, chr(int(draw.integers(65, 91))) * 3, at, cv2.FONT_HERSHEY_SIMPLEX, 0.9, ink, 2)
    return front


OATS, RICE = print_of(1), print_of(2)


def shelf(path: Path, *standing: tuple[np.ndarray, int]) -> Path:
    """Packs at places 0 to 3 of a shelf 900 wide; two of each slot."""
    scene = np.full((400, 900, 3), 90, np.uint8)
    for front, place in standing:
        left = (70, 235, 520, 685)[place]
        scene[100:334, left : left + 162] = cv2.resize(front, (162, 234), interpolation=cv2.INTER_AREA)
    noisy = scene + np.random.default_rng(5).normal(0, 3, scene.shape)
    cv2.imwrite(str(path), np.clip(noisy, 0, 255).astype(np.uint8))
    return path


def film(folder: Path, standing: list[tuple[np.ndarray, int]], *, seconds: int) -> Path:
    """A still shelf for so long, two pictures a second, with a sensor's noise."""
    still = cv2.imread(str(shelf(folder / "still.png", *standing)))
    path, noise = folder / "film.mp4", np.random.default_rng(8)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), 2.0, (still.shape[1], still.shape[0]))
    for _ in range(2 * seconds):
        writer.write(np.clip(still + noise.normal(0, 2, still.shape), 0, 255).astype(np.uint8))
    writer.release()
    return path


def slots_of(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return list(json.loads(done.stdout)["slots"])


@pytest.fixture
def camera(tmp_path: Path) -> Path:
    path = tmp_path / "camera.toml"
    path.write_text(CAMERA)
    return path


@pytest.fixture
def packs(tmp_path: Path) -> Path:
    folder = tmp_path / "packs"
    folder.mkdir()
    for sku, front in (("oats", OATS), ("rice", RICE)):
        cv2.imwrite(str(folder / f"{sku}.png"), front)
    return folder


def test_packs_are_counted_and_compared_with_the_planogram(tmp_path: Path, camera: Path, packs: Path) -> None:
    picture = shelf(tmp_path / "shelf.png", (OATS, 0), (RICE, 1), (RICE, 2))
    drawn = tmp_path / "drawn.jpg"
    done = run(
        "count",
        picture,
        "--planogram",
        camera,
        "--packs",
        packs,
        "--draw",
        drawn,
        "--json",
        "--data",
        tmp_path / "data",
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["facings"] == {"oats": 1, "rice": 2}
    assert [(slot["units"], slot["misplaced"]) for slot in told["slots"]] == [(1, ["rice"]), (1, [])]
    assert told["compliance"] == 0.5
    assert cv2.imread(str(drawn)) is not None


def test_a_product_without_a_reference_is_unknown_and_not_missing(tmp_path: Path, camera: Path, packs: Path) -> None:
    picture = shelf(tmp_path / "shelf.png", (OATS, 0), (RICE, 2), (RICE, 3))
    (packs / "rice.png").unlink()
    asked = ("count", picture, "--planogram", camera, "--packs", packs, "--data", tmp_path / "data")
    done = run(*asked, "--json")
    told = json.loads(done.stdout)
    assert [slot["units"] for slot in told["slots"]] == [1, None]
    assert f"unknown: no reference for rice in {packs}/" in told["slots"][1]["problem"]
    assert told["compliance"] == 0.5
    assert "no reference for rice" in run(*asked).stdout
    (packs / "oats.png").rename(packs / "flour.png")
    assert json.loads(run(*asked, "--json").stdout)["compliance"] is None


def test_slots_are_read_without_being_taught_and_surer_once_enough_was_confirmed(tmp_path: Path, camera: Path) -> None:
    data = tmp_path / "data"
    full = [(OATS, 0), (OATS, 1), (RICE, 2), (RICE, 3)]
    before = run("count", shelf(tmp_path / "new.png", *full[:2]), "--planogram", camera, "--data", data, "--json")
    assert before.returncode == 0, before.stderr
    assert all(slot["units"] in (None, units) for slot, units in zip(slots_of(before), (2, 0), strict=True))
    for name, standing, rest in (("a", full, "stocked"), ("b", [], "empty"), ("c", full[:2], "empty")):
        picture = shelf(tmp_path / f"{name}.png", *standing)
        also = ("--stocked", "left") if name == "c" else ()
        taught = run("learn", picture, "--planogram", camera, "--rest", rest, *also, "--data", data, "--json")
        assert taught.returncode == 0, taught.stderr
    assert json.loads(taught.stdout)["believed"] is True
    done = run("count", shelf(tmp_path / "new.png", *full[:2]), "--planogram", camera, "--data", data, "--json")
    assert done.returncode == 0, done.stderr
    assert [slot["units"] for slot in slots_of(done)] == [2, 0]
    assert all(now["confidence"] > was["confidence"] for now, was in zip(slots_of(done), slots_of(before), strict=True))


def test_a_recording_is_counted_its_packs_named_and_its_last_picture_drawn(
    tmp_path: Path, camera: Path, packs: Path
) -> None:
    clip = film(tmp_path, [(OATS, 0), (OATS, 1), (RICE, 2), (OATS, 3)], seconds=24)
    drawn = tmp_path / "drawn.jpg"
    asked = ("count", clip, "--planogram", camera, "--packs", packs, "--draw", drawn, "--data", tmp_path / "data")
    done = run(*asked, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["misplaced"] == [{"slot": "right", "sku": "rice", "seen_sku": "oats"}]
    assert told["compliance_percent"] == 75.0
    assert cv2.imread(str(drawn)) is not None


def test_a_picture_without_planogram_or_packs_has_its_products_counted(tmp_path: Path) -> None:
    picture = shelf(tmp_path / "shelf.png", (OATS, 0), (OATS, 1), (RICE, 3))
    done = run("count", picture, "--data", tmp_path / "data", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["units"] == len(told["products"])
    assert all(0.4 <= one["confidence"] <= 1 and len(one["xyxy_px"]) == 4 for one in told["products"])
    assert "Products in the picture: about" in run("count", picture, "--data", tmp_path / "data").stdout


def test_voids_are_told_as_boxes(tmp_path: Path) -> None:
    done = run("voids", shelf(tmp_path / "shelf.png", (OATS, 0), (OATS, 1), (RICE, 3)), "--json")
    assert done.returncode == 0, done.stderr
    assert isinstance(json.loads(done.stdout)["voids"], list)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("count", "{clip}"), "--planogram CAMERA.toml"),
        (("count", "{text}", "--packs", "{packs}"), "not a picture"),
        (("count", "{cut}", "--packs", "{packs}"), "not a picture"),
        (("count", "{shelf}", "--packs", "{missing}"), "no such folder"),
        (("count", "{bare}", "--packs", "{packs}"), "--planogram CAMERA.toml"),
        (("count", "{bare}", "--planogram", "{camera}"), "not a video"),
        (("count", "{clip}", "--planogram", "{camera}"), "not a video"),
        (("count", "{shelf}", "--planogram", "{bare}"), "no [[slots]]"),
        (("voids", "{missing}"), "no picture"),
        (("learn", "{shelf}", "--planogram", "{camera}", "--empty", "top"), "no slot is called top"),
        (("learn", "{shelf}", "--planogram", "{camera}"), "say which slots"),
        (("learn", "{shelf}", "--planogram", "{camera}", "--rest", "full"), "say empty or stocked"),
        (("learn", "{shelf}", "--planogram", "{camera}", "--empty", "left", "--stocked", "left"), "say one of them"),
    ],
)
def test_what_cannot_serve_gets_a_sentence(
    tmp_path: Path, camera: Path, packs: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    whole = shelf(tmp_path / "shelf.png", (OATS, 0))
    files = {"shelf": whole, "camera": camera, "packs": packs, "missing": tmp_path / "nowhere"}
    for name, body in (
        ("text.png", b"not a picture"),
        ("cut.png", whole.read_bytes()[:2000]),
        ("clip.mp4", b"nothing" * 50),
        ("bare.toml", b'id = "cam-bare"\n'),
    ):
        files[name.split(".", maxsplit=1)[0]] = tmp_path / name
        (tmp_path / name).write_bytes(body)
    done = run(*(argument.format(**files) for argument in arguments), "--data", tmp_path / "data")
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["drawn.png", "drawn"])
def test_a_drawing_is_called_what_it_is(tmp_path: Path, packs: Path, name: str) -> None:
    done = run("count", shelf(tmp_path / "a.png", (OATS, 0)), "--packs", packs, "--draw", tmp_path / name)
    assert done.returncode == 2
    assert "ends in .jpg" in " ".join(done.stderr.split())
    assert not (tmp_path / name).exists()


def test_a_broken_memory_is_told_and_left_alone(tmp_path: Path, camera: Path) -> None:
    memory = tmp_path / "data" / "slots" / "cam-test.json"
    memory.parent.mkdir(parents=True)
    memory.write_text('{"form": 1, "weights')
    done = run("learn", "--planogram", camera, "--data", tmp_path / "data")
    assert done.returncode == 1
    assert "take it away to begin anew" in done.stderr
    assert memory.read_text() == '{"form": 1, "weights'
