"""A small shop and a clock that the tests own; also loads the demo shop over the same parts."""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from edge.assistant.assistant import Assistant
from edge.assistant.language import load_language
from edge.assistant.tools import ShopData, Stock, Tools
from edge.assistant.voice import Voice, make_voice
from edge.assistant.wording import Worder
from edge.catalogue import Catalogue, Product, load_catalogue
from edge.facts import Fact
from edge.shop_info import Offer, Offers, ShopInfo, load_offers, load_shop_info
from models.language.requests import Completion, CompletionRequest, LanguageStats

DEMO = Path("firmware-config/shops/demo")
NOON = datetime(2026, 11, 25, 11, 0, tzinfo=UTC)  # a Wednesday, 12:00 in Berlin
BERLIN = ZoneInfo("Europe/Berlin")


@dataclass
class FakeClock:
    """Time that moves only when told."""

    at: datetime = NOON
    boot_id: str = "boot"
    passed_s: float = 0.0

    def now(self) -> datetime:
        return self.at + timedelta(seconds=self.passed_s)

    def mono_s(self) -> float:
        return 1000.0 + self.passed_s

    def time_quality(self) -> str:
        return "synced"

    def move(self, seconds: float) -> None:
        self.passed_s += seconds


@dataclass
class FakeStock:
    """Shelf counts by SKU; what is not here is unknown."""

    seen: dict[str, Stock] = field(default_factory=dict)

    def stock(self, sku: str) -> Stock | None:
        return self.seen.get(sku)


class FakeLanguage:
    """A language model that says what a function makes of the request."""

    def __init__(self, say: Callable[[CompletionRequest], str], *, is_up: bool = True) -> None:
        self._say = say
        self.is_up = is_up
        self.asked: list[CompletionRequest] = []

    def complete(self, request: CompletionRequest) -> Completion:
        self.asked.append(request)
        return Completion(
            text=self._say(request), finish="stop", prompt_tokens=1, cached_tokens=0, answer_tokens=1,
            queued_ms=0.0, first_token_ms=1.0, total_ms=1.0,
        )  # fmt: skip

    def stream(self, request: CompletionRequest) -> Generator[str | Completion, None, None]:
        completion = self.complete(request)
        yield completion.text
        yield completion

    def stats(self) -> LanguageStats:
        raise NotImplementedError


def said_facts(request: CompletionRequest) -> str:
    """The facts of a request as the model is given them: a true answer."""
    return request.prompt.split("Facts: ", 1)[1].split("\nQuestion:", 1)[0]


def product(sku: str, name: str, brand: str = "Fennmoor", size: str = "1 l", **other: object) -> Product:
    values: dict[str, object] = {
        "sku": sku, "name": name, "brand": brand, "size": size, "price": Decimal("1.29"), "unit_price": "1.29/l",
        "department": "Dairy", "aisle": "2", "bay": "1", **other,
    }  # fmt: skip
    return Product(**values)  # type: ignore[arg-type]


SMALL = (
    product("BR-0001", "Whole milk 3.5 %", keywords=("full fat milk",)),
    product("BR-0002", "Semi-skimmed milk 1.5 %", price=Decimal("1.19"), unit_price="1.19/l", bay="2"),
    product("BR-0003", "Butter salted", "Tilbeck", "250 g", price=Decimal("2.49"), unit_price="9.96/kg", aisle="3"),
    product("BR-0004", "Chocolate muffins", "Kornhalm", "4 pcs", unit_price="", allergens=("gluten", "milk")),
    product("BR-0005", "Vodka 37.5 %", "Polar Ridge", "700 ml", price=Decimal("9.99"), age_limit=18, aisle="8"),
)
INFO = ShopInfo.model_validate(
    {
        "hours": {
            "monday": ["08:00-20:00"], "tuesday": ["08:00-20:00"], "wednesday": ["08:00-12:30", "14:00-20:00"],
            "thursday": ["08:00-20:00"], "friday": ["08:00-20:00"], "saturday": ["08:00-18:00"], "sunday": [],
        },
        "exceptions": [{"date": date(2026, 12, 24), "name": "Christmas Eve", "ranges": ["08:00-14:00"]}],
        "returns": {"days": 14, "lines": ["Unopened goods can be returned within 14 days."]},
        "services": [{"name": "Bottle return", "where": "at the entrance"}],
    }
)  # fmt: skip
BUTTER_OFFER = Offer(
    sku="BR-0003", price=Decimal("1.99"), first_day=date(2026, 11, 20), last_day=date(2026, 11, 30), text="Fresh"
)


@dataclass
class Shop:
    """An assistant with everything around it."""

    clock: FakeClock
    stock: FakeStock
    tools: Tools
    voice: Voice
    assistant: Assistant
    recorded: list[Fact]


def small_shop(language: FakeLanguage | None = None) -> Shop:
    """Five products, one offer, no cameras until told."""
    catalogue = Catalogue(SMALL)
    return _shop(
        ShopData(catalogue=catalogue, info=INFO, offers=Offers((BUTTER_OFFER,)), currency="EUR", timezone=BERLIN),
        language,
    )


def demo_shop(language: FakeLanguage | None = None) -> Shop:
    """The demo shop's own files; every third shelf unseen, every fourth empty."""
    catalogue = load_catalogue(DEMO / "catalogue.csv")
    info, offers = load_shop_info(DEMO / "shop-info.toml"), load_offers(DEMO / "offers.csv", catalogue)
    shop = _shop(ShopData(catalogue=catalogue, info=info, offers=offers, currency="EUR", timezone=BERLIN), language)
    for number, one in enumerate(catalogue):
        if number % 3:
            shop.stock.seen[one.sku] = Stock(units=number % 4, seen_at=NOON - timedelta(seconds=number))
    return shop


def _shop(data: ShopData, language: FakeLanguage | None) -> Shop:
    clock, stock, recorded = FakeClock(), FakeStock(), []
    voice = make_voice(load_language("en"), data, stock, clock=clock)
    worder = Worder(language, clock=clock) if language else None
    assistant = Assistant([voice], clock=clock, record=recorded.append, worder=worder)
    return Shop(clock, stock, voice.tools, voice, assistant, recorded)
