"""How the second opinion reads and writes one language: `languages/<code>.toml` beside this module.

Its own patterns and its own writing, apart from those that make and prove the answers.
"""

import re
import tomllib
from datetime import date, timedelta
from functools import cache
from importlib import resources

from pydantic import BaseModel, ConfigDict, ValidationError

from edge.errors import ConfigError


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Written(_Table):
    """How the shop's data are written."""

    decimal: str
    money: str
    first_of_month: str
    day_of_month: str
    day_of_year: str
    weekday_and_date: str
    today: str
    tomorrow: str
    just_now: str
    one_minute: str
    minutes: str
    months: tuple[str, ...]
    weekdays: tuple[str, ...]
    allergens: dict[str, str]
    """Names of the catalogue's allergens; those that are not here are written as there."""

    def price(self, amount: str) -> str:
        """``1.29`` with the currency."""
        return self.money.format(amount=amount.replace(".", self.decimal))

    def date_of(self, year: int, month: int, day: int, *, this_year: int) -> str:
        """A date, with the year where it is another than this one."""
        number = self.first_of_month if day == 1 else str(day)
        form = self.day_of_month if year == this_year else self.day_of_year
        return form.format(day=number, month=self.months[month - 1], year=year)

    def day_of(self, said: str, today: date) -> date | None:
        """The day of the coming year that is written so."""
        if said in (self.today, self.tomorrow):
            return today + timedelta(days=said == self.tomorrow)
        for ahead in range(367):
            day = today + timedelta(days=ahead)
            written = self.date_of(day.year, day.month, day.day, this_year=today.year)
            if said == self.weekday_and_date.format(weekday=self.weekdays[day.weekday()], date=written):
                return day
        return None

    def age(self, minutes: int) -> str:
        """How long ago a shelf was seen."""
        if not minutes:
            return self.just_now
        return self.one_minute if minutes == 1 else self.minutes.format(count=minutes)


class Marks(_Table):
    """What an answer may say, by pattern."""

    sentence: re.Pattern[str]
    unit_price: re.Pattern[str]
    normal: re.Pattern[str]
    until: re.Pattern[str]
    price: re.Pattern[str]
    place: re.Pattern[str]
    units: re.Pattern[str]
    age: re.Pattern[str]
    must_be: re.Pattern[str]
    lists: re.Pattern[str]
    time: re.Pattern[str]
    day: re.Pattern[str]
    left_over: re.Pattern[str]
    """What may not be left once everything else is read: numbers and negations."""
    none_with: re.Pattern[str]
    ticket: re.Pattern[str]
    said_around: tuple[re.Pattern[str], ...]
    harmless: tuple[str, ...]
    said_empty: re.Pattern[str]
    said_there: re.Pattern[str]
    said_not_on_offer: re.Pattern[str]
    said_on_offer: re.Pattern[str]
    states: re.Pattern[str]
    of_hours: re.Pattern[str]
    open: re.Pattern[str]
    again: re.Pattern[str]
    now: re.Pattern[str]
    negated: re.Pattern[str]
    constants: frozenset[str]
    sentences: frozenset[str]
    phone: str
    address: str
    service: str
    written: Written


@cache
def marks_of(code: str) -> Marks:
    """One language's marks; read once.

    Raises:
        ConfigError: there is no such file, or it is wrong; names file and key.
    """
    file = resources.files("edge.questions") / "languages" / f"{code}.toml"
    where = f"edge/questions/languages/{code}.toml"
    try:
        return Marks.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{where}: cannot be read as TOML: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ConfigError(f"{where}, {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
