"""Joins the replies to several questions in one: "where is the kefir and how much is it".

Owns when they may be joined: only where each is answered by itself and the whole can be proved from all their facts
together. Else the text is taken as one question. Pure.
"""

from collections.abc import Sequence

from edge.assistant.intents import Intent
from edge.assistant.reply import Reply
from edge.assistant.router import Route
from edge.assistant.tool_facts import MatchesFact, StockFact

MOST = 3
_NO_QUESTION = frozenset({Intent.UNKNOWN, Intent.GREETING, Intent.THANKS, Intent.CALL_COLLEAGUE})


def may_be_joined(routes: Sequence[Route]) -> bool:
    """Whether each is a question with a known form; with anything to be careful about it must be read as a whole."""
    return 1 < len(routes) <= MOST and all(
        route.intent not in _NO_QUESTION and route.caution is None and not route.is_beyond for route in routes
    )


def joined(replies: Sequence[Reply], *, yes: str) -> Reply | None:
    """One reply with everything that the replies say; None where one has no answer or they do not go together.

    ``yes`` is how an answer begins that says yes.
    """
    facts = tuple(dict.fromkeys(fact for reply in replies for fact in reply.facts))
    lists = sum(isinstance(fact, MatchesFact) for fact in facts)
    says_yes = any(reply.text.startswith(yes) for reply in replies)
    is_missing = any(isinstance(fact, StockFact) and fact.state == "out_of_stock" for fact in facts)
    if not all(reply.facts for reply in replies) or lists > 1 or (says_yes and is_missing):
        return None
    skus = {reply.sku for reply in replies if reply.sku is not None}
    return Reply(
        replies[0].intent,
        " ".join(dict.fromkeys(reply.text for reply in replies)),
        facts,
        sku=skus.pop() if len(skus) == 1 else None,
        candidates=tuple(
            dict.fromkeys(sku for reply in replies for sku in (*reply.candidates, *filter(None, (reply.sku,))))
        ),
    )
