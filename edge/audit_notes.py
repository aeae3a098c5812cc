"""What a node notes in its audit chain besides facts: the policy it works under.

Nothing personal belongs into a note: bodies are names, versions and hashes.
"""

import json
from collections.abc import Iterator
from typing import Protocol

from edge.audit import AuditNote, AuditRow

POLICY_IN_FORCE = "policy.in_force"


class AuditedStore(Protocol):
    """The part of the store that keeps the chain."""

    def audit(self, notes: list[AuditNote], timeout_s: float = ...) -> list[int]:
        """Chain rows and wait for the commit."""
        ...

    def audited(self, *kinds: str) -> Iterator[AuditRow]:
        """Rows of some kinds, newest first."""
        ...


def note_policy(store: AuditedStore, *, version: str, sha256: str, vouched_by: str) -> None:
    """Note which egress policy is in force and who vouches for it, once for each change.

    Raises:
        StoreError: it cannot be written; then nothing may start under the policy.
    """
    body = json.dumps({"version": version, "sha256": sha256, "vouched_by": vouched_by})
    last = next(store.audited(POLICY_IN_FORCE), None)
    if last is None or last.body != body:
        store.audit([AuditNote(POLICY_IN_FORCE, "node", body)])
