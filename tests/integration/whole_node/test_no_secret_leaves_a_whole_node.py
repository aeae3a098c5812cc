"""A whole running node with something personal planted through every door, a face in view, and its wire tapped."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import cv2
import pytest
from hypothesis import HealthCheck, given, settings
from paho.mqtt import publish
from paho.mqtt.client import MQTTv5

from edge.node_key import NodeKey
from edge.store.reading import reading_beside
from sync.batches import unpack
from sync.received import ReceivedEvent
from sync.topics import Channel
from tests.integration.sync.conftest import NODE, HeadOffice, Mosquitto, wait_until
from tests.integration.sync.wiretap import Wiretap
from tests.integration.whole_node.node_process import WholeNode, picture_with_a_face
from tests.integration.whole_node.secrets_in_text import Planted, planted_texts, spellings_of_card

CARD, IN_CATALOGUE, NAME, MAIL = "5555555555554444", "4000056655665556", "Vogelsang", "canary.bird@example.org"
QUESTIONS = 30
_ROW_PX, _PIECE = 24, 32


@pytest.fixture
def node(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[tuple[WholeNode, Wiretap]]:
    key = NodeKey.load(tmp_path / "head-office.key").public
    with closing(Wiretap(mosquitto.port)) as tap:
        node = WholeNode(tmp_path, tap.port, settings=f'command_key = "{key}"\n')
        node.draw_cameras(picture_with_a_face())
        catalogue = node.shop / "catalogue.csv"
        row = f"BR-0999,Canary biscuits {IN_CATALOGUE},Mrs {NAME},1 kg,1.69,1.69/kg,Bakery,1,1,,,{MAIL}\n"
        catalogue.write_text(catalogue.read_text() + row)
        with node:
            yield node, tap


def test_nothing_planted_leaves_or_stays(
    node: tuple[WholeNode, Wiretap], head_office: Callable[..., HeadOffice], mosquitto: Mosquitto, tmp_path: Path
) -> None:
    running, tap = node
    office = head_office(mosquitto.endpoint).await_link()
    told: list[bytes] = []
    planted: list[str] = [CARD, *spellings_of_card(CARD), NAME, NAME.lower(), MAIL]
    wait_until(lambda: office.report().stored.get("store.epoch", 0) > 0, "head office knows the node", 60)

    _through_the_kiosk(running, told, planted)
    _through_the_other_doors(running, told)
    _through_the_console(running, told)
    _through_commands(office, mosquitto, tmp_path)

    wait_until(lambda: office.report().stored.get("kiosk.turn", 0) >= QUESTIONS, "turns are told", 60)
    wait_until(lambda: _is_drained(running), "all is acknowledged", 60)
    status = running.places.status.read_bytes()
    running.__exit__()
    assert running.exit_code == 0, running.log.read_text()

    sent = list(tap.publications())
    events = [(size, unpack(message)) for size, message in sent if "/ev/" in message.topic]
    texts = "\n".join(str(row) for _, parcel in events for row in parcel).encode()
    assert b"kiosk.turn" in texts  # what may leave is found, so that finding nothing else means something
    _assert_ledger_is_what_the_wire_saw(running, events)
    places = {
        "the wire": tap.bytes(),
        "what was sent": texts,
        "status": status,
        "the log": running.log.read_bytes(),
        "answers": b"\n".join(told),
        "head office": office.database.read_bytes(),
        **{str(path): path.read_bytes() for path in _files(running)},
    }
    _assert_none(places, planted)
    _assert_none({name: places[name] for name in places if name != "answers"}, [IN_CATALOGUE])
    _assert_no_face(places)
    values = [value for _, parcel in events for event in parcel for value in event.data.values()]
    assert max(len(str(value)) for value in values) < 200


def _through_the_kiosk(running: WholeNode, told: list[bytes], planted: list[str]) -> None:
    @settings(
        max_examples=QUESTIONS,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(planted_texts())
    def asked(secret: Planted) -> None:
        answer = running.ask(secret.text, session="canary-test-1")
        assert answer.status in (200, 422), answer
        told.append(answer.body)
        planted.extend(core for core in secret.cores if len(core) > 4)

    asked()
    api = f"{running.addresses['kiosk']}/api/kiosk"
    bodies = ({"question": "milk", "kiosk": CARD}, {"question": "milk", "session": CARD}, {"question": 5, CARD: MAIL})
    told += [running.send(f"{api}/ask", body).body for body in bodies]
    call = {"kiosk": CARD, "session": CARD}
    told += [running.send(f"{api}/{path}", call).body for path in ("colleague", "handoff", "end", f"turn/{CARD}")]
    told.append(running.send(f"{api}/{CARD}?q={MAIL}", method="GET", headers={"user-agent": NAME}).body)


def _through_the_other_doors(running: WholeNode, told: list[bytes]) -> None:
    key = (running.places.data / "openai-key").read_text().strip()
    bearer = {"authorization": f"Bearer {key}", "user-agent": MAIL, "x-request-id": CARD}
    url = running.addresses["openai"]
    message = {"role": "user", "content": f"my card is {CARD}, i am Kanaria {NAME}, {MAIL}"}
    for body in (
        {"model": "backroom", "messages": [message], "max_tokens": 8, "user": MAIL},
        {"model": CARD, "messages": [message]},
        {"messages": [{"role": MAIL, "content": CARD}], CARD: NAME},
    ):
        running.send(f"{url}/chat/completions", body, headers=bearer)  # its answer may repeat what it was asked
    running.send(f"{url}/embeddings", {"model": "embeddings", "input": [message["content"]]}, headers=bearer)
    told.append(running.send(f"{url}/models/{CARD}", method="GET", headers={"authorization": f"Bearer {CARD}"}).body)
    told += _through_the_tools(running)
    posts = f"http://127.0.0.1:{running.post_port}/cameras"
    key = (running.places.data / "camera-keys" / "yard").read_text().strip()
    jpeg = bytes(cv2.imencode(".jpg", picture_with_a_face())[1])
    form = b'--b\r\ncontent-disposition: form-data; filename="%s.jpg"\r\n\r\n' % CARD.encode() + jpeg + b"\r\n--b--\r\n"
    kind = {"content-type": 'multipart/form-data; boundary="b"', "authorization": f"Bearer {key}", "x-name": NAME}
    sent = running.send(f"{posts}/yard/picture", form, headers=kind)
    assert sent.status == 202, sent
    told += [sent.body, running.send(f"{posts}/{CARD}/picture", MAIL.encode(), headers=kind).body]
    told.append(running.send(f"{posts}/yard/picture", CARD.encode() * 99, headers=kind).body)


def _through_the_tools(running: WholeNode) -> Iterator[bytes]:
    key = (running.places.data / "mcp-key").read_text().strip()
    headers = {"authorization": f"Bearer {key}", "accept": "application/json, text/event-stream", "user-agent": NAME}
    calls = [
        ("find_product", {"query": f"milk for {MAIL}, card {CARD}"}),
        ("price", {"sku": CARD}),
        ("opening_hours", {"day": f"my name is Kanaria {NAME}"}),
        (CARD, {CARD: MAIL}),
    ]
    for number, (tool, arguments) in enumerate(calls):
        call = {"jsonrpc": "2.0", "id": number, "method": "tools/call"}
        answer = running.send(
            running.addresses["mcp"], {**call, "params": {"name": tool, "arguments": arguments}}, headers=headers
        )
        assert answer.status == 200, answer
        yield answer.body


def _through_the_console(running: WholeNode, told: list[bytes]) -> None:
    console = running.addresses["console"]
    told += [running.log_in(CARD).body, running.log_in(running.addresses["new_password"]).body]
    plan = json.loads(running.send(f"{console}/desk/cam/plan", method="GET").body)
    slot = plan["places"]["slots"][0]
    for name in ("5555-5555-5555-4444", CARD, "0049-30-98765432"):
        body = {"version": plan["version"], "places": {**plan["places"], "slots": [{**slot, "id": name}]}}
        answer = running.send(f"{console}/desk/cam/plan", body, method="PUT")
        assert answer.status == 422, answer
        told.append(answer.body.replace(name.encode(), b""))  # staff are shown what they typed
    for path in (f"desk/products?q={MAIL}", f"desk/{CARD}/plan", f"cameras/{CARD}", f"pictures/{CARD}.jpg"):
        told.append(running.send(f"{console}/{path}", method="GET", headers={"cookie-name": NAME}).body)
    still = running.send(f"{console}/desk/cam/still")
    assert still.status == 200, still


def _through_commands(office: HeadOffice, mosquitto: Mosquitto, folder: Path) -> None:
    for do, about in (("snapshot", "cam"), ("restart", CARD), ("drain-rate", MAIL.replace("@", "-")), (CARD, CARD)):
        arguments = [NODE.path, do, about, "--key", str(folder / "head-office.key"), "--db", str(office.database)]
        command = [sys.executable, "-c", "from edge.cli.main import main; main()", "cloud", "command", *arguments]
        command += ["--broker", mosquitto.endpoint.address, "--json"]
        subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    payloads = (CARD.encode(), json.dumps({"node": MAIL, "about": CARD}).encode(), MAIL.encode() * 99)
    channels = (Channel.COMMAND, Channel.TWIN, Channel.ACK)
    messages = [(NODE.topic(channel), payload, 1, False) for channel in channels for payload in payloads]
    publish.multiple(messages, port=mosquitto.port, protocol=MQTTv5)


def _is_drained(running: WholeNode) -> bool:
    return sum(running.status().body["link"]["pending"].values()) == 0


def _files(running: WholeNode) -> Iterator[Path]:
    """What the node has written."""
    ours = ("models", "camera-keys")
    return (path for path in running.places.data.rglob("*") if path.is_file() and path.parent.name not in ours)


def _assert_none(places: Mapping[str, bytes], secrets: Iterable[str]) -> None:
    searched = {secret.encode() for secret in secrets}
    found = {(name, secret) for name, text in places.items() for secret in searched if secret in text}
    assert not found


def _assert_no_face(places: Mapping[str, bytes]) -> None:
    """Neither the pixels nor the JPEG of the picture that both cameras saw, nor any picture on the wire."""
    picture = picture_with_a_face()
    jpeg = bytes(cv2.imencode(".jpg", picture)[1])
    pieces = [picture[row, 100 : 100 + _ROW_PX].tobytes() for row in range(100, 400, 4)]
    pieces += [jpeg[place : place + _PIECE] for place in range(len(jpeg) // 2, len(jpeg) - _PIECE, 997)]
    for name, text in places.items():
        assert not [piece for piece in pieces if piece in text], name
    for name in ("the wire", "what was sent", "status", "the log", "head office"):
        assert not any(mark in places[name] for mark in (b"\xff\xd8\xff", b"\x89PNG", b"/9j/4", b"iVBOR")), name


def _assert_ledger_is_what_the_wire_saw(
    running: WholeNode, events: Sequence[tuple[int, Sequence[ReceivedEvent]]]
) -> None:
    with reading_beside(running.places.store) as reading:
        ledger = reading.ledger(limit=100_000, after_id=0)
    on_the_wire = {event.id: event.context.kind for _, parcel in events for event in parcel}
    assert {entry.record_id: entry.kind for entry in ledger} == on_the_wire
    assert sum(entry.bytes for entry in ledger) == sum(size for size, _ in events)
