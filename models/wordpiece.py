"""Text to token ids for uncased BERT networks: the WordPiece of their authors, without its library.

Owns cleaning, splitting and the greedy longest match. A marker such as ``[SEP]`` typed by a shopper is plain text
here, never a marker. It knows no network; `models.embeddings` feeds the ids.

    "Crème brûlée?"  --clean, no accents, lower-->  creme brulee ?  --longest match-->  cr ##eme br ##ule ##e ?
"""

import unicodedata
from collections.abc import Iterator, Sequence
from itertools import chain, islice

MAX_WORD_CHARS = 100
UNKNOWN, BEGIN, END, PADDING = "[UNK]", "[CLS]", "[SEP]", "[PAD]"

_IDEOGRAPHS = (
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B81F),
    (0x2B820, 0x2CEAF),
    (0x2F800, 0x2FA1F),
)
"""The CJK blocks that the authors of BERT split character by character."""


class WordPiece:
    """Ids of texts under one vocabulary (Devlin et al., BERT, 2019; Wu et al., WordPiece, 2016). From any thread."""

    def __init__(self, vocabulary: Sequence[str]) -> None:
        """Index the vocabulary; the place of a piece is its id.

        Raises:
            ValueError: a marker is missing, or a piece is there twice.
        """
        self._ids = {piece: number for number, piece in enumerate(vocabulary)}
        missing = [marker for marker in (UNKNOWN, BEGIN, END, PADDING) if marker not in self._ids]
        if missing or len(self._ids) != len(vocabulary):
            raise ValueError(f"not a vocabulary: {' '.join(missing) or 'a piece twice'}")
        self.padding_id = self._ids[PADDING]

    def ids(self, text: str, *, max_tokens: int) -> list[int]:
        """The text between its two markers, cut after ``max_tokens`` ids, markers counted."""
        pieces = chain.from_iterable(self._pieces(word) for word in words(text))
        inner = [self._ids[piece] for piece in islice(pieces, max(0, max_tokens - 2))]
        return [self._ids[BEGIN], *inner, self._ids[END]]

    def _pieces(self, word: str) -> list[str]:
        """The longest known piece from the left, again and again; one dead end makes the whole word unknown."""
        if len(word) > MAX_WORD_CHARS:
            return [UNKNOWN]
        pieces: list[str] = []
        start = 0
        while start < len(word):
            candidates = (("##" if start else "") + word[start:end] for end in range(len(word), start, -1))
            piece = next((candidate for candidate in candidates if candidate in self._ids), None)
            if piece is None:
                return [UNKNOWN]
            pieces.append(piece)
            start += len(piece) - (2 if start else 0)
        return pieces


def words(text: str) -> Iterator[str]:
    """Lower-case words without accents; each punctuation mark and ideograph is a word of its own."""
    spaced = "".join(_spaced(character) for character in text)
    plain = (mark for mark in unicodedata.normalize("NFD", spaced) if unicodedata.category(mark) != "Mn")
    # One character at a time: the lower case of a Greek capital must not depend on its neighbours.
    for run in "".join(character.lower() for character in plain).split():
        yield from _between_punctuation(run)


def _spaced(character: str) -> str:
    if character in "\t\n\r":
        return " "
    if character == "\ufffd" or unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co"):
        return ""
    if character.isspace():
        return " "
    return f" {character} " if any(low <= ord(character) <= high for low, high in _IDEOGRAPHS) else character


def _between_punctuation(run: str) -> Iterator[str]:
    start = 0
    for place, character in enumerate(run):
        if _is_punctuation(character):
            if start < place:
                yield run[start:place]
            yield character
            start = place + 1
    if start < len(run):
        yield run[start:]


def _is_punctuation(character: str) -> bool:
    """Unicode's punctuation, and all of ASCII that is neither letter, digit nor space (``$``, ``+``, ``<``)."""
    return unicodedata.category(character).startswith("P") or (character.isascii() and not character.isalnum())
