"""GBNF: what is read, what is refused, and that a text is followed byte by byte as its grammar says."""

import random
import re

import pytest

from models.language.gbnf import Grammar, GrammarInvalidError, GrammarState
from models.language.vocabulary import GrammarPath, Vocabulary
from tests.unit.models.random_grammars import random_grammar


def after(grammar: str, text: str) -> GrammarState:
    return Grammar(grammar).start.after(text.encode())


def is_whole(grammar: str, text: str) -> bool:
    return after(grammar, text).may_end


@pytest.mark.parametrize(
    ("grammar", "whole", "broken"),
    [
        pytest.param('root ::= "a" | "b"', ["a", "b"], ["", "ab", "c"], id="options"),
        pytest.param('root ::= "ab"* "c"', ["c", "abc", "ababc"], ["ac", "abbc"], id="a literal repeats whole"),
        pytest.param('root ::= "a"{2}', ["aa"], ["a", "aaa"], id="exactly"),
        pytest.param('root ::= "a"{2,}', ["aa", "aaaa"], ["a"], id="at least"),
        pytest.param('root ::= "a"{,2}', ["", "a", "aa"], ["aaa"], id="at most"),
        pytest.param('root ::= "a"{ 1 , 2 }', ["a", "aa"], ["", "aaa"], id="spaced bounds"),
        pytest.param('root ::= [^"\\\\]+', ["x", "né", "🥛"], ['"', "\\", ""], id="negated class"),
        pytest.param("root ::= [a-cé-ü]", ["b", "é", "ö"], ["d", "þ"], id="class of ranges"),
        pytest.param("root ::= [a-]", ["a", "-"], ["b"], id="a dash at the end is a dash"),
        pytest.param("root ::= .", ["x", "\n", "🥛"], ["", "xy"], id="any character"),
        pytest.param(r'root ::= "\x41\u00e9\U0001F95B\t\"\\"', ['Aé🥛\t"\\'], ["A"], id="escapes"),
        pytest.param('root ::= a b # c\n\na ::= (\n"x"\n|"y" )\nb::="z"?', ["x", "yz"], ["z"], id="rules and comments"),
        pytest.param('root ::= "(" root ")" | ""', ["", "(())"], ["(()", ")"], id="recursion"),
        pytest.param("root ::= ws* [a]\nws ::= [ ]*", ["a", "   a"], ["b"], id="empty inside a repeat"),
    ],
)
def test_a_text_is_followed(grammar: str, whole: list[str], broken: list[str]) -> None:
    assert [text for text in whole if not is_whole(grammar, text)] == []
    assert [text for text in broken if is_whole(grammar, text)] == []


@pytest.mark.parametrize(
    "grammar",
    [
        "",
        "root",
        "root ::= (",
        'root ::= "a',
        "root ::= [a",
        "root ::= )",
        "root ::= *",
        "root ::= item",
        'start ::= "a"',
        r'root ::= "\q"',
        "root ::= [z-a]",
        'root ::= "a"{9999}',
        'root ::= "a"{3,2}',
        'root ::= "a"{}',
        'root ::= root "a" | "b"',
        "root ::= " + "(" * 1000,
        "root ::= " + '"aaaa"{2000} ' * 60,
    ],
)
def test_what_is_no_grammar_is_refused(grammar: str) -> None:
    with pytest.raises(GrammarInvalidError):
        Grammar(grammar)


def test_a_grammar_too_ambiguous_to_follow_is_refused_not_followed_for_ever() -> None:
    state = Grammar('root ::= ("a" root)* "a" | root2*\nroot2 ::= "a" root "b"').start
    with pytest.raises(GrammarInvalidError, match="ambiguous"):
        state.after(b"a" * 5000)


def test_the_forced_text_ends_where_there_is_a_choice() -> None:
    text, state = Grammar('root ::= "Oat " ("is in" | "it" | "is at")').start.forced(100)
    assert text == b"Oat i"
    assert state.next_bytes == {ord("s"), ord("t")}
    assert state.after(b"s").forced(100)[0] == b" "


def test_a_text_that_is_forced_for_ever_is_cut() -> None:
    assert Grammar('root ::= "ab" root').start.forced(7)[0] == b"abababa"


@pytest.mark.parametrize("seed", range(60))
def test_random_grammars_accept_what_their_regular_expression_does(seed: int) -> None:
    chance = random.Random(seed)
    grammar, expression = random_grammar(chance)
    start = Grammar(grammar).start
    for _ in range(20):
        state, text = start, bytearray()
        while len(text) < 60 and state.next_bytes and not (state.may_end and chance.random() < 0.3):
            byte = chance.choice(sorted(state.next_bytes))
            state, text = state.after(bytes([byte])), text + bytes([byte])
        if state.may_end:
            assert re.fullmatch(expression, text.decode(), re.DOTALL)
        changed = bytes(text).decode(errors="ignore").replace("a", "b", 1)
        assert start.after(changed.encode()).may_end == bool(re.fullmatch(expression, changed, re.DOTALL))


def words(*pieces: str) -> Vocabulary:
    """Tokens that a text is split into by taking the longest first."""
    known = [piece.encode() for piece in pieces]

    def split(text: str) -> list[int]:
        left, tokens = text.encode(), []
        while left:
            token = max((n for n, piece in enumerate(known) if left.startswith(piece)), key=lambda n: len(known[n]))
            tokens.append(token)
            left = left[len(known[token]) :]
        return tokens

    return Vocabulary([*known, b""], {len(known)}, split)


LETTERS = tuple("abcdefghijklmnopqrstuvwxyz TI.")


def test_a_token_that_may_reach_over_the_end_of_a_span_is_left_to_the_choice() -> None:
    path = GrammarPath(Grammar('root ::= "at " ("cost" | "is")').start, words(*LETTERS, "at", " cost", " is"))
    assert path.open() == [len(LETTERS)]
    assert path.allows(len(LETTERS) + 1)
    assert path.take(len(LETTERS) + 1) == [len(LETTERS) + 1]
    assert path.is_ended


def test_the_beginning_of_a_word_becomes_the_whole_word() -> None:
    path = GrammarPath(Grammar('root ::= "It is." | "There."').start, words(*LETTERS, "It", " is", "There"))
    assert path.open() == []
    assert path.take(LETTERS.index("I")) == [len(LETTERS), len(LETTERS) + 1, LETTERS.index(".")]
    assert path.is_ended


def test_a_token_decides_for_the_way_that_naturally_begins_with_it() -> None:
    vocabulary = words(*LETTERS, " There", " is")
    path = GrammarPath(Grammar('root ::= " There is" | " two"').start, vocabulary)
    assert path.open() == []
    assert path.take(LETTERS.index(" ")) == [LETTERS.index(letter) for letter in " two"]
    assert path.is_ended


def test_all_tokens_that_may_follow_are_found_and_no_other() -> None:
    vocabulary = words(*LETTERS, "It", "Th", "Thx", "It is", "It was")
    state = Grammar('root ::= ("It is" | "There")?').start
    found = vocabulary.followers(state, 1000)
    assert found is not None
    assert {vocabulary.piece(token) for token in found} == {b"I", b"It", b"It is", b"T", b"Th", b""}
    assert sorted(found) == [token for token in range(len(vocabulary)) if vocabulary.may_follow(state, token)]
    assert vocabulary.followers(state, 1) is None


def test_a_span_never_ends_inside_a_character() -> None:
    vocabulary = Vocabulary([bytes([byte]) for byte in range(256)], (), lambda text: text.encode())
    path = GrammarPath(Grammar('root ::= "n" ("é" | "è")').start, vocabulary)
    assert path.open() == [ord("n")]
