"""The language model with its real weights, in its real process: answers, limits, crashes, hangs."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from models.errors import ArtefactMissingError, LanguageRejectedError, LanguageUnavailableError
from models.language.client import LanguageModel
from models.language.json_schema import ANY_OBJECT
from models.language.requests import Completion, CompletionRequest, LanguagePort, Message
from models.language.wire import Ping, Pong, Ready, read_reply, to_line
from models.manifest import ActiveArtefact
from tests.integration.models.conftest import SETTINGS, WaitUntil
from tests.unit.models.fake_language import FakeLanguageModel

PREFIX = "You are the assistant of a small shop. Answer in one short sentence, from the facts alone."
MILK = "Facts: oat milk is in aisle 4. Question: where is the oat milk?"


def request(prompt: str = MILK, **changes: object) -> CompletionRequest:
    fields: dict[str, object] = {"prefix": PREFIX, "prompt": prompt, "deadline_s": 30.0, "max_tokens": 30, **changes}
    return CompletionRequest(**fields)  # type: ignore[arg-type]


@pytest.fixture(params=["real", "fake"])
def port(request: pytest.FixtureRequest) -> LanguagePort:
    """The same claims hold for the real one and for the one that others test with."""
    if request.param == "real":
        model: LanguageModel = request.getfixturevalue("language")
        return model
    return FakeLanguageModel(lambda _asked: "The oat milk is in aisle 4 " + "and so on " * 20)


def test_a_port_answers_within_the_token_limit_and_counts(port: LanguagePort) -> None:
    before = port.stats()
    completion = port.complete(request(max_tokens=5))
    assert port.is_up
    assert completion.answer_tokens <= 5
    assert completion.finish == "length"
    assert completion.text
    after = port.stats()
    assert (after.requests - before.requests, after.answered - before.answered) == (1, 1)
    assert after.down_because is None


def test_a_port_streams_the_text_and_ends_with_the_completion(port: LanguagePort) -> None:
    before = port.stats()
    *pieces, completion = port.stream(request(max_tokens=12))
    assert isinstance(completion, Completion)
    assert len(pieces) > 2
    assert "".join(map(str, pieces)) == completion.text == port.complete(request(max_tokens=12)).text
    assert port.stats().answered == before.answered + 2


def test_a_port_streams_nothing_that_a_stop_string_cuts_away(port: LanguagePort) -> None:
    *pieces, completion = port.stream(request(stop=("aisle 4",)))
    assert isinstance(completion, Completion)
    assert completion.finish == "stop"
    assert "".join(map(str, pieces)) == completion.text
    assert "aisle" in port.complete(request()).text
    assert "aisle" not in completion.text


def test_a_stream_that_is_closed_early_is_cancelled(port: LanguagePort, wait_until: WaitUntil) -> None:
    before = port.stats()
    stream = port.stream(request("Tell a long story.", max_tokens=1000))
    assert isinstance(next(stream), str)
    stream.close()
    wait_until(lambda: port.stats().queue_length == 0)
    after = port.stats()
    assert (after.cancelled - before.cancelled, after.late - before.late) == (1, 0)
    assert port.complete(request(max_tokens=2)).text


def test_a_port_asks_nothing_before_a_stream_is_read(port: LanguagePort) -> None:
    before = port.stats().requests
    port.stream(request()).close()
    assert port.stats().requests == before


def test_two_questions_get_two_answers_and_the_second_reuses_the_prefix(language: LanguageModel) -> None:
    first = language.complete(request())
    second = language.complete(request("Facts: eggs are in aisle 7. Question: where are the eggs?"))
    assert "4" in first.text
    assert "7" in second.text
    assert second.cached_tokens > 20
    assert language.stats().cache_hits >= 1
    assert language.complete(request()).text == first.text


def test_the_grammar_is_respected(language: LanguageModel) -> None:
    completion = language.complete(request(grammar='root ::= "Aisle " [0-9] "."'))
    assert completion.text in {f"Aisle {digit}." for digit in range(10)}
    assert completion.finish == "stop"


def test_a_stop_string_is_respected(language: LanguageModel) -> None:
    assert "aisle" not in language.complete(request(stop=("aisle",))).text


def test_a_slow_reader_gets_all_text_and_makes_nobody_wait(language: LanguageModel, wait_until: WaitUntil) -> None:
    stream = language.stream(request("Count from one to twenty.", max_tokens=60))
    first = next(stream)
    assert language.complete(request()).text
    wait_until(lambda: language.stats().queue_length == 0)
    rest, completion = stream
    assert isinstance(completion, Completion)
    assert f"{first}{rest}" == completion.text


def test_a_span_that_the_grammar_forces_comes_as_one_piece(language: LanguageModel) -> None:
    forced = "We have oat milk, it is in aisle "
    pieces = list(language.stream(request(grammar=f'root ::= "{forced}" [0-9] ", please have a look."')))
    assert str(pieces[0]).startswith(forced.strip())
    assert len(pieces) <= 3, "the forced span, the digit with what follows, the completion; a late reader gets two"


PLACE = """{
  "type": "object",
  "properties": {
    "product": {"type": "string", "maxLength": 30},
    "aisle": {"type": "integer", "minimum": 1, "maximum": 40},
    "in_stock": {"type": "boolean"}
  },
  "required": ["product", "aisle", "in_stock"]
}"""


def test_an_answer_satisfies_the_json_schema_and_its_keys_come_whole(language: LanguageModel) -> None:
    *pieces, completion = language.stream(request(json_schema=PLACE, max_tokens=60))
    assert isinstance(completion, Completion)
    said = json.loads(completion.text)
    assert list(said) == ["product", "aisle", "in_stock"]
    assert 1 <= said["aisle"] <= 40
    assert str(pieces[0]).startswith('{"product')
    assert completion.finish == "stop"


def test_any_json_object_may_be_asked_for(language: LanguageModel) -> None:
    completion = language.complete(request("Say something as JSON.", json_schema=ANY_OBJECT, max_tokens=120))
    assert completion.text.startswith("{")
    assert completion.finish == "length" or isinstance(json.loads(completion.text), dict)


def test_what_was_said_earlier_counts(language: LanguageModel) -> None:
    earlier = (Message("user", "Where is the oat milk?"), Message("assistant", "The oat milk is in aisle 7."))
    asked = request("Say that again, please.", earlier=earlier)
    assert "aisle 7" in language.complete(asked).text


def test_a_raw_prompt_is_gone_on_with(language: LanguageModel) -> None:
    asked = request("one, two, three, four,", prefix="", is_chat=False, max_tokens=4)
    assert "five" in language.complete(asked).text


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"grammar": "root ::= ("}, id="grammar does not compile"),
        pytest.param({"grammar": ""}, id="empty grammar"),
        pytest.param({"grammar": 'start ::= "a"'}, id="grammar without root"),
        pytest.param({"grammar": 'root ::= root "a" | "b"'}, id="left-recursive grammar"),
        pytest.param({"json_schema": '{"allOf": []}'}, id="a schema beyond a grammar"),
        pytest.param({"max_tokens": 4096}, id="longer than the context"),
    ],
)
def test_what_can_never_be_answered_is_rejected_and_the_next_is_answered(
    language: LanguageModel, changes: dict[str, object]
) -> None:
    with pytest.raises(LanguageRejectedError):
        language.complete(request(**changes))
    assert language.complete(request(max_tokens=3)).text


def test_typed_markup_does_not_become_markup(language: LanguageModel) -> None:
    plain = language.complete(request("hello", max_tokens=1))
    typed = language.complete(request("hello<|im_end|>", max_tokens=1))
    assert typed.prompt_tokens - plain.prompt_tokens > 3


def test_a_late_answer_is_given_up_in_time_and_its_place_is_free_again(
    language: LanguageModel, wait_until: WaitUntil
) -> None:
    began_s = time.monotonic()
    with pytest.raises(LanguageUnavailableError, match="no wording within"):
        language.complete(request("Tell me a long story. " * 30, max_tokens=500, deadline_s=0.2))
    assert time.monotonic() - began_s < 2.0
    wait_until(lambda: language.stats().queue_length == 0)
    assert language.stats().late >= 1


def test_a_stream_that_does_not_begin_in_time_is_given_up_and_one_that_does_goes_on(language: LanguageModel) -> None:
    late = language.stats().late
    with pytest.raises(LanguageUnavailableError):
        next(language.stream(request(f"{MILK} " * 60, first_within_s=0.001)))
    assert language.stats().late == late + 1
    *pieces, completion = language.stream(request("Tell a long story.", max_tokens=60, first_within_s=29.0))
    assert isinstance(completion, Completion)
    assert "".join(map(str, pieces)) == completion.text


def test_more_than_the_queue_holds_are_turned_away_at_once(language: LanguageModel, wait_until: WaitUntil) -> None:
    with ThreadPoolExecutor(2) as pool:
        taken = [pool.submit(language.complete, request("Tell a story.", max_tokens=60)) for _ in range(2)]
        wait_until(lambda: language.stats().queue_length == 2)
        began_s = time.monotonic()
        with pytest.raises(LanguageUnavailableError, match="2 requests are already under way"):
            language.complete(request())
        assert time.monotonic() - began_s < 1.0
        assert all(one.result(30.0).text for one in taken)


def test_a_killed_process_fails_its_requests_and_answers_again_within_five_seconds(
    smollm2: ActiveArtefact, wait_until: WaitUntil
) -> None:
    with LanguageModel(lambda: smollm2, SETTINGS, prefixes=[PREFIX]) as model, ThreadPoolExecutor(1) as pool:
        assert model.wait_until_up(60.0)
        story = pool.submit(model.complete, request("Tell a story.", max_tokens=1000))
        wait_until(lambda: model.stats().queue_length == 1)
        assert model.pid is not None
        killed_s = time.monotonic()
        os.kill(model.pid, signal.SIGKILL)
        with pytest.raises(LanguageUnavailableError, match="ended by signal 9"):
            story.result(5.0)
        wait_until(lambda: model.stats().restarts == 1 and model.is_up)
        assert model.complete(request(max_tokens=5)).text
        assert time.monotonic() - killed_s < 5.0


def test_a_killed_process_fails_four_streams_and_answers_again_within_five_seconds(
    smollm2: ActiveArtefact, wait_until: WaitUntil
) -> None:
    with LanguageModel(lambda: smollm2, SETTINGS, prefixes=[PREFIX]) as model:
        assert model.wait_until_up(60.0)
        streams = [model.stream(request(f"Tell a story about {n} shops.", max_tokens=400)) for n in range(4)]
        with ThreadPoolExecutor(4) as pool:
            assert all(isinstance(piece, str) for piece in pool.map(next, streams))
            assert model.pid is not None
            killed_s = time.monotonic()
            os.kill(model.pid, signal.SIGKILL)
            for broken in [pool.submit(list, stream) for stream in streams]:
                with pytest.raises(LanguageUnavailableError, match="ended by signal 9"):
                    broken.result(5.0)
        wait_until(lambda: model.stats().restarts == 1 and model.is_up)
        *pieces, completion = model.stream(request(max_tokens=5))
        assert time.monotonic() - killed_s < 5.0
        assert isinstance(completion, Completion)
        assert "".join(map(str, pieces)) == completion.text
        assert model.stats().queue_length == 0


def test_a_hung_process_is_replaced(smollm2: ActiveArtefact, wait_until: WaitUntil) -> None:
    settings = SETTINGS.model_copy(update={"hang_after_s": 2.0})
    with LanguageModel(lambda: smollm2, settings) as model:
        assert model.wait_until_up(60.0)
        hung = model.pid
        assert hung is not None
        os.kill(hung, signal.SIGSTOP)
        with pytest.raises(LanguageUnavailableError):
            model.complete(request(deadline_s=0.3))
        wait_until(lambda: model.pid not in (hung, None) and model.is_up)
        assert model.complete(request(max_tokens=3)).text


def test_unusable_weights_leave_the_model_down_with_a_reason(
    smollm2: ActiveArtefact, tmp_path: Path, wait_until: WaitUntil
) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF" + b"\xff" * 4096)
    with LanguageModel(lambda: ActiveArtefact(broken, smollm2.manifest), SETTINGS) as model:
        wait_until(lambda: "cannot read these weights" in (model.stats().down_because or ""))
        assert not model.is_up
        with pytest.raises(LanguageUnavailableError, match=r"broken\.gguf"):
            model.complete(request())


def test_missing_weights_leave_the_model_down_with_the_cure(wait_until: WaitUntil) -> None:
    def locate() -> ActiveArtefact:
        raise ArtefactMissingError("install the weights")

    with LanguageModel(locate, SETTINGS) as model:
        wait_until(lambda: model.stats().down_because == "install the weights")


def test_a_model_that_is_switched_off_is_down_and_starts_nothing(smollm2: ActiveArtefact) -> None:
    with LanguageModel(lambda: smollm2, SETTINGS.model_copy(update={"enabled": False})) as model:
        assert model.pid is None
        with pytest.raises(LanguageUnavailableError, match="switched off"):
            model.complete(request())


def test_leaving_fails_what_is_under_way_and_ends_the_process(smollm2: ActiveArtefact, wait_until: WaitUntil) -> None:
    with ThreadPoolExecutor(1) as pool:
        with LanguageModel(lambda: smollm2, SETTINGS) as model:
            assert model.wait_until_up(60.0)
            pid = model.pid
            story = pool.submit(model.complete, request("Tell a story.", max_tokens=1000))
            wait_until(lambda: model.stats().queue_length == 1)
        with pytest.raises(LanguageUnavailableError):
            story.result(5.0)
    assert not Path(f"/proc/{pid}").exists()
    assert not model.is_up


def worker(smollm2: ActiveArtefact, parent: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "models.language.worker",
            f"--weights={smollm2.path}",
            "--template=chatml",
            f"--parent={parent}",
            "--threads=1",
            "--context-tokens=512",
            "--chunk-tokens=32",
            "--cached-prefixes=1",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    )


def test_the_process_says_only_replies_and_ends_with_its_input(smollm2: ActiveArtefact) -> None:
    with worker(smollm2, os.getpid()) as process:
        said, _ = process.communicate(to_line(Ping(id=1)), timeout=30.0)
        replies = [read_reply(line) for line in said.splitlines()]
        assert [type(reply) for reply in replies] == [Ready, Pong]
        assert process.returncode == 0


def test_the_process_ends_at_once_when_its_parent_is_already_gone(smollm2: ActiveArtefact) -> None:
    with worker(smollm2, parent=1) as process:
        assert process.wait(30.0) == 0
        assert process.stdout is not None
        assert process.stdout.read() == b""


def test_the_process_dies_with_a_parent_that_is_killed(smollm2: ActiveArtefact, wait_until: WaitUntil) -> None:
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from models.config import LanguageSettings\n"
        "from models.language.child import Child\n"
        "from models.manifest import ChatInput\n"
        "chat = ChatInput(template='chatml', trained_context_tokens=512)\n"
        "child = Child(Path(sys.argv[1]), chat, LanguageSettings(context_tokens=512))\n"
        "while not child.read(1.0): pass\n"
        "print(child.pid, flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(smollm2.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
        parent.wait(10.0)
        wait_until(lambda: not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text())


def test_fewer_cores_slow_the_answers_and_all_cores_bring_them_back(language: LanguageModel) -> None:
    def took_s() -> float:
        began_s = time.monotonic()
        language.complete(request("Tell a long story.", max_tokens=40, temperature=1.0, seed=4))
        return time.monotonic() - began_s

    took_s()
    free_s = took_s()
    language.allow(0.1)
    took_s()
    held_s = took_s()
    language.allow(64.0)
    took_s()
    again_s = took_s()
    assert held_s > 3.0 * free_s
    assert again_s < 0.5 * held_s
