"""A thing that is called after a product is another thing: the kiosk must not send anybody to the product for it."""

import pytest

from edge.questions.stage import Stage

CASES = {
    "en": ("do you have coffee filters", "where are egg cups", "cheese grater", "a cake tin please", "soap dish"),
    "de": ("Wo ist Kaffeesahne?", "Eierbecher", "Käsehobel", "Kaffeefilter"),
    "fr": ("des filtres à café", "une râpe à fromage", "un beurrier"),
    "es": ("filtros de café", "rallador de queso"),
}


@pytest.mark.parametrize("language", CASES)
def test_another_thing_is_not_known(language: str) -> None:
    stage = Stage.of_demo_shop(language=language)
    assistant = stage.assistant()
    for question in CASES[language]:
        answer = assistant.ask(question, kiosk_id="kiosk-1")
        assert answer.outcome == "unknown", question


def test_the_product_of_the_same_words_is_found() -> None:
    assistant = Stage.of_demo_shop().assistant()
    for question in ("filter coffee", "dish soap", "cofee beans", "grated cheese", "something to wash my hair"):
        assert assistant.ask(question, kiosk_id="kiosk-1").outcome == "answered", question


def test_a_misspelled_compound_is_still_found() -> None:
    assistant = Stage.of_demo_shop(language="de").assistant()
    for question in ("Kaffebonen", "Milchshokolade", "Orangensafft"):
        assert assistant.ask(question, kiosk_id="kiosk-1").outcome == "answered", question
