"""The model's process keeps to the cores that it was allowed: fewer threads, then rests, and it hears all the same."""

import os
import threading

import pytest

from models.language.wire import Allow, Cancel, Ping, Pong, Reply, Work, to_line
from models.language.worker import LONGEST_REST_S, Pace, serve


class Clock:
    now_s = 0.0

    def mono_s(self) -> float:
        return self.now_s


@pytest.mark.parametrize(
    ("cores", "threads", "rest_s"),
    [
        pytest.param(4.0, 4, 0.0, id="all"),
        pytest.param(1.0, 1, 0.0, id="one core: one thread, no rest"),
        pytest.param(0.5, 1, 0.2, id="half a core: a rest as long as the step"),
        pytest.param(0.25, 1, 0.6, id="a quarter: three times as long"),
        pytest.param(0.05, 1, LONGEST_REST_S, id="however little: no rest over a second"),
    ],
)
def test_a_step_earns_the_rest_that_makes_its_share(cores: float, threads: int, rest_s: float) -> None:
    clock, used = Clock(), []
    pace = Pace(used.append, clock.mono_s)
    pace.allow(cores)

    def step() -> list[Reply]:
        clock.now_s += 0.2
        return []

    assert pace.work(step) == []
    assert used == [threads]
    assert pace.rest_s == pytest.approx(rest_s)
    clock.now_s += 2.0
    assert pace.rest_s == 0.0


class Busy:
    """Always has work; notes what it was given and how often it worked."""

    is_idle = False

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.steps = 0
        self.heard: list[Work] = []

    def take(self, command: Work) -> list[Reply]:
        self.heard.append(command)
        return [Pong(id=command.id)] if isinstance(command, Ping) else []

    def step(self) -> list[Reply]:
        self.steps += 1
        self._clock.now_s += 0.1
        return []


def test_commands_are_heard_in_a_rest_and_no_step_is_made() -> None:
    clock, said = Clock(), []
    engine = Busy(clock)
    answered = threading.Event()

    def reply(pong: Reply) -> None:
        said.append(pong)
        answered.set()

    pace = Pace(lambda _threads: None, clock.mono_s)
    pace.allow(0.05)
    pace.work(engine.step)
    reading, writing = os.pipe()
    worker = threading.Thread(target=serve, args=(engine, reading, reply, pace))
    os.write(writing, to_line(Allow(cores=0.1)) + to_line(Cancel(id=1)) + to_line(Ping(id=2)))
    worker.start()
    assert answered.wait(10)
    os.close(writing)
    worker.join(10)
    os.close(reading)
    assert not worker.is_alive()
    assert said == [Pong(id=2)]
    assert engine.heard == [Cancel(id=1), Ping(id=2)]
    assert engine.steps == 1
