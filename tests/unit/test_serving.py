"""Ports are taken once, and a busy one is a sentence with the setting to change."""

import socket

import pytest

from edge.errors import ConfigError
from edge.serving import PortTakenError, take_port, take_ports


def test_a_port_cannot_be_taken_twice() -> None:
    with take_port("127.0.0.1", 0, setting="first") as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortTakenError, match=r"Port \d+ on 127\.0\.0\.1 is in use.*--kiosk-port"):
            take_port("127.0.0.1", port, setting="--kiosk-port")


def test_a_port_of_another_program_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(PortTakenError):
        take_port("127.0.0.1", other.getsockname()[1], setting="any")


def test_an_address_that_is_not_ours_is_told() -> None:
    with pytest.raises(ConfigError, match=r"Cannot listen on 192\.0\.2\.1"):
        take_port("192.0.2.1", 0, setting="host in [kiosk]")


def test_every_port_in_use_is_told_and_none_is_kept() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as kiosk,
        socket.create_server(("127.0.0.1", 0)) as mcp,
        socket.create_server(("127.0.0.1", 0)) as free,
    ):
        ports = {
            name: ("127.0.0.1", held.getsockname()[1])
            for name, held in (("mcp", mcp), ("openai", free), ("kiosk", kiosk))
        }
        free.close()

        with pytest.raises(PortTakenError) as caught:
            take_ports(ports)

        lines = str(caught.value).splitlines()
        assert [line.partition("choose another port: ")[2].split(",")[0] for line in lines] == [
            "--mcp-port",
            "--kiosk-port",
        ]
        take_port(*ports["openai"], setting="any").close()
