"""One language of the kiosk: everything that its folder of data files says, read and checked at the start.

A language is a folder `languages/<code>/` with five files, and a sixth where the language model can word in it:

    phrases.toml  how shoppers ask         answers.toml  what is said       words.toml  one form for words and units
    claims.toml   what may be claimed      formats.toml  money, days, ages  wording.toml  the model's turns of phrase
"""

from dataclasses import dataclass
from functools import cache

from edge.assistant.answers import Answers, Sentences
from edge.assistant.claims import ClaimWords
from edge.assistant.formats import Formats
from edge.assistant.phrases import Phrases
from edge.assistant.wording import Turns, Wordings
from edge.catalogue_words import WordForms, word_forms
from edge.language_files import has_language_file, read_language_file


@dataclass(frozen=True)
class Language:
    """A language's files, compiled. Holds nothing that changes; any thread may use it."""

    code: str
    phrases: Phrases
    answers: Answers
    claims: ClaimWords
    formats: Formats
    words: WordForms
    turns: Turns | None
    """What the language model may say; None leaves the language to its templates."""


@cache
def load_language(code: str) -> Language:
    """Read `languages/<code>/`; once.

    Raises:
        ConfigError: there is no such language, or a file of it is wrong; names file and key.
    """
    formats = read_language_file(code, "formats.toml", Formats)
    answers = Answers(read_language_file(code, "answers.toml", Sentences), formats)
    turns = None
    if has_language_file(code, "wording.toml"):
        turns = Turns(read_language_file(code, "wording.toml", Wordings), answers)
    return Language(
        code=code,
        phrases=read_language_file(code, "phrases.toml", Phrases),
        answers=answers,
        claims=read_language_file(code, "claims.toml", ClaimWords),
        formats=formats,
        words=word_forms(code),
        turns=turns,
    )
