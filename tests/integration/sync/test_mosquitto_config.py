"""The broker configuration that ships: mutual TLS, and no node outside its own branch."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.errors import LinkUnavailableError
from sync.link import Arrived, Endpoint, LinkProfile, Message, Settled, TlsFiles
from sync.mqtt_link import MqttLink
from sync.records import Lane
from sync.topics import Channel, NodeName
from tests.integration.sync.conftest import NODE, Mosquitto, wait_until

SHIPPED = Path(__file__).parents[3] / "firmware-config" / "mosquitto"
OTHER = NodeName("acme", "store-7", "node-2")
NOT_AUTHORIZED = 0x87


def openssl(*arguments: str, cwd: Path) -> None:
    subprocess.run(["openssl", *arguments], cwd=cwd, check=True, capture_output=True, timeout=30)


def authority(folder: Path, name: str) -> None:
    openssl(
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
        "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.pem",
        cwd=folder,
    )  # fmt: skip


def certificate(folder: Path, name: str, common_name: str, *, ca: str = "ca") -> TlsFiles:
    subject = "/CN=" + common_name.replace("/", "\\/")
    openssl(
        "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
        "-subj", subject, "-keyout", f"{name}.key", "-out", f"{name}.csr",
        cwd=folder,
    )  # fmt: skip
    (folder / "san.ext").write_text("subjectAltName=IP:127.0.0.1\n")
    openssl(
        "x509", "-req", "-in", f"{name}.csr", "-CA", f"{ca}.pem", "-CAkey", f"{ca}.key", "-CAcreateserial",
        "-days", "2", "-extfile", "san.ext", "-out", f"{name}.pem",
        cwd=folder,
    )  # fmt: skip
    return TlsFiles(folder / "ca.pem", folder / f"{name}.pem", folder / f"{name}.key")


class Shipped(Mosquitto):
    """mosquitto with the shipped files; only paths, the port and the user are those of the test."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        text = (SHIPPED / "mosquitto.conf").read_text().replace("/etc/backroom/mosquitto", str(folder))
        text = text.replace("/var/lib/mosquitto/", f"{folder}/").replace(
            "listener 8883", f"listener {self.port} 127.0.0.1"
        )
        self._config.write_text(f"user root\n{text}")
        (folder / "acl.conf").write_text((SHIPPED / "acl.conf").read_text())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pki")
    authority(folder, "ca")
    authority(folder, "stranger")
    certificate(folder, "broker", "127.0.0.1")
    return folder


@pytest.fixture(scope="module")
def shipped(folder: Path) -> Iterator[Shipped]:
    broker = Shipped(folder)
    broker.start()
    yield broker
    broker.kill()


def link(shipped: Shipped, tls: TlsFiles | None, name: str, *subscriptions: str) -> MqttLink:
    return MqttLink(
        LinkProfile(endpoint=Endpoint("127.0.0.1", shipped.port, tls), client_id=name, subscriptions=subscriptions)
    )


def codes(link: MqttLink, count: int) -> list[int]:
    found: list[int] = []

    def came() -> bool:
        found.extend(event.reason_code for event in link.poll(0.1) if isinstance(event, Settled))
        return len(found) >= count

    wait_until(came, "the broker answered")
    return found


def test_a_node_publishes_its_own_events_and_presence_and_no_others(shipped, folder):
    node = link(shipped, certificate(folder, "node", NODE.path), "node")
    node.open()
    allowed = [NODE.events(lane) for lane in Lane] + [NODE.topic(Channel.PRESENCE)]
    forbidden = [NODE.topic(Channel.ACK), NODE.topic(Channel.COMMAND), NODE.topic(Channel.TWIN)]
    forbidden += [OTHER.events(Lane.P0), OTHER.topic(Channel.PRESENCE), "elsewhere", f"br/v1/{NODE.path}/ev/p0/x"]
    for topic in allowed + forbidden:
        node.publish(Message(topic, b"x"))
    answers = codes(node, len(allowed + forbidden))
    node.close(is_farewell=True)
    assert all(code != NOT_AUTHORIZED for code in answers[: len(allowed)])
    assert answers[len(allowed) :] == [NOT_AUTHORIZED] * len(forbidden)


def test_a_node_reads_its_own_answers_and_no_others(shipped, folder):
    wildcards = ("br/v1/+/+/+/ack", "br/v1/+/+/+/cmd", "br/v1/+/+/+/ev/+", "br/v1/+/+/+/st")
    node = link(shipped, certificate(folder, "node", NODE.path), "node", *wildcards)
    office = link(shipped, certificate(folder, "office", "head-office"), "office")
    node.open()
    office.open()
    office.publish(Message(OTHER.topic(Channel.ACK), b"of another"))
    node.publish(Message(NODE.events(Lane.P1), b"mine"))
    office.publish(Message(NODE.topic(Channel.ACK), b"for me"))
    found: list[bytes] = []

    def came() -> bool:
        found.extend(event.message.payload for event in node.poll(0.1) if isinstance(event, Arrived))
        return b"for me" in found

    wait_until(came, "the answer came")
    node.close(is_farewell=True)
    office.close(is_farewell=True)
    assert found == [b"for me"]


@pytest.mark.parametrize("who", ["nobody", "stranger"])
def test_without_a_certificate_of_our_authority_nobody_gets_in(shipped, folder, who):
    tls = TlsFiles(folder / "ca.pem")
    if who == "stranger":
        made = certificate(folder, "forged", NODE.path, ca="stranger")
        tls = TlsFiles(folder / "ca.pem", made.cert_file, made.key_file)
    intruder = link(shipped, tls, "intruder")
    with pytest.raises(LinkUnavailableError):
        intruder.open()
    intruder.close(is_farewell=False)


def test_a_broker_that_our_authority_did_not_sign_is_not_trusted(shipped, folder):
    made = certificate(folder, "node", NODE.path)
    node = link(shipped, TlsFiles(folder / "stranger.pem", made.cert_file, made.key_file), "node")
    with pytest.raises(LinkUnavailableError, match="not reached"):
        node.open()
    node.close(is_farewell=False)


def test_events_reach_head_office_over_mutual_tls(shipped, folder, head_office, outbox, uplink_to):
    outbox.put_many(Lane.P1, 300)
    office_tls, node_tls = certificate(folder, "office", "head-office"), certificate(folder, "node", NODE.path)
    office = head_office(Endpoint("127.0.0.1", shipped.port, office_tls)).await_link()
    with uplink_to(Endpoint("127.0.0.1", shipped.port, node_tls)):
        wait_until(lambda: outbox.pending == 0, "the outbox is empty")
    assert office.report().is_whole
    assert office.report().stored == {"shelf.count": 300}
