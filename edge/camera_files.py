"""Writes what was drawn on a camera's picture into the camera's own file, so that a power cut leaves a whole one.

Owns the rule what becomes of a file that somebody wrote by hand: its other lines, comments included, stay letter by
letter; the tables that were drawn anew are written at its end, and comments inside the old ones are counted as lost.
The former file stays beside it as ``.bak``. Knows nothing about cameras that run.
"""

import json
import os
import re
import stat
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge.errors import ConfigError
from models.durable import LocalDisk, write_durably

BACKUP = ".bak"
Tables = Mapping[str, Sequence[Any] | Mapping[str, Any]]
"""By name: a list of mappings is an array of tables (``[[slots]]``), a mapping a table (``[references]``), any other
list a plain value (``masks = [...]``). What is empty is left out."""
_KEY = re.compile(r"\s*([A-Za-z0-9_-]+)\s*=(.*)")
_HEADER = re.compile(r"\s*\[{1,2}\s*([A-Za-z0-9_-]+)[^\[\]]*\]{1,2}\s*(#.*)?")


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A file's new text."""

    text: str
    comments_lost: int
    """Comment lines that stood inside the tables that were replaced."""


class _KeptRights(LocalDisk):
    """Gives a file the rights of the one it replaces: a camera's address may hold a password."""

    def __init__(self, mode: int) -> None:
        self._mode = mode

    def write(self, path: Path, chunks: Iterable[bytes]) -> None:
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.writelines(chunks)
            os.fchmod(file.fileno(), self._mode)


def with_tables(text: str, tables: Tables) -> Rewritten:
    """A TOML file's text with these top-level tables in place of those of the same names.

    A file whose tables are written inline (``slots = [{...}]``) is written anew as a whole, without its comments.

    Raises:
        tomllib.TOMLDecodeError: ``text`` is no TOML.
    """
    wanted = {name: value for name, value in {**tomllib.loads(text), **tables}.items() if name not in tables or value}
    parted = _parted(text, frozenset(tables))
    plain = _lines({name: value for name, value in tables.items() if value and not _is_table(value)})
    drawn = [_table(name, value) for name, value in tables.items() if _is_table(value)]
    top = "\n".join(parted.top).rstrip() + "\n" + plain
    made = "\n".join(part for part in (top, "\n".join(parted.rest).rstrip() + "\n", *drawn) if part.strip())
    if _reads_as(made, wanted):
        return Rewritten(made, _comments(parted.dropped))
    return Rewritten(_whole(wanted), _comments(text.splitlines()))


@dataclass(slots=True)
class _Parted:
    """A file's lines: before the first table, in tables that stay, and those that go."""

    top: list[str] = field(default_factory=list)
    rest: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)


def _parted(text: str, names: frozenset[str]) -> _Parted:
    """Comments right above a header or a key belong to it. A wrong guess is found when the result is read back."""
    parted = _Parted()
    to, above, open_brackets = parted.top, list[str](), 0
    home = parted.top
    for line in text.splitlines():
        code = line.split("#")[0]
        header, key = _HEADER.fullmatch(line), _KEY.fullmatch(code)
        if open_brackets > 0:
            open_brackets += code.count("[") - code.count("]")
        elif not code.strip() and line.strip():
            above.append(line)
            continue
        elif header is not None:
            home = to = parted.dropped if header.group(1) in names else parted.rest
        elif key is not None and home is parted.top:
            to = parted.dropped if key.group(1) in names else parted.top
            open_brackets = key.group(2).count("[") - key.group(2).count("]")
        to.extend([*above, line])
        above.clear()
    to.extend(above)
    return parted


def _reads_as(text: str, wanted: Mapping[str, Any]) -> bool:
    try:
        return bool(tomllib.loads(text) == _plain(wanted))
    except tomllib.TOMLDecodeError:
        return False


def _plain(value: Any) -> Any:
    """The value as a TOML reader gives it back."""
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value


def _comments(lines: Iterable[str]) -> int:
    return sum(line.lstrip().startswith("#") for line in lines)


def _whole(values: Mapping[str, Any]) -> str:
    """All of a file: plain values first, as TOML asks, then the tables."""
    plain = {name: value for name, value in values.items() if not _is_table(value)}
    tables = [_table(name, value) for name, value in values.items() if _is_table(value)]
    return "\n".join([_lines(plain), *tables])


def _is_table(value: Any) -> bool:
    is_array = isinstance(value, list | tuple) and bool(value) and isinstance(value[0], Mapping)
    return is_array or (isinstance(value, Mapping) and bool(value))


def _table(name: str, value: Sequence[Mapping[str, Any]] | Mapping[str, Any]) -> str:
    if isinstance(value, Mapping):
        return f"[{name}]\n{_lines(value)}"
    return "\n".join(f"[[{name}]]\n{_lines(row)}" for row in value)


def _lines(values: Mapping[str, Any]) -> str:
    return "".join(f"{name} = {_value(value)}\n" for name, value in values.items())


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value(inner) for inner in value)}]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name} = {_value(inner)}" for name, inner in value.items()) + "}"
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def read_camera_file(path: Path) -> bytes:
    """The file's bytes.

    Raises:
        ConfigError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error


def replace_camera_file(path: Path, text: str, *, former: bytes) -> None:
    """Put a new text in the file's place; the former contents stay beside it as ``.bak``.

    Raises:
        ConfigError: it cannot be written; the file is as it was.
    """
    target = path.resolve()
    try:
        disk = _KeptRights(stat.S_IMODE(target.stat().st_mode))
        write_durably(disk, target.with_name(target.name + BACKUP), [former])
        write_durably(disk, target, [text.encode()])
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be written: {error.strerror}; it is as it was. Let the node's user write there"
        ) from error
