"""Writes the templated part of the kiosk's question set in another language, from the demo shop's names in it.

Reads the CSV files and the second opinion's writing, without the appliance's search or assistant. Same files, same
questions, byte for byte. `python scripts/make_language_questions.py de` reads `tests/bench/de/forms.toml`.
"""

import csv
import json
import random
import re
import sys
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.questions.marks import Written, marks_of
from edge.questions.stage import STAGED_AT, staged_units

SHOP = Path("firmware-config/shops/demo")
TARGETS = Path("tests/bench")
Row = dict[str, str]
_SEED = 20261125
_COUNTS = {"price": 40, "place": 40, "stock": 30, "misspelled": 30, "allergens": 20}


def main(code: str) -> int:
    """Write the file; says how many questions."""
    target = TARGETS / code / "kiosk_templated.toml"
    text = written_set(code)
    target.write_text(text, encoding="utf-8")
    print(f"{target}: {text.count('ask = ')} questions")
    return 0


def written_set(code: str) -> str:
    """The file's text."""
    lines = [
        f"# Written by scripts/make_language_questions.py {code}; change it there or in forms.toml.",
        "",
        "question = [",
    ]
    lines += [
        f"  {{ {', '.join(f'{key} = {_toml(value)}' for key, value in one.items())} }},"
        for one in _Set.of(code).questions()
    ]
    return "\n".join([*lines, "]", ""])


def _toml(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _rows(name: str) -> list[Row]:
    with (SHOP / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@dataclass(frozen=True)
class _Set:
    """The shop in one language, and how it is asked."""

    rows: list[Row]
    on_offer: Mapping[str, Row]
    forms: Mapping[str, Any]
    written: Written

    @classmethod
    def of(cls, code: str) -> "_Set":
        names = {row["sku"]: row for row in _rows(f"catalogue.{code}.csv")}
        rows = [{**row, **names.get(row["sku"], {})} for row in _rows("catalogue.csv")]
        today = f"{STAGED_AT:%Y-%m-%d}"
        on_offer = {row["sku"]: row for row in _rows("offers.csv") if row["from"] <= today <= row["to"]}
        forms = tomllib.loads((TARGETS / code / "forms.toml").read_text(encoding="utf-8"))
        return cls(rows, on_offer, forms, marks_of(code).written)

    def questions(self) -> Iterator[dict[str, object]]:
        """Every group in turn, over products drawn without repetition."""
        chance = random.Random(_SEED)
        order = list(range(len(self.rows)))
        chance.shuffle(order)
        numbers = iter(order)
        for group, count in _COUNTS.items():
            for at in range(count):
                number = next(numbers)
                row = self.rows[number]
                if group != "allergens" or self._is_named_alone(row):
                    yield self._one(group, at, row, number, chance)
        for at, sku in enumerate(sorted(self.on_offer)):
            row = next(row for row in self.rows if row["sku"] == sku)
            yield self._one("offer", at, row, 0, chance)

    def _one(self, group: str, at: int, row: Row, number: int, chance: random.Random) -> dict[str, object]:
        """A question about one product; where its words fit others too, these may stand beside it."""
        alone, spoken = self._is_named_alone(row), _spoken(row)
        forms = self.forms[group if group != "misspelled" else ("place", "price")[at % 2]]
        if group == "misspelled":
            spoken = _slipped(spoken, at, chance)
        question: dict[str, object] = {"ask": forms[at % len(forms)].format(spoken), "group": group}
        question["products"] = [row["name"]]
        if not alone:
            question["may_show_others"] = True
        return {**question, "says": self._says(group, at, row, number, alone=alone)}

    def _says(self, group: str, at: int, row: Row, number: int, *, alone: bool) -> list[str]:
        match group:
            case "price":
                return [self._price(row)]
            case "stock":
                units, forms = staged_units(number), self.forms
                seen = forms["unseen"] if units is None else forms["seen"] if units else forms["empty"]
                return [self._where(row), *([seen] if alone else [])]
            case "allergens":
                named = [self.written.allergens.get(one, one) for one in row["allergens"].split(";") if one]
                return [", ".join(named) if named else self.forms["none_listed"]]
            case "offer":
                return [self.forms["instead"].format(price=self._price(row), normal=self.written.price(row["price"]))]
        return [self._price(row) if group == "misspelled" and at % 2 else self._where(row)]

    def _price(self, row: Row) -> str:
        return self.written.price(
            self.on_offer[row["sku"]]["offer_price"] if row["sku"] in self.on_offer else row["price"]
        )

    def _where(self, row: Row) -> str:
        return str(self.forms["where"].format(aisle=row["aisle"], bay=row["bay"]))

    def _is_named_alone(self, row: Row) -> bool:
        """Whether no other product's name and keywords hold the beginnings of all the words of this one's name."""
        words = {_stem(word) for word in _spoken(row).split()}
        return not any(words <= _own_stems(other) for other in self.rows if other is not row)


def _spoken(row: Row) -> str:
    """The name as it is said aloud."""
    return re.sub(r"\s*\d+(?:[.,]\d+)? ?%", "", row["name"]).casefold()


def _own_stems(row: Row) -> set[str]:
    texts = (row["name"], row["brand"], row["keywords"].replace(";", " "))
    return {_stem(word) for text in texts for word in text.casefold().split()}


def _stem(word: str) -> str:
    plain = unicodedata.normalize("NFKD", word)
    bare = "".join(char for char in plain if not unicodedata.combining(char))
    return bare[: max(4, len(bare) - 2)]


def _slipped(spoken: str, at: int, chance: random.Random) -> str:
    """One slip in the longest word: a letter left out, doubled, or two swapped; never the first letter."""
    word = max(re.findall(r"[^\W\d_]+", spoken), key=len)
    place = chance.randrange(1, len(word) - 1)
    slips = (
        word[:place] + word[place + 1 :],
        word[:place] + word[place] + word[place:],
        word[:place] + word[place + 1] + word[place] + word[place + 2 :],
    )
    return spoken.replace(word, slips[at % 3])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
