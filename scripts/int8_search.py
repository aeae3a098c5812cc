"""Which layers of a network must stay float: each one's own effect is measured, and the worst are left out in turn.

Ranges are calibrated once. Then every layer alone is made int8 and the outputs are compared with the float ones on
frames that calibrated nothing. All layers are quantized at first; the worst is left out, and the next, until the
golden sets lose no more than they may, leaving out gains nothing any more, or time is up. The same inputs give the
same bytes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from scripts.quantize_onnx import Feeds, quantize_file, save_float

WITH_WEIGHTS = ("Conv", "ConvTranspose", "Gemm", "MatMul")
TRIES = (0, 1, 2, 3, 4, 6, 8, 12, 16)
"""How many of the worst layers are left out, try by try; a network that needs more is none for int8."""
MAX_TRIES_WITHOUT_GAIN = 3

Progress = Callable[[str], None]
IsOver = Callable[[], bool]
"""Whether the time for a search is up."""


@dataclass(frozen=True, slots=True)
class LayerEffect:
    """``error`` is the outputs' squared difference when only this layer is int8, over their squared size."""

    name: str
    op: str
    error: float


class Quantizer:
    """One float network with its calibrated ranges. Writes into ``folder`` alone."""

    def __init__(self, network: onnx.ModelProto, feeds: Sequence[Feeds], folder: Path) -> None:
        self._feeds = feeds
        self._float, self._int8, self._ranges = (folder / name for name in ("float.onnx", "int8.onnx", "ranges.json"))
        save_float(network, self._float)
        self.layers = [(n.name, n.op_type) for n in network.graph.node if n.op_type in WITH_WEIGHTS]

    def without(self, left_out: Sequence[str]) -> bytes:
        """The network in int8, but for some layers."""
        return self._made(nodes_to_exclude=list(left_out))

    def only(self, layer: str) -> bytes:
        """The network in float, but for one layer."""
        return self._made(nodes_to_quantize=[layer])

    def float_bytes(self) -> bytes:
        """The network as it was given."""
        return self._float.read_bytes()

    def _made(self, **which: Any) -> bytes:
        quantize_file(self._float, self._int8, self._feeds, calibration_cache_path=self._ranges, **which)
        made: bytes = onnx.load(self._int8).SerializeToString(deterministic=True)
        return made


class Outputs:
    """What the float network gives for some frames, and how far another is from it."""

    def __init__(self, network: bytes, frames: Sequence[Feeds]) -> None:
        self._frames = frames
        self._wanted = _run(network, frames)

    @classmethod
    def of(cls, quantizer: Quantizer, frames: Sequence[Feeds]) -> Self:
        return cls(quantizer.float_bytes(), frames)

    def error(self, network: bytes) -> float:
        """Squared difference over squared size, the mean over frames and outputs."""
        got = _run(network, self._frames)
        shares = [
            float(((g - w) ** 2).sum() / max((w**2).sum(), 1e-12)) for g, w in zip(got, self._wanted, strict=True)
        ]
        return float(np.mean(shares))


def _run(network: bytes, frames: Sequence[Feeds]) -> list[NDArray[np.float64]]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
    return [np.asarray(out, np.float64) for frame in frames for out in session.run(None, frame)]


def layer_effects(
    quantizer: Quantizer, held_out: Sequence[Feeds], progress: Progress, is_over: IsOver
) -> tuple[LayerEffect, ...]:
    """Every layer's own effect, worst first; of the layers before time was up only, where it is."""
    outputs, found = Outputs.of(quantizer, held_out), []
    for number, (name, op) in enumerate(quantizer.layers, 1):
        if is_over():
            progress(f"time is up: {len(quantizer.layers) - len(found)} layers were not measured")
            break
        found.append(LayerEffect(name, op, round(outputs.error(quantizer.only(name)), 9)))
        progress(f"layer {number} of {len(quantizer.layers)}: {name} changes the outputs by {found[-1].error:.2e}")
    return tuple(sorted(found, key=lambda effect: (-effect.error, effect.name)))


@dataclass(frozen=True, slots=True)
class Attempt:
    """Int8 weights with ``left_out`` layers in float; ``excess`` is what the golden sets lose beyond what they may."""

    weights: bytes
    left_out: tuple[str, ...]
    excess: float


def search(
    quantizer: Quantizer,
    effects: Sequence[LayerEffect],
    excess_of: Callable[[bytes], float],
    progress: Progress,
    is_over: IsOver,
) -> Attempt:
    """The attempt with the fewest layers left out that loses no more than it may; else the best before time was up."""
    best: Attempt | None = None
    tries_without_gain = 0
    for count in (n for n in TRIES if n <= len(effects)):
        left_out = tuple(effect.name for effect in effects[:count])
        weights = quantizer.without(left_out)
        attempt = Attempt(weights, left_out, excess_of(weights))
        progress(f"{count} layers left out: the golden sets lose {attempt.excess:.4f} more than they may")
        tries_without_gain = 0 if best is None or attempt.excess < best.excess else tries_without_gain + 1
        best = attempt if best is None or attempt.excess < best.excess else best
        if best.excess <= 0 or tries_without_gain >= MAX_TRIES_WITHOUT_GAIN or is_over():
            break
    if best is None:
        raise ValueError("the network has no layer to quantize")
    return best
