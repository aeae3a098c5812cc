"""What head office signs: one rule for the bytes, one reader for the payload.

Signed is a JSON array of whole numbers and strings as RFC 8785 writes it (UTF-8, no spaces, shortest escapes), as in
the node's audit chain. It is made anew from the values that were read, never taken from the wire, so another spelling
of the same values is the same document. Verifies nothing itself: whoever holds the keys hands in ``IsSigned``.
"""

import json
import re
from collections.abc import Callable
from typing import Any

from sync.errors import MessageInvalidError

IsSigned = Callable[[str, str, bytes], bool]
"""Whether a public key's signature, both in hexadecimal, is over these bytes."""

MAX_BYTES = 4096
MAX_NUMBER = 2**53 - 1
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
_SIGNATURE = re.compile(r"[0-9a-f]{128}")


def canonical_bytes(*parts: int | str) -> bytes:
    """What a signature covers."""
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode()


def read_object(payload: bytes, names: frozenset[str]) -> dict[str, Any]:
    """A JSON object with exactly these names.

    Raises:
        MessageInvalidError: it is anything else; its content is not repeated in the text.
    """
    if len(payload) > MAX_BYTES:
        raise MessageInvalidError("signed document is too long")
    try:
        found = json.loads(payload.decode())
    except (ValueError, RecursionError) as error:
        raise MessageInvalidError("signed document is not JSON") from error
    if not isinstance(found, dict) or set(found) != names:
        raise MessageInvalidError("signed document has other fields than it must have")
    return found


def name_in(value: object) -> str:
    """A name of ours: letters, digits, dot, dash, underscore, colon.

    Raises:
        MessageInvalidError: it is none.
    """
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise MessageInvalidError("signed document holds something that is no name")
    return value


def number_in(value: object, *, least: int = 0) -> int:
    """A whole number that every language can hold (RFC 8785, section 3.2.2.3).

    Raises:
        MessageInvalidError: it is none, or out of bounds.
    """
    # JSON's true and false are whole numbers to Python.
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= MAX_NUMBER:
        raise MessageInvalidError("signed document holds something that is no number of the right size")
    return value


def signature_in(value: object) -> str:
    """A signature, 64 bytes in lower-case hexadecimal.

    Raises:
        MessageInvalidError: it is none.
    """
    if not isinstance(value, str) or not _SIGNATURE.fullmatch(value):
        raise MessageInvalidError("signed document holds no signature")
    return value
