"""When the kiosk's first word and its whole answer were there, and the same turns on llama-cpp-python's own server.

Owns the figures about time and the noting of what the model was asked, so that the server gets the very same requests.
A first word is the first proved sentence that was handed out.
"""

import itertools
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor

from edge.bench.llm_contenders import Contender, Timing
from edge.bench.results import BenchResult
from edge.questions.asking import Asked, percentile_s
from models.language.requests import Completion, CompletionRequest, LanguagePort, LanguageStats

FIRST_TEMPLATE_S, FIRST_WORDED_S = 0.5, 1.5
_AGAINST = "a shopper's patience"


class NotingLanguage:
    """The language model behind its port, and every request that it got; any thread may call it."""

    def __init__(self, language: LanguagePort) -> None:
        self._language = language
        self.asked: list[CompletionRequest] = []

    @property
    def is_up(self) -> bool:
        return self._language.is_up

    def complete(self, request: CompletionRequest) -> Completion:
        self.asked.append(request)
        return self._language.complete(request)

    def stream(self, request: CompletionRequest) -> Generator[str | Completion, None, None]:
        self.asked.append(request)
        return self._language.stream(request)

    def stats(self) -> LanguageStats:
        return self._language.stats()


def told_times(asked: Sequence[Asked], where: str, *, has_goal: bool) -> list[BenchResult]:
    """First words, apart for what the model was asked to word (in time or not), and whole answers."""
    template = [one.first_s for one in asked if not one.is_for_model]
    worded = [one.first_s for one in asked if one.is_for_model]
    whole = [one.took_s for one in asked]
    in_time = sum(one.is_modelled for one in asked)
    return [
        BenchResult(f"{where}: worded in time", round(100 * in_time / max(1, len(worded))), "%"),
        _ms(f"{where}: first word of templates p50", template, 50),
        _ms(f"{where}: first word of templates p95", template, 95, goal_s=FIRST_TEMPLATE_S if has_goal else None),
        _ms(f"{where}: first word where the model words p50", worded, 50),
        _ms(f"{where}: first word where the model words p95", worded, 95, goal_s=FIRST_WORDED_S if has_goal else None),
        _ms(f"{where}: whole answer p50", whole, 50),
        _ms(f"{where}: whole answer p95", whole, 95),
    ]


def ask_server(server: Contender, requests: Sequence[CompletionRequest], *, kiosks: int) -> list[Timing]:
    """The same turns from so many kiosks at once; blocks until the last is answered."""
    with ThreadPoolExecutor(kiosks, thread_name_prefix="server-asking") as pool:
        return list(pool.map(server.ask, requests))


def server_times(timings: Sequence[Timing], where: str) -> list[BenchResult]:
    """First token, which nobody has proved yet, and whole text."""
    first, whole = ([getattr(one, name) / 1000 for one in timings] for name in ("first_ms", "total_ms"))
    return list(
        itertools.chain.from_iterable(
            (_ms(f"{where}: {what} p50", times, 50), _ms(f"{where}: {what} p95", times, 95))
            for what, times in (("first token", first), ("whole text", whole))
        )
    )


def _ms(what: str, times_s: Sequence[float], percentile: int, *, goal_s: float | None = None) -> BenchResult:
    value_s = percentile_s(times_s, percentile)
    if goal_s is None:
        return BenchResult(what, round(value_s * 1000), "ms")
    return BenchResult(what, round(value_s * 1000), "ms", goal_s * 1000, bool(times_s) and value_s < goal_s, _AGAINST)
