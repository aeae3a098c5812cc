"""Our network session against a raw onnxruntime loop, and int8 weights against the float ones they were made of.

Owns the interleaving: each round runs both sides on the same inputs, in turn first and second, so that a noisy
neighbour slows both. The float weights are found by the hash that the int8 manifest records; where they do not lie
here, their recorded figures stand and nothing is timed.
"""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from edge.bench.results import BenchResult, at_least
from edge.golden.judging import judge
from edge.places import DEFAULT_ARTEFACTS, Places
from models.manifest import ActiveArtefact, Task
from models.onnx_session import OnnxSession
from models.registry import Registry

Feeds = Mapping[str, NDArray[Any]]
_INPUTS: Mapping[Task, tuple[int, ...]] = {Task.PERSONS: (1, 3, 416, 416), Task.FACES: (1, 3, 256, 448)}
_TOKENS = 12
_FLOAT_MISSING = (
    "as recorded, for they do not lie here. To measure them, make them with `--float-out made/` of the script that "
    "{int8}'s origin names, then `backroom models add made/{name}.onnx made/{name}.json`"
)
_RAW = "a bare onnxruntime session on the same weights and inputs, one thread"


def run(quick: bool, data: Path) -> list[BenchResult]:
    """Measure the weights in use in a data folder; blocks for about 20 s when quick, a minute otherwise."""
    registry = Registry(Places(data).models, DEFAULT_ARTEFACTS)
    rounds = 10 if quick else 40
    results: list[BenchResult] = []
    for task in (Task.PERSONS, Task.FACES, Task.EMBEDDINGS):
        results += _against_raw(registry.active(task), rounds)
    for task in (Task.PERSONS, Task.FACES):
        results += _against_float(registry, registry.active(task), rounds)
    return results


def _against_raw(artefact: ActiveArtefact, rounds: int) -> list[BenchResult]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    raw = onnxruntime.InferenceSession(artefact.path.read_bytes(), options, providers=["CPUExecutionProvider"])
    with OnnxSession(artefact.path) as ours:
        feeds = _feeds(artefact, ours)
        raw_s, ours_s = _in_turns(lambda: raw.run(None, feeds), lambda: ours.run(feeds), rounds)
    task = artefact.manifest.task.value
    ratio = statistics.median(a / b for a, b in zip(raw_s, ours_s, strict=True))
    return [
        at_least(f"{task}_session_rate", round(ratio, 3), "x", goal=0.97, against=_RAW),
        BenchResult(f"{task}_ms", round(statistics.median(ours_s) * 1e3, 2), "ms"),
    ]


def _against_float(registry: Registry, artefact: ActiveArtefact, rounds: int) -> list[BenchResult]:
    task, record = artefact.manifest.task.value, artefact.manifest.quantized_from
    if record is None:
        return []
    parent = registry.float_weights_of(artefact.manifest)
    judged = judge(artefact, float_weights=parent)
    missing = _FLOAT_MISSING.format(name=record.name, int8=artefact.manifest.name)
    source = missing if parent is None else "measured here"
    against = f"{record.name}, the float weights, {source}"
    lost = max((loss.loss for loss in judged.losses), default=0.0)
    results = [BenchResult(f"{task}_int8_golden_loss", lost, "share lost at worst", holds=True, against=against)]
    if parent is None:
        return results
    with OnnxSession(parent.path) as slow, OnnxSession(artefact.path) as fast:
        feeds = _feeds(artefact, fast)
        slow_s, fast_s = _in_turns(lambda: slow.run(feeds), lambda: fast.run(feeds), rounds)
    ratio = statistics.median(a / b for a, b in zip(slow_s, fast_s, strict=True))
    return [*results, BenchResult(f"{task}_int8_rate", round(ratio, 2), "x", against=against)]


def _feeds(artefact: ActiveArtefact, session: OnnxSession) -> Feeds:
    """Noise in the shape of a picture, or of a sentence of twelve words."""
    random = np.random.default_rng(3)
    shape = _INPUTS.get(artefact.manifest.task)
    if shape is not None:
        return {name: random.normal(0.0, 50.0, shape).astype(dtype) for name, dtype in session.input_types.items()}
    return {
        name: (np.ones((1, _TOKENS)) if "mask" in name else random.integers(1, 1000, (1, _TOKENS))).astype(dtype)
        for name, dtype in session.input_types.items()
    }


def _in_turns(
    one: Callable[[], object], other: Callable[[], object], rounds: int
) -> tuple[Sequence[float], Sequence[float]]:
    """Seconds a call of both, round by round; every second round the other goes first."""
    calls = max(5, round(0.15 / max(_seconds(one, 3), 1e-6)))
    seconds: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds):
        for side in (0, 1) if number % 2 else (1, 0):
            seconds[side].append(_seconds((one, other)[side], calls))
    return seconds


def _seconds(work: Callable[[], object], calls: int) -> float:
    began_s = time.perf_counter()
    for _ in range(calls):
        work()
    return (time.perf_counter() - began_s) / calls
