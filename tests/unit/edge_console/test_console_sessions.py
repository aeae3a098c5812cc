import asyncio

import pytest

from edge.console.sessions import LoginThrottle, SessionRegistry
from tests.unit.edge_console.console_clock import HandClock


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


def test_a_session_lives_until_its_time_is_up_however_much_it_is_used(clock: HandClock) -> None:
    sessions = SessionRegistry(clock=clock, lifetime_s=8 * 3600.0)
    token = sessions.open()

    for _ in range(7):
        clock.forward(3600.0)
        assert sessions.is_live(token)
    clock.forward(3600.0)
    assert not sessions.is_live(token)


def test_a_closed_session_is_dead_and_whoever_waits_for_its_end_wakes_up(clock: HandClock) -> None:
    async def close_one() -> None:
        sessions = SessionRegistry(clock=clock, lifetime_s=60.0)
        token, other = sessions.open(), sessions.open()
        waiting = asyncio.create_task(sessions.ended(token).wait())
        await asyncio.sleep(0)
        sessions.close(token)
        await asyncio.wait_for(waiting, 1.0)
        assert not sessions.is_live(token)
        assert sessions.is_live(other)
        assert sessions.ended(token).is_set()

    asyncio.run(close_one())


@pytest.mark.parametrize("token", [None, "", "made up"])
def test_an_unknown_token_is_not_a_session(clock: HandClock, token: str | None) -> None:
    assert not SessionRegistry(clock=clock, lifetime_s=60.0).is_live(token)


def test_the_oldest_session_gives_way_when_there_are_too_many(clock: HandClock) -> None:
    sessions = SessionRegistry(clock=clock, lifetime_s=60.0)
    tokens = [sessions.open() for _ in range(65)]

    assert not sessions.is_live(tokens[0])
    assert all(sessions.is_live(token) for token in tokens[1:])


def test_five_wrong_tries_lock_an_address_out_and_each_later_one_doubles_the_wait(clock: HandClock) -> None:
    throttle = LoginThrottle(clock=clock)

    assert [throttle.begin("10.0.0.7") for _ in range(5)] == [0.0] * 5
    waits = []
    for _ in range(7):
        wait_s = throttle.wait_s("10.0.0.7")
        waits.append(wait_s)
        assert throttle.begin("10.0.0.7") == wait_s
        clock.forward(wait_s)
        assert throttle.begin("10.0.0.7") == 0.0
    assert waits == [30.0, 60.0, 120.0, 240.0, 480.0, 900.0, 900.0]


def test_one_address_does_not_lock_out_another(clock: HandClock) -> None:
    throttle = LoginThrottle(clock=clock)
    for _ in range(5):
        throttle.begin("10.0.0.7")

    assert throttle.begin("10.0.0.8") == 0.0


def test_the_right_password_forgets_the_wrong_ones(clock: HandClock) -> None:
    throttle = LoginThrottle(clock=clock)
    for _ in range(5):
        throttle.begin("10.0.0.7")
    throttle.succeed("10.0.0.7")

    assert throttle.begin("10.0.0.7") == 0.0


def test_the_table_of_addresses_is_bounded(clock: HandClock) -> None:
    throttle = LoginThrottle(clock=clock)
    for number in range(5000):
        throttle.begin(f"address-{number}")

    assert len(throttle._by_address) == 1024
