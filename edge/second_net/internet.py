"""E-mail and IP addresses. A version number with four parts is no address where a word says that it is a version.

Sources: RFC 5321 (lengths), RFC 4291 (IPv6 text form, checked by the standard library).
"""

import ipaddress
import re
from collections.abc import Iterator

from edge.second_net.spans import Detector, Span

_EMAIL = re.compile(
    r"[\w.!#$&'*+/=?^`{|}~-]{1,64}(?:@|\s?[(\[](?:at|@)[)\]]\s?)"
    r"(?:\w(?:[\w-]{0,61}\w)?(?:\.|\s?[(\[](?:dot|punkt|point)[)\]]\s?))+[^\W\d_]{2,24}(?!\w)",
    re.IGNORECASE,
)
_MAY_BE_EMAIL = re.compile(r"@|[(\[]at[)\]]", re.IGNORECASE)
_IPV4 = re.compile(r"(?<![\w.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\w]|\.\d)")
_IPV6 = re.compile(r"(?<![\w:])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![\w:])")
_VERSION_WORD = re.compile(r"(?:version|release|build|firmware|driver|ver\.?)\W{0,3}$", re.IGNORECASE)
_SHORTEST_IPV6 = 5


def find_emails(text: str) -> Iterator[Span]:
    """E-mail addresses in a plain text."""
    if _MAY_BE_EMAIL.search(text):
        for match in _EMAIL.finditer(text):
            yield Span(Detector.EMAIL, *match.span())


def find_ips(text: str) -> Iterator[Span]:
    """IP addresses in a plain text."""
    if text.count(".") >= 3:
        for match in _IPV4.finditer(text):
            if not _VERSION_WORD.search(text[: match.start()][-20:]):
                yield Span(Detector.IP, *match.span())
    if text.count(":") >= 2:
        for match in _IPV6.finditer(text):
            if _is_ipv6(match.group()):
                yield Span(Detector.IP, *match.span())


def _is_ipv6(token: str) -> bool:
    if len(token.replace(":", "")) < _SHORTEST_IPV6 or not any(char.isdigit() for char in token):
        return False
    try:
        ipaddress.IPv6Address(token)
    except ValueError:
        return False
    return True
