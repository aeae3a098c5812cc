import base64
import csv
import itertools
import json
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.detectors import Detector, scan
from edge.second_net.cards import is_card_number
from edge.second_net.ibans import is_iban

# Test numbers that the card networks publish for trying a terminal.
CARDS = {
    "visa": "4111111111111111",
    "visa, nineteen digits": "4000000000000000006",
    "mastercard": "5555555555554444",
    "mastercard, second series": "2223003122003222",
    "american express": "378282246310005",
    "discover": "6011111111111117",
    "diners club": "30569309025904",
    "jcb": "3530111333300000",
    "unionpay": "6200000000000005",
    "maestro": "6759649826438453",
}
IBANS = ["GB29NWBK60161331926819", "DE89370400440532013000", "FR1420041010050500013M02606", "NO9386011117947"]
HARMLESS = {
    "sku": "BR-0001",
    "price": "2.49",
    "unit price": "4.98/kg",
    "size": "6 x 330 ml",
    "iso time": "2026-11-22T15:14:00.123456+00:00",
    "ean-13 that starts as a card does": "4006381333931",
    "ean-13 that passes luhn too": "4000000000006",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "digits of a digest in issuer range": "4111111111111111" + "a" + "0" * 47,
    "uuid": "123e4567-e89b-12d3-a456-426614174000",
    "slot": "dairy-2.left:3",
    "eight-digit number": "20261122",
    "a version": "1.24.100+build.5",
    "sixteen digits that fail luhn": "4111111111111112",
    "sixteen digits of no issuer": "9111111111111119",
    "twelve digits of a barcode that pass luhn": "503000000005",
    "a german day and time": "03.03.26 07.23 38",
    "uuid with digits in issuer range": "a601e299-5851-4685-9491-caadbd14fd00",
    "uuid that begins as an account": "ee53a7fd-0fa6-4db9-ac8f-841cb272fae9",
    "price after a word that also means to call": "KEY RING 1.99 375",
    "article number of the form of a phone": "0018824272657",
    "titled brand": "Dr. Oetker Ristorante, Mrs. Meyer's, Mr. Clean",
    "mix, short": "Pwdr/Crystl Drnk Mx Soft Drink Powder",
    "an order to a cook": "Cocktail Mixes-Fluid:Add Liquor",
    "brand that greets": "Hello Kitty lunch box",
    "a version with four parts": "firmware 1.24.100.5",
    "eleven o'clock": "11:00:05",
    "random base64": "q83vASNFZ4mrze8BI0VniavN7wEjRWeJ",
}
CARD = "4111111111111111"
SPELLINGS = {
    "plain": CARD,
    "spaced": "4111 1111 1111 1111",
    "dashed": "4111-1111-1111-1111",
    "dotted": "4111.1111.1111.1111",
    "digit by digit": " ".join(CARD),
    "in lines": "4111\n1111\n1111\n1111",
    "full width": "".join(chr(ord(digit) + 0xFEE0) for digit in CARD),
    "arabic digits, thin spaces": "\u2009".join(
        "".join(chr(0x660 + int(d)) for d in g) for g in ("4111", *["1111"] * 3)
    ),
    "with invisible characters": "\u200b".join(CARD),
    "in json": json.dumps({"pan": CARD, "exp": "12/28"}),
    "in escaped json": "".join(f"\\u{ord(digit):04x}" for digit in CARD),
    "in base64": base64.b64encode(f'{{"pan":"{CARD}"}}'.encode()).decode(),
    "in base64 for urls, twice": base64.urlsafe_b64encode(base64.b64encode(CARD.encode())).decode().rstrip("="),
    "in hexadecimal": CARD.encode().hex(),
    "in a url": "4111%201111%201111%201111",
    "in html": "".join(f"&#{ord(digit)};" for digit in CARD),
}
SHOP = Path("firmware-config/shops/demo")


def _detectors(text: str) -> list[Detector]:
    return [span.detector for span in scan(text)]


def _spelled(digits: str, separator: str) -> str:
    return separator.join(digits[place : place + 4] for place in range(0, len(digits), 4))


@pytest.mark.parametrize("separator", ["", " ", "-", ".", " - ", "\u00a0"])
@pytest.mark.parametrize("number", CARDS.values(), ids=CARDS)
def test_a_card_is_found_in_every_spelling_and_surrounding(number: str, separator: str) -> None:
    spelled = _spelled(number, separator) if len(separator) < 3 else number
    for text in (spelled, f"pay with {spelled}, please", f'{{"n":"{spelled}"}}', f"card={spelled}", f"x{spelled}y"):
        assert Detector.CARD in _detectors(text), text


@pytest.mark.parametrize("spelled", SPELLINGS.values(), ids=SPELLINGS)
def test_a_card_is_found_however_it_is_spelled_or_wrapped(spelled: str) -> None:
    for text in (spelled, f"till 3: {spelled} ok"):
        (span,) = [span for span in scan(text) if span.detector is Detector.CARD]
        assert set(text[: span.start]) <= set('till 3: {"pan":')
        assert text[: span.start] + text[span.end :] != text


def test_a_word_beside_it_makes_a_card_of_what_else_could_be_a_barcode() -> None:
    assert _detectors("4000000000006") == []
    assert _detectors("her card is 4000000000006") == [Detector.CARD]


def test_a_card_after_a_date_is_found_at_its_own_place() -> None:
    text = "2026-11-22 4111 1111 1111 1111"
    assert [text[span.start : span.end] for span in scan(text)] == ["4111 1111 1111 1111"]


@pytest.mark.parametrize("account", IBANS)
def test_an_iban_is_found_with_and_without_spaces(account: str) -> None:
    for text in (account, _spelled(account, " "), f"to {_spelled(account, ' ')} by friday", account.lower()):
        assert _detectors(text)[:1] == [Detector.IBAN], text


def test_an_iban_with_one_digit_changed_is_none() -> None:
    assert not is_iban("GB29NWBK60161331926818")


@pytest.mark.parametrize(
    "text",
    [
        "anna@example.com",
        "mail:j.o'neil+shop@mail.example.co.uk.",
        "anna%40example.org",
        "j\u00fcrgen@b\u00fccher.example",
    ],
)
def test_an_email_address_is_found(text: str) -> None:
    assert _detectors(text) == [Detector.EMAIL]


@pytest.mark.parametrize(
    "text",
    [
        "+49 30 1234567",
        "+44 (0)20 7946 0018",
        "0049 30 123456-78",
        "(555) 010-4477",
        "555-010-4477",
        "call me on 030 123456",
        "Tel. 0171/1234567",
        "my phone number is 07700 900123",
        "020 7946 0018",
        "06 12 34 56 78",
        "+41 (0)96 471 07 95",
        "stop receiving messages to 699 956 915",
        "085 175 7641-Office",
        "phone:030-1234567",
        "\uff0b\uff14\uff19 30 1234567",
    ],
)
def test_a_phone_number_is_found_by_its_form_or_by_the_word_before_it(text: str) -> None:
    assert _detectors(text) == [Detector.PHONE]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Mrs. Anna Berg paid", "Anna Berg"),
        ("my name is anna", "anna"),
        ("cardholder: ANNA BERG", "ANNA"),
        ("signed by J. M\u00fcller-Berg.", "J. M\u00fcller-Berg"),
        ("Anna Berg lives at the corner", "Anna Berg"),
        ("Dear Anna, thanks", "Anna"),
        ("customer:Anna-Berg", "Anna-Berg"),
        ("Herr Schmidt wartet", "Schmidt"),
        ("je m'appelle Zo\u00e9", "Zo\u00e9"),
    ],
)
def test_a_name_is_found_by_the_words_around_it(text: str, name: str) -> None:
    spans = [span for span in scan(text) if span.detector is Detector.NAME]
    assert spans
    assert text[spans[0].start : spans[0].end].startswith(name)


@pytest.mark.parametrize("text", ["192.168.1.20", "from 10.0.0.7:8080", "2001:db8::8a2e:370:7334", "[fe80::1]"])
def test_an_ip_address_is_found(text: str) -> None:
    assert _detectors(text) == [Detector.IP]


def test_what_is_wrapped_is_told_as_the_whole_wrapping() -> None:
    wrapped = base64.b64encode(b"write to anna@example.com").decode()
    text = f"blob={wrapped};"
    (span,) = scan(text)
    assert (span.detector, text[span.start : span.end]) == (Detector.EMAIL, wrapped)


def test_nothing_in_the_demo_shop_is_taken_for_personal() -> None:
    for name in ("catalogue.csv", "offers.csv"):
        for row in csv.reader((SHOP / name).read_text("utf-8").splitlines()):
            for text in (*row, " ".join(row), ",".join(row)):
                assert scan(text) == [], text


@pytest.mark.parametrize("text", HARMLESS.values(), ids=HARMLESS)
def test_what_a_shop_writes_every_day_is_not_taken_for_personal(text: str) -> None:
    assert scan(text) == []


@given(st.text(alphabet=string.printable, max_size=80))
def test_spans_never_overlap_and_lie_in_the_text(text: str) -> None:
    spans = scan(text)
    assert all(0 <= span.start < span.end <= len(text) for span in spans)
    assert all(before.end <= after.start for before, after in itertools.pairwise(spans))


@given(st.sampled_from(["4111", "5412", "2221", "6011"]), st.text(alphabet="0123456789", min_size=11, max_size=11))
def test_exactly_one_check_digit_makes_a_card(head: str, body: str) -> None:
    assert sum(is_card_number(head + body + digit) for digit in string.digits) == 1
