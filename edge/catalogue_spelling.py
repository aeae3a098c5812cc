"""Which known word a misspelled one may be.

Owns how far a word may be from the one that was meant. Pure; knows no product and no language.
"""

from collections.abc import Container, Sequence

from rapidfuzz import process
from rapidfuzz.distance import OSA, Indel

_CORRECTIONS = 4
_SHORT = 7
_ENDING = 2
"""Letters of a known word's own ending, which its comparable form has lost."""


def corrections(word: str, known: Sequence[str]) -> dict[str, float]:
    """Known words that ``word`` may be misspelled from, all equally near, each with how sure that is (0 to 1)."""
    allowed = _allowed_distance(word)
    if not allowed:
        return {}
    near = process.extract(word, known, scorer=OSA.distance, score_cutoff=allowed, limit=_CORRECTIONS)
    best = min((distance for _, distance, _ in near), default=0)
    return {
        meaning: 1.0 - distance / max(len(word), len(meaning))
        for meaning, distance, _ in near
        if distance == best and _is_plausible(word, meaning, int(distance))
    }


def is_surely_meant(word: str, meaning: str) -> bool:
    """Whether a correction leaves no doubt: in a short word one letter too many, too few or swapped, none replaced."""
    if len(word) > _SHORT:
        return True
    is_replaced = len(word) == len(meaning) and sorted(word) != sorted(meaning)
    return not is_replaced and OSA.distance(word, meaning) <= 1


def is_near_beside(word: str, meaning: str, known: Container[str]) -> bool:
    """Whether the rest is near too where both begin with the same known word: "Kaffeesahne" is no "Kaffeebohne"."""
    cuts = range(len(word) - 3, 3, -1)
    shared = next((cut for cut in cuts if word[:cut] in known and meaning.startswith(word[:cut])), 0)
    if not shared:
        return True
    for _ in range(_ENDING):
        if word[shared : shared + 1] == meaning[shared : shared + 1]:
            shared += 1
    rest, other = word[shared:], meaning[shared:]
    is_shortened = Indel.distance(rest, other) == abs(len(rest) - len(other))
    return is_shortened or OSA.distance(rest, other) <= max(1, _allowed_distance(rest))


def _allowed_distance(word: str) -> int:
    if len(word) < 4:
        return 0
    return 1 if len(word) <= 5 else 2 if len(word) <= 10 else 3


def _is_plausible(word: str, meaning: str, distance: int) -> bool:
    """Short words are corrected only by a missing, doubled or swapped letter; a wrong first letter costs one edit."""
    if word[0] != meaning[0] and (distance > 1 or len(word) < 6) and sorted(word[:2]) != sorted(meaning[:2]):
        return False
    is_substituted = len(word) == len(meaning) and sorted(word) != sorted(meaning)
    return not (len(word) <= 4 and is_substituted)
