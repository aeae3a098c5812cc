"""What of a growing answer may be shown already: whole characters, and nothing that a stop string may yet cut away.

Owns the place up to which an answer was told. Bytes in, text out; the pieces together are the whole answer's text.
"""

import codecs
from collections.abc import Sequence


class Pieces:
    """The telling of one answer."""

    def __init__(self, stop: Sequence[bytes]) -> None:
        self._beginnings = frozenset(text[:length] for text in stop for length in range(1, len(text)))
        self._longest = max(map(len, self._beginnings), default=0)
        self._decoder = codecs.getincrementaldecoder("utf-8")("ignore")
        self._told = 0

    def more_of(self, answer: bytes, *, is_whole: bool) -> str:
        """The text behind what was told before, perhaps none.

        Args:
            answer: all bytes of the answer so far, without a stop string that ended it.
            is_whole: nothing more will come, so nothing has to be held back.
        """
        until = len(answer) if is_whole else len(answer) - self._held(answer)
        text = self._decoder.decode(answer[self._told : until], final=is_whole)
        self._told = max(self._told, until)
        return text

    def _held(self, answer: bytes) -> int:
        """The length of the longest end of the answer with which a stop string begins."""
        longest = min(self._longest, len(answer))
        return next((length for length in range(longest, 0, -1) if answer[-length:] in self._beginnings), 0)
