"""The engine's order of work, on a network of bytes: prefixes, deadlines, cancels, priorities, ends."""

import os
import threading
import time
from typing import Any

import pytest

from models.language.engine import Engine
from models.language.requests import Message, Priority
from models.language.wire import Answer, Ask, Cancel, Failure, Piece, Ping, Pong, Reply, Warm, read_reply, to_line
from models.language.worker import Pace, serve
from tests.unit.models.fake_runtime import FakeRuntime


class ManualClock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


class Bench:
    """An engine with its fake network and clock."""

    def __init__(self, **settings: int) -> None:
        self.runtime = FakeRuntime(lambda asked: asked.rpartition("user\n")[2].removesuffix("|\n|")[::-1])
        self.clock = ManualClock()
        self.engine = Engine(
            self.runtime,
            "chatml",
            **{"context_tokens": 200, "chunk_tokens": 16, "cached_prefixes": 2, "parallel_turns": 1, **settings},
            mono_s=self.clock,
        )

    def until_idle(self) -> list[Reply]:
        said: list[Reply] = []
        while not self.engine.is_idle:
            said += self.engine.step()
        return said

    def answer(self, ask: Ask) -> Answer:
        assert self.engine.take(ask) == []
        (answer,) = self.until_idle()
        assert isinstance(answer, Answer)
        return answer


def ask(ask_id: int = 1, **changes: Any) -> Ask:
    fields: dict[str, Any] = {
        "prefix": "You keep a shop.",
        "prompt": "abc",
        "grammar": None,
        "stop": (),
        "max_tokens": 20,
        "temperature": 0.0,
        "seed": 0,
        "priority": Priority.INTERACTIVE,
        "budget_ms": 1000.0,
    }
    return Ask(id=ask_id, **{**fields, **changes})


def test_an_answer_goes_on_to_the_end_token() -> None:
    answer = Bench().answer(ask(prompt="hello"))
    assert (answer.text, answer.finish, answer.answer_tokens) == ("olleh", "stop", 5)


def test_a_shared_prefix_is_computed_once() -> None:
    bench = Bench()
    first = bench.answer(ask(1))
    once = bench.runtime.computed
    second = bench.answer(ask(2, prompt="xyz"))
    assert (first.cached_tokens, first.text) == (0, "cba")
    assert (second.cached_tokens, second.text) == (len("|system\nYou keep a shop.|\n"), "zyx")
    assert bench.runtime.computed - once == once - second.cached_tokens


def test_no_step_computes_more_than_a_chunk() -> None:
    bench = Bench(context_tokens=2000)
    bench.answer(ask(prefix="p" * 300, prompt="q" * 300))
    assert bench.runtime.largest_batch == 16


def test_the_answer_is_the_same_whatever_ran_before() -> None:
    alone = Bench().answer(ask(prompt="question"))
    bench = Bench()
    for i in range(5):
        bench.answer(ask(i, prefix=f"Another prefix {i}", prompt=f"{i}"))
    assert bench.answer(ask(9, prompt="question")).text == alone.text


def test_the_least_recently_used_prefix_makes_room() -> None:
    bench = Bench()
    bench.answer(ask(1, prefix="A"))
    bench.answer(ask(2, prefix="B"))
    bench.answer(ask(3, prefix="A"))
    bench.answer(ask(4, prefix="C"))
    assert bench.answer(ask(5, prefix="A")).cached_tokens > 0
    assert bench.answer(ask(6, prefix="B")).cached_tokens == 0


def test_prefixes_make_room_for_a_long_turn() -> None:
    bench = Bench()
    bench.answer(ask(1, prefix="A" * 60))
    bench.answer(ask(2, prefix="B" * 60, prompt="q" * 70, max_tokens=20))
    assert bench.answer(ask(3, prefix="A" * 60)).cached_tokens == 0


def test_a_turn_that_can_never_fit_is_rejected_at_once() -> None:
    (failure,) = Bench().engine.take(ask(prompt="q" * 200))
    assert isinstance(failure, Failure)
    assert failure.reason == "too long"
    assert "the context holds 200" in failure.message


def test_a_stop_string_ends_the_answer_before_itself_even_across_tokens() -> None:
    answer = Bench().answer(ask(prompt="dlrow olleh", stop=("wo", "never")))
    assert (answer.text, answer.finish) == ("hello ", "stop")


def test_the_token_limit_ends_the_answer() -> None:
    answer = Bench().answer(ask(prompt="hello", max_tokens=3))
    assert (answer.text, answer.finish) == ("oll", "length")


def test_a_character_cut_in_two_by_the_limit_is_left_out() -> None:
    bench = Bench()
    bench.runtime._says = lambda _asked: "né"
    assert bench.answer(ask(max_tokens=2)).text == "n"


def test_the_grammar_wins_over_the_likeliest_token() -> None:
    answer = Bench().answer(ask(prompt="hello", grammar='root ::= "hi" | "o" [xy] "l"'))
    assert (answer.text, answer.finish) == ("oxl", "stop")


def test_pieces_come_as_the_answer_grows_and_a_forced_span_comes_whole() -> None:
    bench = Bench()
    bench.engine.take(ask(prompt="hello", wants_pieces=True, grammar='root ::= "say " [a-z] [a-z] ", that is all"'))
    *pieces, answer = bench.until_idle()
    assert [piece.text for piece in pieces if isinstance(piece, Piece)] == ["say ", "h", "a, that is all"]
    assert isinstance(answer, Answer)
    assert answer.text == "say ha, that is all"


def test_a_piece_never_holds_what_a_stop_string_cuts_away() -> None:
    bench = Bench()
    bench.engine.take(ask(prompt="dlrow olleh", wants_pieces=True, stop=("o world",)))
    *pieces, answer = bench.until_idle()
    assert [piece.text for piece in pieces if isinstance(piece, Piece)] == ["h", "e", "l", "l"]
    assert isinstance(answer, Answer)
    assert answer.text == "hell"


def test_a_turn_without_a_prefix_takes_no_place_in_the_cache() -> None:
    bench = Bench(cached_prefixes=1)
    bench.answer(ask(1, prefix="A"))
    assert bench.answer(ask(2, prefix="", prompt="xyz")).text == "zyx"
    assert bench.answer(ask(3, prefix="A")).cached_tokens > 0


def test_a_raw_prompt_is_read_without_markup() -> None:
    bench = Bench()
    answer = bench.answer(ask(prefix="", prompt="user\nabcassistant\n", is_chat=False))
    assert (answer.text, answer.prompt_tokens) == ("cba", len("user\nabcassistant\n"))


CONVERSATION = (
    Message("user", "where is the milk?"),
    Message("assistant", "call look_up"),
    Message("tool", "aisle 4"),
    Message("assistant", "in aisle 4"),
    Message("user", "and the eggs?"),
    Message("assistant", "in aisle 7"),
)


@pytest.mark.parametrize(
    ("context_tokens", "dropped"),
    [
        pytest.param(300, 0, id="all fit"),
        pytest.param(180, 4, id="one pair fits"),
        pytest.param(110, 6, id="none fits"),
    ],
)
def test_the_oldest_questions_are_left_out_with_their_answers(context_tokens: int, dropped: int) -> None:
    bench = Bench(context_tokens=context_tokens)
    answer = bench.answer(ask(prompt="abc", earlier=CONVERSATION))
    assert (answer.text, answer.dropped_messages) == ("cba", dropped)
    kept = sum(len(f"|{message.role}\n{message.text}|\n") for message in CONVERSATION[dropped:])
    assert answer.prompt_tokens == kept + len("|system\nYou keep a shop.|\n|user\nabc|\n|assistant\n")


def test_the_question_that_a_tool_was_called_for_is_never_left_out() -> None:
    bench = Bench(context_tokens=140)
    answer = bench.answer(ask(prompt="abc", prompt_role="tool", earlier=CONVERSATION[:5], max_tokens=8))
    assert answer.dropped_messages == 4
    kept = "|user\nand the eggs?|\n|tool\nabc|\n|assistant\n"
    assert answer.prompt_tokens == len(f"|system\nYou keep a shop.|\n{kept}")


def test_a_prompt_that_is_too_long_alone_is_rejected_with_the_figures() -> None:
    (failure,) = Bench().engine.take(ask(prompt="q" * 190, earlier=CONVERSATION))
    assert isinstance(failure, Failure)
    assert "(235 to read, 20 to answer) and the context holds 200" in failure.message


def test_what_the_grammar_forces_is_computed_in_one_go_and_its_end_not_at_all() -> None:
    bench = Bench(context_tokens=2000, chunk_tokens=100)
    bench.engine.take(Warm(prefix="You keep a shop."))
    bench.until_idle()
    before, computed = bench.runtime.batches, bench.runtime.computed
    answer = bench.answer(ask(max_tokens=99, grammar=f'root ::= "{"a" * 20}" [xy] "{"b" * 30}" [xy] "{"c" * 40}"'))
    assert len(answer.text) == answer.answer_tokens == 92
    assert bench.runtime.batches - before == 2
    assert bench.runtime.computed - computed == len("|user\nabc|\n|assistant\n") + 20 + 1 + 30


def test_an_answer_without_a_choice_needs_no_network() -> None:
    bench = Bench()
    answer = bench.answer(ask(grammar='root ::= "We are closed."'))
    assert (answer.text, answer.finish, answer.answer_tokens) == ("We are closed.", "stop", 14)
    assert bench.runtime.computed == 0


def test_a_forced_span_ends_at_the_token_limit() -> None:
    answer = Bench().answer(ask(grammar='root ::= "We are " ("open" | "closed")', max_tokens=5))
    assert (answer.text, answer.finish) == ("We ar", "length")


def test_a_forced_span_ends_before_a_stop_string() -> None:
    answer = Bench().answer(ask(grammar='root ::= "We are " ("open" | "closed")', stop=("are",)))
    assert (answer.text, answer.finish) == ("We ", "stop")


@pytest.mark.parametrize(
    ("grammar", "message"),
    [
        pytest.param("root ::= (", "does not compile", id="does not compile"),
        pytest.param('start ::= "a"', "no rule is called root", id="no root"),
        pytest.param('root ::= root "a" | "b"', "recurses on its left", id="left-recursive"),
    ],
)
def test_a_grammar_that_is_none_is_rejected_at_once(grammar: str, message: str) -> None:
    bench = Bench()
    (failure,) = bench.engine.take(ask(grammar=grammar))
    assert isinstance(failure, Failure)
    assert failure.reason == "rejected"
    assert message in failure.message


def test_a_grammar_that_no_token_can_follow_is_rejected() -> None:
    bench = Bench()
    bench.engine.take(ask(grammar='root ::= "ab" ("!" | "!?")'))
    (failure,) = bench.until_idle()
    assert isinstance(failure, Failure)
    assert failure.reason == "rejected"
    assert "no way to go on" in failure.message
    assert bench.answer(ask(2)).text == "cba"


def test_sampling_with_a_seed_repeats_itself() -> None:
    texts = {Bench().answer(ask(prompt="hello", temperature=1.5, seed=7)).text for _ in range(3)}
    assert len(texts) == 1


def test_a_late_request_is_given_up_between_two_tokens() -> None:
    bench = Bench()
    bench.engine.take(ask(budget_ms=50.0))
    bench.engine.step()
    bench.clock.now_s += 0.06
    (failure,) = bench.engine.step()
    assert isinstance(failure, Failure)
    assert failure.reason == "late"
    assert bench.engine.is_idle


def test_a_late_request_never_starts() -> None:
    bench = Bench()
    bench.engine.take(ask(budget_ms=50.0))
    bench.clock.now_s += 0.06
    bench.until_idle()
    assert bench.runtime.computed == 0


def test_a_cancel_ends_the_turn_and_frees_the_engine() -> None:
    bench = Bench()
    bench.engine.take(ask(1))
    bench.engine.take(ask(2, prompt="xyz"))
    bench.engine.step()
    (failure,) = bench.engine.take(Cancel(id=1))
    assert isinstance(failure, Failure)
    assert (failure.id, failure.reason) == (1, "cancelled")
    (answer,) = bench.until_idle()
    assert isinstance(answer, Answer)
    assert (answer.id, answer.text) == (2, "zyx")
    assert bench.engine.take(Cancel(id=99)) == []


def test_what_was_computed_of_a_prefix_is_kept_over_a_cancel() -> None:
    bench = Bench(context_tokens=400)
    bench.engine.take(ask(1, prefix="P" * 100))
    bench.engine.step()
    bench.engine.step()
    bench.engine.take(Cancel(id=1))
    assert bench.answer(ask(2, prefix="P" * 100)).cached_tokens == 32


def test_a_shopper_goes_before_work_that_can_wait() -> None:
    bench = Bench()
    bench.engine.take(ask(1, priority=Priority.BACKGROUND))
    bench.engine.take(ask(2, priority=Priority.INTERACTIVE))
    bench.engine.take(ask(3, priority=Priority.INTERACTIVE))
    assert [reply.id for reply in bench.until_idle() if isinstance(reply, Answer)] == [2, 3, 1]


def test_work_that_can_wait_has_rows_in_one_batch_of_eight_beside_a_shopper() -> None:
    bench = Bench(context_tokens=2000, parallel_turns=2)
    bench.engine.take(Warm(prefix="You keep a shop."))
    bench.until_idle()
    bench.engine.take(ask(1, priority=Priority.BACKGROUND, prompt="b" * 60, max_tokens=60))
    for _ in range(8):
        bench.engine.step()
    bench.engine.take(ask(2, prompt="s" * 40, max_tokens=40, wants_pieces=True))
    computed, batches, said = bench.runtime.computed, bench.runtime.batches, list[Reply]()
    while not any(isinstance(reply, Answer) for reply in said):
        said += bench.engine.step()
    assert [reply.id for reply in said if isinstance(reply, Answer)] == [2]
    own = len("|user\n|\n|assistant\n") + 40 + 39
    beside = bench.runtime.computed - computed - own
    assert beside == (bench.runtime.batches - batches) // 8 > 0
    assert [reply.text for reply in bench.until_idle() if isinstance(reply, Answer)] == ["b" * 60]


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"context_tokens": 300, "parallel_turns": 8}, id="no room"),
        pytest.param({"context_tokens": 2000, "parallel_turns": 2}, id="no place"),
        pytest.param({"context_tokens": 2000, "parallel_turns": 8, "cached_prefixes": 1}, id="no place for the prefix"),
    ],
)
def test_a_shopper_never_waits_for_work_that_can_wait(settings: dict[str, int]) -> None:
    bench = Bench(**settings)
    texts = {1: "first" * 4, 2: "second" * 4}
    for n, text in texts.items():
        prompt, limit = text[::-1], len(text) + 30
        bench.engine.take(
            ask(n, prefix="other", prompt=prompt, max_tokens=limit, priority=Priority.BACKGROUND, wants_pieces=True)
        )
    said: list[Reply] = []
    for _ in range(12):
        said += bench.engine.step()
    assert any(isinstance(reply, Piece) for reply in said)
    bench.engine.take(ask(3, prompt="q" * 40, max_tokens=60))
    said += bench.until_idle()
    assert next(reply.id for reply in said if isinstance(reply, Answer)) == 3
    for n, text in texts.items():
        (answer,) = [reply for reply in said if isinstance(reply, Answer) and reply.id == n]
        assert answer.text == text
        assert "".join(reply.text for reply in said if isinstance(reply, Piece) and reply.id == n) == text


def test_work_that_was_set_aside_can_be_cancelled_and_be_late() -> None:
    bench = Bench(context_tokens=2000)
    bench.engine.take(ask(1, priority=Priority.BACKGROUND))
    bench.engine.step()
    bench.engine.take(ask(2))
    bench.engine.step()
    bench.engine.take(ask(3, priority=Priority.BACKGROUND, budget_ms=50.0))
    assert [reply.id for reply in bench.engine.take(Cancel(id=1)) if isinstance(reply, Failure)] == [1]
    bench.clock.now_s += 0.06
    said = bench.until_idle()
    assert [(reply.id, type(reply)) for reply in said] == [(3, Failure), (2, Answer)]


def test_a_configured_prefix_stays_whatever_others_come() -> None:
    bench = Bench(context_tokens=1000)
    bench.engine.take(Warm(prefix="You keep a shop."))
    bench.until_idle()
    for n, prefix in enumerate("ABCAB"):
        bench.answer(ask(n, prefix=prefix, priority=Priority.BACKGROUND))
    assert bench.answer(ask(9)).cached_tokens == len("|system\nYou keep a shop.|\n")


def test_a_configured_prefix_makes_room_for_a_turn_that_needs_all_and_comes_back() -> None:
    bench = Bench()
    bench.engine.take(Warm(prefix="W" * 60))
    bench.until_idle()
    assert bench.answer(ask(1, prefix="B" * 60, prompt="q" * 70)).text == "q" * 20
    assert bench.answer(ask(2, prefix="W" * 60)).cached_tokens > 60


def test_more_configured_prefixes_than_places_come_to_rest() -> None:
    bench = Bench(context_tokens=1000)
    for prefix in "ABC":
        bench.engine.take(Warm(prefix=prefix))
    assert bench.until_idle() == []
    assert bench.answer(ask(1, prefix="D")).text == "cba"


def test_retired_room_is_used_again() -> None:
    bench = Bench(context_tokens=200, parallel_turns=2)
    for n in range(30):
        bench.engine.take(ask(n, prompt=f"turn {n}"))
    most = 0
    answers: list[Reply] = []
    while not bench.engine.is_idle:
        answers += bench.engine.step()
        most = max(most, bench.runtime.held_tokens)
    assert len(answers) == 30
    assert 140 < most <= 200


def test_turns_go_on_side_by_side_and_read_their_prefix_once() -> None:
    bench = Bench(context_tokens=2000, parallel_turns=8)
    alone = [Bench().answer(ask(n, prompt=f"turn {n}")).text for n in range(8)]
    for n in range(8):
        bench.engine.take(ask(n, prompt=f"turn {n}"))
    answers = {reply.id: reply for reply in bench.until_idle() if isinstance(reply, Answer)}
    assert [answers[n].text for n in range(8)] == alone
    assert bench.runtime.largest_batch <= 16
    prefix = len("|system\nYou keep a shop.|\n")
    once = sum(answer.prompt_tokens - prefix + answer.answer_tokens for answer in answers.values())
    assert bench.runtime.computed == prefix + once


def test_a_long_prompt_does_not_stall_an_answer() -> None:
    bench = Bench(context_tokens=4000, parallel_turns=2)
    bench.engine.take(Warm(prefix="You keep a shop."))
    bench.until_idle()
    bench.engine.take(ask(1, prompt="q" * 1000))
    bench.engine.step()
    bench.engine.take(ask(2, prompt="hello"))
    steps = 0
    while not any(isinstance(reply, Answer) and reply.id == 2 for reply in bench.engine.step()):
        steps += 1
    assert steps < 10
    assert [reply.id for reply in bench.until_idle() if isinstance(reply, Answer)] == [1]


def test_a_turn_waits_until_there_is_room_for_all_it_may_need() -> None:
    bench = Bench(context_tokens=120, parallel_turns=8)
    for n in range(4):
        bench.engine.take(ask(n, prompt="hello", max_tokens=20))
    most = 0
    answers: list[Reply] = []
    while not bench.engine.is_idle:
        answers += bench.engine.step()
        most = max(most, bench.runtime.held_tokens)
    assert [answer.id for answer in answers] == [0, 1, 2, 3]
    assert most <= 120


def test_a_prefix_in_use_stays_while_others_come_and_go() -> None:
    bench = Bench(context_tokens=1000, parallel_turns=4, cached_prefixes=1)
    bench.engine.take(ask(1, prefix="A", prompt="a long question" * 3, max_tokens=60))
    bench.engine.take(ask(2, prefix="B", prompt="short"))
    assert [(reply.id, reply.text) for reply in bench.until_idle() if isinstance(reply, Answer)] == [
        (1, "a long question"[::-1] * 3),
        (2, "trohs"),
    ]


def test_a_cancel_among_many_leaves_the_others() -> None:
    bench = Bench(context_tokens=2000, parallel_turns=4)
    for n in range(4):
        bench.engine.take(ask(n, prompt=f"turn {n}"))
    for _ in range(6):
        bench.engine.step()
    assert [reply.id for reply in bench.engine.take(Cancel(id=2)) if isinstance(reply, Failure)] == [2]
    answers = {reply.id: reply.text for reply in bench.until_idle() if isinstance(reply, Answer)}
    assert answers == {n: f"turn {n}"[::-1] for n in (0, 1, 3)}


def test_a_warmed_prefix_costs_the_first_turn_nothing() -> None:
    bench = Bench()
    bench.engine.take(Warm(prefix="You keep a shop."))
    assert bench.until_idle() == []
    assert bench.answer(ask()).cached_tokens > 0


def test_warming_lets_a_shopper_go_first() -> None:
    bench = Bench(context_tokens=1000)
    bench.engine.take(Warm(prefix="W" * 200))
    bench.engine.step()
    assert bench.engine.take(ask(prefix="short")) == []
    steps = 0
    while not any(isinstance(reply, Answer) for reply in bench.engine.step()):
        steps += 1
    assert steps < 10
    assert not bench.engine.is_idle


def test_serving_answers_over_pipes_until_the_input_closes() -> None:
    commands_out, commands_in = os.pipe()
    said: list[Reply] = []
    answered = threading.Event()

    def reply(one: Reply) -> None:
        said.append(read_reply(to_line(one)))
        if isinstance(one, Answer):
            answered.set()

    server = threading.Thread(
        target=serve,
        args=(Bench().engine, commands_out, reply, Pace(lambda _threads: None, time.monotonic)),
        name="serve-test",
    )
    server.start()
    lines = to_line(Ping(id=4)) + to_line(ask(5, prompt="hello\nworld"))
    os.write(commands_in, lines[:30])
    os.write(commands_in, lines[30:])
    assert answered.wait(5.0)
    os.close(commands_in)
    server.join(5.0)
    os.close(commands_out)
    assert not server.is_alive()
    assert said[0] == Pong(id=4)
    assert isinstance(said[1], Answer)
    assert said[1].text == "dlrow\nolleh"
