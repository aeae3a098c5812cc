"""Who vouches for a privacy policy: this program itself, head office's key, or, in a shop without one, the box's own.

Owns the pin of the policy that came with the program and the form of a signature (Ed25519, RFC 8032, in a file beside
the policy). Refuses a policy that nobody vouches for, and one that is older than what was in force here before. The
floor of `edge.egress_policy` holds whoever has signed.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.audit_notes import NotedPolicy
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

    @property
    def note(self) -> NotedPolicy:
        """What the audit keeps of it."""
        return NotedPolicy(self.policy.version, self.sha256, self.vouched_by, self.policy.serial)


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
    _require_serial(path, policy)
    trusted = tuple(signers) or ((own_key,) if own_key is not None else ())
    key, signature = _read_signature(path)
    if key not in trusted:
        raise ConfigError(
            f"egress policy {path}: signed by {key[:16]}…, whom this shop does not trust; {_cure(signers)}"
        )
    if not is_signed(key, signature, _PURPOSE + text):
        raise ConfigError(f"egress policy {path}: was changed after it was signed; {_cure(signers)}")
    return VouchedPolicy(policy, digest, key)


def refuse_older(vouched: VouchedPolicy, noted: Iterable[NotedPolicy]) -> None:
    """Let no signed policy come back that another one has followed; ``noted`` are those that were in force here.

    The program's own has no number: it is as new as the program is.

    Raises:
        ConfigError: it is older than one of them, or carries the number of another.
    """
    if vouched.vouched_by == BY_PROGRAM:
        return
    mine = vouched.policy.serial
    newest = max((other for other in noted if other.sha256 != vouched.sha256), key=_serial, default=None)
    if newest is not None and newest.serial >= mine:
        raise ConfigError(
            f"egress policy {vouched.policy.version} has serial {mine}, and {newest.version} with serial"
            f" {newest.serial} was in force here: an older policy does not count; if it is meant, give it serial ="
            f" {newest.serial + 1} and sign it anew"
        )


def sign_policy(path: Path, key: NodeKey) -> Path:
    """Check a policy, sign its bytes and return where the signature was written.

    Raises:
        ConfigError: the policy is wrong, or the signature cannot be written.
    """
    text = read_policy(path)
    _require_serial(path, policy_of(path, text))
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


def _serial(noted: NotedPolicy) -> int:
    return noted.serial


def _require_serial(path: Path, policy: EgressPolicy) -> None:
    if policy.serial < 1:
        raise ConfigError(
            f"egress policy {path}: a policy of the shop's own needs a number, such as serial = 1 below its version,"
            " one higher at every change, so that an older one cannot be put back"
        )


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
