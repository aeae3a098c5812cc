"""Cards, accounts, telephones, addresses and names as people and programs spell them, made by hypothesis."""

import base64
import json
from dataclasses import dataclass

from hypothesis import strategies as st

_FIRST = ("Kanaria", "Philomena", "Thaddaeus", "Oktavia")
_LAST = ("Vogelsang", "Quittenbaum", "Zwiebelmeier", "Papendiek")
_MANNERS = (
    "{}",
    "my number is {} please",
    "where is the milk? {}",
    "[{}]",
    "till 3: {};",
    "is {} in stock",
    '{{"note": "{}"}}',
    "{} {}",
)


@dataclass(frozen=True)
class Planted:
    """Something personal inside a text; ``cores`` may be seen nowhere afterwards."""

    text: str
    cores: tuple[str, ...]


def spellings_of_card(card: str) -> list[str]:
    """Twelve ways to write a card's number."""
    groups = [card[place : place + 4] for place in range(0, len(card), 4)]
    return [
        card,
        *(by.join(groups) for by in (" ", "-", ".", "_", "\u00a0", ", ")),
        " ".join(card),
        "".join(chr(ord(digit) + 0xFEE0) for digit in card),
        "\u200b".join(groups),
        base64.b64encode(json.dumps({"pan": card}).encode()).decode(),
        card.encode().hex(),
    ]


@st.composite
def _cards(draw: st.DrawFn) -> tuple[str, list[str]]:
    body = draw(st.sampled_from(("4", "51", "55", "2221", "37"))) + draw(
        st.text("0123456789", min_size=11, max_size=11)
    )
    body = body[: 14 if body.startswith("37") else 15]
    body = body.ljust(14 if body.startswith("37") else 15, "7")
    card = body + str(_check_digit(body))
    return card, spellings_of_card(card)


def _check_digit(body: str) -> int:
    total = 0
    for place, digit in enumerate(reversed(body)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return -total % 10


@st.composite
def _accounts(draw: st.DrawFn) -> tuple[str, list[str]]:
    account = draw(st.text("0123456789", min_size=18, max_size=18))
    check = 98 - int(f"{account}131400") % 97
    iban = f"DE{check:02d}{account}"
    return iban, [iban, " ".join(iban[place : place + 4] for place in range(0, 22, 4)), iban.lower()]


@st.composite
def _mail(draw: st.DrawFn) -> tuple[str, list[str]]:
    name = f"zq{draw(st.text('abcdefghijklmnopqrstuvwxyz', min_size=6, max_size=12))}"  # no word of ours
    address = f"{name}@canary-{draw(st.integers(100, 999))}.example.org"
    return name, [address, address.upper(), base64.b64encode(address.encode()).decode()]


@st.composite
def _phones(draw: st.DrawFn) -> tuple[str, list[str]]:
    number = draw(st.text("23456789", min_size=8, max_size=8))
    return number, [f"+49 30 {number}", f"tel 030-{number}", f"call me on 030/{number[:4]} {number[4:]}"]


@st.composite
def _names(draw: st.DrawFn) -> tuple[str, list[str]]:
    first, last = draw(st.sampled_from(_FIRST)), draw(st.sampled_from(_LAST))
    return last, [f"my name is {first} {last}", f"Mrs. {first} {last}", f"i am {first.lower()} {last.lower()}"]


@st.composite
def planted_texts(draw: st.DrawFn) -> Planted:
    """A text with one secret in one spelling."""
    secret, spellings = draw(st.one_of(_cards(), _accounts(), _mail(), _phones(), _names()))
    spelled = draw(st.sampled_from(spellings))
    text = draw(st.sampled_from(_MANNERS)).format(spelled, spelled)
    return Planted(text, tuple({secret, secret.lower(), secret.upper(), spelled}))
