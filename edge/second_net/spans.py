"""What a finder reports: which detector, and from which character to which. Never the characters themselves."""

from dataclasses import dataclass
from enum import StrEnum


class Detector(StrEnum):
    """What a span looks like."""

    CARD = "card"
    IBAN = "iban"
    EMAIL = "email"
    IP = "ip"
    PHONE = "phone"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Span:
    """Characters ``start``..``end`` (end excluded) of the scanned text."""

    detector: Detector
    start: int
    end: int
