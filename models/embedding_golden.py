"""The golden set of embeddings: what shoppers ask, and the product names that answer it.

Owns reading the set and counting right answers. It judges any weights for the task in the shop's own unit: is the
product that was meant among the three nearest names. What is too little, its caller says.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Protocol

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from models.embeddings import Vectors
from models.errors import ArtefactInvalidError, ArtefactMissingError

NEAREST = 3
Text = Annotated[str, Field(min_length=1, max_length=200)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Query(_Part):
    """One thing asked, and the names of which any is right."""

    ask: Text
    names: tuple[Text, ...] = Field(min_length=1)


class GoldenQueries(_Part):
    """All product names of the set, and what is asked of them."""

    names: tuple[Text, ...] = Field(min_length=NEAREST)
    queries: tuple[Query, ...] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Miss:
    """A query whose product was not among the nearest."""

    query: Query
    nearest: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Score:
    """How many were asked, and which went wrong."""

    asked: int
    misses: tuple[Miss, ...]

    @property
    def top_3(self) -> float:
        """Share of queries with a right name among the three nearest, 0..1."""
        return 1 - len(self.misses) / self.asked


class TextEmbedder(Protocol):
    """What turns texts into rows of length 1."""

    def embed(self, texts: Sequence[str]) -> Vectors: ...


def read_queries(path: Path) -> GoldenQueries:
    """Read a golden set.

    Raises:
        ArtefactMissingError: there is no such file.
        ArtefactInvalidError: it is not a golden set of this task.
    """
    try:
        return GoldenQueries.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as missing:
        raise ArtefactMissingError(f"{path.name}: no such golden set in {path.parent}") from missing
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValidationError) as wrong:
        raise ArtefactInvalidError(f"{path.name}: not a golden set of the task embeddings") from wrong


def score_queries(embedder: TextEmbedder, golden: GoldenQueries) -> Score:
    """Ask every query of all names; takes a fraction of a second."""
    names = embedder.embed(golden.names)
    cosines = embedder.embed([query.ask for query in golden.queries]) @ names.T
    misses = []
    for query, row in zip(golden.queries, cosines, strict=True):
        nearest = tuple(golden.names[place] for place in np.argsort(-row, kind="stable")[:NEAREST])
        if not set(nearest) & set(query.names):
            misses.append(Miss(query, nearest))
    return Score(asked=len(golden.queries), misses=tuple(misses))
