"""A language is data: every file of every language holds the same keys, and a wrong one stops the start."""

from pathlib import Path

import pytest

from edge import language_files
from edge.assistant.answers import Sentences
from edge.assistant.language import load_language
from edge.assistant.phrases import Phrases
from edge.errors import ConfigError
from edge.language_files import known_languages, read_language_file

ANSWERS = Path("edge/assistant/languages/en/answers.toml")


@pytest.mark.parametrize("code", known_languages())
def test_every_language_that_has_a_folder_is_whole(code: str) -> None:
    language = load_language(code)
    assert {forms.name for forms in language.phrases.intents} == {
        forms.name for forms in load_language("en").phrases.intents
    }


def test_an_unknown_language_names_those_that_are_there() -> None:
    with pytest.raises(ConfigError, match=r"'xx' must be one of: .*en"):
        load_language("xx")


@pytest.mark.parametrize(
    ("written", "instead", "complaint"),
    [
        ('thanks = "You are welcome."', "", "answers.toml, thanks: is missing"),
        ('thanks = "You are welcome."', 'thank = "x"\nthanks = "y"', "answers.toml, thank: is not known here"),
        (
            "{title} costs {price}.",
            "{title} costs {money}.",
            "costs: .* these fields and no other: {title} and {price}",
        ),
        ("{title} costs {price}.", "{title costs", "costs: .*single brace"),
    ],
)
def test_a_wrong_answers_file_is_named_with_its_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str, instead: str, complaint: str
) -> None:
    (tmp_path / "aa").mkdir()
    (tmp_path / "aa" / "answers.toml").write_text(ANSWERS.read_text().replace(written, instead))
    monkeypatch.setattr(language_files, "_folder", lambda: tmp_path)
    with pytest.raises(ConfigError, match=complaint):
        read_language_file("aa", "answers.toml", Sentences)


def test_a_pattern_that_is_none_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "aa").mkdir()
    phrases = ANSWERS.with_name("phrases.toml").read_text().replace("goes_on = ['^", "goes_on = ['(^")
    (tmp_path / "aa" / "phrases.toml").write_text(phrases)
    monkeypatch.setattr(language_files, "_folder", lambda: tmp_path)
    with pytest.raises(ConfigError, match=r"languages/aa/phrases.toml, goes_on.0: "):
        read_language_file("aa", "phrases.toml", Phrases)
