"""Where the node's key comes from: a file, or what systemd passes; and what is known of it to others."""

import shutil
import subprocess
from pathlib import Path

import pytest

from edge.errors import ConfigError
from edge.node_key import CREDENTIAL, NodeKey, is_signed, known_public, public_path

SECRET = bytes(range(32))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "node-key"


@pytest.fixture
def credentials(tmp_path: Path) -> Path:
    """What systemd passes: a folder of files that nobody may write."""
    folder = tmp_path / "credentials"
    folder.mkdir()
    (folder / CREDENTIAL).write_bytes(SECRET)
    (folder / CREDENTIAL).chmod(0o400)
    return folder


def test_without_credentials_a_key_is_made_once_for_its_owner_alone(path: Path, tmp_path: Path) -> None:
    assert known_public(path) is None
    made = NodeKey.load(path, credentials=tmp_path / "passed-nothing")
    assert NodeKey.load(path).public == made.public == known_public(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert not public_path(path).exists()


def test_a_passed_credential_is_the_key_and_no_secret_of_it_is_written(path: Path, credentials: Path) -> None:
    path.parent.mkdir()
    key = NodeKey.load(path, credentials=credentials)
    assert is_signed(key.public, key.sign(b"this"), b"this")
    assert [file.name for file in path.parent.iterdir()] == ["node-key.pub"]
    assert known_public(path) == key.public
    assert NodeKey.load(path, credentials=credentials).public == key.public


def test_a_key_moved_into_a_credential_stays_the_same_key(path: Path, credentials: Path) -> None:
    before = NodeKey.load(path).public
    (credentials / CREDENTIAL).unlink()
    shutil.move(path, credentials / CREDENTIAL)
    assert NodeKey.load(path, credentials=credentials).public == before


def test_a_credential_that_is_not_passed_any_more_is_told_and_no_other_key_is_made(
    path: Path, credentials: Path
) -> None:
    path.parent.mkdir()
    public = NodeKey.load(path, credentials=credentials).public
    for absent in (None, credentials.parent / "nothing"):
        with pytest.raises(ConfigError, match=r"was passed by systemd as the credential backroom\.node-key"):
            NodeKey.load(path, credentials=absent)
    assert known_public(path) == public
    assert not path.exists()


def test_a_credential_that_is_no_key_is_refused(path: Path, credentials: Path) -> None:
    (credentials / CREDENTIAL).chmod(0o600)
    (credentials / CREDENTIAL).write_bytes(b"short")
    with pytest.raises(ConfigError, match="holds 5 bytes"):
        NodeKey.load(path, credentials=credentials)


@pytest.mark.skipif(shutil.which("systemd-creds") is None, reason="needs Debian's systemd")
def test_what_systemd_sealed_is_the_key_again(path: Path, credentials: Path, tmp_path: Path) -> None:
    """Sealed with no key at all: this machine may have neither a TPM nor a key of its own for that."""
    sealed, named = tmp_path / "sealed", f"--name={CREDENTIAL}"
    subprocess.run(
        ["systemd-creds", "encrypt", "--with-key=tpm2-absent", named, credentials / CREDENTIAL, sealed], check=True
    )
    opened = subprocess.run(["systemd-creds", "decrypt", named, sealed, "-"], capture_output=True, check=True)
    (credentials / CREDENTIAL).unlink()
    (credentials / CREDENTIAL).write_bytes(opened.stdout)
    path.parent.mkdir()
    NodeKey.load(path, credentials=credentials)
    assert SECRET not in sealed.read_bytes()
