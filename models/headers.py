"""The look at a verified file's header before any library opens it.

Owns the choice of the walk by format and turns what it finds into one sentence. Stands between the hash
(`models.verification`) and the first load (`models.trial`): a matching hash says that the file is the one that was
meant, not that whoever made it meant well.
"""

import os
from pathlib import Path
from typing import Literal

from models.bounded import BoundedReader, HeaderError
from models.errors import ArtefactInvalidError, ArtefactMissingError
from models.gguf_header import check_gguf
from models.onnx_header import check_onnx


def check_header(path: Path, form: Literal["onnx", "gguf"], *, name: str | None = None) -> None:
    """Walk a verified file's header with our own bounded reader. Blocks for milliseconds up to a few seconds.

    Args:
        path: the verified file.
        form: what it is said to be.
        name: what the error calls it; a stored file's own name is but its hash.

    Raises:
        ArtefactMissingError: there is no such file.
        ArtefactInvalidError: its header is hostile, damaged or unknown; no library has seen the file.
    """
    try:
        with path.open("rb") as file:
            reader = BoundedReader(file, os.fstat(file.fileno()).st_size)
            if form == "onnx":
                check_onnx(reader)
            else:
                check_gguf(reader)
    except HeaderError as wrong:
        raise ArtefactInvalidError(f"{name or path.name}: its header is refused: {wrong}") from wrong
    except FileNotFoundError as missing:
        raise ArtefactMissingError(f"{path.name}: no such weights file in {path.parent}") from missing
    except OSError as failed:
        raise ArtefactInvalidError(f"{path.name}: cannot be read: {failed.strerror}") from failed
