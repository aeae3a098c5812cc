"""Questions about what a product must not hold are read for certain or not at all."""

import pytest

from edge.assistant.caution import Caution, CautionWords, read_caution
from edge.assistant.language import load_language
from tests.unit.edge_assistant.shop_fixture import FakeLanguage, demo_shop, said_facts


@pytest.fixture(scope="module")
def words() -> CautionWords:
    return load_language("en").phrases.caution


@pytest.mark.parametrize(
    ("question", "free_from", "diets"),
    [
        ("which chocolate has no milk", ("milk",), ()),
        ("bread without any gluten", ("gluten",), ()),
        ("gluten-free bread", ("gluten",), ()),
        ("biscuits free from nuts and milk", ("nut", "milk"), ()),
        ("nut or milk free biscuits", ("nut", "milk"), ()),
        ("does the bread not contain milk", ("milk",), ()),
        ("it doesn't contain eggs", ("egg",), ()),
        ("vegan yoghurt", (), ("vegan",)),
    ],
)
def test_what_must_be_left_out_is_read(
    words: CautionWords, question: str, free_from: tuple[str, ...], diets: tuple[str, ...]
) -> None:
    assert read_caution(question, words, load_language("en").words)[1] == Caution(True, free_from, diets)


@pytest.mark.parametrize(
    "question", ["cola that is not sugar free", "allergic to nuts", "anything but never nuts", "it isn't vegan", "free"]
)
def test_what_is_not_plain_counts_as_not_read(words: CautionWords, question: str) -> None:
    caution = read_caution(question, words, load_language("en").words)[1]
    assert caution is not None
    assert not caution.is_read


@pytest.mark.parametrize("question", ["i can't find the milk", "free-range eggs", "where is the milk", "cola zero"])
def test_other_questions_need_no_caution(words: CautionWords, question: str) -> None:
    assert read_caution(question, words, load_language("en").words)[1] is None


@pytest.mark.parametrize(
    "question",
    ["vegan chocolate", "which chocolate has no milk", "is the camembert vegan", "is the vegan oat chocolate vegan"],
)
def test_the_model_never_words_such_an_answer_and_the_label_is_named(question: str) -> None:
    language = FakeLanguage(said_facts)
    answer = demo_shop(language).assistant.ask(question, kiosk_id="k")
    assert language.asked == []
    assert "check the label" in answer.answer


@pytest.mark.parametrize(
    "question",
    ["is the parmesan vegetarian?", "is the cola vegan?", "is the camembert vegetarian"],
)
def test_a_diet_that_the_data_do_not_name_is_not_known(question: str) -> None:
    assert demo_shop().assistant.ask(question, kiosk_id="k").outcome == "unknown"
