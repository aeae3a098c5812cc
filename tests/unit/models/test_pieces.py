"""What of a growing answer is shown: never half a character, never the beginning of a stop string."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.language.pieces import Pieces


def told(parts: list[bytes], stop: tuple[str, ...] = ()) -> list[str]:
    pieces, answer, said = Pieces([text.encode() for text in stop]), b"", []
    for part in parts:
        answer += part
        said.append(pieces.more_of(answer, is_whole=False))
    return [*said, pieces.more_of(answer, is_whole=True)]


@pytest.mark.parametrize(
    ("parts", "stop", "expected"),
    [
        pytest.param([b"Yes", b", it is"], (), ["Yes", ", it is", ""], id="text as it comes"),
        pytest.param([b"caf\xc3", b"\xa9."], (), ["caf", "é.", ""], id="a character in two tokens"),
        pytest.param([b"caf\xc3"], (), ["caf", ""], id="a character that never ends"),
        pytest.param([b"a\n", b"b"], ("\n\n",), ["a", "\nb", ""], id="held until it is no stop string"),
        pytest.param([b"a\n"], ("\n\n",), ["a", "\n"], id="held until the answer ends without it"),
        pytest.param([b"aab"], ("aabaac",), ["", "aab"], id="the longest beginning counts"),
    ],
)
def test_a_piece_is_told_once_it_can_stay(parts: list[bytes], stop: tuple[str, ...], expected: list[str]) -> None:
    assert told(parts, stop) == expected


@given(st.text("ab\u00e9\u20ac"), st.text("ab\u00e9", min_size=1, max_size=4), st.lists(st.integers(0, 40), max_size=6))
def test_pieces_together_are_the_text_up_to_the_stop_string(text: str, stop: str, cuts: list[int]) -> None:
    """As in a wording: the answer grows until the stop string is whole, and is then cut before it."""
    whole = text.encode()
    ends = sorted({*(min(cut, len(whole)) for cut in cuts), len(whole)})
    pieces, said, at = Pieces([stop.encode()]), "", -1
    for end in ends:
        at = whole[:end].find(stop.encode())
        if at >= 0:
            break
        said += pieces.more_of(whole[:end], is_whole=False)
    said += pieces.more_of(whole if at < 0 else whole[:at], is_whole=True)
    assert said == text.partition(stop)[0]
