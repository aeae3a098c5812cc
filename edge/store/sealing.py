"""When the audit chain is sealed by time, and the fact that tells head office of it.

The writer seals by number of rows itself (`edge.store.book`); here is the clock's part. Runs in the writer's thread.
"""

from collections.abc import Callable

from edge.audit import SEAL_EVERY_S, Checkpoint
from edge.clock import Clock
from edge.facts import AuditCheckpointFact, Fact
from edge.store.book import Book
from edge.store.rows import Draft, from_us


class Sealing:
    """Seals at the start what the last run left unsealed, then once an hour."""

    def __init__(self, clock: Clock, draft: Callable[[Fact], Draft]) -> None:
        self._clock = clock
        self._draft = draft
        self._sealed_s = float("-inf")

    def draft(self, made: Checkpoint) -> Draft:
        """The fact of a checkpoint, ready for the writer."""
        return self._draft(
            AuditCheckpointFact(
                at=from_us(made.at_us),
                mono_s=self._clock.mono_s(),
                source="store",
                first=made.first,
                last=made.last,
                root=made.root,
                head=made.head,
                key=made.key,
                signature=made.signature,
            )
        )

    def run(self, book: Book) -> None:
        """One pass; a transaction of its own when a seal is due."""
        now_s = self._clock.mono_s()
        if now_s - self._sealed_s < SEAL_EVERY_S:
            return
        self._sealed_s = now_s
        if book.audit.unsealed:
            with book.transaction():
                book.seal()
