"""The command as people and programs use it: readable or JSON, one sentence when it fails, 0 only for success."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

BACKROOM = Path(sys.executable).parent / "backroom"

CAMERA = """
id = "cam-test"
[[slots]]
id = "left"
sku = "BR-0001"
polygon_norm = [[0.1, 0.2], [0.4, 0.2], [0.4, 0.9], [0.1, 0.9]]
"""


def _run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [str(BACKROOM), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def _video(path: Path, *, seconds: int = 4) -> Path:
    """A shelf with two textured packs on a rail; the left one is taken half way."""
    random = np.random.default_rng(3)
    back = np.full((240, 320, 3), 120, np.uint8)
    back[205:225, 10:310:6] = 30
    back[60:200, 220:290] = random.integers(0, 255, (28, 14, 3), np.uint8).repeat(5, 0).repeat(5, 1)
    pack = random.integers(0, 255, (26, 10, 3), np.uint8).repeat(5, 0).repeat(5, 1)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 10, (320, 240))
    for index in range(seconds * 10):
        image = back.copy()
        if index < seconds * 5:
            image[70:200, 50:100] = pack
        noisy = image + random.normal(0, 2, image.shape)
        writer.write(np.clip(noisy, 0, 255).astype(np.uint8))
    writer.release()
    return path


@pytest.fixture
def camera(tmp_path: Path) -> Path:
    path = tmp_path / "camera.toml"
    path.write_text(CAMERA)
    return path


def test_replay_prints_one_fact_a_line_with_the_videos_own_time(tmp_path: Path, camera: Path) -> None:
    clip = _video(tmp_path / "clip.mp4", seconds=8)
    is_read, first = cv2.VideoCapture(str(clip)).read()
    assert is_read
    cv2.imwrite(str(tmp_path / "full.png"), first)
    # The pack is noise, which no network knows for goods: what a full slot looks like is told by a picture.
    camera.write_text(CAMERA.replace("[[slots]]", 'references.stocked = "full.png"\n[[slots]]'))
    done = _run("replay", clip, "--config", camera, "--json", "--data", tmp_path)
    assert done.returncode == 0, done.stderr
    facts = [json.loads(line) for line in done.stdout.splitlines()]
    counts = [(f["units"], f["shelf_units"]) for f in facts if f["kind"] == "shelf.count"]
    assert counts == [(1, 1), (0, 0)]
    assert 4.0 <= facts[-1]["video_s"] <= 6.5


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        pytest.param("none.mp4", None, "none.mp4", id="missing"),
        pytest.param("text.mp4", b"hello", "text.mp4", id="not a video"),
        pytest.param("empty.mp4", b"", "empty.mp4", id="empty"),
    ],
)
def test_a_file_that_is_no_video_is_one_sentence(
    tmp_path: Path, camera: Path, name: str, content: bytes | None, says: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    done = _run("replay", tmp_path / name, "--config", camera, "--data", tmp_path)
    assert done.returncode == 1
    assert says in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param(CAMERA + 'colour = "red"\n', "slots.0.colour: unknown key", id="unknown key"),
        pytest.param(CAMERA.replace("0.9]]", "1.9]]"), "polygon_norm", id="off the picture"),
        pytest.param(CAMERA + CAMERA.split("\n", 2)[2], "id used twice: left", id="doubled slot"),
        pytest.param("id = ", "not a TOML file", id="no TOML"),
    ],
)
def test_a_wrong_camera_file_names_the_field_and_what_would_be_right(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "camera.toml"
    path.write_text(text)
    done = _run("replay", tmp_path / "any.mp4", "--config", path, "--data", tmp_path)
    assert done.returncode == 1
    assert says in done.stderr


def test_a_picture_is_no_recording(tmp_path: Path, camera: Path) -> None:
    picture = tmp_path / "one.png"
    cv2.imwrite(str(picture), np.full((90, 160, 3), 99, np.uint8))
    done = _run("replay", picture, "--config", camera, "--data", tmp_path)
    assert done.returncode == 1
    assert "1 picture" in done.stderr


@pytest.mark.parametrize("command", [("status",), ("doctor",), ("models", "list"), ("facts",), ("demo",)])
def test_a_file_as_data_folder_is_refused_with_a_sentence(tmp_path: Path, command: tuple[str, ...]) -> None:
    file = tmp_path / "file"
    file.write_text("not a folder")
    done = _run(*command, "--data", file)
    assert done.returncode == 2
    assert "give a folder" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "command",
    [
        ("models", "show", "nothing"),
        ("models", "activate", "nothing"),
        ("models", "pull", "nothing"),
        ("facts",),
        ("facts", "--kind", "nothing"),
        ("ask", "where is tea", "--shop", "nowhere"),
        ("shelf", "count", "nothing.jpg", "--packs", "nowhere"),
    ],
)
def test_a_failure_is_one_object_for_programs_too(tmp_path: Path, command: tuple[str, ...]) -> None:
    done = _run(*command, "--json", "--data", tmp_path)
    assert done.returncode == 1
    assert list(json.loads(done.stdout)) == ["error"]
    assert json.loads(done.stdout)["error"] == done.stderr.strip()


def test_run_asks_which_shop(tmp_path: Path) -> None:
    done = _run("run", "--data", tmp_path)
    assert done.returncode == 1
    assert "--shop" in done.stderr


def test_a_slot_for_a_product_that_is_not_sold_stops_the_start(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parent.parent.parent
    shop = tmp_path / "shop"
    subprocess.run(["cp", "-r", str(root / "firmware-config" / "shops" / "demo"), str(shop)], check=True, timeout=30)
    for camera in (shop / "cameras").glob("*.toml"):
        text = camera.read_text().replace("loop = true", 'loop = true\nurl = "clip.mp4"', 1)
        camera.write_text(text.replace("BR-0050", "BR-9999"))
    ports = ("--kiosk-port", "0", "--console-port", "0", "--openai-port", "0", "--mcp-port", "0")
    done = _run("run", "--shop", shop, "--data", tmp_path / "data", *ports)
    assert done.returncode == 1
    assert "BR-9999" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_camera_without_an_address_stops_the_start(tmp_path: Path) -> None:
    demo = Path(__file__).resolve().parent.parent.parent / "firmware-config" / "shops" / "demo"
    done = _run("run", "--shop", demo, "--data", tmp_path / "data")
    assert done.returncode == 1
    assert "cam-dairy.toml: url is missing" in done.stderr


def test_status_and_facts_say_that_there_is_no_node(tmp_path: Path) -> None:
    status = _run("status", "--json", "--data", tmp_path)
    assert (status.returncode, json.loads(status.stdout)["running"]) == (1, False)
    facts = _run("facts", "--data", tmp_path)
    assert facts.returncode == 1
    assert "no store" in facts.stderr


def test_models_lists_and_verifies_the_defaults(tmp_path: Path) -> None:
    listed = json.loads(_run("models", "list", "--json", "--data", tmp_path).stdout)["artefacts"]
    assert {a["task"] for a in listed} >= {"persons", "faces", "language"}
    verified = _run("models", "verify", "--json", "--data", tmp_path)
    assert verified.returncode == 0
    assert {a["name"] for a in json.loads(verified.stdout)["verified"]} == {a["name"] for a in listed}
    unknown = _run("models", "show", "nothing-such", "--data", tmp_path)
    assert unknown.returncode == 1
    assert "models list" in unknown.stderr


@pytest.mark.parametrize("name", ["", "x" * 5_000, "\x1b[31m\nred", "../stock"])
def test_a_name_that_cannot_be_ends_in_one_line(tmp_path: Path, name: str) -> None:
    for command in ("show", "verify"):
        done = _run("models", command, name, "--json", "--data", tmp_path)
        assert done.returncode == 1
        assert json.loads(done.stdout)["error"]
        assert done.stderr.removesuffix("\n").isprintable()
        assert len(done.stderr) < 300


def test_a_data_folder_that_cannot_be_is_refused() -> None:
    done = _run("models", "list", "--data", "x" * 300)
    assert done.returncode == 2
    assert "File name too long" in done.stderr


def test_doctor_names_the_cure_of_what_fails(tmp_path: Path) -> None:
    done = _run("doctor", "--json", "--data", tmp_path)
    report = json.loads(done.stdout)
    assert done.returncode == 1
    failed = [check for check in report["checks"] if not check["passed"]]
    assert {check["name"] for check in failed} == {"camera: cam-dairy", "camera: cam-snacks", "camera: cam-aisle"}
    assert all(check["cure"] for check in failed)


def test_ask_answers_without_a_running_node(tmp_path: Path) -> None:
    done = _run("ask", "where is the oat drink?", "--json", "--data", tmp_path)
    answer = json.loads(done.stdout)
    assert done.returncode == 0
    assert answer["verified"]
    assert "aisle 2" in answer["answer"].lower()


def test_a_deliberate_driver_import_is_refused(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parent.parent.parent
    for name in ("edge", "vision", "models", "sync", "pyproject.toml"):
        (tmp_path / name).symlink_to(root / name)
    (tmp_path / "sync").unlink()
    subprocess.run(["cp", "-r", str(root / "sync"), str(tmp_path / "sync")], check=True, timeout=30)
    topics = tmp_path / "sync" / "topics.py"
    topics.write_text(topics.read_text() + "\nimport cv2\n")
    lint = "from importlinter.cli import lint_imports_command as lint; lint()"
    done = subprocess.run(
        [sys.executable, "-c", lint, "--no-cache"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "drivers of vision stay in their adapters BROKEN" in done.stdout


def test_the_version_is_told() -> None:
    done = _run("--version")
    assert (done.returncode, done.stdout.split()[0]) == (0, "backroom")


@pytest.mark.parametrize("question", ["", "  "])
def test_nothing_asked_is_a_wrong_use(tmp_path: Path, question: str) -> None:
    done = _run("ask", question, "--data", tmp_path)
    assert done.returncode == 2
    assert "ask something" in done.stderr


def test_the_doctor_sends_for_the_file_of_a_camera_that_is_a_file(tmp_path: Path) -> None:
    done = _run("doctor", "--data", tmp_path / "data", "--json")
    cures = {check["cure"] for check in json.loads(done.stdout)["checks"] if check["name"].startswith("camera")}
    assert done.returncode == 1
    assert cures
    assert all("Put the file or folder there" in cure for cure in cures)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["facts", "--limit", "nope"], "valid integer"),
        (["nonsense"], "No such command 'nonsense'"),
        (["audit", "verify", "--nonsense"], "No such option: --nonsense"),
        (["demo", "--data", ""], "give the folder's name"),
    ],
    ids=["value", "command", "option", "own check"],
)
def test_a_wrong_command_line_is_one_object_for_programs_and_words_for_people(arguments: list[str], words: str) -> None:
    done = _run(*arguments, "--json")
    assert done.returncode == 2
    said = json.loads(done.stdout)
    assert list(said) == ["error"]
    assert words in said["error"]
    assert "Traceback" not in done.stderr
    plain = _run(*arguments)
    assert (plain.returncode, plain.stdout) == (2, "")
    assert "Error" in plain.stderr
