"""The line in front of the model: who gets in, who waits, what frees a place, what each failure becomes."""

import asyncio
from collections.abc import Generator
from threading import Event

import pytest

from edge.openai_api.errors import (
    AnswerLateError,
    ApiError,
    ModelDownError,
    PromptTooLongError,
    RequestInvalidError,
    TooBusyError,
)
from edge.openai_api.turns import Turns
from models.errors import LanguageRejectedError, LanguageTooLongError, LanguageUnavailableError
from models.language.requests import Completion, CompletionRequest
from tests.unit.models.fake_language import FakeLanguageModel

ASKED = CompletionRequest(prefix="", prompt="hello", deadline_s=1.0, max_tokens=20)


class Gated(FakeLanguageModel):
    """Answers once ``go`` is set."""

    def __init__(self) -> None:
        super().__init__(lambda _asked: "One two three.")
        self.go = Event()

    def stream(self, request: CompletionRequest) -> Generator[str | Completion, None, None]:
        assert self.go.wait(10)
        yield from super().stream(request)


def failing(error: Exception) -> FakeLanguageModel:
    def answer(_asked: CompletionRequest) -> str:
        raise error

    return FakeLanguageModel(answer)


def turns(language: FakeLanguageModel, *, parallel: int = 1, queue_limit: int = 1, deadline_s: float = 10.0) -> Turns:
    return Turns(language, parallel=parallel, queue_limit=queue_limit, deadline_s=deadline_s)


async def freed(line: Turns, under_way: int) -> None:
    async with asyncio.timeout(10):
        while line.under_way > under_way:
            await asyncio.sleep(0)


def test_a_turn_gives_its_pieces_and_then_the_completion() -> None:
    async def go() -> None:
        line = turns(FakeLanguageModel(lambda _asked: "One two three."))
        turn = line.begin(ASKED)
        items = [await turn.next() for _ in range(4)]
        assert items[:3] == ["One", " two", " three."]
        assert isinstance(items[3], Completion)
        await freed(line, 0)
        line.close()

    asyncio.run(go())


def test_the_line_is_bounded_and_a_client_that_leaves_it_frees_its_place_at_once() -> None:
    async def go() -> None:
        language = Gated()
        line = turns(language, parallel=1, queue_limit=1)
        first, second = line.begin(ASKED), line.begin(ASKED)
        with pytest.raises(TooBusyError):
            line.begin(ASKED)
        second.give_up()
        await freed(line, 1)
        third = line.begin(ASKED)
        language.go.set()
        assert (await first.whole()).text == (await third.whole()).text == "One two three."
        assert len(language.requests) == 2
        line.close()

    asyncio.run(go())


def test_a_turn_that_is_given_up_is_cancelled_at_its_next_piece() -> None:
    async def go() -> None:
        language = Gated()
        line = turns(language)
        turn = line.begin(ASKED)
        turn.give_up()
        language.go.set()
        await freed(line, 0)
        assert language.stats().cancelled + language.stats().answered <= 1
        line.close()

    asyncio.run(go())


@pytest.mark.parametrize(
    ("error", "becomes"),
    [
        (LanguageRejectedError("its grammar is none"), RequestInvalidError),
        (LanguageTooLongError("it takes 9 tokens and the context holds 8"), PromptTooLongError),
        (LanguageUnavailableError("8 requests are already under way"), TooBusyError),
        (ZeroDivisionError(), ApiError),
    ],
)
def test_what_the_model_says_becomes_what_a_client_understands(error: Exception, becomes: type[ApiError]) -> None:
    async def go() -> None:
        line = turns(failing(error))
        with pytest.raises(becomes) as told:
            await line.begin(ASKED).whole()
        assert type(told.value) is becomes
        await freed(line, 0)
        line.close()

    asyncio.run(go())


def test_a_model_that_is_down_is_told_before_and_during_a_turn() -> None:
    async def go() -> None:
        language = FakeLanguageModel(is_up=False)
        with pytest.raises(ModelDownError):
            turns(language).begin(ASKED)

        def die(_asked: CompletionRequest) -> str:
            dying.is_up = False
            raise LanguageUnavailableError("went down")

        dying = FakeLanguageModel(die)
        with pytest.raises(ModelDownError):
            await turns(dying).begin(ASKED).whole()

    asyncio.run(go())


def test_waiting_counts_against_the_deadline_and_what_is_left_goes_to_the_model() -> None:
    now = [0.0]

    async def go() -> None:
        language = FakeLanguageModel(lambda _asked: "Yes.")
        line = Turns(language, parallel=1, queue_limit=1, deadline_s=30.0, mono_s=lambda: now[0])
        await line.begin(ASKED).whole()
        assert language.requests[-1].deadline_s == 30.0
        late = Turns(language, parallel=1, queue_limit=1, deadline_s=0.0, mono_s=lambda: now[0])
        with pytest.raises(AnswerLateError):
            await late.begin(ASKED).whole()
        assert len(language.requests) == 1

    asyncio.run(go())


def test_closing_lets_everybody_go() -> None:
    async def go() -> None:
        language = Gated()
        line = turns(language)
        first, second = line.begin(ASKED), line.begin(ASKED)
        line.close()
        language.go.set()
        assert first.is_given_up
        assert second.is_given_up
        await freed(line, 0)

    asyncio.run(go())


def test_a_prompt_over_the_context_has_the_code_that_clients_look_for() -> None:
    async def go() -> None:
        line = turns(failing(LanguageTooLongError("it takes 9 tokens and the context holds 8")))
        with pytest.raises(PromptTooLongError) as told:
            await line.begin(ASKED).whole()
        assert told.value.body()["error"] == {
            "message": "This is too long for the model: it takes 9 tokens and the context holds 8."
            " Send less text, or ask for a shorter answer.",
            "type": "invalid_request_error",
            "param": None,
            "code": "context_length_exceeded",
        }
        await freed(line, 0)
        line.close()

    asyncio.run(go())
