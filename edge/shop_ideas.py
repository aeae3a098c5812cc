"""What a shop suggests together: a quick pasta dinner, cheese with wine. The only source of "what goes with it".

Owns reading and checking `ideas.toml`. Refuses a file with one wrong value, naming it, and a number that the
catalogue does not have: the kiosk would suggest what nobody sells.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edge.catalogue import Catalogue
from edge.errors import ConfigError

_Line = Annotated[str, Field(min_length=1, max_length=80)]
_Language = Annotated[str, Field(pattern=r"^[a-z]{2}$")]


class Idea(BaseModel):
    """Products that go together, and what the shop calls them in each language."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    names: Annotated[dict[_Language, _Line], Field(min_length=1)]
    """``{en = "A quick pasta dinner"}``."""
    words: dict[_Language, tuple[_Line, ...]] = {}
    """What shoppers call it besides: ``{en = ["pasta dinner", "italian evening"]}``."""
    skus: Annotated[tuple[str, ...], Field(min_length=2, max_length=8)]

    def called(self, language: str) -> tuple[str, ...]:
        """Its name and its other names in a language; empty where it has none in it."""
        name = (self.names[language],) if language in self.names else ()
        return (*name, *self.words.get(language, ()))


@dataclass(frozen=True, slots=True)
class Ideas:
    """Every idea of a shop, in the file's order."""

    ideas: tuple[Idea, ...] = ()

    def with_product(self, sku: str) -> tuple[str, ...]:
        """Numbers of all that goes with a product, the first idea first; empty where the shop suggests nothing."""
        found = [other for idea in self.ideas if sku in idea.skus for other in idea.skus if other != sku]
        return tuple(dict.fromkeys(found))


NO_IDEAS = Ideas()


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    ideas: tuple[Idea, ...] = ()


def load_ideas(path: Path, catalogue: Catalogue) -> Ideas:
    """Read and check `ideas.toml`.

    Raises:
        ConfigError: unreadable, a wrong value or an unknown SKU; names the idea and what would be right.
    """
    try:
        read = _File.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read as TOML: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"{path}, {field}: {first['msg']}") from error
    for number, idea in enumerate(read.ideas, start=1):
        unknown = next((sku for sku in idea.skus if catalogue.get(sku) is None), None)
        if unknown is not None:
            raise ConfigError(f"{path}, idea {number}, skus: {unknown!r} is not in the catalogue")
    return Ideas(read.ideas)
