import stat
from pathlib import Path

import pytest

from edge.console.auth import PasswordHash, generate_password, read_password, write_password
from edge.console.errors import PasswordFileError, PasswordRejectedError


def test_the_right_password_matches_and_others_do_not(tmp_path: Path) -> None:
    made = write_password(tmp_path / "password", "a long enough one")

    assert made.matches("a long enough one")
    assert not made.matches("a long enough onE")
    assert not made.matches("")
    assert not made.matches("x" * 5000)


def test_the_file_holds_a_hash_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "made" / "password"
    write_password(path, "a long enough one")

    assert "long enough" not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["password"]
    assert read_password(path) == PasswordHash.from_line(path.read_text())


def test_a_new_password_takes_the_place_of_the_former_one(tmp_path: Path) -> None:
    path = tmp_path / "password"
    write_password(path, "the former password")
    write_password(path, "the later password")

    kept = read_password(path)
    assert kept is not None
    assert kept.matches("the later password")
    assert not kept.matches("the former password")


def test_the_same_password_is_hashed_differently_each_time() -> None:
    assert PasswordHash.of("a long enough one").digest != PasswordHash.of("a long enough one").digest


@pytest.mark.parametrize("password", ["", "too short", "x" * 257])
def test_a_password_out_of_bounds_is_refused_and_the_file_stays(tmp_path: Path, password: str) -> None:
    path = tmp_path / "password"
    write_password(path, "the former password")
    before = path.read_text()

    with pytest.raises(PasswordRejectedError, match="10 to 256"):
        write_password(path, password)
    assert path.read_text() == before


def test_no_file_means_no_password_yet(tmp_path: Path) -> None:
    assert read_password(tmp_path / "absent") is None


def test_a_file_that_others_may_read_is_refused_with_the_cure(tmp_path: Path) -> None:
    path = tmp_path / "password"
    write_password(path, "a long enough one")
    path.chmod(0o644)

    with pytest.raises(PasswordFileError, match="chmod 600"):
        read_password(path)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "hunter2hunter2",
        "md5$1$1$1$AAAA$AAAA",
        "scrypt$16384$8$5$!!!$!!!",
        "scrypt$16384$8$5$AAAA$AAAA",
        "scrypt$1073741824$8$5$AAAAAAAAAAAAAAAAAAAAAA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "scrypt$16383$8$5$AAAAAAAAAAAAAAAAAAAAAA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    ],
)
def test_a_file_with_anything_but_a_hash_is_refused(tmp_path: Path, line: str) -> None:
    path = tmp_path / "password"
    path.write_text(line)
    path.chmod(0o600)

    with pytest.raises(PasswordFileError, match="no password hash"):
        read_password(path)


def test_generated_passwords_are_long_enough_and_differ() -> None:
    made = {generate_password() for _ in range(50)}

    assert len(made) == 50
    assert all(len(password) == 19 for password in made)
