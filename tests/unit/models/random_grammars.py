"""Grammars drawn by chance, each with the regular expression that accepts the same texts."""

import random

LITERALS = ["a", "ab", "Oat ", " is", " in", "2.49", "é", "ä b", "Yes, ", "."]
CLASSES = [("[0-9]", "[0-9]"), ("[a-c]", "[a-c]"), ("[^b-z]", "[^b-z]"), ("[éä]", "[éä]")]


def random_grammar(chance: random.Random) -> tuple[str, str]:
    """GBNF text and a regular expression for ``re.fullmatch`` with DOTALL."""
    rules: list[str] = []
    root, expression = _options(chance, rules, depth=3)
    return "\n".join([f"root ::= {root}", *rules]), expression


def _options(chance: random.Random, rules: list[str], *, depth: int) -> tuple[str, str]:
    options = [_sequence(chance, rules, depth=depth) for _ in range(chance.randint(1, 3))]
    return " | ".join(gbnf for gbnf, _ in options), "(?:" + "|".join(regex for _, regex in options) + ")"


def _sequence(chance: random.Random, rules: list[str], *, depth: int) -> tuple[str, str]:
    symbols = [_symbol(chance, rules, depth=depth) for _ in range(chance.randint(1, 4))]
    return " ".join(gbnf for gbnf, _ in symbols), "".join(regex for _, regex in symbols)


def _symbol(chance: random.Random, rules: list[str], *, depth: int) -> tuple[str, str]:
    kind = chance.choice(["literal", "literal", "class", "group", "rule"] if depth else ["literal"])
    if kind == "class":
        gbnf, regex = chance.choice(CLASSES)
    elif kind == "literal":
        text = chance.choice(LITERALS)
        gbnf, regex = f'"{text}"', "(?:" + text.replace(".", "[.]") + ")"
    else:
        gbnf, regex = _options(chance, rules, depth=depth - 1)
        gbnf = f"({gbnf})"
        if kind == "rule":
            rules.append(f"rule{len(rules)} ::= {gbnf}")
            gbnf = f"rule{len(rules) - 1}"
    repeat = chance.choice(["", "", "", "", "?", "{1,2}", *(("*", "+") if kind in ("literal", "class") else ())])
    return gbnf + repeat, f"(?:{regex}){repeat}" if repeat else regex
