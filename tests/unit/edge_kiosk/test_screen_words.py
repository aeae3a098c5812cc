"""Every language of the screen says the same things, and its keyboard can type its own letters."""

import pytest

from edge.kiosk.screen_words import load_screen_languages

LANGUAGES = load_screen_languages(["en", "de", "fr", "es"])
LETTERS = {"en": "", "de": "äöüß", "fr": "éèêàâçùîôœ", "es": "ñáéíóúü¿"}


def test_only_what_is_answered_in_is_offered_the_shops_own_first() -> None:
    assert list(load_screen_languages(["de", "en", "tlh"])) == ["de", "en"]
    assert list(load_screen_languages(["tlh"])) == ["en"]


@pytest.mark.parametrize("code", list(LANGUAGES))
def test_a_language_says_everything_that_english_says(code: str) -> None:
    assert LANGUAGES[code].places() == LANGUAGES["en"].places()


@pytest.mark.parametrize("code", list(LANGUAGES))
def test_a_keyboard_has_every_letter_once(code: str) -> None:
    keys = "".join(LANGUAGES[code].keys)
    assert len(set(keys)) == len(keys)
    assert set("abcdefghijklmnopqrstuvwxyz1234567890" + LETTERS[code]) <= set(keys)
