"""The grammar that the language model must keep to."""

from edge.assistant.wording import PREFIX, grammar_of
from tests.unit.edge_assistant.shop_fixture import FakeLanguage, said_facts, small_shop


def test_a_grammar_holds_one_rule_for_each_part() -> None:
    text = grammar_of([["A.", "B."], ["", 'C "d" \\.']])
    assert text == 'root ::= part0 part1\npart0 ::= "A." | "B."\npart1 ::= "" | " C \\"d\\" \\\\."\n'


def test_the_prompt_shares_its_prefix_and_holds_no_personal_data() -> None:
    language = FakeLanguage(said_facts)
    shop = small_shop(language)
    shop.assistant.ask("where is the butter, my mail is erika@example.org", kiosk_id="k")
    shop.assistant.ask("how much is the whole milk", kiosk_id="k")
    assert {request.prefix for request in language.asked} == {PREFIX}
    assert all("erika" not in request.prompt for request in language.asked)
    assert all(request.deadline_s == 2.5 for request in language.asked)
