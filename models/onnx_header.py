"""The shape of an ONNX file, walked before any library opens it.

Owns what may stand in one: known versions and operator domains, one graph, tensors that lie wholly inside the file
and are as long as their dimensions say. Refuses whatever would read another file. It computes nothing and keeps no
weights. Field numbers are those of `onnx.proto` (ONNX 1.20).
"""

import math
from collections.abc import Callable, Iterator

from models.bounded import FIXED32, FIXED64, LENGTH, VARINT, BoundedReader, Field, HeaderError

IR_VERSIONS = range(3, 15)
OPSETS = {"": range(7, 29), "ai.onnx.ml": range(1, 7), "com.microsoft": range(1, 2)}
"""Operator domains and their versions; others would need a library of their own."""
MAX_NODES = 200_000
MAX_DEPTH = 8
MAX_RANK = 16
MAX_SIDE = 1 << 31
MAX_ELEMENTS = 1 << 31
_BITS = {1: 32, 2: 8, 3: 8, 4: 16, 5: 16, 6: 32, 7: 64, 9: 8, 10: 16, 11: 64, 12: 32, 13: 64, 14: 64, 15: 128, 16: 16}
_SMALL_BITS = {17: 8, 18: 8, 19: 8, 20: 8, 21: 4, 22: 4, 23: 4, 24: 8, 25: 2, 26: 2}
BITS_OF_TYPE = _BITS | _SMALL_BITS
STRING = 8
FREE_SIDES = (0, (1 << 64) - 1)
"""What some exporters write in place of a name for an axis of any length."""

_Part = Callable[[int, int], None]
"""Checks the message that ends at the first number, at the depth of the second."""


def check_onnx(reader: BoundedReader) -> None:
    """Walk the whole file; milliseconds for the usual network.

    Raises:
        HeaderError: something in it is unknown, contradicts itself, or would read outside of the file.
    """
    _OnnxWalk(reader).model()


class _OnnxWalk:
    def __init__(self, reader: BoundedReader) -> None:
        self._reader = reader
        self._nodes = 0

    def model(self) -> None:
        graphs = opsets = 0
        for field in self._reader.fields(self._reader.size_bytes):
            match field.number:
                case 1:
                    self._need(field, VARINT)
                    if field.value not in IR_VERSIONS:
                        raise HeaderError(f"it is of ONNX format {field.value}, which is not known")
                case 7:
                    graphs += 1
                    self._graph(self._end(field), 0)
                case 8:
                    opsets += 1
                    self._opset(self._end(field))
                case 20:
                    raise HeaderError("it carries training steps")
                case 25:
                    self._function(self._end(field), 1)
        if graphs != 1 or not opsets:
            raise HeaderError(f"it holds {graphs} graphs and {opsets} operator sets")
        if not self._nodes:
            raise HeaderError("its graph computes nothing")

    def _opset(self, end: int) -> None:
        domain, version = "", 0
        for field in self._reader.fields(end):
            if field.number == 1:
                domain = self._text(field)
            elif field.number == 2:
                self._need(field, VARINT)
                version = field.value
        domain = "" if domain == "ai.onnx" else domain
        if domain not in OPSETS:
            raise HeaderError(f"it uses operators of {domain!r}, which are not known")
        if version not in OPSETS[domain]:
            raise HeaderError(f"it uses version {version} of the operators {domain or 'ai.onnx'}, which is not known")

    def _function(self, end: int, depth: int) -> None:
        for number, stop in self._messages(end):
            if number == 7:
                self._node(stop, depth)

    def _graph(self, end: int, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise HeaderError(f"its graphs are nested more than {MAX_DEPTH} deep")
        parts: dict[int, _Part] = {1: self._node, 5: self._tensor, 11: self._value, 12: self._value, 13: self._value}
        for number, stop in self._messages(end):
            if number == 15:
                raise HeaderError("it holds sparse tensors")
            if number in parts:
                parts[number](stop, depth)

    def _node(self, end: int, depth: int) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise HeaderError(f"it has more than {MAX_NODES} operators")
        for number, stop in self._messages(end):
            if number == 5:
                self._attribute(stop, depth)

    def _attribute(self, end: int, depth: int) -> None:
        for field in self._reader.fields(end):
            if field.number in (5, 10):
                self._tensor(self._end(field), depth)
            elif field.number in (6, 11):
                self._graph(self._end(field), depth + 1)
            elif field.number in (22, 23):
                raise HeaderError("it holds sparse tensors")

    def _tensor(self, end: int, _depth: int) -> None:
        kind, dims, raw, stored = 0, [], None, 0
        for field in self._reader.fields(end):
            match field.number:
                case 1:
                    dims += self._numbers(field)
                case 2:
                    self._need(field, VARINT)
                    kind = field.value
                case 3 | 13:
                    raise HeaderError("a tensor lies in another file")
                case 14 if field.value:
                    raise HeaderError("a tensor lies in another file")
                case 9:
                    self._need(field, LENGTH)
                    if raw is not None:
                        raise HeaderError("a tensor gives its values twice")
                    raw = field.value
                case 4 | 5 | 7 | 10 | 11:
                    stored += _payload(field)
                case 6:
                    stored += 1
        _check_tensor(kind, dims, raw, stored)

    def _value(self, end: int, depth: int) -> None:
        for number, stop in self._messages(end):
            if number == 2:
                self._type(stop, depth)

    def _type(self, end: int, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise HeaderError(f"its types are nested more than {MAX_DEPTH} deep")
        for number, stop in self._messages(end):
            if number in (1, 8):
                self._tensor_type(stop)
            elif number in (4, 9):
                self._type(stop, depth + 1)

    def _tensor_type(self, end: int) -> None:
        sides: list[int] = []
        for field in self._reader.fields(end):
            if field.number == 2:
                for number, stop in self._messages(self._end(field)):
                    if number == 1:
                        sides += [f.value for f in self._reader.fields(stop) if f.number == 1 and f.wire == VARINT]
        _check_sides([side for side in sides if side not in FREE_SIDES])

    def _messages(self, end: int) -> Iterator[tuple[int, int]]:
        """Number and end of every field that has a length; the others carry nothing that is checked."""
        for field in self._reader.fields(end):
            if field.wire == LENGTH:
                yield field.number, self._reader.at + field.value

    def _numbers(self, field: Field) -> list[int]:
        """A repeated number, packed or one by one."""
        if field.wire == VARINT:
            return [field.value]
        end, found = self._end(field), []
        while self._reader.at < end:
            found.append(self._reader.varint(end))
            if len(found) > MAX_RANK:
                raise HeaderError(f"a tensor has more than {MAX_RANK} axes")
        return found

    def _text(self, field: Field) -> str:
        self._need(field, LENGTH)
        return self._reader.take(field.value).decode(errors="replace")

    def _end(self, field: Field) -> int:
        self._need(field, LENGTH)
        return self._reader.at + field.value

    def _need(self, field: Field, wire: int) -> None:
        if field.wire != wire:
            raise HeaderError(f"byte {self._reader.at}: field {field.number} is of the wrong kind")


def _payload(field: Field) -> int:
    """Bytes of a typed value; a lone varint counts as one."""
    return {FIXED32: 4, FIXED64: 8, LENGTH: field.value}.get(field.wire, 1)


def _check_sides(sides: list[int]) -> int:
    if len(sides) > MAX_RANK:
        raise HeaderError(f"a tensor has more than {MAX_RANK} axes")
    if any(side >= MAX_SIDE for side in sides) or math.prod(sides) > MAX_ELEMENTS:
        raise HeaderError(f"a tensor claims {' x '.join(map(str, sides))} values")
    return math.prod(sides)


def _check_tensor(kind: int, dims: list[int], raw: int | None, stored: int) -> None:
    """Whether a tensor's values fill exactly what its dimensions and type ask for."""
    count = _check_sides(dims)
    if kind == STRING:
        bits, least, most = 0, count, count
    elif kind in BITS_OF_TYPE:
        bits = BITS_OF_TYPE[kind]
        slots = math.ceil(count * bits / 8) if bits < 8 else count * (2 if kind in (14, 15) else 1)
        width = {1: 4, 14: 4, 11: 8, 15: 8}.get(kind)
        least, most = (slots * width, slots * width) if width else (slots, slots * 10)
    else:
        raise HeaderError(f"a tensor is of type {kind}, which is not known")
    if raw is not None:
        least = most = math.ceil(count * bits / 8)
        stored = raw if not stored else -1
    if not least <= stored <= most:
        raise HeaderError(f"a tensor of {' x '.join(map(str, dims)) or 'one value'} is not as long as that")
