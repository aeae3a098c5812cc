"""Till texts read as words: `FRZN BRD STICK/PORTON` is frozen breaded stick, or portion.

Owns the word list of a language (`firmware-config/search`): abbreviations, words that say nothing, and other words
for one thing. Refuses a list with a wrong entry. Pure apart from reading that file; knows no product.
"""

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge.catalogue_words import words_of
from edge.errors import ConfigError

Phrase = tuple[str, ...]
"""Words of `words_of`, in order."""

CUT_AT = 28
"""A till text this long or longer may have been cut by its column, so that its last word is only a beginning."""
_PARTS = re.compile(r"[/:;,()&+]|\s-\s|-$")
_WORD = re.compile(r"[a-z0-9%']+")


@dataclass(frozen=True, slots=True)
class TillWords:
    """How till texts and shoppers of one language say things. Empty: every word stands for itself."""

    abbreviations: Mapping[str, str] = field(default_factory=dict)
    noise: frozenset[str] = frozenset()
    asking: frozenset[str] = frozenset()
    """Words of `words_of` that stand around what is asked for."""
    excluding: frozenset[str] = frozenset()
    of: Callable[[str], list[str]] = words_of
    """Comparable words of a text in that language."""
    same: Mapping[Phrase, frozenset[Phrase]] = field(default_factory=dict)
    """A phrase to every phrase that says the same, itself among them."""
    within: Mapping[Phrase, frozenset[Phrase]] = field(default_factory=dict)
    """A narrower thing to what says of which it is one: merlot to wine, not the other way round."""

    @property
    def longest(self) -> int:
        """Words in the longest phrase of `same` and `within`."""
        return max(map(len, (*self.same, *self.within)), default=1)


def load_till_words(path: Path, of: Callable[[str], list[str]] = words_of) -> TillWords:
    """Read a language's word list; none is there for a language: empty. ``of`` brings its words to one form.

    Raises:
        ConfigError: it cannot be read, or an entry is of the wrong kind.
    """
    if not path.exists():
        return TillWords(of=of)
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read as UTF-8 TOML: {error}") from error
    abbreviations = raw.pop("abbreviations", {})
    if not isinstance(abbreviations, dict) or not all(isinstance(text, str) for text in abbreviations.values()):
        raise ConfigError(f'{path}, [abbreviations]: each line must be abbreviation = "its words"')
    same = _same(of, [_texts(path, "[[same]] words", group.get("words")) for group in _tables(path, "same", raw)])
    within: dict[Phrase, frozenset[Phrase]] = {}
    for group in _tables(path, "within", raw):
        wider = tuple(of(*_texts(path, "[[within]] of", [group.get("of")])))
        for text in _texts(path, "[[within]] words", group.get("words")):
            # A single other word is too often something else as well: soda is a soft drink, and in the baking.
            longer = frozenset(phrase for phrase in same.get(wider, ()) if len(phrase) > 1)
            within[tuple(of(text))] = longer | {wider}
    words = TillWords(
        {key.casefold(): text.casefold() for key, text in abbreviations.items()},
        frozenset(_texts(path, "noise", raw.pop("noise", []))),
        frozenset(word for text in _texts(path, "asking", raw.pop("asking", [])) for word in of(text)),
        frozenset(_texts(path, "excluding", raw.pop("excluding", []))),
        of,
        same,
        within,
    )
    if raw:
        raise ConfigError(
            f"{path}: does not know {', '.join(sorted(raw))};"
            " it may hold noise, asking, excluding, same, within and abbreviations"
        )
    return words


def parts_of(text: str, words: TillWords, known: Sequence[str] = ()) -> list[Phrase]:
    """What a till text names, in its parts: ``MUSHROOMS CND & GLASS`` is (mushroom, canned) and (glass).

    What it says it is not (``NOT MULTI-PACKS``) is left out. ``known`` are words of other texts, which a last word
    that was cut off may begin; the first that does is taken, so give the commonest first.
    """
    folded = text.casefold().replace("w/o", " without ").replace("w/", " with ")
    pieces = _PARTS.split(folded)
    cut = len(text.strip()) >= CUT_AT and folded.rstrip()[-1:].isalpha()
    parts = []
    for place, piece in enumerate(pieces):
        tokens = _said(_WORD.findall(piece), words)
        if cut and place == len(pieces) - 1 and tokens:
            tokens[-1:] = _completed(tokens[-1], words, known)
        spelt = " ".join(words.abbreviations.get(token, token) for token in tokens)
        part = tuple(
            word for word in words.of(spelt) if word not in words.noise and not word[0].isdigit() and len(word) > 1
        )
        if part:
            parts.append(part)
    return parts


def readable(text: str, words: TillWords) -> str:
    """A till text as people read it: ``FRZN BRD STICK/PORTON`` is ``Frozen breaded stick/porton``."""
    spelt = re.sub(r"[a-z0-9']+", lambda match: words.abbreviations.get(match[0], match[0]), text.casefold())
    spelt = re.sub(r"\s*([:/&(])\s*", r"\1", spelt).replace(":", ": ").replace("&", " & ").replace("(", " (")
    return " ".join(spelt.split()).strip(" -").capitalize()


def _said(tokens: Iterable[str], words: TillWords) -> list[str]:
    said: list[str] = []
    for token in tokens:
        if token in words.excluding:
            break
        said.append(token.strip("'").removesuffix("etc"))
    return [token for token in said if token]


def _completed(token: str, words: TillWords, known: Sequence[str]) -> list[str]:
    """The whole word of one that was cut; one or two letters say nothing."""
    if token in words.abbreviations or token in known:
        return [token]
    if len(token) <= 2:
        return []
    return [next((word for word in known if word.startswith(token) and word != token), token)]


def _tables(path: Path, name: str, raw: dict[str, Any]) -> list[dict[str, object]]:
    tables = raw.pop(name, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ConfigError(f"{path}: {name} must be tables, each under its own [[{name}]]")
    return tables


def _same(of: Callable[[str], list[str]], groups: Iterable[Sequence[str]]) -> dict[Phrase, frozenset[Phrase]]:
    same: dict[Phrase, frozenset[Phrase]] = {}
    for group in groups:
        phrases = frozenset(tuple(of(text)) for text in group) - {()}
        for phrase in phrases:
            same[phrase] = same.get(phrase, frozenset()) | phrases
    return same


def _texts(path: Path, what: str, given: object) -> list[str]:
    if not isinstance(given, list) or not all(isinstance(text, str) and text.strip() for text in given):
        raise ConfigError(f"{path}, {what}: must be a list of words in quotes")
    return [text.casefold() for text in given]
