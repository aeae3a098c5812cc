"""The shop's side of an answer: its data files, the tools over them and the assistant.

Owns the assembly that the running node and `backroom ask` share. Starts nothing and holds nothing.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from zoneinfo import ZoneInfo

from edge.alternatives import Alternatives
from edge.assistant.assistant import Assistant
from edge.assistant.language import Language, load_language
from edge.assistant.shop_translation import translated_shop
from edge.assistant.tools import ShopData, StockView, Tools
from edge.assistant.voice import make_voice
from edge.assistant.wording import Worder
from edge.catalogue import Catalogue
from edge.catalogue_making import load_any_catalogue, till_words_of, vectors_beside
from edge.catalogue_typed import TypedSearch
from edge.clock import Clock
from edge.config import ShopFiles
from edge.errors import ConfigError
from edge.facts import Fact
from edge.places import Places
from edge.shop_ideas import NO_IDEAS, load_ideas
from edge.shop_info import load_offers, load_shop_info
from models.language.requests import LanguagePort
from models.registry import Registry


def load_shop_data(shop: ShopFiles) -> ShopData:
    """Read catalogue, opening hours and offers.

    Raises:
        ConfigError: a file is missing or wrong; the text names file, line and column.
    """
    settings = shop.settings.shop
    path, words = shop.path(settings.catalogue), till_words_of(settings.language)
    catalogue = load_any_catalogue(path, words, for_kiosk=True).catalogue
    _check_planogram(shop, catalogue)
    return ShopData(
        catalogue=catalogue,
        info=load_shop_info(shop.path(settings.info)),
        offers=load_offers(shop.path(settings.offers), catalogue),
        currency=settings.currency,
        timezone=ZoneInfo(settings.timezone),
        ideas=load_ideas(shop.path(settings.ideas), catalogue) if settings.ideas else NO_IDEAS,
        alike=_alike(catalogue, load_language(settings.language)),
    )


def _alike(catalogue: Catalogue, own: Language) -> Alternatives:
    return Alternatives(catalogue, words_of=own.words.of, ignored=own.phrases.filler)


def _check_planogram(shop: ShopFiles, catalogue: Catalogue) -> None:
    for camera in shop.cameras:
        for slot in camera.slots:
            if catalogue.get(slot.sku) is None:
                raise ConfigError(
                    f"camera {camera.id}: slot {slot.id} holds {slot.sku}, which is not in"
                    f" {shop.settings.shop.catalogue}; add the product there or correct the slot's sku"
                )


def _translated(shop: ShopFiles, data: ShopData, *, own: Language, other: Language) -> ShopData:
    settings = shop.settings.shop
    catalogue, info = shop.path(settings.catalogue), shop.path(settings.info)
    return translated_shop(data, own=own, other=other, catalogue=catalogue, info=info)


def search_vectors(tools: Tools, places: Places, registry: Registry) -> AbstractContextManager[object]:
    """Vectors beside the tools' search, made in the background once entered, where its catalogue has types."""
    return vectors_beside(tools.search, places, registry) if isinstance(tools.search, TypedSearch) else nullcontext()


def make_assistant(
    shop: ShopFiles,
    data: ShopData,
    stock: StockView,
    *,
    language: LanguagePort | None,
    clock: Clock,
    record: Callable[[Fact], None],
    first_ticket: int = 1,
) -> tuple[Tools, Assistant]:
    """The kiosk's assistant and the tools it asks, for the running node and for `backroom ask`."""
    settings = shop.settings
    own = load_language(settings.shop.language)
    voices = [
        make_voice(
            spoken,
            data if spoken is own else _translated(shop, data, own=own, other=spoken),
            stock,
            clock=clock,
            stock_max_age_s=settings.kiosk.stock_max_age_s,
        )
        for spoken in map(load_language, dict.fromkeys((own.code, *settings.shop.languages)))
    ]
    worder = None if language is None else Worder(language, clock=clock, deadline_s=settings.kiosk.wording_deadline_s)
    return voices[0].tools, Assistant(voices, clock=clock, record=record, worder=worder, first_ticket=first_ticket)
