import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.watchdog import ServiceManager


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    """A socket as systemd opens it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(2.0)
        yield listening


def test_each_call_sends_its_own_datagram(manager: socket.socket) -> None:
    service = ServiceManager(manager.getsockname(), "30000000")

    assert all((service.ready(), service.alive(), service.status("3 of 4 cameras\nsee"), service.stopping()))
    assert [manager.recv(100) for _ in range(4)] == [
        b"READY=1",
        b"WATCHDOG=1",
        b"STATUS=3 of 4 cameras see",
        b"STOPPING=1",
    ]


def test_an_abstract_address_is_understood() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind("\0backroom-test-notify")
        listening.settimeout(2.0)

        assert ServiceManager("@backroom-test-notify").ready()
        assert listening.recv(100) == b"READY=1"


@pytest.mark.parametrize("address", [None, ""])
def test_without_a_manager_nothing_is_sent(address: str | None) -> None:
    assert not ServiceManager(address).alive()


def test_a_manager_that_is_gone_does_not_stop_the_shop(tmp_path: Path) -> None:
    assert not ServiceManager(str(tmp_path / "gone")).alive()


@pytest.mark.parametrize(
    ("usec", "every_s"), [("30000000", 10.0), (None, None), ("", None), ("0", None), ("soon", None)]
)
def test_the_watchdog_is_fed_three_times_within_its_limit(usec: str | None, every_s: float | None) -> None:
    assert ServiceManager("/run/x", usec).watchdog_every_s == every_s
