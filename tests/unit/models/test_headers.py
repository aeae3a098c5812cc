"""The look at a header: what is refused before any library sees the file, and that whole files pass."""

import io
import struct
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper

from models.bounded import BoundedReader, HeaderError
from models.errors import ArtefactInvalidError, ArtefactMissingError
from models.headers import check_header
from models.onnx_header import check_onnx
from tests.unit.models.tiny_weights import gguf, listed, pair, pairs, tensors, text, tiny_gguf, tiny_onnx

Change = Callable[[onnx.ModelProto], object]


def check(folder: Path, contents: bytes, form: str) -> None:
    path = folder / f"tiny.{form}"
    path.write_bytes(contents)
    check_header(path, "onnx" if form == "onnx" else "gguf")


def test_whole_files_pass(tmp_path: Path) -> None:
    check(tmp_path, tiny_onnx(), "onnx")
    check(tmp_path, tiny_gguf(), "gguf")


def test_a_missing_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ArtefactMissingError):
        check_header(tmp_path / "none", "onnx")


def _external(model: onnx.ModelProto) -> None:
    model.graph.initializer[0].data_location = TensorProto.EXTERNAL
    model.graph.initializer[0].external_data.add(key="location", value="/etc/passwd")


def _external_inside_an_operator(model: onnx.ModelProto) -> None:
    tensor = TensorProto(name="t", data_type=1, dims=[1], data_location=TensorProto.EXTERNAL)
    model.graph.node[0].attribute.append(helper.make_attribute("value", tensor))


def _nested(model: onnx.ModelProto) -> None:
    inner = helper.make_graph([], "inner", [], [])
    for _ in range(12):
        node = helper.make_node("If", ["x"], ["y"], then_branch=inner)
        inner = helper.make_graph([node], "inner", [], [])
    model.graph.node.append(helper.make_node("If", ["x"], ["y"], then_branch=inner))


def _initializer(**fields: object) -> Change:
    def change(model: onnx.ModelProto) -> None:
        model.graph.initializer.append(TensorProto(name="t", **fields))  # type: ignore[arg-type]

    return change


def _input(*sides: int) -> Change:
    def change(model: onnx.ModelProto) -> None:
        model.graph.input.append(helper.make_tensor_value_info("z", TensorProto.FLOAT, sides))

    return change


def _opset(domain: str, version: int) -> Change:
    return lambda model: model.opset_import.append(helper.make_opsetid(domain, version))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        pytest.param(_external, "lies in another file", id="a tensor elsewhere"),
        pytest.param(_external_inside_an_operator, "lies in another file", id="an operator's tensor elsewhere"),
        pytest.param(_initializer(data_type=1, dims=[1 << 40]), "claims 1099511627776 values", id="a huge tensor"),
        pytest.param(_initializer(data_type=1, dims=[1 << 20, 1 << 20]), "claims 1048576 x 1048576", id="huge product"),
        pytest.param(_initializer(data_type=1, dims=[-1]), "claims 18446744073709551615", id="a negative side"),
        pytest.param(_initializer(data_type=1, dims=[9], raw_data=b"1234"), "tensor of 9 is not as long", id="short"),
        pytest.param(_initializer(data_type=1, dims=[1], raw_data=bytes(8)), "not as long", id="long"),
        pytest.param(_initializer(data_type=99, dims=[1]), "of type 99", id="an unknown type"),
        pytest.param(_initializer(data_type=1, dims=[1] * 40), "more than 16 axes", id="many axes"),
        pytest.param(_initializer(data_type=7, dims=[5], int64_data=[1]), "not as long", id="typed values missing"),
        pytest.param(_initializer(data_type=8, dims=[2], string_data=[b"a"]), "not as long", id="a text missing"),
        pytest.param(_input(1, 3, 1 << 30, 1 << 30), "claims 1 x 3 x", id="a huge input"),
        pytest.param(_nested, "nested more than 8 deep", id="graphs in graphs"),
        pytest.param(_opset("evil.example", 1), "'evil.example'", id="operators of a stranger"),
        pytest.param(_opset("", 4000), "version 4000", id="a future operator set"),
        pytest.param(lambda model: model.ClearField("opset_import"), "1 graphs and 0 operator sets", id="no operators"),
        pytest.param(lambda model: model.graph.ClearField("node"), "computes nothing", id="an empty graph"),
        pytest.param(lambda model: model.ClearField("graph"), "0 graphs", id="no graph"),
        pytest.param(lambda model: setattr(model, "ir_version", 99), "format 99", id="a future format"),
        pytest.param(lambda model: model.training_info.add(), "training steps", id="training"),
        pytest.param(lambda model: model.graph.sparse_initializer.add(), "sparse tensors", id="sparse"),
    ],
)
def test_a_hostile_onnx_is_refused_with_what_is_wrong(tmp_path: Path, change: Change, sentence: str) -> None:
    model = onnx.load_from_string(tiny_onnx())
    change(model)
    with pytest.raises(ArtefactInvalidError, match=rf"tiny\.onnx: its header is refused: .*{sentence}"):
        check(tmp_path, model.SerializeToString(), "onnx")


@pytest.mark.parametrize(
    "tensor",
    [
        helper.make_tensor("t", TensorProto.FLOAT, [3], [1.0, 2.0, 3.0]),
        helper.make_tensor("t", TensorProto.INT64, [3], [-1, 2, 1 << 60]),
        helper.make_tensor("t", TensorProto.INT8, [2], [-128, 127]),
        helper.make_tensor("t", TensorProto.DOUBLE, [2], [1.0, 2.0]),
        helper.make_tensor("t", TensorProto.FLOAT16, [2], [1.0, 2.0]),
        helper.make_tensor("t", TensorProto.BOOL, [2], [True, False]),
        helper.make_tensor("t", TensorProto.STRING, [2], [b"a", b"bc"]),
        helper.make_tensor("t", TensorProto.INT4, [3], [1, 2, 3]),
        helper.make_tensor("t", TensorProto.COMPLEX64, [1], [1 + 2j]),
        helper.make_tensor("t", TensorProto.INT64, [0], []),
        helper.make_tensor("t", TensorProto.FLOAT, [], [1.0]),
    ],
    ids=lambda tensor: f"{TensorProto.DataType.Name(tensor.data_type)}-{list(tensor.dims)}",
)
def test_tensors_of_every_kind_of_storage_pass(tmp_path: Path, tensor: TensorProto) -> None:
    model = onnx.load_from_string(tiny_onnx())
    model.graph.initializer.append(tensor)
    check(tmp_path, model.SerializeToString(), "onnx")


def test_two_graphs_in_one_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtefactInvalidError, match="2 graphs"):
        check(tmp_path, tiny_onnx() * 2, "onnx")


def _tensor(name: str, *sides: int, kind: int = 0, offset: int = 0) -> bytes:
    head = b"GGUF" + struct.pack("<IQQ", 3, 1, 1) + pair("general.architecture", 8, text(b"llama"))
    return head + text(name.encode()) + struct.pack(f"<I{len(sides)}QIQ", len(sides), *sides, kind, offset)


def _with(*settings: bytes) -> bytes:
    return gguf([*pairs(), *settings], tensors())


@pytest.mark.parametrize(
    ("contents", "sentence"),
    [
        pytest.param(tiny_gguf()[:-40], "cut short", id="truncated data"),
        pytest.param(tiny_gguf()[:500], "claims", id="truncated header"),
        pytest.param(gguf(pairs(), tensors(), version=9), "version 9", id="a future version"),
        pytest.param(b"GGUF" + struct.pack("<IQQ", 3, 1 << 60, 1), "claims 1152921504606846976 tensors", id="tensors"),
        pytest.param(b"GGUF" + struct.pack("<IQQ", 3, 1, 1 << 60), "1152921504606846976 settings", id="settings"),
        pytest.param(_with(pair("x", 8, struct.pack("<Q", 1 << 62))), "text of", id="an endless text"),
        pytest.param(_with(pair("x", 9, struct.pack("<IQ", 8, 1 << 61))), "claims", id="an endless list"),
        pytest.param(_with(pair("x", 9, struct.pack("<IQ", 4, 1 << 61))), "claims", id="an endless list of numbers"),
        pytest.param(
            _with(pair("x", 9, listed(9, [listed(9, [listed(9, [listed(9, [])])])]))), "nested", id="lists in lists"
        ),
        pytest.param(_with(pair("x", 77, b"")), "of kind 77", id="an unknown kind"),
        pytest.param(_with(pair("x", 4, bytes(4)), pair("x", 4, bytes(4))), "'x' twice", id="a setting twice"),
        pytest.param(_with(pair("split.count", 2, struct.pack("<H", 3))), "in other files", id="split"),
        pytest.param(_with(pair("general.alignment", 4, bytes(4))), "aligned to 0", id="no alignment"),
        pytest.param(_tensor("t", 0), "claims 0 values", id="an empty tensor"),
        pytest.param(_tensor("t", 1 << 40, 1 << 40), "claims", id="a huge tensor"),
        pytest.param(_tensor("t", 32, kind=99), "of type 99", id="an unknown type"),
        pytest.param(_tensor("t", 31, kind=2), "claims 31", id="a broken block"),
        pytest.param(_tensor("t", 32, offset=1 << 50), "cut short", id="beyond the end"),
        pytest.param(_tensor("t", 32, offset=7), "askew", id="askew"),
        pytest.param(_tensor("t", *[1] * 9), "9 axes", id="many axes"),
    ],
)
def test_a_hostile_gguf_is_refused_with_what_is_wrong(tmp_path: Path, contents: bytes, sentence: str) -> None:
    with pytest.raises(ArtefactInvalidError, match=rf"tiny\.gguf: its header is refused: .*{sentence}"):
        check(tmp_path, contents, "gguf")


@given(st.binary(max_size=400), st.integers(0, 600))
def test_any_bytes_pass_or_end_in_a_sentence(noise: bytes, at: int) -> None:
    whole = tiny_onnx()
    contents = whole[:at] + noise + whole[at + len(noise) :]
    with suppress(HeaderError):
        check_onnx(BoundedReader(io.BytesIO(contents), len(contents)))


def test_a_file_of_nothing_but_tiny_fields_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.bounded.MAX_STEPS", 1000)
    with pytest.raises(ArtefactInvalidError, match="more than 1000 things"):
        check(tmp_path, b"\x08\x08" * 2000, "onnx")
