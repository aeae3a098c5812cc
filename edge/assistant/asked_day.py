"""Reads the day that a question about opening hours asks for, and refuses every day that it cannot read for certain.

Owns dates in words and digits, weekdays, and the names of the shop's special days. What is left of the question
must be words that are known to change nothing; "at easter" or "the cinema" is therefore no question for today. Pure.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Annotated

from pydantic import Field

from edge.catalogue_words import WordForms
from edge.language_files import LanguageFile, Rewritten
from edge.shop_info import SpecialDay

_ISO = re.compile(r"\b(\d{4})-(\d{1,2})-(\d{1,2})\b")
_SLASHED = re.compile(r"(?<![\d/])(\d{1,2})/(\d{1,2})(?:/(\d{4}|\d{2}))?(?![\d/])")
_WORD = re.compile(r"[^\W_]+")
FURTHEST = timedelta(days=60)  # who keeps the special days enters them about this long before


class UnreadDayError(ValueError):
    """The question names a day or a subject that is not understood."""


class DayWords(LanguageFile):
    """One language's words for days."""

    rewritten: Rewritten
    """Other names and frequent slips, to the name that counts."""
    clock: re.Pattern[str]
    """A time of the day, which says nothing of the day."""
    dotted: re.Pattern[str]
    """Day, month and perhaps year in digits, as three groups; nothing that could be a time."""
    ordinal: re.Pattern[str]
    """A day of the month alone, in the first group: "the 24th"."""
    dates: tuple[str, ...]
    """Dates in words, with ``{day}``, ``{month}`` and ``{year}``, the last of which may be missing."""
    suffix: str
    """What stands behind the number of a day: "24th"."""
    year: str
    """How a year stands behind a date, with its number as the group ``year``."""
    range: re.Pattern[str]
    """From one weekday to another: the days between would be left out."""
    joining: frozenset[str]
    """What may be left of a special day's name: "of"."""
    months: Annotated[tuple[str, ...], Field(min_length=12, max_length=12)]
    """Names of each month, with spaces between."""
    weekdays: Annotated[tuple[str, ...], Field(min_length=7, max_length=7)]
    ahead: dict[str, int]
    """``tomorrow`` and the like, to days from today."""
    next_week: str
    spans: tuple[tuple[re.Pattern[str], tuple[int, ...]], ...]
    """Names of several days, to their weekdays from Monday's 0: ``weekend``."""
    harmless: frozenset[str]
    """Words about opening, the shop, and the time of day, beside which today is meant."""

    def with_harmless(self, others: frozenset[str]) -> "DayWords":
        """The same with further words beside which today is meant."""
        return self.model_copy(update={"harmless": self.harmless | others})


def read_days(
    question: str, *, today: date, special: Sequence[SpecialDay], words: DayWords, forms: WordForms
) -> tuple[date, ...]:
    """The local dates that are asked for, in order: more than one only of the coming week; none means today.

    ``question`` is lower case without accents.

    Raises:
        UnreadDayError: a day that cannot be, one gone by, days that do not go together, or something else altogether.
    """
    text, span = _take_span(question, today, words)
    if not span:
        named = _several_weekdays(question, today, words)
        if named:
            return named
        day = read_day(question, today=today, special=special, words=words, forms=forms)
        return () if day is None else (day,)
    if read_day(text, today=today, special=special, words=words, forms=forms) is not None:
        raise UnreadDayError("days that do not go together")
    return span


def read_day(
    question: str, *, today: date, special: Sequence[SpecialDay], words: DayWords, forms: WordForms
) -> date | None:
    """The one local date that is asked for; None where the question names none, which means today.

    ``question`` is lower case without accents.

    Raises:
        UnreadDayError: it names more than one day, one that cannot be, one gone by, or something else altogether.
    """
    text = words.clock.sub(" ", question)
    for pattern, written in words.rewritten:
        text = pattern.sub(written, text)
    text, dates = _take_dates(text, today, words)
    text, named = _take_special(text, today, special, words=words, forms=forms)
    text, coming = _take_relative(text, today, words)
    unread = [word for word in _WORD.findall(text.replace("'", "")) if word not in words.harmless]
    found = set(dates) | set(named) or set(coming)
    if unread or len(found) > 1:
        raise UnreadDayError("more than one day" if not unread else "words that are not understood")
    day = next(iter(found), None)
    is_special = day in {one.date for one in special}
    if day is not None and (day < today or (day > today + FURTHEST and not is_special)):
        raise UnreadDayError("a day gone by or far away")
    return day


def _take_span(text: str, today: date, words: DayWords) -> tuple[str, tuple[date, ...]]:
    for pattern, weekdays in words.spans:
        if pattern.search(text):
            return pattern.sub(" ", text), tuple(sorted(_coming(weekday, today) for weekday in weekdays))
    return text, ()


def _several_weekdays(question: str, today: date, words: DayWords) -> tuple[date, ...]:
    """Two or more weekdays beside each other, "saturday and sunday", where nothing else names a day."""
    text, found = question, []
    for number, names in enumerate(words.weekdays):
        for name in _said(names.split(), text):
            text = re.sub(rf"\b{name}\b", " ", text)
            found.append(_coming(number, today))
    is_only_that = not [word for word in _WORD.findall(text.replace("'", "")) if word not in words.harmless]
    is_range = words.range.search(question) is not None
    return tuple(sorted(found)) if len(found) > 1 and is_only_that and not is_range else ()


def _coming(weekday: int, today: date) -> date:
    return today + timedelta(days=(weekday - today.weekday()) % 7)


def _take_dates(text: str, today: date, words: DayWords) -> tuple[str, list[date]]:
    numbers = {name: number for number, names in enumerate(words.months, 1) for name in names.split()}
    parts = {
        "{month}": rf"(?P<month>{'|'.join(sorted(numbers, key=len, reverse=True))})\b\.?",
        "{day}": rf"(?P<day>\d{{1,2}})(?:{words.suffix})?",
        "{year}": f"(?:{words.year})?",
    }
    found: list[date] = []

    def take(match: re.Match[str]) -> str:
        found.append(_date(match["day"], numbers[match["month"]], match["year"], today))
        return " "

    def take_numbers(first: str, second: str, year: str | None) -> str:
        found.append(_date(first, int(second), year, today))
        return " "

    text = _ISO.sub(lambda match: take_numbers(match[3], match[2], match[1]), text)
    for form in words.dates:
        text = re.sub(_filled(form, parts), take, text)
    text = words.dotted.sub(lambda match: take_numbers(match[1], match[2], match[3]), text)
    text = _SLASHED.sub(lambda match: take_numbers(*_slashed(match[1], match[2]), match[3]), text)
    text = words.ordinal.sub(lambda match: take_numbers(match[1], *_coming_month(int(match[1]), today)), text)
    return text, found


def _filled(form: str, parts: Mapping[str, str]) -> str:
    for name, pattern in parts.items():
        form = form.replace(name, pattern)
    return form


def _date(day: str, month: int, year: str | None, today: date) -> date:
    """The date; without a year the next one that comes."""
    try:
        if year:
            return date(int(year) + (2000 if len(year) == 2 else 0), month, int(day))
        this_year = date(today.year, month, int(day))
        return this_year if this_year >= today else date(today.year + 1, month, int(day))
    except ValueError as error:
        raise UnreadDayError("no such date") from error


def _slashed(first: str, second: str) -> tuple[str, str]:
    """Day and month; 5/6 is either, so it is nothing."""
    if int(second) > 12 >= int(first):
        return second, first
    if int(first) > 12 or first == second:
        return first, second
    raise UnreadDayError("day and month could be either way round")


def _coming_month(day: int, today: date) -> tuple[str, str]:
    if day >= today.day:
        return str(today.month), str(today.year)
    following = date(today.year, today.month, 28) + timedelta(days=4)
    return str(following.month), str(following.year)


def _take_special(
    text: str, today: date, special: Sequence[SpecialDay], *, words: DayWords, forms: WordForms
) -> tuple[str, list[date]]:
    """Special days by their whole name; the longest name that fits is the one."""
    asked = set(forms.of(text))
    coming = [day for day in special if day.date >= today and (name := set(forms.of(day.name))) and name <= asked]
    if not coming:
        return text, []
    longest = max(coming, key=lambda day: (len(forms.of(day.name)), -day.date.toordinal()))
    gone = set(forms.of(longest.name)) | words.joining
    kept = [
        word for word in _WORD.findall(text.replace("'", "")) if not set(forms.of(word)) & gone and word not in gone
    ]
    return " ".join(kept), [longest.date]


def _take_relative(text: str, today: date, words: DayWords) -> tuple[str, list[date]]:
    is_next_week = re.search(rf"\b{words.next_week}\b", text) is not None
    text = re.sub(rf"\b{words.next_week}\b", " ", text)
    found = []
    for said, days in words.ahead.items():
        if re.search(rf"\b{said}\b", text):
            text = re.sub(rf"\b{said}\b", " ", text)
            found.append(today + timedelta(days=days))
    for number, names in enumerate(words.weekdays):
        for name in _said(names.split(), text):
            text = re.sub(rf"\b{name}\b", " ", text)
            monday = today + timedelta(days=7 - today.weekday())
            found.append(monday + timedelta(days=number) if is_next_week else _coming(number, today))
    if is_next_week and not found:
        raise UnreadDayError("a whole week")
    return text, found


def _said(names: Sequence[str], text: str) -> Iterator[str]:
    return (name for name in names if re.search(rf"\b{name}\b", text))
