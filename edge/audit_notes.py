"""What a node notes in its audit chain besides facts: the policy it works under, and what staff did about a ticket.

Nothing personal belongs into a note: bodies are names, versions and hashes.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Protocol

from edge.audit import AuditNote, AuditRow

POLICY_IN_FORCE, TICKET = "policy.in_force", "console.ticket"
BY_STAFF = "staff at the console"
"""They share one password, so no closer is known who it was."""


class AuditedRows(Protocol):
    """The chain for whoever only reads it."""

    def audited(self, *kinds: str) -> Iterator[AuditRow]:
        """Rows of some kinds, newest first."""
        ...


class AuditedStore(AuditedRows, Protocol):
    """The part of the store that keeps the chain."""

    def audit(self, notes: list[AuditNote], timeout_s: float = ...) -> list[int]:
        """Chain rows and wait for the commit."""
        ...


@dataclass(frozen=True, slots=True)
class NotedPolicy:
    """An egress policy that is or was in force."""

    version: str
    sha256: str
    vouched_by: str
    serial: int = 0


def noted_policies(rows: AuditedRows) -> list[NotedPolicy]:
    """Which policies were in force here, newest first."""
    return [NotedPolicy(**json.loads(row.body)) for row in rows.audited(POLICY_IN_FORCE)]


def note_policy(store: AuditedStore, policy: NotedPolicy) -> None:
    """Note which egress policy is in force and who vouches for it, once for each change.

    Raises:
        StoreError: it cannot be written; then nothing may start under the policy.
    """
    if policy != next(iter(noted_policies(store)), None):
        store.audit([AuditNote(POLICY_IN_FORCE, "node", json.dumps(asdict(policy)))])


def note_ticket(store: AuditedStore, ticket: str, state: str) -> None:
    """Note that staff took a shopper's call or closed it.

    Raises:
        StoreError: it cannot be written; then it may not be done.
    """
    store.audit([AuditNote(TICKET, BY_STAFF, json.dumps({"ticket": ticket, "state": state}))])
