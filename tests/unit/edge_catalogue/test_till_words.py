"""Till texts read as words, from the shipped list and from lists made here."""

from pathlib import Path

import pytest

from edge.catalogue_making import till_words_of
from edge.catalogue_till import TillWords, load_till_words, parts_of, readable
from edge.errors import ConfigError

WORDS = till_words_of("en")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        pytest.param("YOGURT NOT MULTI-PACKS", [("yogurt",)], id="what it is not is left out"),
        pytest.param(
            "FRZN BRD STICK/PORTION", [("frozen", "breaded", "stick"), ("portion",)], id="abbreviations and parts"
        ),
        pytest.param("VEG JUICE (EXCEPT TOMATO)", [("vegetable", "juice")], id="excepted"),
        pytest.param("CHIX:FRD 8PC (HOT)", [("chicken",), ("fried",), ("hot",)], id="amounts say nothing"),
        pytest.param("MISC OTHER ALL", [], id="words that say nothing"),
        pytest.param("TEA W/O SUGAR", [("tea",)], id="without"),
    ],
)
def test_a_till_text_is_read_in_its_parts(text: str, parts: list[tuple[str, ...]]) -> None:
    assert parts_of(text, WORDS) == parts


def test_a_last_word_that_was_cut_off_is_completed_from_other_texts() -> None:
    cut = "PREMIUM HANDMADE ITALIAN BISCUI"
    assert parts_of(cut, TillWords(), ("biscuits",))[0][-1] == "biscuit"


def test_a_short_text_is_never_completed() -> None:
    assert parts_of("HAM", TillWords(), ("hamster",)) == [("ham",)]


def test_a_till_text_is_written_as_people_read_it() -> None:
    assert readable("FRZN BRD STICK/PORTION", WORDS) == "Frozen breaded stick/portion"


def test_other_words_for_one_thing_name_each_other() -> None:
    assert ("crisp",) in WORDS.same["potato", "chip"]
    assert ("potato", "chip") in WORDS.same[("crisp",)]


def test_a_language_without_a_list_has_no_other_words(tmp_path: Path) -> None:
    assert load_till_words(tmp_path / "xx.toml") == TillWords()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("noise = 3", "noise", id="no list"),
        pytest.param("[abbreviations]\nfrz = 1", "abbreviations", id="no text"),
        pytest.param('[[same]]\nword = ["a"]', "words", id="no words"),
        pytest.param("strange = []", "strange", id="unknown key"),
        pytest.param("noise = [", "TOML", id="broken"),
    ],
)
def test_a_wrong_list_is_refused_with_what_is_wrong(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "en.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=said):
        load_till_words(path)
