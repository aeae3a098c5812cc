"""One question from the screen to its answer, sent whole or piece by piece, and the thumb that it may get.

Owns the order of what is sent (first what was found, then each proved sentence) and what is remembered for a thumb: the
kind of answer by a number made at random, never a word. Forgets with the session, after a while, and the oldest first.
"""

import asyncio
import json
import secrets
import threading
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from starlette.concurrency import run_in_threadpool

from edge.assistant.assistant import Answer, Assistant, Outcome
from edge.clock import Clock
from edge.facts import Fact, KioskRatingFact
from edge.kiosk.requests import AskRequest, AskResponse, CardResponse
from edge.kiosk.shop_map import ShopMap

Wording = Literal["template", "model"]
_TURNS_KEPT = 256
_KEPT_S = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    """An answer that may still be rated."""

    intent: str
    outcome: Outcome
    wording: Wording
    kiosk_id: str
    session: str
    mono_s: float


class Turns:
    """Asks the assistant for the screens. Any thread; `stream` belongs to the event loop."""

    def __init__(
        self, assistant: Assistant, shop_map: ShopMap, *, clock: Clock, record: Callable[[Fact], None]
    ) -> None:
        self._assistant = assistant
        self._map = shop_map
        self._clock = clock
        self._record = record
        self._lock = threading.Lock()
        self._given: OrderedDict[str, _Given] = OrderedDict()

    def answer(self, asked: AskRequest, *, kiosk_id: str) -> AskResponse:
        """The whole answer; blocks for at most a little over the wording deadline."""
        answer = self._assistant.ask(asked.question, kiosk_id=kiosk_id, session=asked.session, language=asked.language)
        return self._response(answer, asked, kiosk_id)

    async def stream(self, asked: AskRequest, *, kiosk_id: str) -> AsyncIterator[str]:
        """Server-sent events: ``card`` as soon as it is known, ``sentence`` by sentence, then ``done``.

        A fault is raised: before the first event it can still become a status, after it the stream breaks off.
        """
        loop = asyncio.get_running_loop()
        events: asyncio.Queue[str | None] = asyncio.Queue()

        def send(event: str | None) -> None:
            loop.call_soon_threadsafe(events.put_nowait, event)

        work = asyncio.create_task(run_in_threadpool(self._work, asked, kiosk_id, send))
        while (event := await events.get()) is not None:
            yield event
        await work

    def rate(self, turn: str, *, helped: bool) -> bool:
        """Count a thumb; False where the answer is not known (any more) or was rated already.

        Raises:
            StoreError: the thumb could not be kept.
        """
        with self._lock:
            self._drop_old()
            given = self._given.pop(turn, None)
        if given is None:
            return False
        fact = KioskRatingFact(
            at=self._clock.now(),
            mono_s=self._clock.mono_s(),
            source=given.kiosk_id,
            intent=given.intent,
            outcome=given.outcome,
            wording=given.wording,
            helped=helped,
        )
        self._record(fact)
        return True

    def forget(self, session: str | None) -> None:
        """Wipe a session, here and in the assistant."""
        with self._lock:
            for turn in [turn for turn, given in self._given.items() if given.session == session]:
                del self._given[turn]
        self._assistant.forget(session)

    def _work(self, asked: AskRequest, kiosk_id: str, send: Callable[[str | None], None]) -> None:
        """Ask in a worker thread; a fault ends the stream, and `stream` raises it."""
        is_sent = False
        waiting: list[str] = []

        def send_card(draft: Answer) -> None:
            nonlocal is_sent
            is_sent = True
            send(_event("card", self._card(draft, asked, kiosk_id).model_dump()))

        def send_sentence(text: str) -> None:
            if is_sent:
                send(_event("sentence", {"text": text}))
            else:
                waiting.append(text)  # the card goes first

        try:
            answer = self._assistant.ask(
                asked.question,
                kiosk_id=kiosk_id,
                session=asked.session,
                language=asked.language,
                on_draft=send_card,
                on_sentence=send_sentence,
            )
            if not is_sent:
                send_card(answer)
            for text in waiting:
                send_sentence(text)
            send(_event("done", self._response(answer, asked, kiosk_id).model_dump()))
        finally:
            send(None)

    def _card(self, answer: Answer, asked: AskRequest, kiosk_id: str) -> CardResponse:
        return CardResponse(
            intent=answer.intent,
            outcome=answer.outcome,
            facts=answer.facts,
            ways=self._map.ways(answer.facts, kiosk_id, asked.language),
        )

    def _response(self, answer: Answer, asked: AskRequest, kiosk_id: str) -> AskResponse:
        return AskResponse(
            answer=answer.answer,
            intent=answer.intent,
            outcome=answer.outcome,
            facts=answer.facts,
            ways=self._map.ways(answer.facts, kiosk_id, asked.language),
            verified=answer.verified,
            wording=answer.wording,
            timings_ms=answer.timings_ms,
            turn=self._remember(answer, asked.session, kiosk_id),
        )

    def _remember(self, answer: Answer, session: str | None, kiosk_id: str) -> str | None:
        if session is None:
            return None
        turn = secrets.token_hex(12)
        with self._lock:
            self._drop_old()
            self._given[turn] = _Given(
                intent=answer.intent,
                outcome=answer.outcome,
                wording=answer.wording,
                kiosk_id=kiosk_id,
                session=session,
                mono_s=self._clock.mono_s(),
            )
            while len(self._given) > _TURNS_KEPT:
                self._given.popitem(last=False)
        return turn

    def _drop_old(self) -> None:
        oldest_s = self._clock.mono_s() - _KEPT_S
        for turn in [turn for turn, given in self._given.items() if given.mono_s < oldest_s]:
            del self._given[turn]


def _event(name: str, data: Mapping[str, object]) -> str:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
