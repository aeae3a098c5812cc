"""Questions that lie beside another one: an age, a price limit, what is in it, a bottle of wine to give back."""

import pytest

from edge.assistant.assistant import Answer, Assistant
from edge.questions.stage import Stage

LANGUAGES = ("en", "de", "fr", "es")


@pytest.fixture(scope="module")
def assistants() -> dict[str, Assistant]:
    return {language: Stage.of_demo_shop(language=language).assistant() for language in LANGUAGES}


def asked(assistants: dict[str, Assistant], language: str, question: str) -> Answer:
    return assistants[language].ask(question, kiosk_id="kiosk-1")


@pytest.mark.parametrize(
    ("language", "question", "limit"),
    [
        ("en", "do you sell cigarettes", "18"),
        ("en", "where is the vodka", "18"),
        ("de", "Ab wie viel Jahren darf ich Wein kaufen?", "16"),
        ("fr", "vous vendez des cigarettes", "18"),
        ("es", "venden cigarrillos", "18"),
    ],
)
def test_the_age_limit_is_said_with_the_product(
    assistants: dict[str, Assistant], language: str, question: str, limit: str
) -> None:
    answer = asked(assistants, language, question)
    assert answer.verified
    assert any(
        sentence in answer.answer
        for sentence in (f"{limit} or over", f"{limit} Jahre", f"{limit} ans", f"{limit} años")
    )


@pytest.mark.parametrize(
    ("language", "question"),
    [
        ("fr", "fromage à moins de 1 euro"),
        ("fr", "vin à moins de 3 euros"),
        ("en", "how much sugar is in cola"),
        ("es", "dónde está el cine"),
    ],
)
def test_what_is_not_understood_is_not_known(assistants: dict[str, Assistant], language: str, question: str) -> None:
    assert asked(assistants, language, question).outcome == "unknown"


def test_goods_are_no_empty_bottles(assistants: dict[str, Assistant]) -> None:
    assert asked(assistants, "en", "I want to return a bottle of wine I opened yesterday").intent == "returns"
    assert asked(assistants, "en", "where can I return empty beer bottles").intent == "services"


@pytest.mark.parametrize(
    ("language", "question"),
    [
        ("de", "Filmabend"),
        ("de", "etwas für einen Filmabend"),
        ("de", "Käseplatte"),
        ("fr", "apéro"),
        ("es", "algo para una noche de cine"),
    ],
)
def test_an_idea_of_one_word_is_found(assistants: dict[str, Assistant], language: str, question: str) -> None:
    assert asked(assistants, language, question).intent == "goes_with"


@pytest.mark.parametrize(
    ("language", "question", "intent"),
    [
        ("en", "is there a discount on butter?", "offers"),
        ("de", "Wo kann ich parken", "services"),
        ("de", "Mitarbeiter bitte", "call_colleague"),
        ("de", "Kann ich geöffneten Joghurt zurückgeben?", "returns"),
    ],
)
def test_short_forms_are_read(assistants: dict[str, Assistant], language: str, question: str, intent: str) -> None:
    answer = asked(assistants, language, question)
    assert answer.intent == intent
    assert answer.outcome in ("answered", "handoff")
