"""Writes the templated part of the kiosk's question set from the demo shop's catalogue.

Reads the shop's CSV files itself, without the appliance's search or assistant, so that an expected answer is never
the kiosk's own. Same files, same questions, byte for byte; `tests/unit/edge_questions` holds it to that.
"""

import csv
import json
import random
import re
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from edge.questions.stage import STAGED_AT, staged_units

SHOP = Path("firmware-config/shops/demo")
TARGET = Path("tests/bench/kiosk_templated.toml")
Row = dict[str, str]

_PRICE = ("how much is the {}", "what does the {} cost?", "price of {}", "{} price please", "What's the price of {}?")
_PLACE = ("where is the {}", "Where can I find {}?", "which aisle is the {} in", "i'm looking for {}", "{}")
_STOCK = ("have you got {}", "Do you have {} in stock?", "is there any {} left", "do you sell {}")
_OFFER = ("is the {} on offer", "any deals on {}?", "{} offers")
_ALLERGENS = ("what allergens are in the {}", "ingredients of the {}", "are there any allergens in the {}?")
_SIZED = ("{size} {name}", "how much is the {name} {size}", "where is the {size} {name}")
_SEEN = {True: "on the shelf", False: "was empty", None: "cannot see"}
_SEED = 20261125


def main() -> int:
    """Write the file; says how many questions."""
    questions = list(_questions())
    lines = [
        "# Written by scripts/make_kiosk_questions.py from the demo shop's files; change it there.",
        "",
        "question = [",
    ]
    lines += [f"  {{ {', '.join(f'{key} = {_toml(value)}' for key, value in one.items())} }}," for one in questions]
    TARGET.write_text("\n".join([*lines, "]", ""]), encoding="utf-8")
    print(f"{TARGET}: {len(questions)} questions")
    return 0


def _toml(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _questions() -> Iterator[dict[str, object]]:
    rows, offers = _rows("catalogue.csv"), {row["sku"]: row for row in _rows("offers.csv")}
    on_offer = {sku: row for sku, row in offers.items() if row["from"] <= f"{STAGED_AT:%Y-%m-%d}" <= row["to"]}
    chance = random.Random(_SEED)
    order = list(range(len(rows)))
    chance.shuffle(order)
    numbers = iter(order)

    def some(count: int) -> list[int]:
        return [next(numbers) for _ in range(count)]

    for at, number in enumerate(some(60)):
        yield _asked("price", _PRICE[at % 5], rows, number, says=[_price(rows[number], on_offer)])
    for at, number in enumerate(some(60)):
        yield _asked("place", _PLACE[at % 5], rows, number, says=[_place(rows[number])])
    for at, number in enumerate(some(50)):
        row, units = rows[number], staged_units(number)
        seen = _SEEN[None if units is None else units > 0]
        yield _asked("stock", _STOCK[at % 4], rows, number, says=[_place(row)], says_of_one=[seen])
    for at, number in enumerate(some(50)):
        yield _misspelled(at, rows, number, chance, on_offer)
    for at, number in enumerate(some(40)):
        row = rows[number]
        listed = ", ".join(row["allergens"].split(";")) if row["allergens"] else "no allergens"
        if _is_named_alone(row, rows):
            yield _asked("allergens", _ALLERGENS[at % 3], rows, number, says=[listed, "check the label"])
    for at, sku in enumerate(sorted(on_offer)):
        number = next(n for n, row in enumerate(rows) if row["sku"] == sku)
        price = f"€{on_offer[sku]['offer_price']} instead of {_money(rows[number]['price'])}"
        yield _asked("offer", _OFFER[at % 3], rows, number, says=[price])
    for at, number in enumerate(some(40)):
        row = rows[number]
        spoken = _SIZED[at % 3].format(name=_spoken(row), size=row["size"])
        yield _one("size", spoken, row, rows, says=[_price(row, on_offer)] if at % 3 == 1 else [_place(row)])


def _rows(name: str) -> list[Row]:
    with (SHOP / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _asked(
    group: str, form: str, rows: list[Row], number: int, *, says: list[str], says_of_one: list[str] | None = None
) -> dict[str, object]:
    row = rows[number]
    return _one(group, form.format(_spoken(row)), row, rows, says=says, says_of_one=says_of_one)


def _one(
    group: str, ask: str, row: Row, rows: list[Row], *, says: list[str], says_of_one: list[str] | None = None
) -> dict[str, object]:
    """A question about one product; where its words fit others too, these may stand beside it."""
    alone = _is_named_alone(row, rows)
    question: dict[str, object] = {"ask": ask, "group": group, "products": [row["name"]]}
    if not alone:
        question["may_show_others"] = True
    return {**question, "says": [*says, *((says_of_one or []) if alone else [])]}


def _misspelled(
    at: int, rows: list[Row], number: int, chance: random.Random, on_offer: dict[str, Row]
) -> dict[str, object]:
    """One slip in the longest word: a letter left out, doubled, or two swapped; never the first letter."""
    row = rows[number]
    spoken = _spoken(row)
    word = max(re.findall(r"[a-z]+", spoken), key=len)
    place = chance.randrange(1, len(word) - 1)
    slipped = (
        word[:place] + word[place + 1 :],
        word[:place] + word[place] + word[place:],
        word[:place] + word[place + 1] + word[place] + word[place + 2 :],
    )[at % 3]
    form, says = (_PRICE[at % 5], _price(row, on_offer)) if at % 2 else (_PLACE[at % 5], _place(row))
    return _one("misspelled", form.format(spoken.replace(word, slipped)), row, rows, says=[says])


def _spoken(row: Row) -> str:
    """The name as it is said aloud."""
    return re.sub(r"\s*\d+(?:\.\d+)? %", "", row["name"]).casefold()


def _is_named_alone(row: Row, rows: list[Row]) -> bool:
    """Whether no other product's name and keywords hold all the words of this one's name."""
    words = set(_spoken(row).split())
    return not any(words <= _own_words(other) for other in rows if other is not row)


def _own_words(row: Row) -> set[str]:
    texts = (row["name"], row["brand"], row["keywords"].replace(";", " "))
    words = {word for text in texts for word in text.casefold().split()}
    return words | {word.removesuffix("s") for word in words} | {f"{word}s" for word in words}


def _price(row: Row, on_offer: dict[str, Row]) -> str:
    return _money(on_offer[row["sku"]]["offer_price"] if row["sku"] in on_offer else row["price"])


def _money(amount: str) -> str:
    return f"€{Decimal(amount):.2f}"


def _place(row: Row) -> str:
    return f"aisle {row['aisle']}, bay {row['bay']}"


if __name__ == "__main__":
    sys.exit(main())
