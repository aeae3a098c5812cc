"""Follows a wording while it grows and hands out each sentence as soon as it is whole and proved.

Owns telling where a sentence ends: at the end of one of the turns of phrase that the model chooses among, never at a
full stop, which may stand in a name. What is handed out stays true whatever follows; what is not proved waits.

    pieces ─► a part's wording is whole ─► all so far proved? ─┬─► on_sentence
                                                              └─► nothing more before the end
"""

from collections.abc import Callable, Sequence


class Hearing:
    """One answer's sentences. Belongs to the asking thread."""

    def __init__(self, on_sentence: Callable[[str], None]) -> None:
        """``on_sentence`` gets each sentence; with a space between them they are the beginning of the answer."""
        self._on_sentence = on_sentence
        self._proves: Callable[[str], bool] = lambda _: False
        self._parts: list[Sequence[str]] = []
        self._text = ""
        self._read = self._said = 0
        """How many characters are read as whole parts, and how many of them are handed out."""

    def expect(self, parts: Sequence[Sequence[str]], proves: Callable[[str], bool]) -> None:
        """A wording of ``parts`` is about to come, as `edge.assistant.wording.grammar_of` holds the model to."""
        self._parts = list(parts)
        self._proves = proves

    def hear(self, piece: str) -> None:
        """The wording goes on."""
        self._text = (self._text + piece).lstrip()
        while self._parts and (length := self._whole(self._parts[0])) is not None:
            self._parts.pop(0)
            self._read += length
            if length and not self._hand_out(self._text[: self._read]):
                self._parts.clear()

    def end(self, answer: str) -> None:
        """The answer stands: hand out what is left of it, or all of it where it begins otherwise than expected."""
        said = self._text[: self._said]
        rest = answer.removeprefix(said)
        if rest.strip():
            self._on_sentence(rest.strip())

    def _whole(self, part: Sequence[str]) -> int | None:
        """Length of the wording of a part that stands there; None while it may go on, or is none of them."""
        rest = self._text[self._read :]
        lead = " " if self._read else ""
        options = [lead + wording if wording else "" for wording in part]
        if any(option.startswith(rest) and len(option) > len(rest) for option in options):
            return None
        return max((len(option) for option in options if rest.startswith(option)), default=None)

    def _hand_out(self, so_far: str) -> bool:
        if not self._proves(so_far):
            return False
        self._on_sentence(so_far[self._said :].strip())
        self._said = len(so_far)
        return True
