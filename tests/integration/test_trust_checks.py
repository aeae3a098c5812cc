"""The doctor's questions about trust, on a shop whose store, policy, keys and vault are real."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from edge.audit import AuditNote
from edge.checks import Check
from edge.clock import SystemClock
from edge.config import ShopFiles, load_shop
from edge.node_key import NodeKey
from edge.node_store import open_store
from edge.places import DEMO_SHOP, Places
from edge.policy_trust import sign_policy
from edge.trust_checks import trust_checks
from edge.vault import Vault, VaultSettings
from edge.vault_seal import VaultKey

OWN = 'version = "own-1"\nserial = 1\n[kinds."shelf.count"]\nunits = "keep"\n'


class Node:
    """A shop's folder and its data, started once."""

    def __init__(self, folder: Path) -> None:
        self.shop_folder = Path(shutil.copytree(DEMO_SHOP, folder / "shop"))
        self.places = Places(folder / "data")
        self.policy = self.shop_folder / "egress-policy.toml"
        self.vault_key = VaultKey.make(folder / "vault.key")

    def shop(self, public_key: str | None = None) -> ShopFiles:
        shop = load_shop(self.shop_folder)
        vault = VaultSettings(public_key=public_key)
        return shop.model_copy(update={"settings": shop.settings.model_copy(update={"vault": vault})})

    def start(self, rows: int = 5) -> None:
        self.places.make()
        with open_store(self.shop(), self.places, SystemClock()) as (store, _):
            store.audit([AuditNote("note", "test", "{}")] * rows)

    def change(self, sql: str) -> None:
        with closing(sqlite3.connect(self.places.store)) as connection, connection:
            connection.execute(sql)

    def failed(self, public_key: str | None = None) -> list[Check]:
        return [check for check in trust_checks(self.shop(public_key), self.places) if not check.passed]


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path)


def test_before_the_first_start_and_on_a_sound_node_all_passes_and_nothing_is_made(node: Node) -> None:
    assert node.failed(node.vault_key.public) == []
    assert not node.places.data.exists()
    for rows in (5, 1_200):
        node.start(rows)
        Vault(node.places.vault, VaultSettings())
        assert node.failed(node.vault_key.public) == []


def test_an_unsigned_policy_and_an_older_one_fail(node: Node) -> None:
    node.policy.write_text(OWN)
    assert [(check.name, "nobody has signed it" in check.found) for check in node.failed()] == [("policy", True)]
    node.places.make()
    sign_policy(node.policy, NodeKey.load(node.places.node_key))
    old = [(path, path.read_bytes()) for path in (node.policy, node.policy.with_name("egress-policy.toml.sig"))]
    node.start()
    node.policy.write_text(OWN.replace("own-1", "own-2").replace("serial = 1", "serial = 2"))
    sign_policy(node.policy, NodeKey.load(node.places.node_key))
    node.start()
    assert node.failed() == []
    for path, content in old:
        path.write_bytes(content)
    assert [(check.name, "older policy" in check.found) for check in node.failed()] == [("policy", True)]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("UPDATE audit SET actor = 'nobody' WHERE seq = (SELECT max(seq) - 2 FROM audit)", "was changed"),
        ("DELETE FROM audit WHERE seq = (SELECT max(seq) - 2 FROM audit)", "missing"),
        ("DELETE FROM audit WHERE seq > (SELECT max(seq) - 2 FROM audit)", "the node had written"),
        ("UPDATE audit_seals SET root = '00'", "is not of this node's key"),
    ],
    ids=["edited", "deleted", "cut off", "sealed by another"],
)
def test_a_changed_end_of_the_audit_fails(node: Node, change: str, found: str) -> None:
    node.start()
    node.start()  # seals what the first start left
    node.change(change)
    (check,) = node.failed()
    assert (check.name, found in check.found, "audit verify" in check.cure) == ("audit", True, True), check


@pytest.mark.parametrize("which", ["node_key", "vault"])
def test_what_others_may_read_fails_with_the_cure(node: Node, which: str) -> None:
    node.start()
    Vault(node.places.vault, VaultSettings())
    path: Path = getattr(node.places, which)
    path.chmod(0o644)
    (check,) = node.failed()
    assert f"chmod 600 {path}" in check.cure


def test_a_vault_key_with_which_nothing_can_be_sealed_fails(node: Node) -> None:
    node.start()
    assert ["public key" in check.found for check in node.failed("00" * 32)] == [True]


def test_a_lost_node_key_is_told(node: Node, tmp_path: Path) -> None:
    node.start()
    node.start()
    node.places.node_key.write_bytes(b"short")
    assert {"node key", "audit"} <= {check.name for check in node.failed()}
