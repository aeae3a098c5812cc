"""How a language writes amounts of money, times, days and allergens: `formats.toml`.

One writing for each, so that a claim in an answer can be compared with its fact letter by letter.
"""

from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from edge.language_files import LanguageFile, holds

_SYMBOLS = {"EUR": "€", "GBP": "£", "USD": "$"}


class Allergens(LanguageFile):
    """The fourteen allergens of Regulation (EU) No 1169/2011, Annex II."""

    celery: str
    crustaceans: str
    eggs: str
    fish: str
    gluten: str
    lupin: str
    milk: str
    molluscs: str
    mustard: str
    nuts: str
    peanuts: str
    sesame: str
    soybeans: str
    sulphites: str


class Formats(LanguageFile):
    """One language's writing."""

    name: str
    decimal: Annotated[str, Field(pattern=r"^[.,]$")]
    money: Annotated[str, holds("symbol", "amount")]
    money_by_code: Annotated[str, holds("amount", "currency")]
    unit_price: Annotated[str, holds("money", "unit")]
    weekdays: Annotated[tuple[str, ...], Field(min_length=7, max_length=7)]
    months: Annotated[tuple[str, ...], Field(min_length=12, max_length=12)]
    first_of_month: str
    day_of_month: Annotated[str, holds("day", "month")]
    day_of_year: Annotated[str, holds("day", "month", "year")]
    today: str
    tomorrow: str
    weekday_and_date: Annotated[str, holds("weekday", "date")]
    just_now: str
    one_minute: str
    minutes: Annotated[str, holds("count")]
    one_hour: str
    hours: Annotated[str, holds("count")]
    allergens: Allergens

    def money_words(self, amount: Decimal, currency: str) -> str:
        """``€1.29``; a currency without a symbol here is written by its code."""
        written, symbol = f"{amount:.2f}".replace(".", self.decimal), _SYMBOLS.get(currency)
        if symbol is None:
            return self.money_by_code.format(amount=written, currency=currency)
        return self.money.format(amount=written, symbol=symbol)

    def weekday_name(self, day: date) -> str:
        """``Monday``."""
        return self.weekdays[day.weekday()]

    def date_words(self, day: date, *, today: date) -> str:
        """``30 November``, with the year where it is not this one."""
        number, month = self.first_of_month if day.day == 1 else day.day, self.months[day.month - 1]
        if day.year == today.year:
            return self.day_of_month.format(day=number, month=month)
        return self.day_of_year.format(day=number, month=month, year=day.year)

    def day_words(self, day: date, *, today: date) -> str:
        """``today``, ``tomorrow``, or ``on Monday 30 November``."""
        if day == today:
            return self.today
        if day == today + timedelta(days=1):
            return self.tomorrow
        return self.weekday_and_date.format(weekday=self.weekday_name(day), date=self.date_words(day, today=today))

    def age_words(self, age_s: float) -> str:
        """``just now``, ``2 minutes ago``, ``1 hour ago``: whole units, rounded down."""
        if age_s < 60:
            return self.just_now
        minutes = int(age_s // 60)
        if minutes < 60:
            return self.one_minute if minutes == 1 else self.minutes.format(count=minutes)
        hours = minutes // 60
        return self.one_hour if hours == 1 else self.hours.format(count=hours)

    def allergen_words(self, allergen: str) -> str:
        """The allergen's name in this language; one that the law does not name stays as the catalogue has it."""
        return str(getattr(self.allergens, allergen, allergen)) if allergen in Allergens.model_fields else allergen
