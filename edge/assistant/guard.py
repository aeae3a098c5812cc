"""The first to see a shopper's words: cleans them, masks personal data, stops attacks on the language model.

What leaves here holds no card number, bank account, e-mail or IP address, telephone number or told name; nothing
behind it sees the original. Refuses only what is aimed at the machine; what is meant to hurt people is no refusal but
gets no goods shown either. Other programs' texts are masked and judged here as well.

    question ─► clean ─► mask ─► judge ─┬─► text with [marks], and the question without them
                                        └─► none: an attack, a harmful wish, too long, or nothing left
"""

import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from edge.assistant.attacks import Attack, attack_in
from edge.detectors import Detector, Span, scan
from edge.second_net.machine_numbers import holds_day

MAX_CHARS = 300

_DIGITS = re.compile(r"(?<![\w.])\+?\(?\d(?:[ ()./-]{0,2}\d){6,22}(?!\w)")
_AT_WRITTEN_OUT = re.compile(r"[\w.+-]{1,64}\s?[\[(]\s?at\s?[\])]\s?[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}", re.IGNORECASE)
_EAN = re.compile(r"\d{8}|\d{12,14}")
_MARK = re.compile(rf"\[(?:{'|'.join(Detector)})\]")
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Guarded:
    """A question that is safe to go on with, or None where nobody may go on."""

    text: str | None
    """With a mark such as ``[card]`` in the place of each personal thing."""
    masked: tuple[Detector, ...] = ()
    attack: Attack | None = None

    @property
    def is_attack(self) -> bool:
        """Whether it was aimed at the machine."""
        return self.attack is not None and self.attack is not Attack.HARM

    @property
    def question(self) -> str | None:
        """The text without the marks: what is left to ask; None where nothing is."""
        return None if self.text is None else " ".join(_MARK.sub(" ", self.text).split()) or None


def guard(question: str, *, goods: Collection[str] = frozenset()) -> Guarded:
    """Clean, mask, judge; pure.

    Args:
        question: anything; what is longer than `MAX_CHARS` is no question.
        goods: words of the shop's own products, lower case: "Dr. Schär" is then nobody's name.
    """
    clean = _cleaned(question)
    attack = attack_in(clean)
    if attack is not None or len(clean) > MAX_CHARS:
        return Guarded(None, attack=attack)
    text, masked = _with_rows_of_digits_masked(*masked_text(clean, goods=goods))
    return Guarded(text or None, masked)


def masked_text(text: str, *, goods: Collection[str] = frozenset()) -> tuple[str, tuple[Detector, ...]]:
    """The text with a mark in the place of each personal thing, and what was masked, in order; pure."""
    spans = [span for span in scan(text) if not _is_goods(text, span, goods)]
    written_out = [Span(Detector.EMAIL, *match.span()) for match in _AT_WRITTEN_OUT.finditer(text)]
    spans += [span for span in written_out if all(span.end <= o.start or span.start >= o.end for o in spans)]
    spans.sort(key=lambda span: span.start)
    for span in reversed(spans):
        text = f"{text[: span.start]}[{span.detector}]{text[span.end :]}"
    return text, tuple(span.detector for span in spans)


def words_of_goods(titles: Iterable[str]) -> frozenset[str]:
    """The words of products' titles as `guard` wants them."""
    return frozenset(word for title in titles for word in _WORD.findall(title.casefold()))


def _is_goods(text: str, span: Span, goods: Collection[str]) -> bool:
    words = _WORD.findall(text[span.start : span.end].casefold())
    return span.detector is Detector.NAME and bool(words) and all(word in goods for word in words)


def _cleaned(question: str) -> str:
    """One line of visible characters: compatibility forms folded, control and invisible characters gone."""
    folded = unicodedata.normalize("NFKC", question)
    kept = (
        " " if char.isspace() else char for char in folded if char.isspace() or unicodedata.category(char)[0] != "C"
    )
    return " ".join("".join(kept).split())


def _with_rows_of_digits_masked(text: str, masked: tuple[Detector, ...]) -> tuple[str, tuple[Detector, ...]]:
    """At a kiosk a bare row of digits is somebody's number, where it is no article number and no day."""
    found: list[Detector] = []

    def judged(run: re.Match[str]) -> str:
        if not _is_somebodys(run[0]):
            return run[0]
        found.append(Detector.PHONE)
        return f"[{Detector.PHONE}]"

    return _DIGITS.sub(judged, text), (*masked, *found)


def _is_somebodys(run: str) -> bool:
    digits = re.sub(r"\D", "", run)
    is_dialled = run.lstrip("(").startswith(("0", "+"))
    if holds_day(run) or (_EAN.fullmatch(run.strip()) and not is_dialled):
        return False  # an article number typed from a pack; a telephone number starts with 0 or +
    return len(digits) >= 9 or (is_dialled and len(digits) >= 7)
