"""Reads a language's data files (`edge/assistant/languages/<code>/*.toml`) into checked values.

Owns where they lie and what is said when one is wrong: file, key and what would be right. Knows nothing of what the
words mean; each reader declares its own file's shape as a `LanguageFile`.
"""

import re
import string
import tomllib
from importlib import resources
from importlib.resources.abc import Traversable
from typing import TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from edge.errors import ConfigError

Patterns = tuple[re.Pattern[str], ...]
Rewritten = tuple[tuple[re.Pattern[str], str], ...]
"""Patterns, each with what is written in its place, in the order in which they are tried."""


class LanguageFile(BaseModel):
    """One file of a language, or a table in one: every key must be there, and no other."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Shape = TypeVar("Shape", bound=LanguageFile)


def known_languages() -> tuple[str, ...]:
    """Codes of the languages that have a folder, in order."""
    return tuple(sorted(entry.name for entry in _folder().iterdir() if re.fullmatch(r"[a-z]{2}", entry.name)))


def read_language_file(code: str, name: str, shape: type[Shape]) -> Shape:
    """One language's file, checked.

    Raises:
        ConfigError: there is no such language or file, it is no TOML, or a key is missing, unknown or wrong; names the
            file and the key.
    """
    if code not in known_languages():
        raise ConfigError(f"[shop] language: {code!r} must be one of: {', '.join(known_languages())}")
    where = f"languages/{code}/{name}"
    try:
        return shape.model_validate(tomllib.loads((_folder() / code / name).read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{where}: cannot be read as TOML: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ConfigError(
            f"{where}, {'.'.join(map(str, first['loc']))}: {_right(first['type'], first['msg'])}"
        ) from error


def has_language_file(code: str, name: str) -> bool:
    """Whether the language has this file, where a language may do without."""
    return (_folder() / code / name).is_file()


def holds(*fields: str) -> AfterValidator:
    """A text must hold exactly these fields, such as ``{title}``, each at least once."""

    def check(text: str) -> str:
        try:
            found = {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
        except ValueError as error:
            raise ValueError(f"must not hold a single brace: {error}") from error
        if found != set(fields):
            right = " and ".join(f"{{{field}}}" for field in fields) or "none"
            raise ValueError(f"must hold these fields and no other: {right}")
        return text

    return AfterValidator(check)


def _right(kind: str, message: str) -> str:
    plain = {
        "missing": "is missing; every language has the same keys",
        "extra_forbidden": "is not known here; every language has the same keys",
    }
    return plain.get(kind, message)


def _folder() -> Traversable:
    return resources.files("edge") / "assistant" / "languages"
