"""Certificates at a node that was away for long: renewed on the disk, and judged by a clock that may be in 1970."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from sync.errors import LinkUnavailableError
from sync.link import Endpoint, LinkProfile, TlsFiles
from sync.mqtt_link import MqttLink
from tests.integration.sync.conftest import Mosquitto, free_port

NOW = datetime.now(UTC)
IN_1970 = 86_400.0


class Authority:
    """Signs certificates of any validity."""

    def __init__(self, folder: Path, name: str = "ca") -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        made = self._builder(self._name, self._key, NOW - timedelta(days=900), NOW + timedelta(days=900))
        made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        self.file = folder / f"{name}.pem"
        self.file.write_bytes(made.sign(self._key, SHA256()).public_bytes(Encoding.PEM))

    def issue(self, name: str, *, begins: datetime = NOW - timedelta(days=1), days: int = 30) -> TlsFiles:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
        made = self._builder(subject, key, begins, begins + timedelta(days=days)).add_extension(names, critical=False)
        cert, secret = self._folder / f"{name}.pem", self._folder / f"{name}.key"
        cert.write_bytes(made.sign(self._key, SHA256()).public_bytes(Encoding.PEM))
        secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return TlsFiles(self.file, cert, secret)

    def _builder(self, subject, key, begins, ends) -> x509.CertificateBuilder:
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(self._name).public_key(key.public_key())
        return builder.serial_number(x509.random_serial_number()).not_valid_before(begins).not_valid_after(ends)


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
