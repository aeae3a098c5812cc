"""The doctor's questions about trust: policy and signature, the node's key, the vault's key, the end of the audit.

Owns what is checked and what to do about it. Changes nothing, holds no key that opens or signs, and may run beside a
running node. `backroom audit verify` reads the whole chain; here it is the end of it, so that it costs milliseconds.
"""

import stat
from collections.abc import Iterator
from pathlib import Path

from edge.audit_check import check_head
from edge.audit_notes import noted_policies
from edge.checks import Check, judge
from edge.config import ShopFiles
from edge.errors import ConfigError, EdgeError, VaultError
from edge.node_key import is_signed, known_public, public_path
from edge.node_store import policy_path
from edge.places import Places
from edge.policy_trust import BY_PROGRAM, refuse_older, vouched_policy
from edge.store.numbers import noted_audit_tip
from edge.store.reading import reading_beside
from edge.vault import Vault
from edge.vault_seal import seal

_OPEN_TO_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_ROWS_LOOKED_AT = 1_100
"""More than are ever unsealed, so that the newest seal is among them."""


def trust_checks(shop: ShopFiles, places: Places) -> Iterator[Check]:
    """Every check in turn."""
    yield _policy(shop, places)
    yield _node_key(places)
    yield _vault(shop, places)
    yield _audit(places)


def _policy(shop: ShopFiles, places: Places) -> Check:
    path = policy_path(shop)
    try:
        signers = shop.settings.egress.signers
        vouched = vouched_policy(path, signers=signers, own_key=known_public(places.node_key))
        if places.store.exists():
            with reading_beside(places.store) as reading:
                refuse_older(vouched, noted_policies(reading))
    except EdgeError as error:
        cure = f"Read {path}, then sign it: backroom privacy sign; or remove it to work under the program's own."
        return Check("policy", passed=False, found=str(error), cure=cure)
    by = "the program" if vouched.vouched_by == BY_PROGRAM else f"the key {vouched.vouched_by[:16]}…"
    return Check("policy", passed=True, found=f"{vouched.policy.version}, vouched for by {by}")


def _node_key(places: Places) -> Check:
    path = places.node_key
    cure = f"Close it, and tell head office if others may have read it: chmod 600 {path}"
    try:
        public = known_public(path)
        is_file, is_open = path.exists(), _is_open(path)
    except (ConfigError, OSError) as error:
        return Check("node key", passed=False, found=str(error), cure="Restore the key from a backup.")
    if public is None:
        return Check("node key", passed=True, found=f"made at the first start: {path}")
    where = path if is_file else f"a credential of systemd, {public_path(path)}"
    return judge("node key", not is_open, f"{where} ({public[:16]}…)", cure)


def _vault(shop: ShopFiles, places: Places) -> Check:
    settings = shop.settings.vault
    if settings.public_key is None and not places.vault.exists():
        return Check("vault", passed=True, found="none: nothing unredacted is ever kept")
    try:
        if settings.public_key is not None:
            seal(settings.public_key, b"", b"")
        items = len(Vault(places.vault, settings).items()) if places.vault.exists() else 0
    except ValueError:
        cure = "Make another: backroom vault make-key, and put what it prints into [vault] of shop.toml."
        return Check("vault", passed=False, found="nothing can be sealed with its public key", cure=cure)
    except VaultError as error:
        return Check("vault", passed=False, found=str(error), cure=f"Move {places.vault} away; a new one is made.")
    found = f"{items} sealed stills, {'its key seals' if settings.public_key else 'no key: nothing is added'}"
    return judge("vault", not _is_open(places.vault), found, f"Close it to others: chmod 600 {places.vault}")


def _audit(places: Places) -> Check:
    if not places.store.exists():
        return Check("audit", passed=True, found="begins at the first start")
    cure = "Something changed the store from outside: keep a copy of it, then run backroom audit verify."
    try:
        tip, key = noted_audit_tip(places.store), known_public(places.node_key)
        with reading_beside(places.store) as reading:
            seals = reading.audit_seals()
            rows = reading.newest_audit_rows(kind=None, limit=_ROWS_LOOKED_AT)[::-1]
    except EdgeError as error:
        return Check("audit", passed=False, found=str(error), cure=cure)
    findings = check_head(rows, tip, seals[-1] if seals else None, key, is_signed)
    found = findings[0].what if findings else f"{rows[-1].seq if rows else 0} rows, the last ones follow each other"
    return judge("audit", not findings, found, cure)


def _is_open(path: Path) -> bool:
    return path.exists() and bool(path.stat().st_mode & _OPEN_TO_OTHERS)
