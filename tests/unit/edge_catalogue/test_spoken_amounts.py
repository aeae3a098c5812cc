"""Amounts as people say them, in the form in which the catalogue's sizes are compared."""

import pytest

from edge.catalogue_words import words_of


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("half a litre of kefir", ["500ml", "kefir"]),
        ("a litre of cola", ["1000ml", "cola"]),
        ("one and a half litres of cola", ["1500ml", "cola"]),
        ("a quarter kilo of butter", ["250g", "butter"]),
        ("three quarters of a litre", ["750ml"]),
        ("quarter of a pound of butter", ["113.5g", "butter"]),
        ("two kilos of oranges", ["2000g", "orange"]),
        ("a pint of ale", ["568ml", "ale"]),
        ("six eggs", ["6", "egg"]),
        ("a dozen eggs", ["12", "egg"]),
        ("half a dozen eggs", ["6", "egg"]),
        ("the salted one", ["salted", "one"]),
        ("mineral water six-pack", ["mineral", "water", "six", "pack"]),
    ],
)
def test_a_spoken_amount_is_read(said: str, words: list[str]) -> None:
    assert words_of(said) == words
