"""Trust before parsing: mutated files with and without a matching manifest, and a first load that may fail anyhow.

Real files, real libraries, real child processes: nothing unverified is opened, nothing takes the parent down.
"""

import random
import socket
import struct
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

import models.headers
from models.child import ChildLimits
from models.errors import ArtefactInvalidError, ModelsError
from models.manifest import Manifest, Task
from models.registry import Registry
from models.trial import try_load
from tests.unit.models.artefacts import manifest
from tests.unit.models.tiny_weights import tiny_gguf, tiny_onnx

DEFAULTS = Path(__file__).parents[3] / "models" / "defaults"
MUTATIONS = 100
SEED = 20
TASKS = {"onnx": Task.PERSONS, "gguf": Task.LANGUAGE}
HOSTILE = (0, 1, 0x7FFFFFFF, 0xFFFFFFFF, 1 << 40, (1 << 63) - 1, (1 << 64) - 1)


def manifest_of(form: str, name: str, contents: bytes) -> Manifest:
    changes = {"task": "language", "format": "gguf", "input": None} if form == "gguf" else {}
    chat = {"chat": {"template": "chatml", "trained_context_tokens": 256}} if form == "gguf" else {}
    source = {"source": {"kind": "file", "path": f"{name}.{form}"}}
    return manifest(name, contents, **{**changes, **chat, **source})


def mutated(contents: bytes, rng: random.Random, *, header_bytes: int) -> bytes:
    """One of three damages: bytes flipped, cut short, or a size made hostile."""
    damaged = bytearray(contents)
    kind = rng.randrange(3)
    if kind == 0:
        for _ in range(rng.randint(1, 6)):
            damaged[rng.randrange(header_bytes)] ^= 1 << rng.randrange(8)
    elif kind == 1:
        del damaged[rng.randrange(8, len(damaged)) :]
    else:
        at, size = rng.randrange(4, header_bytes - 10), rng.choice(HOSTILE)
        replaced = _varint(size) if rng.random() < 0.5 else struct.pack("<Q", size)
        damaged[at : at + len(replaced)] = replaced
    return bytes(damaged)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


@pytest.fixture(params=["onnx", "gguf"])
def form(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def whole(form: str) -> bytes:
    return tiny_onnx() if form == "onnx" else tiny_gguf()


@pytest.fixture
def defaults(form: str, whole: bytes, tmp_path: Path) -> Path:
    folder = tmp_path / "defaults"
    folder.mkdir()
    (folder / f"stock.{form}").write_bytes(whole)
    (folder / "stock.json").write_text(manifest_of(form, "stock", whole).model_dump_json())
    return folder


def mutations(form: str, whole: bytes) -> list[bytes]:
    rng = random.Random(f"{SEED}-{form}")
    header = len(whole) if form == "onnx" else 14_000
    made: list[bytes] = []
    while len(made) < MUTATIONS:
        damaged = mutated(whole, rng, header_bytes=header)
        if damaged != whole:
            made.append(damaged)
    return made


def test_no_parser_sees_a_file_that_is_not_what_its_manifest_says(
    form: str, whole: bytes, defaults: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opened(*_: object) -> None:
        raise AssertionError("an unverified file was opened")

    registry = Registry(tmp_path / "data", defaults, trial=opened)
    for importer in ("holdings", "intake"):
        monkeypatch.setattr(f"models.{importer}.check_header", opened)
    right = manifest_of(form, "better", whole)
    for damaged in mutations(form, whole):
        path = tmp_path / f"better.{form}"
        path.write_bytes(damaged)
        with pytest.raises(ArtefactInvalidError):
            registry.add(path, right)
    assert [entry.manifest.name for entry in registry.list()] == ["stock"]


@pytest.mark.slow
def test_mutated_files_with_a_matching_manifest_end_in_a_sentence_or_load_and_never_harm(
    form: str, whole: bytes, defaults: Path, tmp_path: Path
) -> None:
    limits = ChildLimits(spare_mib=512, cpu_s=10, wall_s=20.0)
    trials: Counter[str] = Counter()

    def trial(path: Path, wanted: Manifest) -> None:
        trials["tried"] += 1
        try_load(path, wanted, limits=limits)

    registry = Registry(tmp_path / "data", defaults, trial=trial)
    for damaged in mutations(form, whole):
        path = tmp_path / f"better.{form}"
        path.write_bytes(damaged)
        try:
            registry.add(path, manifest_of(form, "better", damaged))
            registry.activate("better", judge=None)
        except ModelsError as refused:
            trials["refused" if len(str(refused)) < 400 else "talks"] += 1
        else:
            trials["loads"] += 1
            registry.roll_back(TASKS[form])
        assert registry.active(TASKS[form]).manifest.name == "stock"
        if any(entry.manifest.name == "better" for entry in registry.list()):
            registry.remove("better")
    assert trials["refused"] + trials["loads"] == MUTATIONS
    assert trials["tried"] < MUTATIONS / 2, "our own look at the header stops most of them"
    assert registry.active(TASKS[form]).path.read_bytes() == whole


def test_the_tiny_weights_are_whole_and_load(form: str, whole: bytes, defaults: Path, tmp_path: Path) -> None:
    registry = Registry(tmp_path / "data", defaults)
    registry.try_out("stock")
    assert registry.active(TASKS[form]).path.read_bytes() == whole


@pytest.mark.parametrize("name", ["nanodet-g-416-int8", "centerface-int8", "smollm2-135m-instruct-q4_1"])
def test_the_defaults_pass_their_headers_and_their_first_load(name: str, tmp_path: Path) -> None:
    registry = Registry(tmp_path, DEFAULTS)
    artefact = registry.verified(name)
    models.headers.check_header(artefact.path, artefact.manifest.format)
    verdict = try_load(artefact.path, artefact.manifest)
    assert verdict.loads
    assert verdict.peak_mib < 600
    assert verdict.isolation in ("namespace", "no descriptors", "python only")


Child = Callable[[str], None]


@pytest.fixture
def child(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Child:
    """Puts a program in the place of the library: the interpreter of the trial runs it before anything else."""

    def put(program: str) -> None:
        interpreter = tmp_path / "python"
        interpreter.write_text(f"#!/bin/sh\n{program}\n")
        interpreter.chmod(0o755)
        monkeypatch.setattr("models.child.sys.executable", str(interpreter))

    return put


@pytest.mark.parametrize(
    ("program", "sentence"),
    [
        pytest.param("kill -SEGV $$", r"loading it failed: the trial was ended by signal 11", id="crash"),
        pytest.param("exec sleep 30", r"the trial did not end within 0\.4 s", id="hang"),
        pytest.param("exit 3", r"the trial ended with status 3", id="gives up"),
        pytest.param("exec sleep 30 >&-", r"the trial did not end", id="falls silent for ever"),
        pytest.param("echo all is well", r"the trial ended without a verdict", id="says something else"),
        pytest.param("yes | head -c 200000", r"the trial ended without a verdict", id="talks beside the point"),
        pytest.param("yes", r"the trial said something without an end", id="talks without end"),
        pytest.param("tr '\\0' x </dev/zero", r"said something without an end", id="says one endless word"),
        pytest.param(
            """echo '{"loads": false, "refusal": "no such operator", "isolation": "namespace"}'""",
            "does not load: no such operator",
            id="refuses",
        ),
    ],
)
def test_a_first_load_that_fails_in_any_way_is_one_sentence(
    child: Child, tmp_path: Path, program: str, sentence: str
) -> None:
    path = tmp_path / "tiny.onnx"
    path.write_bytes(tiny_onnx())
    child(program)
    with pytest.raises(ArtefactInvalidError, match=sentence):
        try_load(path, manifest("tiny", path.read_bytes()), limits=ChildLimits(wall_s=0.4, silence_s=0.4))


def test_a_network_that_wants_more_memory_than_it_may_have_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tiny.onnx"
    path.write_bytes(tiny_onnx())
    with pytest.raises(ArtefactInvalidError, match=r"tiny: (does not load|loading it failed)"):
        try_load(path, manifest("tiny", path.read_bytes()), limits=ChildLimits(spare_mib=40))


def test_a_refused_first_load_leaves_what_is_in_use_and_the_golden_set_unasked(
    form: str, whole: bytes, defaults: Path, tmp_path: Path
) -> None:
    def refuse(_path: Path, _manifest: Manifest) -> None:
        raise ArtefactInvalidError("does not load")

    def judge(_artefact: object) -> None:
        raise AssertionError("judged before it was tried")

    registry = Registry(tmp_path / "data", defaults, trial=refuse)
    path = tmp_path / f"better.{form}"
    path.write_bytes(whole)
    registry.add(path, manifest_of(form, "better", whole))
    with pytest.raises(ArtefactInvalidError, match="does not load"):
        registry.activate("better", judge=judge)
    assert registry.active(TASKS[form]).manifest.name == "stock"


def test_weights_that_change_while_they_are_tried_are_not_put_in_use(
    form: str, whole: bytes, defaults: Path, tmp_path: Path
) -> None:
    def meddle(path: Path, _manifest: Manifest) -> None:
        path.write_bytes(whole[:-1])

    registry = Registry(tmp_path / "data", defaults, trial=meddle)
    path = tmp_path / f"better.{form}"
    path.write_bytes(whole)
    registry.add(path, manifest_of(form, "better", whole).model_copy(update={"name": "better"}))
    with pytest.raises(ArtefactInvalidError, match="changed while they were tried"):
        registry.activate("better", judge=None)


def test_a_trial_sees_no_network_and_writes_no_file(tmp_path: Path) -> None:
    """What the child gives up, asked from inside one."""
    program = """
import pathlib, socket, sys
from models import confinement
path = pathlib.Path(sys.argv[1])
confinement.limit_ourselves(path, spare_mib=512, cpu_s=5)
print(confinement.leave_the_network() or confinement.bar_python_sockets())
try:
    socket.create_connection(("127.0.0.1", int(sys.argv[2])), 1.0)
    print("connected")
except OSError:
    print("no network")
try:
    path.with_name("written").write_bytes(b"x" * 10)
    print("written")
except OSError:
    print("no file")
"""
    weights = tmp_path / "tiny.onnx"
    weights.write_bytes(tiny_onnx())
    with socket.create_server(("127.0.0.1", 0)) as listener:
        arguments = [sys.executable, "-c", program, str(weights), str(listener.getsockname()[1])]
        done = subprocess.run(
            arguments, capture_output=True, text=True, timeout=30, check=True, cwd=DEFAULTS.parents[1]
        )
    assert done.stdout.splitlines()[1:] == ["no network", "no file"]
