"""Reading a file that may be hostile: every length is checked against what is there before anything is taken.

Owns the cursor, protocol-buffer fields and little-endian numbers over it, and the work budget that ends endless
files. Refuses with `HeaderError`; keeps nothing of the file in memory but the piece that was asked for.
"""

import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

MAX_PIECE_BYTES = 1 << 16
"""Longest name or text that is ever taken into memory."""
MAX_STEPS = 3_000_000
"""Fields and values looked at in one file; the largest vocabulary known has 600,000. Some seconds of one core."""

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5


class HeaderError(Exception):
    """What is wrong with the file, as the end of a sentence."""


class Field(NamedTuple):
    """One protocol-buffer field: its number, its wire type, and its value or, for ``LENGTH``, its bytes' length."""

    number: int
    wire: int
    value: int


class BoundedReader:
    """A cursor over ``size_bytes`` of an open file. One thread."""

    def __init__(self, file: BinaryIO, size_bytes: int) -> None:
        self._file = file
        self._steps = 0
        self.size_bytes = size_bytes
        self.at = 0

    def step(self) -> None:
        """Count one piece of work.

        Raises:
            HeaderError: the budget is spent.
        """
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise HeaderError(f"it describes more than {MAX_STEPS} things")

    def take(self, count: int) -> bytes:
        """The next bytes.

        Raises:
            HeaderError: fewer are there, or more than a header may hold in one piece.
        """
        if count > MAX_PIECE_BYTES:
            raise HeaderError(f"it claims a text of {count} bytes")
        self.require(count)
        piece = self._file.read(count)
        if len(piece) != count:
            raise HeaderError("it ended while it was read")
        self.at += count
        return piece

    def require(self, count: int) -> None:
        """Refuse a length that goes beyond the file.

        Raises:
            HeaderError: fewer bytes are there.
        """
        if count > self.size_bytes - self.at:
            raise HeaderError(f"it claims {count} bytes where {self.size_bytes - self.at} are left")

    def move_to(self, place: int) -> None:
        """Go on at a place that was already checked to lie in the file."""
        if place != self.at:
            self._file.seek(place)
            self.at = place

    def number(self, form: str) -> int | float:
        """One little-endian number, by its `struct` letter."""
        value: int | float = struct.unpack("<" + form, self.take(struct.calcsize(form)))[0]
        return value

    def unsigned(self, form: str) -> int:
        """One little-endian unsigned number, by its `struct` letter."""
        return int(self.number(form))

    def varint(self, end: int) -> int:
        """One protocol-buffer varint, unsigned, that lies before ``end``."""
        value = shift = 0
        while self.at < end and shift < 70:
            byte = self._file.read(1)
            if not byte:
                break
            self.at += 1
            value |= (byte[0] & 0x7F) << shift
            if byte[0] < 0x80:
                return value & 0xFFFF_FFFF_FFFF_FFFF
            shift += 7
        raise HeaderError("it holds a number that does not end")

    def fields(self, end: int) -> Iterator[Field]:
        """The fields up to ``end``; the cursor stands at a ``LENGTH`` field's bytes, and goes behind them by itself.

        Raises:
            HeaderError: a field goes beyond ``end``, or is of a kind that no network file uses.
        """
        while self.at < end:
            self.step()
            key = self.varint(end)
            number, wire = key >> 3, key & 7
            if wire == VARINT:
                yield Field(number, wire, self.varint(end))
                continue
            length = self.varint(end) if wire == LENGTH else {FIXED64: 8, FIXED32: 4}.get(wire, -1)
            stop = self.at + length
            if number == 0 or length < 0:
                raise HeaderError(f"byte {self.at} begins a field of an unknown kind")
            if stop > end:
                raise HeaderError(f"field {number} claims {length} bytes where {end - self.at} are left")
            yield Field(number, wire, length)
            self.move_to(stop)
