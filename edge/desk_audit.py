"""What staff do at the console's desk: each deed is a row of the audit chain before it is done.

Owns the form of those rows: names of places, counts, hashes. A name in which the second net finds something personal
is left out. Who it was the console does not know any closer: its staff share one password.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from edge.audit import AuditNote
from edge.audit_notes import BY_STAFF
from edge.console.desk import DeskRefusedError
from edge.detectors import scan
from edge.errors import StoreError

DRAWING, REFERENCE, LESSON = "console.drawing", "console.reference", "console.lesson"
_MOST_NAMES = 20

Drawn = Mapping[str, Sequence[Mapping[str, Any]]]
"""What is drawn on a camera, by kind; every place has an ``id``."""


class Audit(Protocol):
    """The part of the store that keeps the chain."""

    def audit(self, notes: Sequence[AuditNote], timeout_s: float = ...) -> list[int]:
        """Chain rows and wait for the commit."""
        ...


class DeskAudit:
    """Notes deeds. Any thread; waits for the disk."""

    def __init__(self, audit: Audit) -> None:
        self._audit = audit

    @contextmanager
    def deed(self, kind: str, about: Mapping[str, object]) -> Iterator[None]:
        """Note what is done inside the block, and, where it was not done after all, that as well.

        Raises:
            DeskRefusedError: it cannot be noted, so it is not done.
        """
        self._note(kind, about)
        try:
            yield
        except DeskRefusedError:
            self._note(f"{kind}.undone", about)
            raise

    def _note(self, kind: str, about: Mapping[str, object]) -> None:
        try:
            self._audit.audit([AuditNote(kind, BY_STAFF, json.dumps(about))])
        except StoreError as error:
            raise DeskRefusedError(f"Nothing was done: it cannot be noted in the audit ({error}).") from error


def changes(former: Drawn, made: Drawn) -> dict[str, dict[str, list[str]]]:
    """Names of the places that came, went and changed, by kind; what stayed as it was is not named."""
    told = {}
    for kind in made:
        was = {str(place["id"]): place for place in former.get(kind, ())}
        now = {str(place["id"]): place for place in made[kind]}
        sorts = {
            "added": now.keys() - was.keys(),
            "removed": was.keys() - now.keys(),
            "changed": {name for name in now.keys() & was.keys() if now[name] != was[name]},
        }
        if found := {sort: _named(names) for sort, names in sorts.items() if names}:
            told[kind] = found
    return told


def _named(names: Iterable[str]) -> list[str]:
    shown = ["(withheld)" if scan(name) else name for name in sorted(names)]
    return [*shown[:_MOST_NAMES], *([f"and {len(shown) - _MOST_NAMES} more"] if len(shown) > _MOST_NAMES else [])]
