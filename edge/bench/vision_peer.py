"""Our pipeline beside Ultralytics' `predict`: the same ONNX file and frames, both with all cores, in turns.

Ultralytics (AGPL) runs in an environment and a process of its own (`scripts/ultralytics_peer.py`); where none is
found, the result says so. Both sides run the network on every frame.
"""

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from edge.bench.results import BenchResult, at_least
from models.manifest import Manifest, PictureInput, Task
from models.onnx_session import OnnxSession
from vision.box_network import BoxNetwork
from vision.pictures import Picture

_SIDE_PX = 416
_FRAMES = 6
_PEER = Path(__file__).parents[2] / "scripts" / "ultralytics_peer.py"
_WHAT = "frames a second over Ultralytics predict, same YOLO11n ONNX at 416, all cores"
_STOP_S = 5.0

Work = Callable[[BoxNetwork, Sequence[Picture]], Callable[[], None]]
"""Makes, from a network and frames, one stream's pass over them."""


def against_ultralytics(frames: Sequence[Picture], make_work: Work, *, rounds: int) -> list[BenchResult]:
    """Measure, or say why not. Blocks for 10 s and some seconds a round."""
    python = _interpreter()
    if python is None or not _PEER.is_file():
        missing = "ultralytics is not installed, and no `yolo` of another environment is on the PATH"
        reason = missing if python is None else "scripts/ultralytics_peer.py is only in a checkout"
        return [BenchResult(f"{_WHAT}: not measured", 0.0, "x", goal=1.5, against=reason)]
    try:
        return _measured(python, frames[:_FRAMES], make_work, rounds=rounds)
    except _PeerError as error:
        return [BenchResult(f"{_WHAT}: not measured", 0.0, "x", goal=1.5, against=str(error))]


def _measured(python: str, frames: Sequence[Picture], make_work: Work, *, rounds: int) -> list[BenchResult]:
    with TemporaryDirectory() as folder, _peer(python, Path(folder), frames) as theirs_s:
        cores = len(os.sched_getaffinity(0))
        with _network(Path(folder) / "yolo.onnx") as network, ThreadPoolExecutor(cores) as pool:
            streams = [make_work(network, frames) for _ in range(cores)]
            ours_s, peers_s = [], []
            for _ in range(rounds):
                peers_s.append(theirs_s())
                ours_s.append(_seconds(lambda: list(pool.map(lambda stream: stream(), streams))) / cores)
    rate = statistics.median(theirs / ours for theirs, ours in zip(peers_s, ours_s, strict=True))
    return [
        at_least(_WHAT, round(rate, 2), "x", goal=1.5, against="predict on every frame, as it comes, same minute"),
        BenchResult("pipeline with that network", round(statistics.median(ours_s) / _FRAMES * 1e3, 1), "ms a frame"),
        BenchResult("Ultralytics predict", round(statistics.median(peers_s) / _FRAMES * 1e3, 1), "ms a frame"),
    ]


class _PeerError(Exception):
    """Ultralytics is there and does not work."""


def _seconds(work: Callable[[], object]) -> float:
    began_s = time.perf_counter()
    work()
    return time.perf_counter() - began_s


def _interpreter() -> str | None:
    """A Python that has Ultralytics: this one, or the one beside the first `yolo` on the PATH."""
    if find_spec("ultralytics") is not None:
        return sys.executable
    program = shutil.which("yolo")
    beside = None if program is None else Path(program).parent / "python"
    return str(beside) if beside is not None and beside.is_file() else None


@contextmanager
def _peer(python: str, folder: Path, frames: Sequence[Picture]) -> Iterator[Callable[[], float]]:
    """The other side, ready to be asked for the seconds of one pass."""
    np.save(folder / "frames.npy", np.stack(frames))
    command = [python, str(_PEER), "frames.npy", "yolo.onnx", str(_SIDE_PX)]
    with subprocess.Popen(  # noqa: S603 - our own script with an interpreter found above
        command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as peer:
        if peer.stdin is None or peer.stdout is None or peer.stdout.readline().strip() != "ready":
            raise _PeerError(f"Ultralytics beside {python} did not start; run {_PEER.name} by hand to see why")
        asked, answers = peer.stdin, peer.stdout

        def seconds() -> float:
            asked.write("\n")
            asked.flush()
            return float(answers.readline())

        try:
            yield seconds
        finally:
            asked.close()
            peer.wait(_STOP_S)


def _network(weights: Path) -> BoxNetwork:
    """The same file read by ours, one thread a stream."""
    labels = ("person", *(f"label-{number}" for number in range(1, 80)))
    manifest = Manifest.model_construct(
        name="bench-yolo",
        task=Task.PERSONS,
        labels=labels,
        decoder="yolo",
        input=PictureInput(
            colour="RGB", height=_SIDE_PX, width=_SIDE_PX, std=(255.0, 255.0, 255.0), fit="letterbox-centred", fill=114
        ),
    )
    return BoxNetwork(OnnxSession(weights, threads=1), manifest)
