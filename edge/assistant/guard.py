"""The first to see a shopper's words: cleans them, masks personal data, stops attacks on the language model.

What leaves here holds no card number, IBAN, e-mail address or telephone number; nothing behind it sees the original.
Refuses only what is plainly aimed at the machine: a rude or dangerous-sounding question is an ordinary question.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

MAX_CHARS = 300
Masked = Literal["card", "iban", "email", "phone"]

_EMAIL = re.compile(r"[\w.+-]{1,64}\s?(?:@|\(at\))\s?[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
_IBAN = re.compile(r"\b[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]{4}){2,7}(?:[ -]?[A-Za-z0-9]{1,3})?\b")
_DIGITS = re.compile(r"(?<![\w.])\+?\(?\d(?:[ ()./-]{0,2}\d){6,22}(?!\w)")
_EAN = re.compile(r"\d{8}|\d{12,14}")

_ATTACKS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\b(ignore|disregard|forget|override|bypass)\b.{0,40}\b(instruction|prompt|rule|guideline|polic)",
        r"\b(ignore|disregard|forget)\b.{0,40}\b(everything|previous|above|learned|told|before)",
        r"\b(system|developer|hidden|initial|original)\s+(prompt|message|instruction)",
        r"\b(reveal|repeat|print|show|output|leak)\b.{0,40}\b(prompt|instructions|configuration|password|secret)",
        r"\b(reveal|repeat|print|show|output|leak)\b.{0,40}\b(your|hidden|internal) (rules|guidelines)",
        r"\b(you are now|from now on you|act as|pretend (to be|you)|roleplay|role-play|simulate)\b",
        r"\b(jailbreak|DAN mode|developer mode|god mode|do anything now|unfiltered)\b",
        r"<\|?\s*(im_start|im_end|system|user|assistant|endoftext|script)|\[/?INST\]|<<SYS>>",
        r"\b(assistant|system)\s*:",
        r"\b(say|tell|claim|state|write|pretend)\b.{0,30}\b(is free|are free|for free|everything is)",
        r"\b(say|tell|claim|state|write|pretend)\b.{0,30}\bcosts? (nothing|0|zero)",
        r"(;|'|\")\s*(drop|delete|insert|update|select|union)\b|\bunion\s+select\b|\{\{.*\}\}|\$\{|\.\./",
        r"\b(staff|employee|cashier|manager|customer)('s)?\s+(password|pin|salary|address|phone|home|number)\b",
    )
)


@dataclass(frozen=True, slots=True)
class Guarded:
    """A question that is safe to go on with, or None as ``text`` where it is an attack or empty."""

    text: str | None
    masked: tuple[Masked, ...] = ()
    is_attack: bool = False


def guard(question: str) -> Guarded:
    """Clean, mask, judge; pure.

    ``question`` may be anything; over `MAX_CHARS` it is cut here, though the kiosk refuses it before.
    """
    clean = _cleaned(question)[:MAX_CHARS]
    text, masked = _masked(clean)
    if any(attack.search(text) for attack in _ATTACKS):
        return Guarded(None, masked, is_attack=True)
    return Guarded(text or None, masked)


def _cleaned(question: str) -> str:
    """One line of visible characters: compatibility forms folded, control and invisible characters gone."""
    folded = unicodedata.normalize("NFKC", question)
    kept = (
        " " if char.isspace() else char for char in folded if char.isspace() or unicodedata.category(char)[0] != "C"
    )
    return " ".join("".join(kept).split())


def _masked(text: str) -> tuple[str, tuple[Masked, ...]]:
    found: list[Masked] = []

    def replace(kind: Masked) -> str:
        found.append(kind)
        return f"[{kind}]"

    text = _EMAIL.sub(lambda _: replace("email"), text)
    text = _IBAN.sub(lambda match: replace("iban") if _is_iban(match[0]) else match[0], text)
    text = _DIGITS.sub(lambda match: _masked_digits(match[0], replace), text)
    return text, tuple(found)


def _masked_digits(run: str, replace: Callable[[Masked], str]) -> str:
    digits = re.sub(r"\D", "", run)
    if 13 <= len(digits) <= 19 and _passes_luhn(digits):
        return replace("card")
    if _EAN.fullmatch(run.strip()) and not run.startswith(("0", "+")):
        return run  # an article number typed from a pack; a telephone number starts with 0 or +
    if len(digits) >= 9 or (run.lstrip("(").startswith(("0", "+")) and len(digits) >= 7):
        return replace("phone")
    return run


def _passes_luhn(digits: str) -> bool:
    doubled = (int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(digits)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def _is_iban(text: str) -> bool:
    """Check digits after ISO 13616: the rearranged number modulo 97 is 1."""
    compact = re.sub(r"[ -]", "", text).upper()
    if not 15 <= len(compact) <= 34:
        return False
    return int("".join(str(int(char, 36)) for char in compact[4:] + compact[:4])) % 97 == 1
