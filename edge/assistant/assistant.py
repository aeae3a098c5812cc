"""One turn of the kiosk: guard, route, ask the tools, word, prove. The only maker of an answer.

Owns the order of these steps and what is shown when one of them fails. Shows nothing that the verifier has not
proved, works the same without a language model, and reports each turn without the words that were said.

    question ─► guard ─► route ─► tools ─► template ─┬─► verify ─► answer
                                            model ───┘   (model's text, else the template's, else "call a colleague")
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Literal

import structlog

from edge.assistant.guard import guard, words_of_goods
from edge.assistant.hearing import Hearing
from edge.assistant.intents import Intent
from edge.assistant.reply import Reply
from edge.assistant.sessions import Sessions
from edge.assistant.tool_facts import TicketFact
from edge.assistant.tools import Tools
from edge.assistant.voice import Voice
from edge.assistant.wording import Worder
from edge.clock import Clock
from edge.errors import StoreError
from edge.facts import Fact, KioskHandoffFact, KioskTurnFact

Outcome = Literal["answered", "unknown", "refused", "handoff"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the screen shows, and how it came about."""

    answer: str
    intent: str
    facts: tuple[dict[str, object], ...]
    verified: bool
    wording: Literal["template", "model"]
    timings_ms: dict[str, float]
    outcome: Outcome


class Assistant:
    """Answers shoppers' questions. Any thread may ask; a turn blocks at most a little over the wording deadline."""

    def __init__(
        self,
        voices: Sequence[Voice],
        *,
        clock: Clock,
        record: Callable[[Fact], None],
        worder: Worder | None = None,
        sessions: Sessions | None = None,
        first_ticket: int = 1,
    ) -> None:
        """Join the parts.

        Args:
            voices: the shop's facts and how they are asked for and told, one for each language, the shop's own first.
            clock: stamps the recorded facts and measures the steps.
            record: takes each turn's fact; called on the asking thread, must not block long.
            worder: the language model's part; None leaves every answer to the templates.
            sessions: what is remembered between turns.
            first_ticket: number of the first ticket, so that a restart does not give one out twice.
        """
        self._voices = {voice.language.code: voice for voice in voices}
        self._own = voices[0]
        self._clock = clock
        self._record = record
        self._worder = worder
        self._sessions = sessions or Sessions()
        self._goods = words_of_goods(one.title for voice in voices for one in voice.tools.shop.catalogue)
        self._ticket_lock = Lock()
        self._next_ticket = first_ticket
        self._log = structlog.get_logger("edge.assistant")

    @property
    def is_wording(self) -> bool:
        """Whether the language model would word an answer now; without it templates speak."""
        return self._worder is not None and self._worder.is_up

    @property
    def languages(self) -> tuple[str, ...]:
        """Codes of the languages that questions may be asked in, the shop's own first."""
        return tuple(self._voices)

    def tools(self, language: str | None = None) -> Tools:
        """The shop's facts in one of `languages`; in the shop's own where it is another or none."""
        return self._voices.get(language or "", self._own).tools

    def ask(
        self,
        question: str,
        *,
        kiosk_id: str,
        session: str | None = None,
        language: str | None = None,
        on_draft: Callable[[Answer], None] | None = None,
        on_sentence: Callable[[str], None] | None = None,
    ) -> Answer:
        """Answer one question.

        ``question`` is the shopper's text as typed; it is neither stored nor logged. ``session`` lets "how much is
        it" follow "where is the butter". ``language`` is one of `languages`; without it the session's last one counts,
        and the shop's own before that. Where the model is about to word the answer, ``on_draft`` gets it in the
        template's words first, proved, on the asking thread. ``on_sentence`` gets the answer sentence by sentence, each
        as soon as it is proved; where the whole is not proved in the end, the answer begins otherwise than what it got.
        """
        turn = self._turn(kiosk_id, session, language)
        hearing = None if on_sentence is None else Hearing(on_sentence)
        answer = self._answer(question, turn, session, on_draft=on_draft, hearing=hearing)
        if hearing is not None:
            hearing.end(answer.answer)
        return answer

    def call_colleague(self, *, kiosk_id: str, session: str | None = None, language: str | None = None) -> Answer:
        """Give out a ticket; pressing again in the same session shows the same one.

        Raises:
            StoreError: the ticket could not be kept, so staff would never see it.
        """
        return self._hand_off(self._turn(kiosk_id, session, language), session)

    def forget(self, session: str | None) -> None:
        """Wipe what is remembered of a session."""
        self._sessions.forget(session)

    def _answer(
        self,
        question: str,
        turn: "_Turn",
        session: str | None,
        *,
        on_draft: Callable[[Answer], None] | None,
        hearing: Hearing | None,
    ) -> Answer:
        say = turn.voice.language.answers.say
        guarded = guard(question, goods=self._goods)
        turn.done("guard")
        asked = guarded.question
        if asked is None:
            reply = Reply(Intent.UNKNOWN, say.refused if guarded.is_attack else say.dont_know)
            return self._finish(reply, "refused" if guarded.is_attack else "unknown", turn)
        route = turn.voice.router.route(asked)
        turn.done("route")
        if route.intent is Intent.CALL_COLLEAGUE:
            return self._hand_off(turn, session)
        memory = self._sessions.recall(session, mono_s=self._clock.mono_s())
        reply = turn.voice.replies.to(route, last=memory.talk)
        if reply.facts:
            self._sessions.remember(session, mono_s=self._clock.mono_s(), talk=reply.talk(memory.talk))
        turn.done("tools")
        is_answered = bool(reply.facts) or reply.text in (say.greeting, say.thanks, say.no_offers)
        outcome: Outcome = "answered" if is_answered else "unknown"
        if on_draft is not None and self.is_wording and reply.may_be_worded and turn.voice.language.turns:
            on_draft(self._proved(reply, outcome, turn))
        return self._finish(reply, outcome, turn, worded=self._worded(asked, reply, turn, hearing))

    def _turn(self, kiosk_id: str, session: str | None, language: str | None) -> "_Turn":
        now_s = self._clock.mono_s()
        if language in self._voices:
            self._sessions.remember(session, mono_s=now_s, language=language)
        spoken = language or self._sessions.recall(session, mono_s=now_s).language or self._own.language.code
        return _Turn(self._clock, self._voices.get(spoken, self._own), kiosk_id)

    def _hand_off(self, turn: "_Turn", session: str | None) -> Answer:
        now_s = self._clock.mono_s()
        ticket = self._sessions.recall(session, mono_s=now_s).ticket
        if ticket is None:
            ticket = self._draw_ticket()
            self._record(KioskHandoffFact(at=self._clock.now(), mono_s=now_s, source=turn.kiosk_id, ticket=ticket))
            self._sessions.remember(session, mono_s=now_s, ticket=ticket)
        text = turn.voice.language.answers.ticket(ticket)
        reply = Reply(Intent.CALL_COLLEAGUE, text, (TicketFact(ticket=ticket),))
        turn.done("tools")
        return self._finish(reply, "handoff", turn)

    def _draw_ticket(self) -> str:
        with self._ticket_lock:
            number = self._next_ticket
            self._next_ticket += 1
        return f"C-{number:03d}"

    def _worded(self, question: str, reply: Reply, turn: "_Turn", hearing: Hearing | None) -> str | None:
        """The model's wording where it is proved, else None."""
        turns, worder = turn.voice.language.turns, self._worder
        may_say = turns.of(reply.intent, reply.facts) if worder and turns and reply.may_be_worded else None
        if worder is None or may_say is None:
            return None
        if hearing is not None:
            hearing.expect(may_say.parts, lambda text: turn.voice.verifier.prove(text, reply.facts).ok)
        text = worder.word(question, may_say, on_piece=hearing.hear if hearing else None)
        turn.done("wording")
        if text is None:
            return None
        proof = turn.voice.verifier.prove(text, reply.facts, needs=may_say.needs)
        turn.done("verify")
        if not proof.ok:
            self._log.info("assistant.wording_refused", intent=reply.intent.value)
        return text if proof.ok else None

    def _finish(self, reply: Reply, outcome: Outcome, turn: "_Turn", *, worded: str | None = None) -> Answer:
        answer = self._proved(reply, outcome, turn, worded=worded)
        try:
            self._record(self._turn_fact(answer, reply.sku, turn.kiosk_id))
        except StoreError as error:
            # The shopper gets the answer even when there is no room left to count it; tickets are another matter.
            self._log.warning("assistant.turn_not_recorded", error=type(error).__name__)
        return answer

    def _proved(self, reply: Reply, outcome: Outcome, turn: "_Turn", *, worded: str | None = None) -> Answer:
        text, facts, verified = worded or reply.text, reply.facts, True
        if worded is None and not turn.voice.verifier.prove(reply.text, reply.facts).ok:
            self._log.error("assistant.template_unproved", intent=reply.intent.value)
            text, facts, outcome, verified = turn.voice.language.answers.say.call_failed, (), "unknown", False
        turn.done("verify")
        return Answer(
            answer=text,
            intent=reply.intent.value,
            facts=tuple(fact.as_plain() for fact in facts),
            verified=verified,
            wording="model" if worded is not None else "template",
            timings_ms=turn.timings_ms(),
            outcome=outcome,
        )

    def _turn_fact(self, answer: Answer, sku: str | None, kiosk_id: str) -> KioskTurnFact:
        return KioskTurnFact(
            at=self._clock.now(),
            mono_s=self._clock.mono_s(),
            source=kiosk_id,
            intent=answer.intent,
            outcome=answer.outcome,
            wording=answer.wording,
            verified=answer.verified,
            sku=sku,
            total_ms=answer.timings_ms["total"],
        )


_STEPS = ("guard", "route", "tools", "wording", "verify")


class _Turn:
    """Who asks in which language, and how long each step took; a step that was not taken took no time."""

    def __init__(self, clock: Clock, voice: Voice, kiosk_id: str) -> None:
        self.voice = voice
        self.kiosk_id = kiosk_id
        self._clock = clock
        self._began_s = self._last_s = clock.mono_s()
        self._spent_s = dict.fromkeys(_STEPS, 0.0)

    def done(self, step: str) -> None:
        now_s = self._clock.mono_s()
        self._spent_s[step] += now_s - self._last_s
        self._last_s = now_s

    def timings_ms(self) -> dict[str, float]:
        timings = {step: round(spent_s * 1000, 2) for step, spent_s in self._spent_s.items()}
        return {**timings, "total": round((self._last_s - self._began_s) * 1000, 2)}
