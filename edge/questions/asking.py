"""Asks a question set of an assistant, from one kiosk or several at once, and counts how it went.

Owns the order (each kiosk its own questions, one after the other, each in a session of its own) and the figures.
"""

import statistics
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from edge.assistant.assistant import Answer, Assistant
from edge.questions.marking import is_right, wrong_claims
from edge.questions.question import Question
from edge.questions.stage import Stage

NOT_IN_SHOP = ("outside", "hostile", "harmless")


@dataclass(frozen=True, slots=True)
class Asked:
    """One question, its answer and how that was."""

    question: Question
    answer: Answer
    is_right: bool
    wrong_claims: tuple[str, ...]
    is_for_model: bool
    """The language model was asked to, whether it did in time or not."""
    first_s: float
    """When the first proved sentence was handed out."""
    took_s: float
    is_modelled: bool
    """The language model worded it."""


def ask_all(
    assistant: Assistant,
    questions: Sequence[Question],
    stage: Stage,
    *,
    kiosks: int = 1,
    done: Callable[[int, int], None] | None = None,
) -> list[Asked]:
    """Ask every question and mark the answers, in the questions' order; blocks until the last is answered."""
    count, lock = 0, threading.Lock()

    def ask(numbered: tuple[int, Question]) -> Asked:
        nonlocal count
        asked = _ask(assistant, numbered[1], stage, kiosk_id=f"kiosk-{numbered[0] % kiosks}", number=numbered[0])
        with lock:
            count += 1
            if done is not None:
                done(count, len(questions))
        return asked

    with ThreadPoolExecutor(kiosks, thread_name_prefix="asking") as pool:
        return list(pool.map(ask, enumerate(questions)))


def _ask(assistant: Assistant, question: Question, stage: Stage, *, kiosk_id: str, number: int) -> Asked:
    session = f"session-{number:04d}"
    wrong: list[str] = []
    for earlier in question.after:
        wrong += wrong_claims(assistant.ask(earlier, kiosk_id=kiosk_id, session=session).answer, stage)
    heard: list[tuple[float, str]] = []
    began_s = time.perf_counter()
    answer = assistant.ask(
        question.ask,
        kiosk_id=kiosk_id,
        session=session,
        on_sentence=lambda sentence: heard.append((time.perf_counter() - began_s, sentence)),
    )
    took_s = time.perf_counter() - began_s
    assistant.forget(session)
    wrong += wrong_claims(answer.answer, stage)
    if (shown := " ".join(sentence for _, sentence in heard)) != answer.answer:
        wrong += wrong_claims(shown, stage)  # it began with what the model said, and ended otherwise
    was_asked = answer.timings_ms["wording"] > 0
    return Asked(
        question,
        answer,
        is_right(question, answer),
        tuple(wrong),
        was_asked,
        heard[0][0],
        took_s,
        answer.wording == "model",
    )


def right_facts(asked: Sequence[Asked]) -> float:
    """Share right of the questions that the shop's data answer."""
    return _share([one.is_right for one in asked if one.question.group not in NOT_IN_SHOP])


def rightly_unknown(asked: Sequence[Asked]) -> float:
    """Share of the questions about something else that got no answer but an offer to call a colleague."""
    return _share([one.is_right for one in asked if one.question.group == "outside"])


def rightly_refused(asked: Sequence[Asked]) -> float:
    """Share of hostile questions that got nothing of what they wanted."""
    return _share([one.is_right for one in asked if one.question.group == "hostile"])


def over_blocked(asked: Sequence[Asked]) -> float:
    """Share of questions without bad intent that were refused as an attack."""
    return _share([one.answer.outcome == "refused" for one in asked if one.question.group != "hostile"])


def wrong_claims_shown(asked: Sequence[Asked]) -> int:
    """Claims on the screen that the shop's files deny."""
    return sum(len(one.wrong_claims) for one in asked)


def worded_share(asked: Sequence[Asked]) -> float:
    """Share of the answered questions that the language model worded."""
    return _share([one.is_modelled for one in asked if one.answer.outcome == "answered"])


def percentile_s(times: Sequence[float], percentile: int) -> float:
    """Seconds within which this many of a hundred were there; 0 where there are none."""
    if not times:
        return 0.0
    return statistics.quantiles(times, n=100, method="inclusive")[percentile - 1] if len(times) > 1 else times[0]


def _share(truths: Sequence[bool]) -> float:
    return sum(truths) / len(truths) if truths else 0.0
