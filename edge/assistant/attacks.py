"""Tells whether a text is aimed at the machine rather than at the shop, and in which way.

Owns the rules' reading; the words are in `attack_words.toml`. A rude or dangerous-sounding question is an ordinary
question: a rule needs two things together. Pure; the words are read once, when the first text is judged.
"""

import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from edge.assistant.disguises import compact, readings

MAX_READ_CHARS = 16_384
"""Of a longer text, the beginning and the end are read."""
_WORDS = Path(__file__).with_name("attack_words.toml")
_NEAR = ".{0,40}?"


class Attack(StrEnum):
    """What a text is after."""

    OVERRIDE = "override"
    EXTRACTION = "extraction"
    PERSONA = "persona"
    JAILBREAK = "jailbreak"
    CONTROL = "control"
    FALSE_CLAIM = "false claim"
    CODE = "code"
    PRIVACY = "privacy"
    HARM = "harm"
    """To people; not aimed at the machine, and still never answered with goods."""


ON_THE_MODEL = frozenset({Attack.OVERRIDE, Attack.EXTRACTION, Attack.JAILBREAK})
"""What no program has a reason to pass on to a language model; the others may be its honest work."""


@dataclass(frozen=True, slots=True)
class _Rules:
    patterns: Sequence[tuple[Attack, re.Pattern[str]]]
    compact: Mapping[Attack, Sequence[str]]


def attack_in(text: str, *, among: Collection[Attack] = frozenset(Attack)) -> Attack | None:
    """The first of these kinds of attack that is found in any reading of the text; None in an ordinary one."""
    rules = _rules()
    read = _bounded(text)
    for reading in readings(read):
        for attack, pattern in rules.patterns:
            if attack in among and pattern.search(reading):
                return attack
    letters = compact(read)
    if letters is not None:
        return next(
            (kind for kind, told in rules.compact.items() if kind in among and any(t in letters for t in told)), None
        )
    return None


def _bounded(text: str) -> str:
    half = MAX_READ_CHARS // 2
    return text if len(text) <= MAX_READ_CHARS else f"{text[:half]}\n{text[-half:]}"


@cache
def _rules() -> _Rules:
    data = tomllib.loads(_WORDS.read_text(encoding="utf-8"))
    words = {**data["words"], "near": _NEAR}
    patterns = [
        (Attack(rule["kind"]), re.compile(_filled(pattern, words)))
        for rule in data["rule"]
        for pattern in rule["patterns"]
    ]
    return _Rules(patterns, {Attack(kind): tuple(told) for kind, told in data["compact"].items()})


def _filled(pattern: str, words: Mapping[str, str]) -> str:
    return re.sub(r"\{([a-z]+)\}", lambda name: words[name[1]], pattern)
