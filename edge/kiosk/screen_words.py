"""What the screen itself says, per language, and the letters of its keyboard: data files beside this module.

Owns reading `languages/<code>.toml` and that every language says everything that the others say, with the same places
for what is filled in. What an answer says is the assistant's.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

_FOLDER = Path(__file__).parent / "languages"
_PLACE = re.compile(r"\{(\w+)\}")


class ScreenLanguage(BaseModel):
    """One language of the screen; ``keys`` are the keyboard's rows from top to bottom."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=20)]
    locale: Annotated[str, Field(pattern=r"^[a-z]{2}-[A-Z]{2}$")]
    keys: Annotated[tuple[Annotated[str, Field(min_length=5, max_length=12)], ...], Field(min_length=4, max_length=5)]
    words: Mapping[str, Annotated[str, Field(min_length=1, max_length=200)]]

    def places(self) -> dict[str, frozenset[str]]:
        """For each text the names of what is filled in."""
        return {key: frozenset(_PLACE.findall(text)) for key, text in self.words.items()}


def screen_codes() -> tuple[str, ...]:
    """Codes of the languages that came with the program, in order."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


def load_screen_languages(answered: Sequence[str]) -> dict[str, ScreenLanguage]:
    """Those of the languages which are answered in that the screen knows, in their order; else English alone."""
    codes = [code for code in answered if code in screen_codes()]
    return {code: _read(_FOLDER / f"{code}.toml") for code in codes or ["en"]}


def _read(path: Path) -> ScreenLanguage:
    return ScreenLanguage.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
