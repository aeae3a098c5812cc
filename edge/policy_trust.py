"""Who vouches for a privacy policy: this program itself, head office's key, or, in a shop without one, the box's own.

Owns the pin of the policy that came with the program and the form of a signature (Ed25519, RFC 8032, in a file beside
the policy). Refuses a policy that nobody vouches for. The floor of `edge.egress_policy` holds whoever has signed.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.egress_policy import EgressPolicy, policy_of, read_policy
from edge.errors import ConfigError
from edge.node_key import NodeKey, is_signed
from models.durable import LocalDisk, write_durably

SHIPPED_SHA256 = "0ae7da7aa834061531ac89e5bfc202e97d7d0d96e917cbbbd66ba4b04c61b515"
"""Of firmware-config/egress-policy.toml; a test says what to write here when that file is changed."""
BY_PROGRAM = "program"

_PURPOSE = b"backroom-egress-policy-1\n"
"""Goes before the signed bytes, so that no signature made for something else fits a policy."""
_MOST_SIGNATURE_BYTES = 4096


@dataclass(frozen=True, slots=True)
class VouchedPolicy:
    """A policy with the digest of its file and who vouches for it: ``program``, or a public key in hexadecimal."""

    policy: EgressPolicy
    sha256: str
    vouched_by: str


def vouched_policy(path: Path, *, signers: Sequence[str], own_key: str | None) -> VouchedPolicy:
    """Read a policy that may be worked under.

    Args:
        path: the policy; its signature lies beside it, with ``.sig`` at the end of the name.
        signers: head office's public keys; where there are any, the box's own signature counts for nothing.
        own_key: the box's public key; None where it has none yet.

    Raises:
        ConfigError: the policy is wrong, or nobody vouches for it; the text says what to do.
    """
    text = read_policy(path)
    digest = hashlib.sha256(text).hexdigest()
    policy = policy_of(path, text)
    if digest == SHIPPED_SHA256:
        return VouchedPolicy(policy, digest, BY_PROGRAM)
    trusted = tuple(signers) or ((own_key,) if own_key is not None else ())
    key, signature = _read_signature(path)
    if key not in trusted:
        raise ConfigError(
            f"egress policy {path}: signed by {key[:16]}…, whom this shop does not trust; {_cure(signers)}"
        )
    if not is_signed(key, signature, _PURPOSE + text):
        raise ConfigError(f"egress policy {path}: was changed after it was signed; {_cure(signers)}")
    return VouchedPolicy(policy, digest, key)


def sign_policy(path: Path, key: NodeKey) -> Path:
    """Check a policy, sign its bytes and return where the signature was written.

    Raises:
        ConfigError: the policy is wrong, or the signature cannot be written.
    """
    text = read_policy(path)
    policy_of(path, text)
    target = signature_path(path)
    body = json.dumps({"key": key.public, "signature": key.sign(_PURPOSE + text)})
    try:
        write_durably(LocalDisk(), target, [f"{body}\n".encode()])
    except OSError as error:
        raise ConfigError(f"{target}: cannot be written ({error.strerror}); let this user write there") from error
    return target


def signature_path(policy: Path) -> Path:
    """Where a policy's signature lies."""
    return policy.with_name(f"{policy.name}.sig")


def _read_signature(policy: Path) -> tuple[str, str]:
    path = signature_path(policy)
    try:
        with path.open("rb") as file:
            told = json.loads(file.read(_MOST_SIGNATURE_BYTES))
        return str(told["key"]), str(told["signature"])
    except FileNotFoundError as error:
        raise ConfigError(
            f"egress policy {policy}: is not the one that came with the program, and nobody has signed it;"
            f" read it, then run: backroom privacy sign {policy}"
        ) from error
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise ConfigError(f"{path}: holds no signature; make it anew: backroom privacy sign {policy}") from error


def _cure(signers: Sequence[str]) -> str:
    if signers:
        return "head office has to sign it (egress.signers), or remove the file to work under the one that came along"
    return (
        "if the change is meant, run backroom privacy sign; else remove the file to work under the one that came along"
    )
