"""`backroom privacy`: every field explained, places without words, and a policy that counts once it is signed."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge.cli import privacy_command
from edge.clock import SystemClock
from edge.config import load_shop
from edge.egress import EgressGate
from edge.egress_policy import load_policy
from edge.errors import ConfigError
from edge.facts import KioskHandoffFact, ShelfCountFact
from edge.node_store import open_store
from edge.places import DEFAULT_POLICY, DEMO_SHOP, Places
from edge.store.config import StoreSettings
from edge.store.store import Store

RUNNER = CliRunner()
OWN = 'version = "own-1"\nserial = 1\n[kinds."shelf.count"]\nunits = "bucket(5)"\n'


def told(*words: str, text: str | None = None) -> tuple[int, str]:
    done = RUNNER.invoke(privacy_command.app, list(words), input=text)
    return done.exit_code, done.output


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DEMO_SHOP, tmp_path / "shop"))


def test_a_kind_is_explained_field_by_field() -> None:
    code, text = told("explain", "zone.dwell", "--json", "--policy", str(DEFAULT_POLICY))
    fields = {field["field"]: field for field in json.loads(text)["fields"]}
    assert code == 0
    assert (fields["dwell_s"]["leaves"], fields["dwell_s"]["action"]) == (True, "bucket(5)")
    assert (fields["media_s"]["leaves"], fields["media_s"]["why"]) == (False, "the policy drops the field")


def test_a_stored_fact_is_explained_with_what_leaves_of_it(tmp_path: Path) -> None:
    places, clock = Places(tmp_path), SystemClock()
    places.make()
    gate = EgressGate(load_policy(DEFAULT_POLICY), b"k" * 32)
    fact = KioskHandoffFact(at=clock.now(), mono_s=1.0, source="kiosk-1", ticket="7", state="opened")
    with Store(StoreSettings(path=places.store, ballast_bytes=0), gate=gate, clock=clock) as store:
        (number,) = store.append_wait([fact])
    code, text = told("explain", str(number), "--json", "--data", str(tmp_path))
    fields = {field["field"]: field for field in json.loads(text)["fields"]}
    assert code == 0
    assert (fields["state"]["leaves_as"], fields["ticket"]["leaves_as"]) == ("opened", None)


def test_a_fact_in_which_the_second_net_finds_something_is_told_to_stay() -> None:
    fact = ShelfCountFact(
        at=SystemClock().now(), mono_s=1.0, source="4111-1111-1111-1111", slot="s", sku="b", units=1, facings=1,
        delta=None, shelf_units=1,
    )  # fmt: skip
    given = json.dumps({"kind": fact.kind, **fact.model_dump(mode="json")})
    code, text = told("explain", "-", "--json", text=given)
    assert code == 0
    assert {(field["leaves"], field["why"]) for field in json.loads(text)["fields"]} == {
        (False, "the second net found 1 x card in the record")
    }


@pytest.mark.parametrize("words", ["nothing", "[1]", '{"kind": "x"}', '{"kind": "gap", "source": "a@b.example"}'])
def test_what_is_no_fact_is_refused_without_repeating_it(words: str) -> None:
    code, text = told("explain", words)
    assert code == 1
    assert "a@b.example" not in text


def test_spans_are_told_by_line_and_place_and_never_by_their_words(tmp_path: Path) -> None:
    lines = "two cartons\npay with 4111 1111 1111 1111\nto anna@example.com or 030-1234567\n"
    file = tmp_path / "lines.txt"
    file.write_text(lines)
    for words, text in ((["scan", str(file)], None), (["scan"], lines)):
        code, plain = told(*words, text=text)
        assert (code, plain.splitlines()[-1]) == (0, "3 found in 3 lines.")
        code, told_json = told(*words, "--json", text=text)
        spans = [json.loads(line) for line in told_json.splitlines()]
        assert spans[0] == {"line": 2, "start": 9, "end": 28, "detector": "card"}
        assert spans[1] == {"line": 3, "start": 3, "end": 19, "detector": "email"}
        assert not any(secret in plain + told_json for secret in ("4111", "anna"))


def test_a_shop_works_under_its_own_policy_once_it_is_signed_there(shop: Path, tmp_path: Path) -> None:
    own = shop / "egress-policy.toml"
    own.write_text(OWN)
    where = ("--shop", str(shop), "--data", str(tmp_path))
    code, text = told("policy", *where)
    assert (code, "nobody has signed it" in text) == (1, True)
    assert told("sign", str(own), "--data", str(tmp_path))[0] == 0
    code, text = told("policy", *where, "--json")
    assert (code, json.loads(text)["version"], json.loads(text)["kinds"]) == (0, "own-1", ["shelf.count"])


def test_where_head_office_is_named_only_its_signature_counts(shop: Path, tmp_path: Path) -> None:
    own, where = shop / "egress-policy.toml", ("--shop", str(shop), "--data", str(tmp_path))
    own.write_text(OWN)
    code, text = told("sign", str(own), "--key", str(tmp_path / "head-office.key"), "--json")
    key = json.loads(text)["key"]
    settings = shop / "shop.toml"
    settings.write_text(settings.read_text().replace("[egress]", f'[egress]\nsigners = ["{key}"]'))
    code, text = told("policy", *where, "--json")
    assert (code, json.loads(text)["vouched_by"]) == (0, key)
    told("sign", str(own), "--data", str(tmp_path))
    code, text = told("policy", *where)
    assert (code, "does not trust" in text) == (1, True)


def test_an_older_signed_policy_is_refused_at_the_start_and_by_the_command(shop: Path, tmp_path: Path) -> None:
    own, places = shop / "egress-policy.toml", Places(tmp_path / "data")
    where = ("--shop", str(shop), "--data", str(places.data))
    places.make()

    def put(number: int) -> None:
        own.write_text(OWN.replace("own-1", f"own-{number}").replace("serial = 1", f"serial = {number}"))
        assert told("sign", str(own), "--data", str(places.data))[0] == 0

    def start() -> str:
        with open_store(load_shop(shop), places, SystemClock()) as (_, policy):
            return policy.version

    put(1)
    kept = [(path, path.read_bytes()) for path in (own, own.with_name("egress-policy.toml.sig"))]
    assert start() == "own-1"
    put(2)
    assert [start(), start()] == ["own-2", "own-2"]
    for path, content in kept:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"own-1 has serial 1, and own-2 with serial 2 was in force.*serial = 3"):
        start()
    code, text = told("policy", *where)
    assert (code, "an older policy does not count" in text) == (1, True)
    own.unlink()
    assert start() == load_policy(DEFAULT_POLICY).version
    put(3)
    assert start() == "own-3"


@pytest.mark.parametrize("number", ["9" * 20, "9" * 5000])
def test_a_number_that_no_fact_can_have_is_a_sentence(number: str) -> None:
    code, text = told("explain", number, "--policy", str(DEFAULT_POLICY))
    assert (code, text.strip()) == (
        1,
        f"no fact has a number of {len(number)} digits; backroom facts shows their numbers",
    )
