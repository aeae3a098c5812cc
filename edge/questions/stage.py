"""The demo shop on a stage: its own files, one fixed moment, and shelves whose counts are known.

Owns the moment and the counts, so that every price, place, age and hour of an answer can be known beforehand. Time
for deadlines passes as ever; the wall clock stands.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from edge.alternatives import Alternatives
from edge.assistant.assistant import Assistant
from edge.assistant.language import Language, load_language
from edge.assistant.shop_translation import translated_shop
from edge.assistant.tools import ShopData, Stock
from edge.assistant.voice import make_voice
from edge.assistant.wording import Worder
from edge.catalogue import load_catalogue
from edge.places import DEMO_SHOP
from edge.shop_ideas import load_ideas
from edge.shop_info import load_offers, load_shop_info
from models.language.requests import LanguagePort

STAGED_AT = datetime(2026, 11, 25, 11, 0, tzinfo=UTC)
"""A Wednesday, 12:00 in Berlin."""


def staged_units(line: int) -> int | None:
    """Units on the shelf of the catalogue's product number ``line`` (from 0); None where no camera looks."""
    return line % 4 if line % 3 else None


class StageClock:
    """The wall clock stands at `STAGED_AT`; the monotonic one goes."""

    boot_id = "stage"

    def now(self) -> datetime:
        return STAGED_AT

    def mono_s(self) -> float:
        return time.monotonic()

    def time_quality(self) -> str:
        return "synced"


@dataclass(frozen=True, slots=True)
class StagedShelves:
    """What the cameras are taken to have seen, by SKU."""

    seen: dict[str, Stock]

    def stock(self, sku: str) -> Stock | None:
        return self.seen.get(sku)


@dataclass(frozen=True, slots=True)
class Stage:
    """The shop's data and its shelves at one moment."""

    shop: ShopData
    shelves: StagedShelves
    language: Language

    @classmethod
    def of_demo_shop(cls, folder: Path = DEMO_SHOP, *, language: str = "en") -> "Stage":
        """Read the demo shop's files, in one of the kiosk's languages, and set its shelves up.

        Raises:
            ConfigError: a file is missing or wrong.
        """
        own = load_language("en")
        catalogue = load_catalogue(folder / "catalogue.csv")
        shop = ShopData(
            catalogue=catalogue,
            info=load_shop_info(folder / "shop-info.toml"),
            offers=load_offers(folder / "offers.csv", catalogue),
            currency="EUR",
            timezone=ZoneInfo("Europe/Berlin"),
            ideas=load_ideas(folder / "ideas.toml", catalogue),
            alike=Alternatives(catalogue, words_of=own.words.of, ignored=own.phrases.filler),
        )
        spoken = load_language(language)
        if spoken is not own:
            files = {"catalogue": folder / "catalogue.csv", "info": folder / "shop-info.toml"}
            shop = translated_shop(shop, own=own, other=spoken, **files)
        seen = {
            product.sku: Stock(units=units, seen_at=STAGED_AT - timedelta(seconds=line))
            for line, product in enumerate(catalogue)
            if (units := staged_units(line)) is not None
        }
        return cls(shop, StagedShelves(seen), spoken)

    def assistant(self, language_model: LanguagePort | None = None, *, deadline_s: float = 2.5) -> Assistant:
        """The real assistant over this shop; its turns are recorded nowhere.

        The language model is asked every time, also after failures: without a shopper's pauses between the questions
        one rest of the model would last for the whole set.
        """
        clock = StageClock()
        voice = make_voice(self.language, self.shop, self.shelves, clock=clock)
        worder = None
        if language_model is not None:
            worder = Worder(language_model, clock=clock, deadline_s=deadline_s, rest_s=0.0)
        return Assistant([voice], clock=clock, record=lambda _: None, worder=worder)
