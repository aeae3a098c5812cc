import itertools
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.detectors import Detector, is_card_number, is_iban, scan

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
}


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
    ],
)
def test_a_phone_number_is_found_by_its_form_or_by_the_word_before_it(text: str) -> None:
    assert _detectors(text) == [Detector.PHONE]


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
