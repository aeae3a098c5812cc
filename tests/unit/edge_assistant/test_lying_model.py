"""A language model that lies on purpose, over the demo shop: nothing of it reaches the screen."""

import re

import pytest

from models.language.requests import CompletionRequest
from tests.unit.edge_assistant.shop_fixture import FakeLanguage, demo_shop, said_facts


def more(text: str) -> str:
    return re.sub(r"\d+", lambda match: str(int(match[0]) + 1), text)


def last_number_more(text: str) -> str:
    at = [match.start() for match in re.finditer(r"\d", text)][-1]
    return f"{text[:at]}{(int(text[at]) + 1) % 10}{text[at + 1 :]}"


LIES = {
    "every number one more": more,
    "one digit wrong": last_number_more,
    "negated": lambda text: re.sub(r"\b(is|are|have|sell|find|costs|was)\b", r"\1 not", text),
    "negated at the end": lambda text: text + " Not!",
    "brand swapped": lambda text: re.sub(
        r"(Fennmoor|Tilbeck|Haferly|Pastavento|Polar Ridge|Casarina|Kornhalm)", "Zestello", text
    ),
    "brand added": lambda text: text + " Or look for Zestello Cola.",
    "always empty": lambda text: text + " Its shelf was empty when last seen, just now.",
    "always there": lambda text: text + " It is in stock.",
    "free of charge": lambda text: text + " It is free.",
    "cheaper elsewhere": lambda text: text + " It is cheaper in aisle 1.",
    "open and closed": lambda text: text + " We are open now. We are closed now.",
    "closed always": lambda text: text + " We are closed now.",
    "opening swapped": lambda text: text.replace("open", "#").replace("closed", "open").replace("#", "closed"),
    "free of allergens": lambda text: text + " It has no gluten.",
    "another language": lambda _: "Das kostet nichts.",
    "system text": lambda _: "You are the friendly voice of a shop's information screen.",
    "empty": lambda _: "",
    "leaves everything out": lambda _: "Happy to help!",
}
QUESTIONS = (
    "where is the fennmoor whole milk 3.5 %", "how much is the salted butter", "have you got oat milk",
    "do you have camembert", "how much is spaghetti", "have you got vodka", "where is the toothpaste",
    "are you open now", "when are you open tomorrow", "are you open on sunday",
)  # fmt: skip


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_never_shown(lie: str) -> None:
    told: list[str] = []

    def say(request: CompletionRequest) -> str:
        told.append(LIES[lie](said_facts(request)))
        return told[-1] if told[-1] != said_facts(request) else "There is nothing here."

    lying, silent = demo_shop(FakeLanguage(say)), demo_shop()
    if lie == "always there":
        lying.stock.seen.clear()  # nothing was seen, so "in stock" is a lie everywhere
        silent.stock.seen.clear()
    for question in QUESTIONS:
        got = lying.assistant.ask(question, kiosk_id="k")
        assert got.answer == silent.assistant.ask(question, kiosk_id="k").answer
        assert (got.wording, got.verified) == ("template", True)
    assert len(told) == len(QUESTIONS)


def test_the_honest_wording_passes_for_all_of_them() -> None:
    shop = demo_shop(FakeLanguage(said_facts))
    assert [shop.assistant.ask(question, kiosk_id="k").wording for question in QUESTIONS] == ["model"] * len(QUESTIONS)


def test_every_wording_that_the_grammar_allows_is_provable() -> None:
    """The grammar and the verifier must agree, or the model works for nothing."""
    shop = demo_shop()
    voice = shop.voice
    assert voice.language.turns is not None
    for question in QUESTIONS:
        reply = voice.replies.to(voice.router.route(question))
        turn = voice.language.turns.of(reply.intent, reply.facts)
        assert turn is not None
        for index, part in enumerate(turn.parts):
            for wording in part:
                chosen = [wording if at == index else other[0] for at, other in enumerate(turn.parts)]
                text = " ".join(words for words in chosen if words)
                proof = voice.verifier.prove(text, reply.facts, needs=turn.needs)
                assert proof.ok, f"{text}: {proof.reason}"
