"""Everything that answers in one language: its own search, tools, router, replies and verifier over one shop."""

from dataclasses import dataclass

from edge.assistant.language import Language
from edge.assistant.replies import Replies
from edge.assistant.router import Router
from edge.assistant.tools import ShopData, StockView, Tools
from edge.assistant.verifier import Verifier
from edge.catalogue_making import make_search
from edge.clock import Clock


@dataclass(frozen=True)
class Voice:
    """One language's side of the assistant. Any thread may use it."""

    language: Language
    tools: Tools
    router: Router
    replies: Replies
    verifier: Verifier


def make_voice(
    language: Language, shop: ShopData, stock: StockView, *, clock: Clock, stock_max_age_s: float = 900.0
) -> Voice:
    """Join the parts of one language.

    Args:
        language: its files.
        shop: the shop's data, with names and texts in that language where there are any.
        stock: the latest shelf counts.
        clock: tells today and how old a count is.
        stock_max_age_s: a count older than this says nothing.
    """
    phrases, answers, words = language.phrases, language.answers, language.words
    search = make_search(shop.catalogue, language.code, never_corrected=phrases.not_misspelled, ignored=phrases.filler)
    tools = Tools(shop, search, stock, formats=language.formats, clock=clock, stock_max_age_s=stock_max_age_s)
    router = Router(phrases, words)
    return Voice(
        language,
        tools,
        router,
        Replies(tools, router, answers, language=language.code),
        Verifier(shop.catalogue, answers, language.claims, words),
    )
