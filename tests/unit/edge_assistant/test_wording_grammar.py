"""The grammar that the language model must keep to."""

from edge.assistant.wording import PREFIX, grammar_of
from models.errors import LanguageUnavailableError
from models.language.requests import CompletionRequest
from tests.unit.edge_assistant.shop_fixture import FakeLanguage, said_facts, small_shop


def test_a_grammar_holds_one_rule_for_each_part() -> None:
    text = grammar_of([["A.", "B."], ["", 'C "d" \\.']])
    assert text == 'root ::= part0 part1\npart0 ::= "A." | "B."\npart1 ::= "" | " C \\"d\\" \\\\."\n'


def test_a_model_that_fails_twice_is_left_alone_for_a_while() -> None:
    def late(_: CompletionRequest) -> str:
        raise LanguageUnavailableError("late")

    language = FakeLanguage(late)
    shop = small_shop(language)
    for _ in range(5):
        assert shop.assistant.ask("where is the butter", kiosk_id="k").wording == "template"
    assert len(language.asked) == 2
    assert not shop.assistant.is_wording
    shop.clock.move(31)
    shop.assistant.ask("where is the butter", kiosk_id="k")
    assert len(language.asked) == 3


def test_the_prompt_shares_its_prefix_and_holds_no_personal_data() -> None:
    language = FakeLanguage(said_facts)
    shop = small_shop(language)
    shop.assistant.ask("where is the butter, my mail is erika@example.org", kiosk_id="k")
    shop.assistant.ask("how much is the whole milk", kiosk_id="k")
    assert {request.prefix for request in language.asked} == {PREFIX}
    assert all("erika" not in request.prompt for request in language.asked)
    assert all(request.deadline_s == 2.5 for request in language.asked)
