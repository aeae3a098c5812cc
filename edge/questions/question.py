"""One question with what its answer must hold, and the files that such questions come in.

Owns the form of a question set (TOML). Refuses a set with one wrong entry, naming it. Knows nothing of who answers.
"""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edge.assistant.assistant import Outcome
from edge.errors import ConfigError

Group = Literal["price", "place", "stock", "offer", "allergens", "shop", "misspelled", "size", "follow_up", "several",
                "colleague", "outside", "hostile", "harmless"]  # fmt: skip
"""``outside``: nothing in the shop's data answers it; ``harmless``: it only sounds dangerous."""
Text = Annotated[str, Field(min_length=1, max_length=300)]


class Question(BaseModel):
    """What is asked, and what makes an answer right."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ask: Text
    after: tuple[Text, ...] = ()
    """Asked before it in the same session."""
    group: Group
    outcome: Outcome = "answered"
    products: tuple[Text, ...] = ()
    """Names of products that the answer must be about."""
    may_show_others: bool = False
    """Several products fit the words, so that others may stand beside."""
    says: tuple[Text, ...] = ()
    """Texts that the answer must hold, letter by letter."""


class _QuestionSet(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    question: Annotated[tuple[Question, ...], Field(min_length=1)]


def read_questions(path: Path) -> tuple[Question, ...]:
    """Read and check a question set.

    Raises:
        ConfigError: it cannot be read, or an entry is wrong; says which.
    """
    try:
        with path.open("rb") as file:
            return _QuestionSet.model_validate(tomllib.load(file)).question
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read as a question set: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error


def every_nth(questions: Sequence[Question], step: int) -> tuple[Question, ...]:
    """A part of a set in which each group keeps its share, the same at every call."""
    by_group = sorted(questions, key=lambda question: question.group)
    return tuple(by_group[::step])
