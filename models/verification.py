"""Whether a weights file is what its manifest says, judged without parsing it.

Owns the checks (form, length, sha256) and the stamp that spares a second reading of an unchanged file. Refuses with
one sentence that names what is wrong; the weights are read as bytes and opened by nothing here.
"""

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from stat import S_ISREG
from typing import BinaryIO, Literal

from pydantic import BaseModel, ConfigDict

from models.errors import ArtefactInvalidError, ArtefactMissingError
from models.manifest import Manifest

Progress = Callable[[int, int], None]
"""Called with bytes read so far and bytes in all."""

CHUNK_BYTES = 1 << 20
HEAD_BYTES = 32

_OTHER_FORMS = (
    (b"PK\x03\x04", "a zip archive or PyTorch checkpoint"),
    (b"\x80\x02", "a Python pickle"),
    (b"\x89HDF", "an HDF5 file"),
    (b"<", "a web page"),
    (b"version https://git-lfs", "a Git LFS pointer, not the file it points to"),
    (b"{", "a JSON file"),
)


class Stamp(BaseModel):
    """What a verified file looked like from outside; while this holds, the file is not read again.

    Catches every way in which programs change or replace a file: writing moves ``ctime_ns``, which no program can
    set, and replacing changes ``inode``. Cannot catch bits that rot on the medium, writes to the raw device, a write
    within the same tick of the file clock (some milliseconds) as the one before it, or somebody who sets the clock
    back before writing or may also write the stamps. ``Registry.verify`` reads everything again and catches those.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    device: int
    inode: int
    size_bytes: int
    mtime_ns: int
    ctime_ns: int


def stamp_of(path: Path) -> Stamp:
    """The file's stamp now.

    Raises:
        ArtefactMissingError: there is no such file.
        ArtefactInvalidError: it cannot be looked at.
    """
    try:
        return _stamp(path.stat())
    except FileNotFoundError as missing:
        raise ArtefactMissingError(f"{path.name}: no such weights file in {path.parent}") from missing
    except OSError as failed:
        raise ArtefactInvalidError(f"{path.name}: cannot be read: {failed.strerror}") from failed


def verify_file(path: Path, manifest: Manifest, *, progress: Progress | None = None) -> Stamp:
    """Read the whole file and compare it with its manifest. Blocks for as long as the disk needs.

    Returns:
        The stamp that the file had all through the reading.

    Raises:
        ArtefactMissingError: there is no such file.
        ArtefactInvalidError: wrong form, length or hash, or the file changed while it was read.
    """
    before = stamp_of(path)
    for _ in verified_chunks(path, manifest, progress=progress):
        pass
    if stamp_of(path) != before:
        raise ArtefactInvalidError(f"{path.name}: changed while it was read")
    return before


def verified_chunks(path: Path, manifest: Manifest, *, progress: Progress | None = None) -> Iterator[bytes]:
    """The file's bytes; what is wrong is raised before the last chunk is through, so a copy never completes.

    Raises:
        ArtefactMissingError: there is no such file.
        ArtefactInvalidError: wrong form, length or hash.
    """
    try:
        if not S_ISREG(path.stat().st_mode):
            raise ArtefactInvalidError(f"{path.name}: is no file")
        with path.open("rb") as file:
            _check_form(path.name, file.read(HEAD_BYTES), manifest.format)
            _check_length(path.name, os.fstat(file.fileno()).st_size, manifest)
            file.seek(0)
            yield from _hashed(path, file, manifest, progress)
    except FileNotFoundError as missing:
        raise ArtefactMissingError(f"{path.name}: no such weights file in {path.parent}") from missing
    except OSError as failed:
        raise ArtefactInvalidError(f"{path.name}: cannot be read: {failed.strerror}") from failed


def joined_chunks(parts: Sequence[Path], manifest: Manifest, *, progress: Progress | None = None) -> Iterator[bytes]:
    """The bytes of several files as one; what is wrong is raised before the last chunk is through.

    Raises:
        ArtefactMissingError: a part is not there.
        ArtefactInvalidError: wrong form, length or hash of the whole.
    """
    check = WholeCheck(manifest)
    for part in parts:
        try:
            with part.open("rb") as file:
                while chunk := file.read(CHUNK_BYTES):
                    check.update(chunk)
                    if progress is not None:
                        progress(check.done_bytes, manifest.size_bytes)
                    yield chunk
        except FileNotFoundError as missing:
            raise ArtefactMissingError(f"{part.name}: no such part in {part.parent}") from missing
        except OSError as failed:
            raise ArtefactInvalidError(f"{part.name}: cannot be read: {failed.strerror}") from failed
    check.finish()


class WholeCheck:
    """Form, length and hash of a file that is put together piece by piece.

    The form is judged by the first 32 bytes, so that a wrong file is refused before it has all been read.
    """

    def __init__(self, manifest: Manifest) -> None:
        self._manifest = manifest
        self._digest = hashlib.sha256()
        self._head = b""
        self.done_bytes = 0

    def update(self, chunk: bytes) -> None:
        """Take the next bytes.

        Raises:
            ArtefactInvalidError: the file has the wrong form, or is already too long.
        """
        self.done_bytes += len(chunk)
        if self.done_bytes > self._manifest.size_bytes:
            _check_length(self._manifest.name, self.done_bytes, self._manifest)
        if len(self._head) < HEAD_BYTES:
            self._head += chunk[: HEAD_BYTES - len(self._head)]
            if len(self._head) == HEAD_BYTES or self.done_bytes == self._manifest.size_bytes:
                _check_form(self._manifest.name, self._head, self._manifest.format)
        self._digest.update(chunk)

    def finish(self) -> None:
        """Judge the whole.

        Raises:
            ArtefactInvalidError: wrong length or hash.
        """
        _check_length(self._manifest.name, self.done_bytes, self._manifest)
        _check_hash(self._manifest.name, self._digest.hexdigest(), self._manifest)


def _hashed(path: Path, file: BinaryIO, manifest: Manifest, progress: Progress | None) -> Iterator[bytes]:
    digest = hashlib.sha256()
    done = 0
    while chunk := file.read(CHUNK_BYTES):
        digest.update(chunk)
        done += len(chunk)
        if progress is not None:
            progress(done, manifest.size_bytes)
        yield chunk
    _check_hash(path.name, digest.hexdigest(), manifest)


def _check_hash(name: str, sha256: str, manifest: Manifest) -> None:
    if sha256 != manifest.sha256:
        raise ArtefactInvalidError(
            f"{name}: its contents are not those of {manifest.name} {manifest.version}: sha256 is "
            f"{sha256[:12]}..., the manifest says {manifest.sha256[:12]}..."
        )


def _check_form(name: str, head: bytes, form: Literal["onnx", "gguf"]) -> None:
    """ONNX has no magic number: a model begins with field 1 (ir_version, a small number), as every exporter writes."""
    if form == "gguf" and head.startswith(b"GGUF"):
        return
    if form == "onnx" and len(head) >= 2 and head[0] == 0x08 and 3 <= head[1] <= 64:
        return
    if not head:
        raise ArtefactInvalidError(f"{name}: is empty")
    known = next((what for magic, what in _OTHER_FORMS if head.startswith(magic)), None)
    if head.startswith(b"GGUF"):
        known = "a GGUF file"
    raise ArtefactInvalidError(f"{name}: is not {form.upper()}" + (f" but {known}" if known else ""))


def _check_length(name: str, size: int, manifest: Manifest) -> None:
    if size < manifest.size_bytes:
        raise ArtefactInvalidError(f"{name}: cut short, {size} of {manifest.size_bytes} bytes; fetch it again")
    if size > manifest.size_bytes:
        raise ArtefactInvalidError(f"{name}: {size} bytes long, and its manifest says {manifest.size_bytes}")


def _stamp(seen: os.stat_result) -> Stamp:
    return Stamp(
        device=seen.st_dev,
        inode=seen.st_ino,
        size_bytes=seen.st_size,
        mtime_ns=seen.st_mtime_ns,
        ctime_ns=seen.st_ctime_ns,
    )
