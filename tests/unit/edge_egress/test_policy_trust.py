import hashlib
import shutil
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.audit_notes import NotedPolicy
from edge.errors import ConfigError
from edge.node_key import NodeKey
from edge.places import DEFAULT_POLICY
from edge.policy_trust import (
    BY_PROGRAM,
    SHIPPED_SHA256,
    refuse_older,
    sign_policy,
    signature_path,
    vouched_policy,
)

BOX = NodeKey(Ed25519PrivateKey.from_private_bytes(bytes(32)))
HEAD_OFFICE = NodeKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
STRANGER = NodeKey(Ed25519PrivateKey.from_private_bytes(b"s" * 32))
OWN = 'version = "shop-1"\nserial = 1\n[kinds."shelf.count"]\nunits = "bucket(5)"\n'


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "egress-policy.toml"
    path.write_text(OWN)
    return path


def test_the_shipped_policy_is_the_one_that_the_program_was_made_with() -> None:
    digest = hashlib.sha256(DEFAULT_POLICY.read_bytes()).hexdigest()
    assert digest == SHIPPED_SHA256, f"the policy was changed: write {digest} into edge/policy_trust.py"


def test_the_shipped_policy_needs_no_signature_wherever_it_lies(tmp_path: Path) -> None:
    copied = Path(shutil.copy(DEFAULT_POLICY, tmp_path / "mine.toml"))
    for signers in ((), (HEAD_OFFICE.public,)):
        assert vouched_policy(copied, signers=signers, own_key=None).vouched_by == BY_PROGRAM


def test_a_policy_that_nobody_signed_is_refused_and_the_cure_is_named(policy: Path) -> None:
    with pytest.raises(ConfigError, match=r"nobody has signed it.*backroom privacy sign"):
        vouched_policy(policy, signers=(), own_key=BOX.public)


def test_a_shop_without_head_office_signs_with_its_own_box(policy: Path) -> None:
    sign_policy(policy, BOX)
    vouched = vouched_policy(policy, signers=(), own_key=BOX.public)
    assert (vouched.policy.version, vouched.vouched_by) == ("shop-1", BOX.public)


def test_with_a_head_office_the_box_itself_cannot_sign(policy: Path) -> None:
    sign_policy(policy, BOX)
    with pytest.raises(ConfigError, match="does not trust; head office has to sign"):
        vouched_policy(policy, signers=(HEAD_OFFICE.public,), own_key=BOX.public)
    sign_policy(policy, HEAD_OFFICE)
    assert vouched_policy(policy, signers=(HEAD_OFFICE.public,), own_key=BOX.public).vouched_by == HEAD_OFFICE.public


def test_a_stranger_and_a_box_without_a_key_vouch_for_nothing(policy: Path) -> None:
    sign_policy(policy, STRANGER)
    for own_key in (BOX.public, None):
        with pytest.raises(ConfigError, match="does not trust"):
            vouched_policy(policy, signers=(), own_key=own_key)


def test_a_policy_changed_after_it_was_signed_is_refused(policy: Path) -> None:
    sign_policy(policy, HEAD_OFFICE)
    policy.write_text(OWN.replace("bucket(5)", "keep"))
    with pytest.raises(ConfigError, match="changed after it was signed"):
        vouched_policy(policy, signers=(HEAD_OFFICE.public,), own_key=None)


def test_a_signature_over_the_bare_file_is_none_of_a_policy(policy: Path) -> None:
    bare = HEAD_OFFICE.sign(policy.read_bytes())
    signature_path(policy).write_text(f'{{"key": "{HEAD_OFFICE.public}", "signature": "{bare}"}}')
    with pytest.raises(ConfigError, match="changed after it was signed"):
        vouched_policy(policy, signers=(HEAD_OFFICE.public,), own_key=None)


@pytest.mark.parametrize("text", ["", "{}", "[1]", "null", '{"key": "ab"}', "\x00" * 9000])
def test_a_damaged_signature_is_refused_with_a_sentence(policy: Path, text: str) -> None:
    signature_path(policy).write_text(text)
    with pytest.raises(ConfigError, match="holds no signature"):
        vouched_policy(policy, signers=(), own_key=BOX.public)


def test_no_signature_lifts_the_floor_and_a_wrong_policy_is_not_even_signed(policy: Path) -> None:
    policy.write_text('version = "w"\n[kinds.gap]\nfirst = "drop"\n')
    with pytest.raises(ConfigError, match="always leaves whole"):
        sign_policy(policy, HEAD_OFFICE)
    assert not signature_path(policy).exists()


def test_a_policy_that_is_no_text_is_refused(policy: Path) -> None:
    policy.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="UTF-8"):
        vouched_policy(policy, signers=(), own_key=None)


def test_a_policy_of_the_shops_own_needs_a_number(policy: Path) -> None:
    policy.write_text(OWN.replace("serial = 1\n", ""))
    with pytest.raises(ConfigError, match="needs a number, such as serial = 1"):
        sign_policy(policy, BOX)
    for wrong in ("0", "true", '"2"', "-1", str(2**53)):
        policy.write_text(OWN.replace("serial = 1", f"serial = {wrong}"))
        with pytest.raises(ConfigError, match="serial"):
            sign_policy(policy, BOX)


@pytest.mark.parametrize(
    ("serial", "noted", "is_refused"),
    [
        (3, [], False),
        (3, [("own", 3)], False),
        (3, [("other", 2), ("program", 0)], False),
        (3, [("other", 3)], True),
        (3, [("program", 0), ("own", 3), ("other", 4)], True),
        (0, [("other", 4)], False),
    ],
    ids=["the first", "again", "newer", "the number of another", "an older one", "the program's own"],
)
def test_a_policy_counts_only_while_none_has_followed_it(
    policy: Path, serial: int, noted: list[tuple[str, int]], is_refused: bool
) -> None:
    if serial:
        policy.write_text(OWN.replace("serial = 1", f"serial = {serial}"))
        sign_policy(policy, BOX)
    vouched = vouched_policy(policy if serial else DEFAULT_POLICY, signers=(), own_key=BOX.public)
    rows = [NotedPolicy(name, vouched.sha256 if name == "own" else name, "k", number) for name, number in noted]
    if is_refused:
        with pytest.raises(ConfigError, match=r"older policy does not count.*serial = "):
            refuse_older(vouched, rows)
    else:
        refuse_older(vouched, rows)
