"""The shape of a GGUF file, walked before any library opens it.

Owns what may stand in one: version, counts, texts, and tensors that lie wholly inside the file, at aligned places
and without overlap. Refuses files that go on in other files. It keeps no weights. Layout: the GGUF specification,
version 3 (version 2 differs in nothing that is read here).

    magic · version · tensors · pairs │ key, kind, value … │ name, axes, kind, offset … │ padding │ tensor data
"""

import math
from dataclasses import dataclass

from models.bounded import BoundedReader, HeaderError

VERSIONS = (2, 3)
MAX_TENSORS = 1 << 16
MAX_PAIRS = 1 << 12
MAX_NAME_BYTES = 1 << 10
MAX_DEPTH = 3
MAX_ELEMENTS = 1 << 40
MAX_TEXT_BYTES = 1 << 22
ALIGNMENT = 32

_NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "B", 10: "Q", 11: "q", 12: "d"}
_TEXT, _LIST = 8, 9
_NUMBER_BYTES = {"B": 1, "b": 1, "H": 2, "h": 2, "I": 4, "i": 4, "f": 4, "Q": 8, "q": 8, "d": 8}

BLOCKS = {
    0: (1, 4),
    1: (1, 2),
    2: (32, 18),
    3: (32, 20),
    6: (32, 22),
    7: (32, 24),
    8: (32, 34),
    10: (256, 84),
    11: (256, 110),
    12: (256, 144),
    13: (256, 176),
    14: (256, 210),
    16: (256, 66),
    17: (256, 74),
    18: (256, 98),
    19: (256, 50),
    20: (32, 18),
    21: (256, 110),
    22: (256, 82),
    23: (256, 136),
    24: (1, 1),
    25: (1, 2),
    26: (1, 4),
    27: (1, 8),
    28: (1, 8),
    29: (256, 56),
    30: (1, 2),
    34: (256, 54),
    35: (256, 66),
    39: (32, 17),
}
"""Values and bytes of one block, by the number of the tensor type (`ggml.h`, enum ggml_type)."""


@dataclass(frozen=True, slots=True)
class _Tensor:
    name: bytes
    offset: int
    size_bytes: int


def check_gguf(reader: BoundedReader) -> None:
    """Walk everything before the tensor data, and place the tensors; under a second for the largest vocabularies.

    Raises:
        HeaderError: something in it is unknown, contradicts itself, or lies outside of the file.
    """
    if reader.take(4) != b"GGUF":
        raise HeaderError("it does not begin as GGUF does")
    version = reader.unsigned("I")
    if version not in VERSIONS:
        raise HeaderError(f"it is of GGUF version {version}, which is not known")
    tensors, pairs = reader.unsigned("Q"), reader.unsigned("Q")
    if not 1 <= tensors <= MAX_TENSORS or not 1 <= pairs <= MAX_PAIRS:
        raise HeaderError(f"it claims {tensors} tensors and {pairs} settings")
    known = _pairs(reader, pairs)
    if int(known.get(b"split.count", 0)) > 1:
        raise HeaderError("it goes on in other files")
    alignment = int(known.get(b"general.alignment", ALIGNMENT))
    if alignment not in (8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096):
        raise HeaderError(f"its tensors are aligned to {alignment} bytes")
    placed = [_tensor(reader) for _ in range(tensors)]
    if len({tensor.name for tensor in placed}) != tensors:
        raise HeaderError("two of its tensors have one name")
    _check_places(placed, begin=math.ceil(reader.at / alignment) * alignment, reader=reader, alignment=alignment)


def _pairs(reader: BoundedReader, count: int) -> dict[bytes, int | float]:
    """Keys and, for single numbers, values."""
    found: dict[bytes, int | float] = {}
    for _ in range(count):
        key = _name(reader)
        if key in found:
            raise HeaderError(f"it gives {key.decode(errors='replace')!r} twice")
        found[key] = _value(reader, reader.unsigned("I"), 0)
    return found


def _value(reader: BoundedReader, kind: int, depth: int) -> int | float:
    reader.step()
    if kind in _NUMBERS:
        return reader.number(_NUMBERS[kind])
    if kind == _TEXT:
        length = reader.unsigned("Q")
        if length > MAX_TEXT_BYTES:
            raise HeaderError(f"it claims a text of {length} bytes")
        _skip(reader, length)
    elif kind == _LIST:
        _list(reader, depth)
    else:
        raise HeaderError(f"a setting is of kind {kind}, which is not known")
    return 0


def _list(reader: BoundedReader, depth: int) -> None:
    kind, count = reader.unsigned("I"), reader.unsigned("Q")
    if depth >= MAX_DEPTH:
        raise HeaderError(f"its lists are nested more than {MAX_DEPTH} deep")
    if kind in _NUMBERS:
        _skip(reader, count * _NUMBER_BYTES[_NUMBERS[kind]])
        return
    reader.require(count * 8)
    for _ in range(count):
        _value(reader, kind, depth + 1)


def _tensor(reader: BoundedReader) -> _Tensor:
    reader.step()
    name, axes = _name(reader), reader.unsigned("I")
    if not 1 <= axes <= 4:
        raise HeaderError(f"a tensor has {axes} axes")
    sides = [reader.unsigned("Q") for _ in range(axes)]
    kind, offset = reader.unsigned("I"), reader.unsigned("Q")
    if kind not in BLOCKS:
        raise HeaderError(f"a tensor is of type {kind}, which is not known")
    values, block_bytes = BLOCKS[kind]
    if not all(sides) or math.prod(sides) > MAX_ELEMENTS or sides[0] % values:
        raise HeaderError(f"a tensor claims {' x '.join(map(str, sides))} values")
    return _Tensor(name, offset, math.prod(sides) // values * block_bytes)


def _check_places(placed: list[_Tensor], *, begin: int, reader: BoundedReader, alignment: int) -> None:
    free_from = 0
    for tensor in sorted(placed, key=lambda t: t.offset):
        if tensor.offset % alignment or tensor.offset < free_from:
            raise HeaderError("its tensors overlap or lie askew")
        free_from = tensor.offset + tensor.size_bytes
        if begin + free_from > reader.size_bytes:
            raise HeaderError(
                f"a tensor ends at byte {begin + free_from}, and the file has {reader.size_bytes}: it is cut short"
            )


def _name(reader: BoundedReader) -> bytes:
    length = reader.unsigned("Q")
    if not 1 <= length <= MAX_NAME_BYTES:
        raise HeaderError(f"it claims a name of {length} bytes")
    return reader.take(length)


def _skip(reader: BoundedReader, count: int) -> None:
    reader.require(count)
    reader.move_to(reader.at + count)
