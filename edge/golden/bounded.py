"""Golden sets run in a child process under limits, since nobody knows what unjudged weights do when they compute.

`run_bounded` is the parent's side, and gives what `edge.golden.sets.run_sets` gives; `python -m edge.golden.bounded`
is the child's, which reads a manifest from its input and writes a line for every picture and every report. Weights
that need minutes for a picture, or all of the memory, end in a sentence.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from edge.golden.figures import GoldenReport, Progress
from edge.golden.sets import GOLDEN, run_sets
from models.child import ChildFailedError, ChildLimits, child_lines
from models.confinement import confine
from models.errors import ArtefactInvalidError, ArtefactRejectedError, ModelsError
from models.manifest import MAX_MANIFEST_BYTES, ActiveArtefact, manifest_json, parse_manifest

LIMITS = ChildLimits(spare_mib=3072, cpu_s=900, wall_s=1200.0, silence_s=60.0)
"""A picture may take a minute on the slowest box, which is far more than a camera could wait."""


class Word(BaseModel):
    """One line of the child: how far it is, or a report, or why it stops; an empty one at a good end."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    looked: tuple[int, int] | None = None
    report: GoldenReport | None = None
    rejected: str | None = None
    invalid: str | None = None


def run_bounded(
    artefact: ActiveArtefact,
    *,
    folder: Path = GOLDEN,
    progress: Progress | None = None,
    limits: ChildLimits = LIMITS,
) -> Iterator[GoldenReport]:
    """Run every golden set of an artefact in a child process. Blocks for seconds.

    Raises:
        ArtefactRejectedError: there is no such set, or nothing here reads the outputs of these weights.
        ArtefactInvalidError: the weights do not give what their decoder expects, crash, hang, or want too much.
    """
    name = artefact.manifest.name
    arguments = [str(artefact.path.resolve()), str(folder.resolve()), str(limits.spare_mib), str(limits.cpu_s)]
    word = None
    try:
        for line in child_lines(
            "edge.golden.bounded", arguments, handed=manifest_json(artefact.manifest), limits=limits
        ):
            word = _understood(line, name)
            if word.looked is not None and progress is not None:
                progress(*word.looked)
            if word.report is not None:
                yield word.report
    except ChildFailedError as failed:
        raise ArtefactInvalidError(f"{name}: its golden set was not finished: the network {failed}") from failed
    if word != Word():
        raise ArtefactInvalidError(f"{name}: its golden set ended without a result")


def _understood(line: bytes, name: str) -> Word:
    try:
        word = Word.model_validate_json(line)
    except ValidationError as strange:
        raise ArtefactInvalidError(f"{name}: its golden set ended in something that is no result") from strange
    if word.rejected is not None:
        raise ArtefactRejectedError(word.rejected)
    if word.invalid is not None:
        raise ArtefactInvalidError(word.invalid)
    return word


def main(arguments: list[str]) -> None:
    """The child: limit ourselves, run the sets, say each step."""
    path, folder = Path(arguments[0]), Path(arguments[1])
    spare_mib, cpu_s = int(arguments[2]), int(arguments[3])
    manifest = parse_manifest(sys.stdin.buffer.read(MAX_MANIFEST_BYTES), where="the manifest")
    speak_to, _ = confine(path, spare_mib=spare_mib, cpu_s=cpu_s)

    def say(word: Word) -> None:
        os.write(speak_to, word.model_dump_json(exclude_none=True).encode() + b"\n")

    try:
        reports = run_sets(
            ActiveArtefact(path, manifest), folder=folder, progress=lambda n, of: say(Word(looked=(n, of)))
        )
        for report in reports:
            say(Word(report=report))
    except ArtefactRejectedError as refused:
        say(Word(rejected=str(refused)))
    except ModelsError as refused:
        say(Word(invalid=str(refused)))
    except MemoryError:
        say(Word(invalid=f"{manifest.name}: wants more memory than the {spare_mib} MiB that a golden set may have"))
    else:
        say(Word())
    os._exit(0)  # the library's own tear-down is not what is judged


if __name__ == "__main__":
    main(sys.argv[1:])
