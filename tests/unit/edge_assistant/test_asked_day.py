"""The day in a question about opening hours is read for certain or not at all."""

from datetime import date

import pytest

from edge.assistant.asked_day import UnreadDayError, read_day, read_days
from edge.assistant.language import load_language
from edge.shop_info import load_shop_info
from tests.unit.edge_assistant.shop_fixture import DEMO

TODAY = date(2026, 11, 25)  # a Wednesday
ENGLISH = load_language("en")
WORDS = ENGLISH.phrases.day_words
SPECIAL = load_shop_info(DEMO / "shop-info.toml").exceptions


def read(question: str) -> date | None:
    return read_day(question, today=TODAY, special=SPECIAL, words=WORDS, forms=ENGLISH.words)


@pytest.mark.parametrize(
    ("question", "day"),
    [
        ("are you open on 24 december", date(2026, 12, 24)),
        ("are you open on the 24th of december", date(2026, 12, 24)),
        ("are you open on dec 24", date(2026, 12, 24)),
        ("are you open on december 24, 2026", date(2026, 12, 24)),
        ("open 24.12.?", date(2026, 12, 24)),
        ("open 24.12.26", date(2026, 12, 24)),
        ("open 24/12", date(2026, 12, 24)),
        ("open 12/24", date(2026, 12, 24)),
        ("open 2026-12-24", date(2026, 12, 24)),
        ("open on the 24th", date(2026, 12, 24)),
        ("are you open on boxing day", date(2026, 12, 26)),
        ("are you open at christmas", date(2026, 12, 25)),
        ("are you open on xmas eve", date(2026, 12, 24)),
        ("are you open on new year's day", date(2027, 1, 1)),
        ("are you open on new year's eve", date(2026, 12, 31)),
        ("when do you open tomorrow", date(2026, 11, 26)),
        ("open the day after tomorrow", date(2026, 11, 27)),
        ("are you open monday", date(2026, 11, 30)),
        ("are you open next week thursday", date(2026, 12, 3)),
        ("are you open on friday 25 december", date(2026, 12, 25)),
    ],
)
def test_a_day_is_read(question: str, day: date) -> None:
    assert read(question) == day


@pytest.mark.parametrize("question", ["when do you close", "are you open now", "are you open at 7 pm", "opening hours"])
def test_no_day_means_today(question: str) -> None:
    assert read(question) is None


@pytest.mark.parametrize(
    "question",
    [
        "are you open at easter", "are you open on my birthday", "open 5/6", "open 30 february", "open 31.11.",
        "are you open monday and tuesday", "what were your hours yesterday", "when does the cinema open",
        "hours next week", "open on good friday", "open on 1 june", "open 24.12.2020", "open 24 and 25 december",
    ],
)  # fmt: skip
def test_what_is_no_certain_day_is_refused(question: str) -> None:
    with pytest.raises(UnreadDayError):
        read(question)


@pytest.mark.parametrize(
    ("question", "days"),
    [
        ("are you open on the weekend", [28, 29]),
        ("saturday and sunday opening hours", [28, 29]),
        ("hours on weekdays", [25, 26, 27, 30, 1]),
        ("opening times all week", [25, 26, 27, 28, 29, 30, 1]),
        ("are you open on friday", [27]),
        ("are you open now", []),
    ],
)
def test_several_days_of_the_coming_week_are_read(question: str, days: list[int]) -> None:
    read = read_days(question, today=TODAY, special=SPECIAL, words=WORDS, forms=ENGLISH.words)
    assert [day.day for day in read] == days


@pytest.mark.parametrize(
    "question",
    ["are you open next weekend", "hours monday to friday", "weekend or monday", "when do banks open on weekends"],
)
def test_days_that_are_not_certain_are_refused(question: str) -> None:
    with pytest.raises(UnreadDayError):
        read_days(question, today=TODAY, special=SPECIAL, words=WORDS, forms=ENGLISH.words)
