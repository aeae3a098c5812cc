"""A power cut at any point of a recorded run: which bytes a disk may hold afterwards.

The recorder (`recorder.c`, preloaded) notes writes, truncations, syncs and renames of one folder in their order. What
was synced is on the disk. Of the rest a cut may leave nothing, everything, or some: single sectors of single writes,
in any order. Creating, renaming and unlinking happen in order, as a journalling file system keeps them, and are on the
disk with the next sync of any file. Method: Zheng et al., "Torturing Databases for Fun and Profit" (OSDI 2014).
"""

import struct
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

SECTOR_BYTES = 512
ORACLE = "oracle"
"""The file that stands outside of the machine: what was promised is known whatever the disk lost."""
_RECORDER = Path(__file__).with_name("recorder.c")


@dataclass(frozen=True, slots=True)
class Change:
    """One record of the recorder; see there."""

    op: str
    name: str
    number: int
    data: bytes


def build_recorder(folder: Path) -> Path:
    """Compile the recorder; needs gcc."""
    library = folder / "recorder.so"
    subprocess.run(["gcc", "-O1", "-shared", "-fPIC", "-o", str(library), str(_RECORDER), "-ldl"], check=True)
    return library


def read_changes(log: Path) -> list[Change]:
    """All records of a run."""
    text, at, changes = log.read_bytes(), 0, []
    while at < len(text):
        op, length = struct.unpack_from("<cH", text, at)
        name = text[at + 3 : at + 3 + length].decode()
        number, size = struct.unpack_from("<QI", text, at + 3 + length)
        start = at + 15 + length
        changes.append(Change(op.decode(), name, number, text[start : start + size]))
        at = start + size
    return changes


@dataclass(slots=True)
class _File:
    """A file by its own identity: what is on the disk, and what was written since."""

    durable: bytearray
    pending: list[tuple[int, Change]] = field(default_factory=list)


class Disk:
    """The disk of a recorded run, moved on change by change."""

    def __init__(self, start: Mapping[str, bytes]) -> None:
        self._files = {name: _File(bytearray(contents)) for name, contents in start.items()}
        """The folder as the process sees it."""
        self._on_disk = dict(self._files)
        self._renames: list[tuple[int, Change, _File | None]] = []
        self._oracle = bytearray()
        self._index = 0

    def apply(self, change: Change) -> None:
        """Take the next change."""
        index, self._index = self._index, self._index + 1
        if change.name == ORACLE:
            if change.op == "W":
                self._oracle += change.data
            return
        if change.op == "S":
            self._sync(self._files[change.name], change.number)
        elif change.op in "WT":
            self._files[change.name].pending.append((index, change))
        else:
            self._move(index, change)

    def _move(self, index: int, change: Change) -> None:
        file = None
        if change.op == "C":
            file = self._files[change.name] = _File(bytearray())
        elif change.op == "R":
            file = self._files[change.data.decode()] = self._files.pop(change.name)
        else:
            self._files.pop(change.name, None)
        self._renames.append((index, change, file))

    def _sync(self, file: _File, before: int) -> None:
        for _, change in (entry for entry in file.pending if entry[0] < before):
            _write(file.durable, change)
        file.pending = [entry for entry in file.pending if entry[0] >= before]
        for _, change, moved in (entry for entry in self._renames if entry[0] < before):
            _rename(self._on_disk, change, moved)
        self._renames = [entry for entry in self._renames if entry[0] >= before]

    def promises(self) -> list[str]:
        """Lines that were promised before the cut; a line half written is no promise."""
        return bytes(self._oracle).decode().split("\n")[:-1]

    def cut(self, random: Random) -> dict[str, bytes]:
        """The folder after a power cut now."""
        keep = random.choice(("nothing", "everything", "some", "some"))
        names = dict(self._on_disk)
        kept_moves = {"nothing": 0, "everything": len(self._renames)}.get(keep, random.randint(0, len(self._renames)))
        for _, change, moved in self._renames[:kept_moves]:
            _rename(names, change, moved)
        return {name: bytes(_after(file, keep, random)) for name, file in names.items()}


def _after(file: _File, keep: str, random: Random) -> bytearray:
    contents = bytearray(file.durable)
    if keep == "nothing":
        return contents
    for _, change in file.pending:
        if keep == "everything":
            _write(contents, change)
        elif change.op == "T":
            if random.random() < 0.5:
                _write(contents, change)
        else:
            for part in _sectors(change):
                if random.random() < 0.5:
                    _write(contents, part)
    return contents


def _sectors(change: Change) -> Iterator[Change]:
    at = 0
    while at < len(change.data):
        size = SECTOR_BYTES - (change.number + at) % SECTOR_BYTES
        yield Change("W", change.name, change.number + at, change.data[at : at + size])
        at += size


def _write(contents: bytearray, change: Change) -> None:
    if change.op == "T":
        del contents[change.number :]
        contents.extend(bytes(change.number - len(contents)))
        return
    if len(contents) < change.number:
        contents.extend(bytes(change.number - len(contents)))
    contents[change.number : change.number + len(change.data)] = change.data


def _rename(names: dict[str, _File], change: Change, file: _File | None) -> None:
    if change.op in "RU":
        names.pop(change.name, None)
    if change.op == "R":
        names[change.data.decode()] = file or _File(bytearray())
    elif change.op == "C":
        names[change.name] = file or _File(bytearray())
