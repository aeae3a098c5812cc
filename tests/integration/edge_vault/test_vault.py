"""The raw view: asked with a reason, sealed before it is written, opened by the key, noted each time, then gone."""

import json
import socket
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from edge.audit import AuditNote
from edge.cli import vault_command
from edge.errors import StoreFullError, VaultError
from edge.places import Places
from edge.vault import Vault, VaultSettings
from edge.vault_desk import Asker, VaultDesk
from edge.vault_door import DoorRequest, VaultDoor, ask
from edge.vault_seal import VaultKey
from tests.integration.edge_store.conftest import HandClock
from vision.frames import Frame

WHY = "case 17: who took the bag"
ANNA = Asker("anna", WHY, 1000)
RUNNER = CliRunner()


@dataclass
class Chain:
    """Takes notes, or has no room for them."""

    notes: list[AuditNote] = field(default_factory=list)
    is_full: bool = False

    def audit(self, notes: Sequence[AuditNote], timeout_s: float = 1.0) -> list[int]:
        if self.is_full:
            raise StoreFullError("no room left on the disk for facts")
        self.notes.extend(notes)
        return []

    def told(self) -> list[tuple[str, str]]:
        return [(note.kind, note.actor) for note in self.notes]


@dataclass
class Shop:
    places: Places
    key: VaultKey
    key_file: Path
    clock: HandClock
    chain: Chain
    settings: VaultSettings
    vault: Vault
    desk: VaultDesk
    picture: np.ndarray


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    places, clock, chain = Places(tmp_path / "data"), HandClock(), Chain()
    key = VaultKey.make(tmp_path / "vault.key")
    picture = np.random.default_rng(3).integers(0, 255, (6, 8, 3), dtype=np.uint8).repeat(8, 0).repeat(8, 1)
    settings = VaultSettings(public_key=key.public, keep_minutes=60, most_items=3)
    vault = Vault(places.vault, settings)

    def newest(camera: str) -> Frame | None:
        if camera == "cam-dark":
            return None
        now, mono_s = clock.now(), clock.mono_s()
        frame = Frame(camera_id="cam-1", index=1, image_bgr=picture, captured_at=now, mono_s=mono_s, media_s=0.0)
        return {"cam-1": frame}[camera]

    desk = VaultDesk(vault, settings, newest=newest, audit=chain, clock=clock)
    return Shop(places, key, tmp_path / "vault.key", clock, chain, settings, vault, desk, picture)


@pytest.fixture
def door(shop: Shop) -> Iterator[Path]:
    with VaultDoor(shop.places.vault_door, shop.desk, shop.clock):
        yield shop.places.vault_door


def command(shop: Shop, *words: str) -> tuple[int, str]:
    done = RUNNER.invoke(vault_command.app, [*words, "--data", str(shop.places.data)])
    return done.exit_code, done.output


def test_a_still_is_noted_sealed_and_comes_back_as_it_was(shop: Shop) -> None:
    item = shop.desk.keep("cam-1", ANNA)
    found, sealed = shop.desk.hand_out(item.id, ANNA)
    jpeg = shop.key.open(sealed, found.label)
    seen = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert np.abs(seen.astype(int) - shop.picture).mean() < 20
    assert shop.chain.told() == [("vault.asked", "anna (uid 1000)"), ("vault.opened", "anna (uid 1000)")]
    assert json.loads(shop.chain.notes[1].body)["why"] == WHY
    assert json.loads(shop.chain.notes[1].body)["sha256"] == item.sha256


def test_no_byte_of_the_picture_lies_open_on_the_disk(shop: Shop) -> None:
    item = shop.desk.keep("cam-1", ANNA)
    jpeg = shop.key.open(shop.vault.sealed(item.id)[1], item.label)
    everything = b"".join(path.read_bytes() for path in shop.places.data.rglob("*") if path.is_file())
    assert len(everything) > len(jpeg)
    assert all(jpeg[start : start + 12] not in everything for start in range(0, len(jpeg) - 12, 4))
    assert shop.places.vault.stat().st_mode & 0o777 == 0o600


def test_nothing_is_taken_opened_or_erased_that_cannot_be_noted(shop: Shop) -> None:
    item = shop.desk.keep("cam-1", ANNA)
    shop.chain.is_full = True
    with pytest.raises(StoreFullError):
        shop.desk.keep("cam-1", ANNA)
    with pytest.raises(StoreFullError):
        shop.desk.hand_out(item.id, ANNA)
    with pytest.raises(StoreFullError):
        shop.desk.erase([item.id], ANNA)
    assert [kept.id for kept in shop.desk.items()] == [item.id]


@pytest.mark.parametrize("why", ["card 5555 5555 5555 4444 was lost", "ask anna@example.org", "call +49 30 98765432"])
def test_a_reason_that_holds_personal_data_is_refused_and_not_noted(shop: Shop, why: str) -> None:
    with pytest.raises(VaultError, match="personal data") as refused:
        shop.desk.keep("cam-1", replace(ANNA, why=why))
    assert why not in str(refused.value)
    assert shop.chain.notes == []


def test_an_erased_still_is_overwritten_and_its_hash_is_the_proof(shop: Shop) -> None:
    item = shop.desk.keep("cam-1", ANNA)
    sealed = shop.vault.sealed(item.id)[1]
    assert sealed[40:80] in shop.places.vault.read_bytes()
    assert shop.desk.erase([item.id], ANNA) == [item]
    assert sealed[40:80] not in shop.places.vault.read_bytes()
    assert [kind for kind, _ in shop.chain.told()] == ["vault.asked", "vault.erasing", "vault.erased"]
    assert json.loads(shop.chain.notes[-1].body)["sha256"] == item.sha256
    with pytest.raises(VaultError, match="no still 1"):
        shop.desk.hand_out(item.id, ANNA)
    assert shop.desk.keep("cam-1", ANNA).id == 2


def test_stills_go_when_their_time_is_over(shop: Shop) -> None:
    shop.desk.keep("cam-1", ANNA)
    shop.clock.passed_s = 1800
    later = shop.desk.keep("cam-1", ANNA)
    assert shop.desk.expire(shop.clock.now()) == 0
    shop.clock.passed_s = 3600
    assert shop.desk.expire(shop.clock.now()) == 1
    assert shop.desk.items() == [later]
    assert shop.chain.told()[-1] == ("vault.expired", "node")


@pytest.mark.parametrize(
    ("camera", "asker", "sentence"),
    [
        ("cam-1", Asker("anna", "", 0), "say why"),
        ("cam-1", Asker("anna", "  because ", 0), "say why"),
        ("cam-1", Asker(" ", WHY, 0), "say who"),
        ("cam-9", ANNA, "no camera cam-9"),
        ("cam-dark", ANNA, "no picture now"),
    ],
)
def test_what_is_refused_leaves_no_still(shop: Shop, camera: str, asker: Asker, sentence: str) -> None:
    with pytest.raises(VaultError, match=sentence):
        shop.desk.keep(camera, asker)
    assert shop.desk.items() == []


def test_a_full_vault_and_one_without_a_key_take_nothing(shop: Shop) -> None:
    for _ in range(3):
        shop.desk.keep("cam-1", ANNA)
    with pytest.raises(VaultError, match="erase some"):
        shop.desk.keep("cam-1", ANNA)
    keyless = VaultDesk(shop.vault, VaultSettings(), newest=lambda _: None, audit=shop.chain, clock=shop.clock)
    with pytest.raises(VaultError, match="make-key"):
        keyless.keep("cam-1", ANNA)


def test_a_public_key_that_is_none_is_told_when_the_settings_are_read() -> None:
    with pytest.raises(ValidationError, match="64 hexadecimal digits"):
        VaultSettings(public_key="secret")


def test_an_operator_with_the_key_views_lists_and_erases(shop: Shop, door: Path, tmp_path: Path) -> None:
    out, key = tmp_path / "seen.jpg", str(shop.key_file)
    code, text = command(shop, "view", "cam-1", "--key", key, "--out", str(out), "--why", WHY, "--who", "anna")
    assert (code, out.stat().st_mode & 0o777) == (0, 0o600), text
    assert cv2.imread(str(out)).shape == (48, 64, 3)
    assert [kind for kind, _ in shop.chain.told()] == ["vault.asked", "vault.opened"]
    assert shop.chain.told()[0][1].startswith("anna (uid ")
    code, text = command(shop, "list", "--json")
    assert [item["camera"] for item in json.loads(text)["items"]] == ["cam-1"]
    assert command(shop, "erase", "--why", WHY)[0] == 1
    code, text = command(shop, "erase", "1", "--why", WHY)
    assert (code, "sha256" in text) == (0, True)
    with closing(sqlite3.connect(shop.places.vault)) as connection:
        assert connection.execute("SELECT count(*) FROM items").fetchone() == (0,)


def test_a_file_that_is_there_is_not_replaced_and_nothing_is_noted(shop: Shop, door: Path, tmp_path: Path) -> None:
    out = tmp_path / "seen.jpg"
    out.write_bytes(b"mine")
    code, _ = command(shop, "view", "cam-1", "--key", str(shop.key_file), "--out", str(out), "--why", WHY)
    assert (code, out.read_bytes(), shop.chain.notes) == (1, b"mine", [])


def test_without_a_running_node_a_sentence_is_all_there_is(shop: Shop) -> None:
    with pytest.raises(VaultError, match="no running node"):
        ask(shop.places.vault_door, DoorRequest(do="list"))


def test_the_door_survives_what_is_no_request(shop: Shop, door: Path) -> None:
    for octets in (b"", b"\n", b"{}\n", b'{"do":"give me all"}\n', b"x" * 9000, b'{"do":"open","items":[1,2]}\n'):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(5)
            connection.connect(str(door)) if len(str(door)) < 100 else pytest.skip("the test's folder is too deep")
            connection.sendall(octets)
            connection.shutdown(socket.SHUT_WR)
            assert b"error" in connection.makefile("rb").readline()
    assert ask(door, DoorRequest(do="list")) == ([], b"")
    assert shop.chain.notes == []


def test_a_door_deep_in_the_folders_is_found(shop: Shop, tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100) / "vault" / "door"
    with VaultDoor(deep, shop.desk, shop.clock):
        assert ask(deep, DoorRequest(do="list")) == ([], b"")
    assert not deep.exists()


def test_with_a_key_that_would_not_open_it_no_picture_is_taken(shop: Shop, door: Path, tmp_path: Path) -> None:
    VaultKey.make(tmp_path / "other.key")
    code, text = command(
        shop, "view", "cam-1", "--key", str(tmp_path / "other.key"), "--out", str(tmp_path / "still.jpg"), "--why", WHY
    )
    assert (code, shop.vault.items(), shop.chain.notes) == (1, [], [])
    assert "does not open this vault" in text


def test_a_file_that_is_there_is_named_as_such(shop: Shop, door: Path) -> None:
    there = str(shop.key_file)
    code, text = command(shop, "view", "cam-1", "--key", there, "--out", there, "--why", WHY)
    assert (code, shop.vault.items()) == (1, [])
    assert "exists already" in text
