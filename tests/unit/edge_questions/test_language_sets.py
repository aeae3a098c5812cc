"""Question sets of further languages: large enough, made by their script, and lies in them are not proved."""

import re
from collections import Counter
from collections.abc import Iterator

import pytest

from edge.assistant.language import load_language
from edge.assistant.reply import Reply
from edge.assistant.voice import Voice, make_voice
from edge.bench.kiosk import QUESTIONS, all_questions
from edge.language_files import known_languages
from edge.questions.stage import Stage, StageClock
from scripts import make_language_questions

LANGUAGES = [code for code in known_languages() if (QUESTIONS / code).is_dir()]
NEGATIONS = {"de": "nicht", "es": "no", "fr": "pas"}


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_set_is_large_and_asks_for_what_is_sold(code: str) -> None:
    questions = all_questions(QUESTIONS / code)
    names = {product.name for product in Stage.of_demo_shop(language=code).shop.catalogue}
    asked = Counter((question.after, question.ask) for question in questions)
    groups = Counter(question.group for question in questions)
    assert len(questions) >= 120
    assert [ask for ask, times in asked.items() if times > 1] == []
    assert {name for question in questions for name in question.products} <= names
    assert all(groups[group] for group in ("misspelled", "follow_up", "several", "outside", "hostile", "allergens"))


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_templated_part_is_what_the_script_makes(code: str) -> None:
    made = make_language_questions.written_set(code)
    assert made == (QUESTIONS / code / "kiosk_templated.toml").read_text(encoding="utf-8")


def _replies(code: str) -> Iterator[tuple[Voice, Reply]]:
    stage = Stage.of_demo_shop(language=code)
    voice = make_voice(load_language(code), stage.shop, stage.shelves, clock=StageClock())
    for question in all_questions(QUESTIONS / code):
        reply = voice.replies.to(voice.router.route(question.ask))
        if reply.facts:
            yield voice, reply


@pytest.mark.parametrize("code", LANGUAGES)
def test_no_other_number_no_other_brand_and_no_negation_is_proved(code: str) -> None:
    brands = sorted({product.brand for product in Stage.of_demo_shop(language=code).shop.catalogue if product.brand})
    for voice, reply in _replies(code):
        assert voice.verifier.prove(reply.text, reply.facts).ok, reply.text
        for lie in _lies(reply.text, brands, NEGATIONS[code]):
            assert not voice.verifier.prove(lie, reply.facts).ok, lie


def _lies(text: str, brands: list[str], negation: str) -> Iterator[str]:
    if re.search(r"\d", text):
        yield re.sub(r"\d+", lambda match: str(int(match[0]) + 1), text)
    for brand, other in zip(brands, [*brands[1:], brands[0]], strict=True):
        if brand in text:
            yield text.replace(brand, other)
            break
    words = text.split(" ")
    yield " ".join([*words[:-1], negation, words[-1]])
    yield " ".join([words[0], negation, *words[1:]])
