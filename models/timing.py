"""How fast an ONNX artefact computes on this machine, one picture after the other.

Owns the measuring; gives times, no verdict. Blocks for as long as it computes.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.errors import ArtefactRejectedError
from models.manifest import ActiveArtefact
from models.onnx_session import OnnxSession
from models.trial import concrete_shape

WARM_UP_RUNS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkTiming:
    """Times of one network with so many threads, inputs of zeros."""

    threads: int
    shapes: dict[str, tuple[int, ...]]
    runs: int
    p50_ms: float
    p95_ms: float
    load_s: float


def time_network(
    artefact: ActiveArtefact,
    *,
    threads: int,
    runs: int,
    side_px: int,
    progress: Callable[[int, int], None] | None = None,
) -> NetworkTiming:
    """Run a network ``runs`` times; free sides of its picture are ``side_px``, rounded up to what it takes.

    Raises:
        ArtefactRejectedError: it is no ONNX network.
        ArtefactInvalidError: the runtime cannot use it.
    """
    manifest = artefact.manifest
    if manifest.format != "onnx":
        raise ArtefactRejectedError(f"{manifest.name} is a language model: `backroom bench llm` measures those")
    began_s = time.perf_counter()
    with OnnxSession(artefact.path, threads=threads) as session:
        load_s = time.perf_counter() - began_s
        shapes = {n: concrete_shape(s, manifest.input, side_px=side_px) for n, s in session.input_shapes.items()}
        feeds: dict[str, Any] = {name: np.zeros(shape, session.input_types[name]) for name, shape in shapes.items()}
        times_ms = []
        for done in range(WARM_UP_RUNS + runs):
            session.run(feeds)
            if done >= WARM_UP_RUNS:
                times_ms.append(session.timing.last_ms or 0.0)
            if progress is not None:
                progress(done + 1, WARM_UP_RUNS + runs)
    return NetworkTiming(
        threads=threads,
        shapes=shapes,
        runs=runs,
        p50_ms=round(statistics.median(times_ms), 2),
        p95_ms=round(sorted(times_ms)[int(0.95 * (len(times_ms) - 1))], 2),
        load_s=round(load_s, 3),
    )
