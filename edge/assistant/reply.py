"""What an answer is before it is proved: its text by template, the facts behind it, and what it was about."""

from dataclasses import dataclass

from edge.assistant.intents import Intent
from edge.assistant.talk import Talk, after
from edge.assistant.tool_facts import ToolFact


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer before it is proved; ``sku`` is the one product it is about, if it is about one."""

    intent: Intent
    text: str
    facts: tuple[ToolFact, ...] = ()
    sku: str | None = None
    may_be_worded: bool = False
    candidates: tuple[str, ...] = ()
    """SKUs that the answer asks back about, those that are not shown included."""

    def talk(self, before: Talk) -> Talk:
        """What the next question may lean on."""
        return after(self.intent, self.sku, self.candidates, before=before)
