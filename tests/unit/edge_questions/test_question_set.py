"""The question set: large enough, each question told once, and its templated part exactly what the script makes."""

from collections import Counter
from pathlib import Path

import pytest

from edge.bench.kiosk import all_questions
from edge.errors import ConfigError
from edge.questions.question import every_nth, read_questions
from edge.questions.stage import Stage
from scripts import make_kiosk_questions


def test_the_set_is_large_and_mixed() -> None:
    groups = Counter(question.group for question in all_questions())
    assert sum(groups.values()) >= 400
    assert groups["outside"] >= 50
    assert groups["hostile"] >= 20
    assert groups["harmless"] >= 20
    assert groups["misspelled"] >= 40
    assert groups["follow_up"] >= 20


def test_no_question_is_asked_twice() -> None:
    asked = Counter(
        (question.after, question.ask) for question in read_questions(Path("tests/bench/kiosk_by_hand.toml"))
    )
    assert [ask for ask, times in asked.items() if times > 1] == []


def test_every_expected_product_is_sold() -> None:
    names = {product.name for product in Stage.of_demo_shop().shop.catalogue}
    assert {name for question in all_questions() for name in question.products} <= names


def test_the_templated_part_is_what_the_script_makes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make_kiosk_questions, "TARGET", tmp_path / "made.toml")
    assert make_kiosk_questions.main() == 0
    assert (tmp_path / "made.toml").read_bytes() == Path("tests/bench/kiosk_templated.toml").read_bytes()


def test_a_part_of_the_set_keeps_every_group() -> None:
    part = every_nth(all_questions(), 14)
    assert {question.group for question in part} == {question.group for question in all_questions()}


def test_a_wrong_entry_is_named(tmp_path: Path) -> None:
    path = tmp_path / "set.toml"
    path.write_text('question = [{ ask = "hello", group = "chatter" }]')
    with pytest.raises(ConfigError, match=r"question\.0\.group"):
        read_questions(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_questions(tmp_path / "none.toml")
