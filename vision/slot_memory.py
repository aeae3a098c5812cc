"""What a camera's operator confirmed, on disk: one JSON file per camera, replaced whole.

Owns the file's form and its checks. It holds features, never a picture. A file that is damaged, too large, of another
form or learnt on other weights is refused with a sentence and stays as it is.
"""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from models.durable import Disk, write_durably
from vision.errors import SlotMemoryInvalidError
from vision.slot_learning import Example

MOST_EXAMPLES = 4000
"""The oldest pictures are forgotten first."""
MOST_BYTES = 16_000_000

Name = Annotated[str, Field(min_length=1, max_length=64)]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _ExampleRecord(_Record):
    picture: Name
    slot: Name
    state: Literal["empty", "stocked"]
    features: Annotated[str, Field(max_length=8192)]
    """Little-endian float16, base64."""


class _MemoryRecord(_Record):
    form: Literal[1]
    weights_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    examples: Annotated[tuple[_ExampleRecord, ...], Field(max_length=MOST_EXAMPLES)]


@dataclass(frozen=True, slots=True)
class SlotMemory:
    """The examples of one camera; those of one picture stand together, the oldest picture first."""

    examples: tuple[Example, ...] = ()

    def with_picture(self, examples: Sequence[Example]) -> "SlotMemory":
        """With one more picture; confirming a picture again replaces what was said of its slots."""
        again = {(example.picture_id, example.slot_id) for example in examples}
        kept = [example for example in self.examples if (example.picture_id, example.slot_id) not in again]
        return SlotMemory(tuple([*kept, *examples][-MOST_EXAMPLES:]))


def load_memory(path: Path, *, weights_sha256: str) -> SlotMemory:
    """Read a camera's file; nothing learnt yet where there is none.

    Raises:
        SlotMemoryInvalidError: it is damaged, too large, of another form, or learnt on other weights.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise SlotMemoryInvalidError(f"{path}: larger than anything learnt; take it away to begin anew")
        record = _MemoryRecord.model_validate_json(path.read_bytes())
        examples = tuple(_example(given) for given in record.examples)
    except FileNotFoundError:
        return SlotMemory()
    except OSError as error:
        raise SlotMemoryInvalidError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValidationError, ValueError) as error:
        raise SlotMemoryInvalidError(f"{path}: damaged or of another form; take it away to begin anew") from error
    if record.weights_sha256 != weights_sha256:
        raise SlotMemoryInvalidError(
            f"{path}: learnt on other weights for persons, whose features are not comparable; "
            "activate those again, or take the file away and confirm the slots anew"
        )
    if len({len(example.features) for example in examples}) > 1:
        raise SlotMemoryInvalidError(f"{path}: damaged: its examples differ in length; take it away to begin anew")
    return SlotMemory(examples)


def save_memory(disk: Disk, path: Path, memory: SlotMemory, *, weights_sha256: str) -> None:
    """Replace a camera's file; the old one stays whole until the new one is.

    Raises:
        OSError: it cannot be written.
    """
    body = {
        "form": 1,
        "weights_sha256": weights_sha256,
        "examples": [
            {
                "picture": example.picture_id,
                "slot": example.slot_id,
                "state": example.state,
                "features": base64.b64encode(example.features.astype("<f2").tobytes()).decode("ascii"),
            }
            for example in memory.examples
        ],
    }
    write_durably(disk, path, [json.dumps(body).encode()])


def _example(given: _ExampleRecord) -> Example:
    try:
        features: NDArray[np.float32] = np.frombuffer(base64.b64decode(given.features, validate=True), "<f2").astype(
            np.float32
        )
    except binascii.Error as error:
        raise ValueError("features are not base64") from error
    if not len(features) or not np.isfinite(features).all():
        raise ValueError("features are not finite numbers")
    return Example(given.picture, given.slot, given.state, features)
