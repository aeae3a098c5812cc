"""What a JPEG or PNG picture says of itself, read from its bytes before anything is decoded.

Owns the kind, the size, how often a decoder would have to go over it, and when it was taken (Exif). Reads hostile
bytes: nothing is believed about lengths, and what makes no sense is None.
"""

from datetime import UTC, datetime
from typing import Literal

Kind = Literal["jpeg", "png"]

_JPEG_START, _PNG_START = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
_SCAN = b"\xff\xda"
_EXIF = b"Exif\0\0"
_EXIF_TABLE, _TAKEN, _OFFSET = 0x8769, 0x9003, 0x9011
_MOST_ENTRIES = 200


def kind_of(picture: bytes) -> Kind | None:
    """Which of the two it is, by its first bytes."""
    if picture.startswith(_JPEG_START):
        return "jpeg"
    return "png" if picture.startswith(_PNG_START) else None


def size_of(picture: bytes) -> tuple[int, int] | None:
    """Width and height in pixels by the header (ITU T.81, B.2; PNG, 11.2.2); None when there is none."""
    if picture.startswith(_PNG_START):
        if picture[12:16] != b"IHDR" or len(picture) < 24:
            return None
        return int.from_bytes(picture[16:20]), int.from_bytes(picture[20:24])
    for marker, at in _segments(picture):
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC) and at + 7 <= len(picture):
            return int.from_bytes(picture[at + 5 : at + 7]), int.from_bytes(picture[at + 3 : at + 5])
    return None


def scans_of(jpeg: bytes) -> int:
    """How often a decoder goes over the whole picture, at most: coded data never hold the mark (T.81, B.1.1)."""
    return jpeg.count(_SCAN)


def taken_at(picture: bytes) -> datetime | None:
    """When a JPEG was taken, in UTC, where its Exif data give the time with its offset (Exif 2.31, 4.6.5)."""
    for marker, at in _segments(picture):
        if marker == 0xE1 and picture[at + 2 : at + 8] == _EXIF:
            return _exif_time(picture[at + 8 : at + int.from_bytes(picture[at : at + 2])])
    return None


def _segments(jpeg: bytes) -> list[tuple[int, int]]:
    """Markers before the first scan, each with where its length stands."""
    found, at = [], 2
    while at + 4 <= len(jpeg) and jpeg[at] == 0xFF:
        marker = jpeg[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        found.append((marker, at + 2))
        if marker == _SCAN[1]:
            break
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4])
    return found


def _exif_time(tiff: bytes) -> datetime | None:
    order: Literal["little", "big"] = "little" if tiff[:2] == b"II" else "big"
    outer = _texts(tiff, int.from_bytes(tiff[4:8], order), order)
    inner = _texts(tiff, int.from_bytes(outer.get(_EXIF_TABLE, b""), order), order)
    text = inner.get(_TAKEN, b"")[:19] + inner.get(_OFFSET, b"")[:6]
    try:
        return datetime.strptime(text.decode("ascii"), "%Y:%m:%d %H:%M:%S%z").astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _texts(tiff: bytes, at: int, order: Literal["little", "big"]) -> dict[int, bytes]:
    """The entries of one table, as their bytes; a single number lies in the entry itself (TIFF 6.0, 2)."""
    found = {}
    for entry in range(min(int.from_bytes(tiff[at : at + 2], order), _MOST_ENTRIES)):
        row = tiff[at + 2 + 12 * entry : at + 14 + 12 * entry]
        tag, count, value = (int.from_bytes(row[a:b], order) for a, b in ((0, 2), (4, 8), (8, 12)))
        found[tag] = tiff[value : value + min(count, 64)] if count > 1 else row[8:12]
    return found
