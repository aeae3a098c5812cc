"""Numbers that machines write and that are nobody's: digests, UUIDs, barcodes that prove themselves, days.

Source of the check digit: GS1 General Specifications, 7.9; of the UUID's form: RFC 9562.
"""

import re

_DIGEST = re.compile(
    r"(?<![0-9a-zA-Z])(?=[0-9a-f-]*[a-f])(?:[0-9a-f]{32,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?![0-9a-zA-Z])"
)
_DAY = re.compile(
    r"(?<!\d)(?:[0-3]\d(?P<by>[./-])[0-3]\d(?P=by)(?:19|20)?\d{2}(?!(?P=by)|\d)|(?:19|20)\d{2}-[01]\d-[0-3]\d(?!\d))"
)
_BARCODE_LENGTHS = frozenset({8, 12, 13, 14})


class Digests:
    """Places of the digests and UUIDs in a text."""

    def __init__(self, text: str) -> None:
        self._places = [match.span() for match in _DIGEST.finditer(text)] if len(text) >= 32 else []

    def hold(self, start: int, end: int) -> bool:
        """Whether these characters lie in one of them."""
        return any(first <= start and end <= last for first, last in self._places)


def is_barcode(digits: str) -> bool:
    """Whether the last digit proves the others, as on a GTIN-8, -12, -13 or -14."""
    if len(digits) not in _BARCODE_LENGTHS:
        return False
    return (sum(map(int, digits[-1::-2])) + 3 * sum(map(int, digits[-2::-2]))) % 10 == 0


def holds_day(text: str) -> bool:
    """Whether there is a calendar day in it, such as 2026-11-22, 22.11.26 or 11/22/2026."""
    return _DAY.search(text) is not None
