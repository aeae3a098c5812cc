"""Certificates at a node that was away for long: renewed on the disk, and judged by a clock that may be in 1970."""

import ssl
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from sync.errors import LinkUnavailableError
from sync.link import Endpoint, LinkProfile, TlsFiles
from sync.mqtt_link import MqttLink
from tests.integration.sync.authority import NOW, Authority
from tests.integration.sync.conftest import Mosquitto, free_port

IN_1970 = 86_400.0


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def started(tmp_path: Path, authority: Authority) -> Iterator[list[Mosquitto]]:
    brokers: list[Mosquitto] = []
    yield brokers
    for broker in brokers:
        broker.kill()


def broker_with(started: list[Mosquitto], folder: Path, files: TlsFiles) -> Endpoint:
    port = free_port()
    listener = (
        f"listener {port} 127.0.0.1\ncafile {files.ca_file}\ncertfile {files.cert_file}\nkeyfile {files.key_file}\n"
        "require_certificate true\n"
    )
    broker = Mosquitto(folder, listener=listener)
    broker.port = port
    started.append(broker)
    broker.start()
    return Endpoint("127.0.0.1", port)


def connect(at: Endpoint, files: TlsFiles, *, now_s: float | None = None) -> None:
    endpoint = Endpoint(at.host, at.port, files)
    profile = LinkProfile(endpoint=endpoint, client_id="node", subscriptions=())
    link = MqttLink(profile) if now_s is None else MqttLink(profile, now_s=lambda: now_s)
    try:
        link.open()
    finally:
        link.close(is_farewell=True)


def test_a_certificate_renewed_on_the_disk_counts_from_the_next_connection_on(started, tmp_path, authority) -> None:
    at = broker_with(started, tmp_path, authority.issue("broker"))
    files = authority.issue("node", begins=NOW - timedelta(days=61), days=60)
    with pytest.raises(LinkUnavailableError):
        connect(at, files)
    assert authority.issue("node") == files
    connect(at, files)


@pytest.mark.parametrize("begins", [NOW + timedelta(days=2), NOW - timedelta(days=60)])
def test_dates_do_not_count_while_the_clock_is_in_1970_and_do_again_afterwards(
    started, tmp_path, authority, begins
) -> None:
    at = broker_with(started, tmp_path, authority.issue("broker", begins=begins))
    files = authority.issue("node")
    connect(at, files, now_s=IN_1970)
    with pytest.raises(LinkUnavailableError, match="certificate"):
        connect(at, files)


def test_in_1970_too_a_stranger_is_not_trusted(started, tmp_path, authority) -> None:
    stranger = Authority(tmp_path, "stranger")
    made = stranger.issue("broker")
    at = broker_with(started, tmp_path, made)
    files = authority.issue("node")
    with pytest.raises(LinkUnavailableError, match="certificate"):
        connect(at, files, now_s=IN_1970)


def test_openssl_takes_the_flag_that_python_has_no_name_for() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_flags |= 0x200000
    assert context.verify_flags & 0x200000
