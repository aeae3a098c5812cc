"""Facts with planted canaries through the whole way out: store, gate, uplink, a real broker, with the wire tapped."""

import base64
import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, fields
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import ValidationError

from edge.clock import SystemClock
from edge.config import ShopSettings
from edge.egress import Disposition, EgressGate
from edge.egress_policy import load_policy
from edge.facts import Fact, KioskTurnFact, QueueLengthFact, ShelfCountFact, ShelfMisplacedFact, ZoneCrossingFact
from edge.node_report import Addresses, NodeReport
from edge.places import DEFAULT_POLICY
from edge.status import write_status
from edge.store.config import StoreSettings
from edge.store.store import Store
from models.language.client import LanguageStats
from sync.batches import unpack
from sync.link import Endpoint
from sync.mqtt_link import mqtt_links
from sync.uplink import Uplink, uplink_profile
from tests.integration.sync.conftest import FAST, NODE, wait_until
from tests.integration.sync.wiretap import Wiretap

CARD, IBAN, EMAIL, PHONE = "5555555555554444", "DE89370400440532013000", "canary.bird@example.org", "+49 30 98765432"
GROUPS = [CARD[place : place + 4] for place in range(0, 16, 4)]
CANARIES = [
    CARD,
    *(by.join(GROUPS) for by in (" ", "-", ".", "_", "\u00a0", "\u2009", ", ")),
    " ".join(CARD),
    "".join(chr(ord(digit) + 0xFEE0) for digit in CARD),
    "\u200b".join(GROUPS),
    json.dumps({"pan": CARD}),
    json.dumps(json.dumps({"pan": "-".join(GROUPS)})),
    base64.b64encode(f'{{"pan":"{CARD}"}}'.encode()).decode(),
    CARD.encode().hex(),
    IBAN,
    " ".join(IBAN[place : place + 4] for place in range(0, len(IBAN), 4)),
    base64.b64encode(IBAN.encode()).decode(),
    EMAIL,
    base64.urlsafe_b64encode(EMAIL.encode()).decode(),
    PHONE,
    "tel 030-98765432",
    "Mrs. Kanaria Vogel",
    "my name is kanaria vogel",
    "203.0.113.77",
]
CORES = [CARD, IBAN, "98765432", "canary", "anaria", "Vogel", "203.0.113.77", *CANARIES]
"""What may be seen nowhere: every spelling, and what is left of it when it is cut."""
FACTS = 600


def facts(chance: random.Random) -> Iterator[tuple[Fact, bool]]:
    """Facts of five kinds; every third holds a canary in one of its strings, unchecked as a faulty driver might."""
    for number in range(FACTS):
        plain: dict[str, Any] = {
            "at": datetime(2026, 11, 22, 10, tzinfo=UTC), "mono_s": float(number), "source": f"cam-{number % 7}",
        }  # fmt: skip
        kinds: list[tuple[type[Fact], dict[str, Any], list[str]]] = [
            (ShelfCountFact, {"slot": f"dairy-{number % 40}", "sku": f"BR-{number % 90:04d}", "units": number % 13,
                              "facings": 9, "delta": -1, "shelf_units": number % 99}, ["slot", "sku", "source"]),
            (ShelfMisplacedFact, {"slot": "s1", "sku": "BR-0001", "seen_sku": f"BR-{number:04d}", "state": "began",
                                  "began_at": plain["at"]}, ["seen_sku", "slot"]),
            (ZoneCrossingFact, {"line": "door", "direction": "in"}, ["line", "source"]),
            (QueueLengthFact, {"zone": "till", "people": number % 5, "wait_s": 31.0}, ["zone"]),
            (KioskTurnFact, {"intent": "price", "outcome": "answered", "wording": "template", "verified": True,
                             "sku": "BR-0002", "total_ms": 12.0}, ["intent", "sku"]),
        ]  # fmt: skip
        kind, own, strings = chance.choice(kinds)
        given = {**kind.model_construct().__dict__, **plain, **own}
        is_bad = number % 3 == 0
        if is_bad:
            field, canary = chance.choice(strings), CANARIES[number // 3 % len(CANARIES)]
            noise = chance.choice(["{}", "x {} y", "[{}]", "till 3: {};", "\u00bb{}\u00ab", "{} {}"])
            given[field] = noise.replace("{}", canary)
        yield kind.model_construct(**given), is_bad


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_planted_datum_leaves_and_the_ledger_is_what_the_wire_saw(
    mosquitto, head_office, tmp_path: Path, seed: int, capsys, caplog
) -> None:
    office = head_office(mosquitto.endpoint).await_link()
    tap = Wiretap(mosquitto.port)
    endpoint = Endpoint("127.0.0.1", tap.port)
    made = list(facts(random.Random(seed)))
    store = Store(
        StoreSettings(path=tmp_path / "shop.db", ballast_bytes=0, p2_limit_rows=100_000),
        gate=EgressGate(load_policy(DEFAULT_POLICY), b"k" * 32),
        clock=SystemClock(),
    )
    with store:
        links = mqtt_links(uplink_profile(NODE, endpoint, FAST))
        with Uplink(store.outbox, NODE, FAST, make_link=links, broker=endpoint.address) as uplink:
            for start in range(0, FACTS, 50):
                store.append_wait([fact for fact, _ in made[start : start + 50]])
                uplink.wake()
            wait_until(lambda: sum(store.stats().pending.values()) == 0, "everything is acknowledged")
            status = _status(store, uplink, tmp_path)
        ledger, held = store.ledger(limit=10_000), store.held_back()
    tap.close()
    sent = list(tap.publications())
    events = [(size, unpack(message)) for size, message in sent if "/ev/" in message.topic]
    denied = sum(row.records for row in held if row.disposition is Disposition.DENIED)
    assert denied == sum(is_bad for _, is_bad in made)
    assert {entry.record_id: entry.kind for entry in ledger} == {
        event.row.id: event.row.record.kind for _, parcel in events for event in parcel
    }
    assert sum(entry.bytes for entry in ledger) == sum(size for size, _ in events)
    assert Counter(entry.kind for entry in ledger)["egress.denied"] > 0
    captured = capsys.readouterr()
    told = "\n".join(str(event) for _, parcel in events for event in parcel)
    assert "dairy-1" in told  # what may leave is found, so that finding nothing else means something
    for place in (told, status, captured.out, captured.err, caplog.text, tap.bytes()):
        searched = place if isinstance(place, bytes) else place.encode()
        assert not [core for core in CORES if core.encode() in searched]
    assert office.report().is_whole


def test_the_error_about_a_wrong_fact_does_not_repeat_its_value() -> None:
    for canary in CANARIES:
        with pytest.raises(ValidationError) as caught:
            ZoneCrossingFact(at="2026", mono_s=1.0, source="cam-1", line=f"a {canary}!", direction="in")
        assert canary not in str(caught.value)


def _status(store: Store, uplink: Uplink, folder: Path) -> str:
    """The status file of a node, made from this store and uplink."""
    stand_in = SimpleNamespace
    idle = LanguageStats(**{field.name: 0 for field in fields(LanguageStats)})
    report = NodeReport(
        shop=ShopSettings(tenant="acme", store="store-7", node="node-1", name="Shop"),
        addresses=Addresses("http://kiosk", "http://console", None, None, None),
        started_at=datetime(2026, 11, 22, tzinfo=UTC),
        clock=SystemClock(),
        store=store,
        recorder=stand_in(waiting=0, lost=0),  # type: ignore[arg-type]
        cameras=stand_in(views=list),  # type: ignore[arg-type]
        language=stand_in(is_up=False, stats=lambda: idle),  # type: ignore[arg-type]
        budget=stand_in(cores=0.0, held_s=0.0),  # type: ignore[arg-type]
        uplink=uplink,
        programs=lambda: {"openai": None, "mcp": None},
    )
    path = folder / "status.json"
    write_status(path, report.status())
    return path.read_text("utf-8") + str(asdict(uplink.status())) + str(store.stats())
