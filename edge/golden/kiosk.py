"""The set `kiosk`: whether weights word true answers for shoppers, and soon enough to be read.

Owns asking the real assistant the set's questions with the candidate behind it, and the figures. Under the kiosk's
grammar even random weights give a true sentence, so that the set also lets them choose among sentences of which one
follows from the facts: weights that cannot do that know nothing of what they word.
"""

import tomllib
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from edge.assistant.wording import PREFIX, grammar_of
from edge.golden.figures import Bars, Measured, Progress
from edge.questions.asking import ask_all, percentile_s, right_facts, worded_share, wrong_claims_shown
from edge.questions.question import read_questions
from edge.questions.stage import Stage
from models.config import LanguageSettings
from models.errors import ArtefactInvalidError, ModelsError
from models.language.client import LanguageModel
from models.language.requests import CompletionRequest, LanguagePort
from models.manifest import ActiveArtefact

_MAX_TOKENS = 120


class Choice(BaseModel):
    """A fact, a question about it, and sentences that do not follow from it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fact: str
    ask: str
    wrong: tuple[str, ...]


def run_kiosk(artefact: ActiveArtefact, folder: Path, bars: Bars, progress: Progress) -> Measured:
    """Ask the set with the candidate in an engine process of its own; blocks for half a minute.

    Raises:
        ArtefactInvalidError: the engine does not come up with these weights.
    """
    settings = LanguageSettings()
    with LanguageModel(lambda: artefact, settings, prefixes=(PREFIX,)) as language:
        if not language.wait_until_up(settings.start_timeout_s):
            raise ArtefactInvalidError(f"{artefact.manifest.name}: {language.stats().down_because or 'did not start'}")
        return measure(language, folder, bars, progress)


def measure(language: LanguagePort, folder: Path, bars: Bars, progress: Progress) -> Measured:
    """The figures of any language model behind the port.

    Raises:
        ConfigError: the set is damaged.
    """
    questions, choices = read_questions(folder / "kiosk.toml"), read_choices(folder / "kiosk-choices.toml")
    stage, total = Stage.of_demo_shop(), len(questions) + len(choices)
    assistant = stage.assistant(language, deadline_s=bars["deadline_s"])
    asked = ask_all(assistant, questions, stage, done=lambda done, _: progress(done, total))
    return total, {
        "right_facts": right_facts(asked),
        "wrong_claims": wrong_claims_shown(asked),
        "worded": worded_share(asked),
        "follows_facts": _follows_facts(language, choices, bars["deadline_s"]),
        "p95_s": percentile_s([one.took_s for one in asked], 95),
    }


def read_choices(path: Path) -> tuple[Choice, ...]:
    """The sentences to choose among."""
    return tuple(Choice.model_validate(entry) for entry in tomllib.loads(path.read_text(encoding="utf-8"))["choice"])


def _follows_facts(language: LanguagePort, choices: Sequence[Choice], deadline_s: float) -> float:
    """Share of the choices in which the weights took the sentence that follows from the fact."""
    return sum(_is_taken(language, choice, deadline_s) for choice in choices) / len(choices)


def _is_taken(language: LanguagePort, choice: Choice, deadline_s: float) -> bool:
    sentences = sorted((choice.fact, *choice.wrong))  # in an order that says nothing about which is right
    request = CompletionRequest(
        prefix=PREFIX,
        prompt=f"Facts: {choice.fact}\nQuestion: {choice.ask}",
        deadline_s=deadline_s,
        grammar=grammar_of([sentences]),
        max_tokens=_MAX_TOKENS,
    )
    try:
        return language.complete(request).text.strip() == choice.fact
    except ModelsError:
        return False
