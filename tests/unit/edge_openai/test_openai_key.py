"""The key: made once, private, found again, compared whole."""

import stat
from pathlib import Path

import pytest

from edge.errors import KeyFileError
from edge.keys import KeyHash, load_key


def test_a_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "openai-key"
    made = load_key(path)
    key = path.read_text().strip()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(key) > 40
    assert load_key(path) == made == KeyHash.of(key)
    assert key.encode() not in made.digest
    assert load_key(tmp_path / "other") != made
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_an_empty_file_is_no_key_and_gets_one(tmp_path: Path) -> None:
    path = tmp_path / "openai-key"
    path.touch()
    load_key(path)
    assert path.read_text().strip()


@pytest.mark.parametrize(
    ("header", "is_right"),
    [
        (b"Bearer br-0123456789abcdef0123", True),
        (b"bearer  br-0123456789abcdef0123 ", True),
        (b"Basic br-0123456789abcdef0123", False),
        (b"Bearer br-0123456789abcdef012", False),
        (b"Bearer br-0123456789abcdef01234", False),
        (b"br-0123456789abcdef0123", False),
        (b"Bearer", False),
        (b"Bearer \xff\xfe", False),
        (b"", False),
    ],
)
def test_only_the_whole_key_matches(header: bytes, is_right: bool) -> None:
    assert KeyHash.of("br-0123456789abcdef0123").matches(header) is is_right


@pytest.mark.parametrize(
    ("content", "mode", "says"),
    [
        (b"br-0123456789abcdef0123", 0o644, "chmod 600"),
        (b"br-0123456789abcdef0123", 0o640, "chmod 600"),
        (b"short", 0o600, "remove it"),
        (b"two words that are long enough", 0o600, "remove it"),
        (b"\xff" * 30, 0o600, "cannot be read"),
    ],
)
def test_a_file_that_is_no_secret_key_is_told_with_the_cure(
    tmp_path: Path, content: bytes, mode: int, says: str
) -> None:
    path = tmp_path / "openai-key"
    path.write_bytes(content)
    path.chmod(mode)
    with pytest.raises(KeyFileError, match=says):
        load_key(path)


def test_a_folder_in_its_place_is_told(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError):
        load_key(tmp_path)
