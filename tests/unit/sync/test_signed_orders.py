"""What head office signs: its bytes, its spelling, and the rules under which a node refuses it."""

import json
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from edge.audit import checkpoint_bytes
from edge.node_key import NodeKey, is_signed
from sync.commands import LONGEST_S, Command, Refusal, Standing, command_message, encode_command, judge, parse_command
from sync.errors import MessageInvalidError
from sync.pace import Pace
from sync.signed import canonical_bytes
from sync.topics import NodeName
from sync.twin import encode_twin, make_twin, parse_twin

NODE = NodeName("acme", "store-7", "node-1")
KEY = NodeKey(Ed25519PrivateKey.generate())
RIGHT = Command(NODE.path, "epocha", 5, "boot-1", 1060, "restart", "camera:cam-1")
HERE = Standing(NODE, "epocha", 4, "boot-1", 1000.0)


def refusal(command: Command = RIGHT, *, here: Standing = HERE, is_retained: bool = False, key: NodeKey = KEY):
    message = replace(command_message(NODE, encode_command(command, key.sign)), is_retained=is_retained)
    return judge(message, key=KEY.public, is_signed=is_signed, standing=lambda: here)[1]


def test_bytes_are_spelled_as_in_the_audit_chain() -> None:
    ours = canonical_bytes("backroom-audit-checkpoint-1", 1, 2, "röt", "\u20ac", 3)
    assert ours == checkpoint_bytes(1, 2, root="röt", head="\u20ac", at_us=3)


def test_a_right_command_is_not_refused_and_is_read_as_it_was_written() -> None:
    assert refusal() is None
    assert parse_command(encode_command(RIGHT, KEY.sign))[0] == RIGHT


@pytest.mark.parametrize(
    ("command", "here", "why"),
    [
        (replace(RIGHT, node="acme/store-7/node-2"), HERE, Refusal.AUDIENCE),
        (replace(RIGHT, epoch="epochb"), HERE, Refusal.EPOCH),
        (RIGHT, replace(HERE, counter=5), Refusal.REPLAYED),
        (replace(RIGHT, counter=3), HERE, Refusal.REPLAYED),
        (RIGHT, replace(HERE, mono_s=1060.5), Refusal.EXPIRED),
        (RIGHT, replace(HERE, boot_id="boot-2"), Refusal.EXPIRED),
        (replace(RIGHT, until_s=1001 + LONGEST_S), HERE, Refusal.EXPIRED),
    ],
)
def test_a_signed_command_is_refused(command: Command, here: Standing, why: Refusal) -> None:
    assert refusal(command, here=here) is why


def test_a_retained_command_is_refused() -> None:
    assert refusal(is_retained=True) is Refusal.RETAINED


def test_another_key_signs_nothing() -> None:
    assert refusal(key=NodeKey(Ed25519PrivateKey.generate())) is Refusal.SIGNATURE


@pytest.mark.parametrize("field", ["node", "epoch", "counter", "boot", "until_s", "do", "about"])
def test_no_field_can_be_changed_under_its_signature(field: str) -> None:
    body = json.loads(encode_command(RIGHT, KEY.sign))
    body[field] = {"node": "acme/store-7/node-2", "counter": 6, "until_s": 1061}.get(field, "other")
    message = command_message(NODE, json.dumps(body).encode())
    assert judge(message, key=KEY.public, is_signed=is_signed, standing=lambda: HERE)[1] is Refusal.SIGNATURE


@given(
    st.binary(max_size=400)
    | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(json.dumps).map(str.encode)
)
def test_whatever_else_comes_is_malformed(payload: bytes) -> None:
    for parse in (parse_command, parse_twin):
        with pytest.raises(MessageInvalidError):
            parse(payload)


class TestTwin:
    def test_is_read_as_it_was_written(self) -> None:
        twin = make_twin(NODE, 3, {"snapshots_kept": 5, "drain_bytes_per_s": 1000})
        found, signature = parse_twin(encode_twin(twin, KEY.sign))
        assert found == twin
        assert is_signed(KEY.public, signature, found.signed_bytes)

    @pytest.mark.parametrize("settings", [{"broker": 1}, {"snapshots_kept": 0}, {"drain_bytes_per_s": True}])
    def test_holds_nothing_but_safe_settings_within_bounds(self, settings: dict[str, int]) -> None:
        with pytest.raises(MessageInvalidError):
            make_twin(NODE, 1, settings)


class TestPace:
    def test_without_a_limit_nothing_waits(self) -> None:
        pace = Pace()
        pace.spend(10**9)
        assert pace.held_s(0.0) == 0.0

    def test_over_a_minute_it_lets_through_what_it_is_set_to(self) -> None:
        pace, now_s, sent = Pace(1000), 0.0, 0
        while now_s < 60.0:
            wait_s = pace.held_s(now_s)
            if wait_s == 0.0:
                pace.spend(300)
                sent += 300
            now_s += max(wait_s, 0.001)
        assert 59_000 <= sent <= 62_500
