"""WordPiece's rules on a vocabulary of a few words; the whole vocabulary is tested with the weights."""

import pytest

from models.wordpiece import MAX_WORD_CHARS, WordPiece, words

PIECES = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "oat", "##me", "##al", "##meal", "milk", "a", "##a", "?", "[", "]", "sep")
PAD, UNK, CLS, SEP = range(4)


def pieces(text: str, *, max_tokens: int = 512) -> str:
    return " ".join(PIECES[number] for number in WordPiece(PIECES).ids(text, max_tokens=max_tokens))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Crème BRÛLÉE", ["creme", "brulee"], id="lower case without accents"),
        pytest.param("oat-milk, 1.5%?", ["oat", "-", "milk", ",", "1", ".", "5", "%", "?"], id="punctuation alone"),
        pytest.param("$2+<3 €", ["$", "2", "+", "<", "3", "€"], id="ASCII symbols split, others do not"),
        pytest.param("5€", ["5€"], id="a euro sign stays with its number"),
        pytest.param("牛乳milk", ["牛", "乳", "milk"], id="ideographs one by one"),
        pytest.param("ひらがな", ["ひらかな"], id="kana stay together, their marks go"),
        pytest.param("ΟΔΟΣ", ["οδοσ"], id="a Greek sigma at the end is like any other"),
        pytest.param("İstanbul", ["istanbul"], id="a dotted capital I"),
        pytest.param("a\tb\nc\u00a0d\u2003e", ["a", "b", "c", "d", "e"], id="all kinds of space"),
        pytest.param("a\x00b\x0bc\u200bd\ufeffe\ufffdf", ["abcdef"], id="what cannot be seen is dropped"),
        pytest.param(" \n ", [], id="nothing but space"),
    ],
)
def test_text_is_cleaned_and_split_into_words(text: str, expected: list[str]) -> None:
    assert list(words(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("oatmeal", "[CLS] oat ##meal [SEP]", id="the longest piece wins"),
        pytest.param("oatme milk?", "[CLS] oat ##me milk ? [SEP]", id="a shorter one where it must"),
        pytest.param("oatmx milk", "[CLS] [UNK] milk [SEP]", id="one dead end makes the word unknown, not the text"),
        pytest.param("", "[CLS] [SEP]", id="empty"),
        pytest.param("[SEP]", "[CLS] [ sep ] [SEP]", id="a typed marker is text"),
    ],
)
def test_words_become_the_longest_known_pieces(text: str, expected: str) -> None:
    assert pieces(text) == expected


def test_a_word_is_unknown_from_the_first_character_over_the_limit() -> None:
    assert UNK not in WordPiece(PIECES).ids("a" * MAX_WORD_CHARS, max_tokens=512)
    assert WordPiece(PIECES).ids("a" * (MAX_WORD_CHARS + 1), max_tokens=512) == [CLS, UNK, SEP]


def test_a_long_text_is_cut_and_keeps_its_end_marker() -> None:
    assert pieces("milk milk milk milk", max_tokens=4) == "[CLS] milk milk [SEP]"


@pytest.mark.parametrize(
    ("vocabulary", "says"),
    [
        pytest.param(("[PAD]", "[UNK]", "[CLS]"), r"\[SEP\]", id="a marker is missing"),
        pytest.param((*PIECES, "oat"), "twice", id="a piece is there twice"),
        pytest.param(("",), r"\[UNK\]", id="empty"),
    ],
)
def test_a_vocabulary_that_cannot_be_right_is_refused(vocabulary: tuple[str, ...], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        WordPiece(vocabulary)
