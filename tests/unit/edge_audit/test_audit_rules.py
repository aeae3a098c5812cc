"""The audit chain's bytes are fixed: other languages check them, and tomorrow's code reads today's chain."""

import hashlib
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from edge.audit import START, AuditNote, checkpoint_bytes, merkle_root, next_row, row_hash, sealed
from edge.detectors import scan
from edge.node_key import NodeKey, is_signed

KEY = NodeKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))


def test_a_row_is_hashed_as_one_json_array_as_rfc_8785_writes_it() -> None:
    text = '["backroom-audit-1",7,"' + START + '",1700000000000000,"vault.opened","Zoë","a\\"b\\\\c\\n\\u0001/é"]'
    body = 'a"b\\c\n\x01/é'
    assert json.loads(text)[-1] == body
    found = row_hash(7, START, at_us=1_700_000_000_000_000, kind="vault.opened", actor="Zoë", body=body)
    assert found == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    ("rows", "tree"),
    [(1, "0"), (2, "(01)"), (3, "((01)2)"), (5, "(((01)(23))4)"), (7, "(((01)(23))((45)6))")],
)
def test_the_tree_splits_at_the_largest_power_of_two_as_rfc_6962_says(rows: int, tree: str) -> None:
    hashes = [hashlib.sha256(bytes([number])).hexdigest() for number in range(rows)]
    stack: list[list[bytes]] = [[]]
    for sign in tree:
        if sign == "(":
            stack.append([])
        elif sign == ")":
            left, right = stack.pop()
            stack[-1].append(hashlib.sha256(b"\x01" + left + right).digest())
        else:
            stack[-1].append(hashlib.sha256(b"\x00" + bytes.fromhex(hashes[int(sign)])).digest())
    assert merkle_root(hashes) == stack[0][0].hex()


def test_nothing_has_no_root() -> None:
    with pytest.raises(ValueError, match="at least one row"):
        merkle_root([])


def test_a_seal_is_signed_over_its_own_numbers_root_head_and_time() -> None:
    hashes = [hashlib.sha256(bytes([number])).hexdigest() for number in range(5)]
    made = sealed(KEY, 11, hashes, 1_700_000_000_000_000)
    assert (made.first, made.last, made.head) == (11, 15, hashes[-1])
    message = checkpoint_bytes(11, 15, root=made.root, head=made.head, at_us=made.at_us)
    assert is_signed(KEY.public, made.signature, message)
    assert not is_signed(KEY.public, made.signature, message.replace(b"11,15", b"11,16"))
    assert not is_signed("00" * 32, made.signature, message)
    assert not is_signed("no key", made.signature, message)


@given(st.binary(min_size=160, max_size=160))
def test_no_hash_key_or_signature_is_ever_taken_for_a_person_or_a_card(octets: bytes) -> None:
    words = (octets[:32].hex(), octets[32:64].hex(), octets[64:96].hex(), octets[96:160].hex())
    assert [scan(word) for word in words] == [[], [], [], []]


def test_each_row_stands_on_the_one_before() -> None:
    first = next_row(1, START, AuditNote("a", "node", "{}"), 1)
    second = next_row(2, first.hash, AuditNote("a", "node", "{}"), 1)
    assert second.before == first.hash
    assert second.hash != next_row(2, START, AuditNote("a", "node", "{}"), 1).hash
