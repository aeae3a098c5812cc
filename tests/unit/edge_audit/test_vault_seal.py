"""What is sealed opens with its key and label alone."""

from pathlib import Path

import pytest

from edge.errors import ConfigError, VaultError
from edge.vault_seal import VaultKey, is_public_key, seal


@pytest.fixture
def key(tmp_path: Path) -> VaultKey:
    return VaultKey.make(tmp_path / "vault.key")


def test_the_private_key_opens_what_the_public_key_sealed(key: VaultKey, tmp_path: Path) -> None:
    sealed = seal(key.public, b"a picture", b"cam 1")
    assert b"a picture" not in sealed
    assert VaultKey.load(tmp_path / "vault.key").open(sealed, b"cam 1") == b"a picture"
    assert seal(key.public, b"a picture", b"cam 1") != sealed


def test_a_key_file_is_for_its_owner_alone_and_never_replaced(key: VaultKey, tmp_path: Path) -> None:
    path = tmp_path / "vault.key"
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(ConfigError, match="never written over"):
        VaultKey.make(path)


def test_another_key_another_label_or_any_changed_byte_opens_nothing(key: VaultKey, tmp_path: Path) -> None:
    sealed = seal(key.public, b"a picture", b"cam 1")
    with pytest.raises(VaultError, match="another key"):
        VaultKey.make(tmp_path / "other.key").open(sealed, b"cam 1")
    with pytest.raises(VaultError):
        key.open(sealed, b"cam 2")
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(VaultError):
            key.open(bytes(changed), b"cam 1")
    for length in range(len(sealed)):
        with pytest.raises(VaultError):
            key.open(sealed[:length], b"cam 1")


@pytest.mark.parametrize("text", ["", "00", "zz" * 32, "00" * 31, "00" * 33])
def test_what_is_no_public_key_is_told(text: str) -> None:
    assert not is_public_key(text)


def test_a_file_that_is_no_key_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="give the file"):
        VaultKey.load(tmp_path / "none")
    (tmp_path / "short").write_bytes(b"x")
    with pytest.raises(ConfigError, match="holds 1 bytes"):
        VaultKey.load(tmp_path / "short")
