"""Text inside other text: Base64 (RFC 4648, both alphabets) and hexadecimal, where what comes out can be read.

Digests, keys and hashed fields hold bytes that cannot be read, so they give nothing.
"""

import base64
import binascii
import re
from collections.abc import Iterator

_BASE64 = (
    re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{10,}={0,2}"),
    re.compile(r"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{10,}={0,2}"),
)
_HEX = re.compile(r"(?<![0-9A-Za-z])(?:0x)?((?:[2-7][0-9A-Fa-f]){6,})(?![0-9A-Za-z])")


def unwrapped(text: str) -> Iterator[tuple[int, int, str]]:
    """Start and end of each token that holds a readable text, and that text."""
    seen: set[tuple[int, int]] = set()
    for pattern in _BASE64 if not (text.islower() or text.isupper()) else ():
        for match in pattern.finditer(text):
            if match.span() not in seen and (inner := _from_base64(match.group().rstrip("="))) is not None:
                seen.add(match.span())
                yield *match.span(), inner
    for match in _HEX.finditer(text):
        if (inner := _readable(bytes.fromhex(match[1]))) is not None:
            yield *match.span(), inner


def _from_base64(token: str) -> str | None:
    # A word, a number, a digest or a hashed field is of one case; text of some length encodes to both.
    if not (any(char.islower() for char in token) and any(char.isupper() for char in token)):
        return None
    whole = token[: len(token) - 1] if len(token) % 4 == 1 else token
    try:
        raw = base64.b64decode(whole + "=" * (-len(whole) % 4), altchars=b"-_" if {"-", "_"} & set(whole) else None)
    except binascii.Error:
        return None
    return _readable(raw)


def _readable(raw: bytes) -> str | None:
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return None
    return text if all(char.isprintable() or char.isspace() for char in text) else None
