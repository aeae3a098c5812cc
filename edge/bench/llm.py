"""How many shoppers the language model words answers for, against llama-cpp-python's own ways on the same file.

Owns the turns (like a kiosk's: a shared beginning, a few facts, a grammar whose phrases the model chooses among) and
the interleaving: in each round every contender answers the same turns from the same number of sessions at once, so a
noisy neighbour slows all. Ratios are the result; times are for information, with the machine's load beside them.
"""

import os
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from edge.assistant.wording import grammar_of
from edge.bench.llm_contenders import Contender, Timing, missing_for_server, our_engine, own_server, plain_llama
from edge.bench.results import BenchResult, at_least
from edge.places import DEFAULT_ARTEFACTS
from models.config import LanguageSettings
from models.language.requests import CompletionRequest
from models.manifest import Task
from models.registry import Registry

_SETTINGS = LanguageSettings(threads=2, parallel_turns=8, queue_limit=16)
_QUICK_ROUNDS_S = 26.0
"""No round begins in a quick run that may end later; starting the contenders takes the rest of the 45 s."""
_GOAL_SESSIONS = 4
KIOSK_PREFIX = (
    "You are the friendly voice of a shop's information screen. You answer one shopper in one or two short sentences."
    " You use only the facts that you are given, and you copy names, prices and places exactly."
    " You never promise a discount, and you never guess a price, a place or a stock."
    " You never speak about other shops, about the weather, about politics or about people."
    " When a fact is missing you say so and you ask the shopper to speak to a colleague at the till."
    " When a shelf was empty when it was last seen you say so and you say when that was."
    " When an article has an age limit you name the limit in a friendly way and you do not ask for a name."
    " When an article has allergens you list them all in the order in which they were given to you."
) * 2
_PRODUCTS = (
    "Nordvale Oat Drink Barista Edition",
    "Millstone Dark Rye Bread Sliced",
    "Cloverhill Salted Farm Butter",
    "Henrietta Free Range Brown Eggs",
    "Sunharbour Orange Juice with Pulp",
    "Amber Field Wholegrain Basmati Rice",
    "Brightwater Lemon Dish Soap Refill",
)

_Samples = dict[tuple[int, str], list[tuple[float, list[Timing]]]]
"""By sessions and contender, for each round: answers a second, and the answers."""


def run(quick: bool) -> list[BenchResult]:
    """Measure; blocks for about 40 s when quick, some minutes otherwise."""
    sessions, rounds = ((1, 4), 3) if quick else ((1, 2, 4, 8), 5)
    samples: _Samples = {}
    missing = missing_for_server()
    with TemporaryDirectory() as empty, ExitStack() as stack:
        weights = Registry(Path(empty), DEFAULT_ARTEFACTS).active(Task.LANGUAGE)
        contenders = [
            stack.enter_context(our_engine(weights, _SETTINGS, KIOSK_PREFIX)),
            stack.enter_context(plain_llama(weights, _SETTINGS)),
        ]
        if not missing:
            contenders.append(stack.enter_context(own_server(weights, _SETTINGS)))
        for contender in contenders:
            contender.ask(kiosk_turn(0))
        began_s = time.monotonic()
        for number in range(rounds):
            for count in sessions:
                for contender in contenders:
                    sample = _round(contender, count, 1 + number * count)
                    samples.setdefault((count, contender.name), []).append(sample)
            took_s = time.monotonic() - began_s
            if quick and took_s * (number + 2) / (number + 1) > _QUICK_ROUNDS_S:
                break
    results = _results(samples, [contender.name for contender in contenders], sessions)
    if missing:
        advice = f"its own server was left out: install {' and '.join(missing)} (extra dev) to measure against it"
        results.append(BenchResult(advice, len(missing), "packages missing"))
    return results


def _round(contender: Contender, sessions: int, first_turn: int) -> tuple[float, list[Timing]]:
    with ThreadPoolExecutor(sessions, thread_name_prefix="bench-llm") as pool:
        began_s = time.perf_counter()
        timings = list(pool.map(contender.ask, [kiosk_turn(first_turn + session) for session in range(sessions)]))
        return sessions / (time.perf_counter() - began_s), timings


def kiosk_turn(number: int) -> CompletionRequest:
    """A question about a product; the same number asks the same."""
    product = f"{_PRODUCTS[number % len(_PRODUCTS)]} {number % 9 + 1}00 g"
    where = f"aisle {number % 12 + 1}, bay {number % 5 + 1}"
    found = (f"{product} is in {where}.", f"You will find {product} in {where}.", f"Look in {where} for {product}.")
    left = (f"{number % 30 + 2} are on the shelf.", f"There are {number % 30 + 2} on the shelf for you.")
    return CompletionRequest(
        prefix=KIOSK_PREFIX,
        prompt=f"Facts: {found[0]} {left[0]}\nQuestion: where is it?",
        grammar=grammar_of((found, left)),
        deadline_s=300.0,
        max_tokens=40,
    )


def _results(samples: _Samples, names: Sequence[str], sessions: Sequence[int]) -> list[BenchResult]:
    ours, *peers = names
    results = []
    for peer in peers:
        for count in sessions:
            results += _ratios(samples[count, ours], samples[count, peer], count, peer)
    for name in names:
        for count in sessions:
            results += _figures(samples[count, name], count, name)
    return [*results, BenchResult("machine load after the run", round(os.getloadavg()[0], 2), "processes")]


def _ratios(
    ours: Sequence[tuple[float, list[Timing]]], theirs: Sequence[tuple[float, list[Timing]]], count: int, peer: str
) -> list[BenchResult]:
    against = f"{peer}, same file, threads and turns, same run"
    faster = statistics.median(our / their for (our, _), (their, _) in zip(ours, theirs, strict=True))
    sooner = _first_ms(ours, 95) / _first_ms(theirs, 95)
    rate, first = f"answers a second, {_sessions(count)}", f"first token p95, {_sessions(count)}"
    if count != _GOAL_SESSIONS:
        return [
            BenchResult(rate, round(faster, 2), "x", against=against),
            BenchResult(first, round(sooner, 2), "x", against=against),
        ]
    return [
        at_least(rate, round(faster, 2), "x", goal=2.0, against=against),
        BenchResult(first, round(sooner, 2), "x", 0.4, sooner <= 0.4, against),
    ]


def _figures(rounds: Sequence[tuple[float, list[Timing]]], count: int, name: str) -> list[BenchResult]:
    label = f"{name}, {_sessions(count)}"
    return [
        BenchResult(f"{label}: answers", round(statistics.median(rate for rate, _ in rounds), 2), "1/s"),
        BenchResult(f"{label}: first token p50", round(_first_ms(rounds, 50)), "ms"),
        BenchResult(f"{label}: first token p95", round(_first_ms(rounds, 95)), "ms"),
    ]


def _first_ms(rounds: Sequence[tuple[float, list[Timing]]], percentile: int) -> float:
    waits = [timing.first_ms for _, timings in rounds for timing in timings]
    if len(waits) == 1:
        return waits[0]
    return statistics.quantiles(waits, n=100, method="inclusive")[percentile - 1]


def _sessions(count: int) -> str:
    return "1 session" if count == 1 else f"{count} sessions"
