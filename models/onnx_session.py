"""One ONNX network, ready to run: the only importer of onnxruntime.

Owns a session's options, its checks of what goes in, and its timing. Refuses feeds of the wrong name, type or
shape before the runtime sees them, and weights that would read other files. It expects weights that
`models.registry` has verified. Several threads may run it at one moment; one of them closes it after all.
"""

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as runtime_errors

from models.errors import ArtefactInvalidError, ArtefactMissingError, SessionInvalidError

Shape = tuple[int | None, ...]
"""Lengths of the axes; None where any length goes."""

_RUNTIME_ERRORS = (
    runtime_errors.EPFail,
    runtime_errors.Fail,
    runtime_errors.InvalidArgument,
    runtime_errors.InvalidGraph,
    runtime_errors.InvalidProtobuf,
    runtime_errors.NoSuchFile,
    runtime_errors.NotImplemented,
    runtime_errors.RuntimeException,
)
_TYPES: Mapping[str, np.dtype[Any]] = {
    "tensor(float)": np.dtype(np.float32),
    "tensor(float16)": np.dtype(np.float16),
    "tensor(double)": np.dtype(np.float64),
    "tensor(uint8)": np.dtype(np.uint8),
    "tensor(int8)": np.dtype(np.int8),
    "tensor(int32)": np.dtype(np.int32),
    "tensor(int64)": np.dtype(np.int64),
    "tensor(bool)": np.dtype(np.bool_),
}
_QUIET = 4
"""Log severity "fatal": what goes wrong is raised, so the runtime need not print it as well."""

_NO_FOLDER = "/nonexistent"
"""Where the runtime may look for a graph's external tensors. Only the one file was verified."""


@dataclass(frozen=True, slots=True)
class SessionTiming:
    """Calls of ``run`` so far, warming-up left out."""

    calls: int
    total_s: float
    last_ms: float | None


class OnnxSession:
    """Weights in memory with their threads; a context manager, and of no use after it.

    Outputs are arrays of their own, valid for ever. Preallocated, bound outputs were measured and gained nothing:
    NanoDet-g int8 at 416 x 416 took 11.3 ms of one core plain and 11.5 ms bound.
    """

    def __init__(
        self,
        weights: Path,
        *,
        threads: int = 1,
        providers: Sequence[str] = ("CPUExecutionProvider",),
        warm_up: Mapping[str, Sequence[int]] | None = None,
        contents: bytes | None = None,
    ) -> None:
        """Load the weights; takes from milliseconds to seconds.

        Args:
            weights: verified ONNX file.
            threads: threads of one run, at least 1.
            providers: ONNX Runtime's names, best first; all must be there.
            warm_up: shape per input for one run on zeros, so that the first real one is as fast as the others;
                not needed where all axes are fixed, which are then warmed up as they are.
            contents: the file's bytes, where they have been read already; then no file is opened.

        Raises:
            ArtefactMissingError: there is no such file.
            ArtefactInvalidError: the runtime cannot use it.
            SessionInvalidError: a provider is not there, or the warm-up does not fit.
        """
        _require(providers)
        self._name = weights.name
        self._session: Any = _open(weights, contents, threads, providers)
        self._inputs: dict[str, tuple[np.dtype[Any], Shape]] = {
            given.name: (self._type_of(given), _shape(given.shape)) for given in self._session.get_inputs()
        }
        self._output_names: list[str] = [output.name for output in self._session.get_outputs()]
        self._output_shapes = {output.name: _shape(output.shape) for output in self._session.get_outputs()}
        self._metadata: dict[str, str] = dict(self._session.get_modelmeta().custom_metadata_map)
        self._calls = 0
        self._total_s = 0.0
        self._last_s: float | None = None
        self._noting = threading.Lock()
        self._warm_up(warm_up)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Free the weights and end the threads now. Closing twice does nothing."""
        self._session = None

    @property
    def input_shapes(self) -> Mapping[str, Shape]:
        return {name: shape for name, (_, shape) in self._inputs.items()}

    @property
    def input_types(self) -> Mapping[str, np.dtype[Any]]:
        return {name: dtype for name, (dtype, _) in self._inputs.items()}

    @property
    def output_shapes(self) -> Mapping[str, Shape]:
        return dict(self._output_shapes)

    @property
    def metadata(self) -> Mapping[str, str]:
        """What the file says of itself beside its graph."""
        return dict(self._metadata)

    @property
    def timing(self) -> SessionTiming:
        last_ms = None if self._last_s is None else self._last_s * 1000
        return SessionTiming(calls=self._calls, total_s=self._total_s, last_ms=last_ms)

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Compute all outputs. Blocks for the whole computation.

        Args:
            feeds: an array for every input; not C-contiguous ones are copied by the runtime.

        Returns:
            An array for every output, by name.

        Raises:
            SessionInvalidError: a name, type or shape does not fit, the runtime failed, or the session is closed.
        """
        if self._session is None:
            raise SessionInvalidError(f"{self._name}: the session is closed")
        self._check(feeds)
        began_s = time.perf_counter()
        outputs = self._compute(feeds)
        self._note(time.perf_counter() - began_s)
        return outputs

    def _note(self, took_s: float) -> None:
        with self._noting:
            self._last_s = took_s
            self._total_s += took_s
            self._calls += 1

    def _compute(self, feeds: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        try:
            arrays = self._session.run(self._output_names, feeds)
        except _RUNTIME_ERRORS as failed:
            raise SessionInvalidError(f"{self._name}: the network failed on this input") from failed
        return dict(zip(self._output_names, arrays, strict=True))

    def _check(self, feeds: Mapping[str, NDArray[Any]]) -> None:
        if feeds.keys() != self._inputs.keys():
            expected, got = ", ".join(sorted(self._inputs)), ", ".join(sorted(feeds)) or "nothing"
            raise SessionInvalidError(f"{self._name}: expected inputs {expected}; got {got}")
        for name, array in feeds.items():
            dtype, shape = self._inputs[name]
            if array.dtype != dtype or not _fits(array.shape, shape):
                raise SessionInvalidError(
                    f"{self._name}: {name}: expected {dtype} {_readable(shape)}; "
                    f"got {array.dtype} {_readable(array.shape)}"
                )

    def _warm_up(self, shapes: Mapping[str, Sequence[int]] | None) -> None:
        given: Mapping[str, Sequence[int | None]] = shapes or self.input_shapes
        fixed = {name: tuple(length for length in shape if length is not None) for name, shape in given.items()}
        if any(len(fixed[name]) < len(shape) for name, shape in given.items()):
            return
        feeds = {name: np.zeros(shape, dtype=self._input_type(name)) for name, shape in fixed.items()}
        self._check(feeds)
        self._compute(feeds)

    def _input_type(self, name: str) -> np.dtype[Any]:
        if name not in self._inputs:
            raise SessionInvalidError(f"{self._name}: expected inputs {', '.join(sorted(self._inputs))}; got {name}")
        return self._inputs[name][0]

    def _type_of(self, given: Any) -> np.dtype[Any]:
        if given.type not in _TYPES:
            raise ArtefactInvalidError(f"{self._name}: input {given.name} is a {given.type}, which is not supported")
        return _TYPES[given.type]


def _open(weights: Path, contents: bytes | None, threads: int, providers: Sequence[str]) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _QUIET
    options.add_session_config_entry("session.model_external_initializers_file_folder_path", _NO_FOLDER)
    try:
        held = weights.read_bytes() if contents is None else contents
        return onnxruntime.InferenceSession(held, options, providers=list(providers))
    except FileNotFoundError as missing:
        raise ArtefactMissingError(f"{weights.name}: no such weights file in {weights.parent}") from missing
    except _RUNTIME_ERRORS as unusable:
        raise ArtefactInvalidError(f"{weights.name}: ONNX Runtime cannot use these weights") from unusable


def _require(providers: Sequence[str]) -> None:
    present = onnxruntime.get_available_providers()
    missing = [provider for provider in providers if provider not in present]
    if missing or not providers:
        named = ", ".join(missing) or "no provider"
        raise SessionInvalidError(f"{named} is not in this ONNX Runtime; it has {', '.join(present)}")


def _shape(lengths: Sequence[int | str | None]) -> Shape:
    return tuple(length if isinstance(length, int) and length > 0 else None for length in lengths)


def _fits(got: Sequence[int], expected: Shape) -> bool:
    return len(got) == len(expected) and all(
        length > 0 if wanted is None else length == wanted for length, wanted in zip(got, expected, strict=True)
    )


def _readable(shape: Shape | Sequence[int]) -> str:
    return " x ".join("any" if length is None else str(length) for length in shape) or "scalar"
