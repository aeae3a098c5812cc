"""The language model as the appliance sees it: ask from any thread, get wording in time or an error at once.

Owns the process's lives (start, watch, replace) in one thread and the requests under way. Refuses what cannot be
answered in time: queue full, process down and deadline passed are all `LanguageUnavailableError`, never a wait.

    down ──start──► starting ──ready──► up ──end, hang──► down (back-off, full jitter) ──► starting ...
"""

import time
from collections.abc import Callable, Generator, Sequence
from random import Random
from threading import Event, Thread
from typing import Self

import structlog

from models.config import LanguageSettings
from models.errors import LanguageRejectedError, LanguageTooLongError, LanguageUnavailableError, ModelsError
from models.language.child import Child, ChildGoneError
from models.language.ledger import Ledger, Waiting
from models.language.requests import Completion, CompletionRequest, LanguageStats
from models.language.wire import Allow, Answer, Ask, Cancel, Failure, Piece, Ping, Pong, Ready, Reply, Warm
from models.manifest import ActiveArtefact

TICK_S = 0.1
SEND_TIMEOUT_S = 1.0
STOP_TIMEOUT_S = 10.0


class LanguageModel:
    """`LanguagePort` over a child process. Enter it to start; the process comes up in the background.

    ``locate`` gives the verified weights before every start of the process: an artefact that was activated
    meanwhile is used from then on, and missing or wrong weights leave the model down, with the reason in ``stats``.
    """

    def __init__(
        self,
        locate: Callable[[], ActiveArtefact],
        settings: LanguageSettings,
        *,
        prefixes: Sequence[str] = (),
        chance: Random | None = None,
    ) -> None:
        """Keep what is needed; nothing is started.

        Args:
            locate: gives the active artefact of the task ``language``, or raises a ``ModelsError``.
            settings: threads, room, limits and times.
            prefixes: shared prefixes to compute at every start, before anyone asks.
            chance: source of the restarts' jitter.
        """
        self._locate = locate
        self._settings = settings
        self._prefixes = tuple(prefixes)[: settings.cached_prefixes]
        self._chance = chance or Random()
        self._ledger = Ledger(settings.queue_limit)
        self._cores = float(settings.threads)
        self._child: Child | None = None
        self._up = Event()
        self._stopping = Event()
        self._keeper = Thread(target=self._keep_alive, name="language-model", daemon=True)
        self._is_loss_reported = False
        self._log = structlog.get_logger("models.language")

    def __enter__(self) -> Self:
        """Start the process's keeper, unless the settings switch the model off; returns at once."""
        if self._settings.enabled:
            self._keeper.start()
        else:
            self._ledger.clear("switched off in the settings")
        return self

    def __exit__(self, *_: object) -> None:
        """End the process; requests under way get `LanguageUnavailableError`."""
        self._stopping.set()
        if self._keeper.ident is not None:
            self._keeper.join(STOP_TIMEOUT_S)

    @property
    def is_up(self) -> bool:
        return self._up.is_set()

    @property
    def pid(self) -> int | None:
        """Process id while there is a process."""
        child = self._child
        return child.pid if child else None

    def wait_until_up(self, timeout_s: float) -> bool:
        """Block until the process is ready, at most ``timeout_s``; whether it is."""
        return self._up.wait(timeout_s)

    def allow(self, cores: float) -> None:
        """Let the process keep so many cores busy from now on; under one it rests in between. Any thread, no wait."""
        self._cores = min(cores, float(self._settings.threads))

    def stats(self) -> LanguageStats:
        """Figures for the console and for health; from any thread."""
        return self._ledger.stats()

    def complete(self, request: CompletionRequest) -> Completion:
        """Answer one turn. Blocks the calling thread, at most until the deadline; any thread may call it.

        Raises:
            LanguageUnavailableError: down, full, or late: go on without, try again later.
            LanguageRejectedError: this request can never be answered (grammar, length): mend it.
        """
        waiting = self._ledger.enrol(time.monotonic() + request.deadline_s)
        child = self._child
        self._ask(child, waiting, request)
        waiting.news.wait(max(0.0, waiting.deadline_s - time.monotonic()))
        return self._completion(child, waiting, request)

    def stream(self, request: CompletionRequest) -> Generator[str | Completion, None, None]:
        """Answer one turn piece by piece, see `LanguagePort.stream`; any one thread at a time may read it.

        Raises:
            LanguageUnavailableError: down, full, or late: go on without, try again later.
            LanguageRejectedError: this request can never be answered (grammar, length): mend it.
        """
        now_s = time.monotonic()
        waiting = self._ledger.enrol(now_s + request.deadline_s)
        until_s = now_s + (request.first_within_s or request.deadline_s)
        child = self._child
        try:
            self._ask(child, waiting, request, wants_pieces=True)
            is_over = False
            while not is_over and waiting.news.wait(max(0.0, until_s - time.monotonic())):
                text, is_over = self._ledger.take_text(waiting)
                if text:
                    until_s = waiting.deadline_s
                    yield text
        except GeneratorExit:
            self._ledger.note_cancelled()
            self._send(child, Cancel(id=waiting.id), timeout_s=TICK_S)
            raise
        yield self._completion(child, waiting, request)

    def _completion(self, child: Child | None, waiting: Waiting, request: CompletionRequest) -> Completion:
        reply = self._ledger.settle(waiting)
        if reply is None:
            self._send(child, Cancel(id=waiting.id), timeout_s=TICK_S)
        return _completion(reply, request)

    def _ask(
        self, child: Child | None, waiting: Waiting, request: CompletionRequest, *, wants_pieces: bool = False
    ) -> None:
        budget_s = max(0.0, waiting.deadline_s - time.monotonic())
        ask = Ask(
            id=waiting.id,
            prefix=request.prefix,
            prompt=request.prompt,
            earlier=request.earlier,
            prompt_role=request.prompt_role,
            is_chat=request.is_chat,
            grammar=request.grammar,
            json_schema=request.json_schema,
            stop=request.stop,
            max_tokens=request.max_tokens,
            temperature=request.temperature,
            top_p=request.top_p,
            seed=request.seed,
            priority=request.priority,
            budget_ms=budget_s * 1000,
            wants_pieces=wants_pieces,
        )
        if not self._send(child, ask, timeout_s=min(budget_s, SEND_TIMEOUT_S)):
            self._ledger.lose(waiting, "it took no more input")

    def _send(self, child: Child | None, command: Ask | Cancel, *, timeout_s: float) -> bool:
        """Whether the process took it. One that does not is ended, and its keeper starts another."""
        if child is None:
            return False
        try:
            child.send(command, timeout_s=timeout_s)
        except ChildGoneError:
            child.kill()
            return False
        return True

    def _keep_alive(self) -> None:
        failures = 0
        while True:
            answered_before = self._ledger.answered
            why = self._live_once()
            if self._stopping.is_set():
                return
            self._report_loss(why)
            failures = 0 if self._ledger.answered > answered_before else failures + 1
            self._stopping.wait(self._pause_s(failures))
            self._ledger.note_restart()

    def _pause_s(self, failures: int) -> float:
        longest_s = self._settings.restart_first_s * 2.0 ** min(failures, 16)
        return self._chance.uniform(0.0, min(longest_s, self._settings.restart_max_s))

    def _live_once(self) -> str:
        """One life of the process, from start to end; returns why it ended."""
        why = "stopped"
        try:
            artefact = self._locate()
            if artefact.manifest.chat is None:
                raise ModelsError(f"{artefact.manifest.name} is no language model")
            with Child(artefact.path, artefact.manifest.chat, self._settings) as child:
                self._child = child
                try:
                    self._await_ready(child)
                    self._watch(child)
                finally:
                    self._up.clear()
                    self._child = None
        except (ChildGoneError, ModelsError, OSError) as ended:
            why = str(ended)
        self._ledger.clear(why)
        return why

    def _await_ready(self, child: Child) -> None:
        until_s = time.monotonic() + self._settings.start_timeout_s
        while not self._stopping.is_set():
            for reply in child.read(TICK_S):
                if isinstance(reply, Ready):
                    self._go_up(child, reply)
                    return
            if time.monotonic() > until_s:
                child.kill()
                raise ChildGoneError(f"it was not ready within {self._settings.start_timeout_s:g} s")

    def _go_up(self, child: Child, ready: Ready) -> None:
        for prefix in self._prefixes:
            child.send(Warm(prefix=prefix), timeout_s=SEND_TIMEOUT_S)
        self._ledger.note_up(ready.rss_mb)
        self._up.set()
        self._is_loss_reported = False
        self._log.info("language.up", pid=child.pid, rss_mb=round(ready.rss_mb))

    def _watch(self, child: Child) -> None:
        """Hear replies and ping, until the process ends, hangs or is no longer needed."""
        ping, pong, pinged_s = 0, 0, time.monotonic()
        cores = float(self._settings.threads)
        while not self._stopping.is_set():
            for reply in child.read(TICK_S):
                pong = reply.id if isinstance(reply, Pong) else pong
                self._hear(reply)
            now_s = time.monotonic()
            silent_s = now_s - pinged_s if pong < ping else 0.0
            if max(silent_s, self._ledger.overdue_s(now_s)) > self._settings.hang_after_s:
                child.kill()
                raise ChildGoneError(f"it hung for {self._settings.hang_after_s:g} s")
            if pong == ping and now_s - pinged_s >= self._settings.ping_every_s:
                ping, pinged_s = ping + 1, now_s
                child.send(Ping(id=ping), timeout_s=SEND_TIMEOUT_S)
            if self._cores != cores:
                cores = self._cores
                child.send(Allow(cores=cores), timeout_s=SEND_TIMEOUT_S)

    def _hear(self, reply: Reply) -> None:
        match reply:
            case Piece():
                self._ledger.add(reply)
            case Answer() | Failure():
                self._ledger.enter(reply)

    def _report_loss(self, why: str) -> None:
        if not self._is_loss_reported:
            self._is_loss_reported = True
            self._log.warning("language.down", reason=why)


def _completion(reply: Answer | Failure | None, request: CompletionRequest) -> Completion:
    match reply:
        case Answer():
            return Completion(
                text=reply.text,
                finish=reply.finish,
                prompt_tokens=reply.prompt_tokens,
                cached_tokens=reply.cached_tokens,
                answer_tokens=reply.answer_tokens,
                queued_ms=reply.queued_ms,
                first_token_ms=reply.first_token_ms,
                total_ms=reply.total_ms,
                dropped_messages=reply.dropped_messages,
            )
        case Failure(reason="too long", message=message):
            raise LanguageTooLongError(message)
        case Failure(reason="rejected", message=message):
            raise LanguageRejectedError(message)
        case _:
            raise LanguageUnavailableError(f"no wording within {request.deadline_s:g} s")
