"""What the MCP server did since the start, in numbers: all that is ever kept of a call. Any thread may look and add."""

from dataclasses import dataclass, replace
from threading import Lock


@dataclass(frozen=True, slots=True)
class Counts:
    """``refused`` are calls without the key, too many, or with wrong arguments; ``failed`` is our fault."""

    calls: int = 0
    refused: int = 0
    failed: int = 0
    attacks: int = 0
    """Texts that were aimed at the machine; among ``refused``."""


class Counter:
    """The current counts."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.counts = Counts()

    def add(self, **more: int) -> None:
        """Add to the named counts."""
        with self._lock:
            self.counts = replace(self.counts, **{name: getattr(self.counts, name) + by for name, by in more.items()})
