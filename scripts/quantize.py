r"""Makes int8 weights of float ones, and says what that gained and cost.

    python -m scripts.quantize better.onnx --manifest better.json --calibration pictures/ --out made/
    backroom models add made/better-int8.onnx made/better-int8.json && backroom models activate better-int8

The pictures calibrate the ranges; six of them, held out for that, judge the layers. Take 40 or more, of the shop's own
cameras. Layers are left in float only where the golden sets would lose too much. Writes the weights, their
manifest with what they were made of, and a report as text, JSON and SVG. Ends with 1 when they lose more than their
task may: nobody could activate them. A build-time tool: it needs `onnx` (extra `export`) beside the appliance.
"""

import argparse
import hashlib
import json
import logging
import math
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import onnx

from edge.golden.loss import Loss, figures_of, losses
from edge.golden.sets import read_bars, run_sets
from models.errors import ModelsError
from models.manifest import ActiveArtefact, FileSource, Manifest, QuantizedFrom, Task, manifest_json, read_manifest
from models.timing import time_network
from models.verification import verify_file
from scripts.int8_search import Attempt, LayerEffect, Quantizer, layer_effects, search
from scripts.quantize_onnx import Feeds, read_frames
from scripts.quantize_report import QuantizationReport, Weighed, as_json, as_svg, as_text
from vision.decoders import decoder_of
from vision.picture_input import InputMaker

SHRINKS = {Task.PERSONS: (1.0, 0.8)}
"""Of the network's side, in turn: near cameras show it a smaller picture."""
HELD_OUT = 6
LAYERS_PART = 0.5
"""Of the time that there is; the rest is for leaving layers out."""
ROUNDS, RUNS = 5, 10


def feeds_of(manifest: Manifest, sources: Sequence[Path], *, count: int, picture: str) -> list[Feeds]:
    """Frames as the appliance feeds them to these weights.

    Raises:
        ValueError: a source holds no picture, or the weights look at none.
        ArtefactInvalidError: no decoder reads these weights.
    """
    if manifest.input is None:
        raise ValueError(f"{manifest.name} looks at no pictures; this script quantizes detectors")
    maker = InputMaker(manifest.input, side_px=decoder_of(manifest).SIDE_PX)
    shrinks = SHRINKS.get(manifest.task, (1.0,))
    feeds: list[Feeds] = []
    for number, image_bgr in enumerate(read_frames(sources, count=count)):
        plan = maker.plan((image_bgr.shape[1], image_bgr.shape[0]), shrink=shrinks[number % len(shrinks)])
        feeds.append({picture: maker.make(image_bgr, plan)})
    return feeds


def quantize(
    parent: ActiveArtefact, feeds: Sequence[Feeds], *, out: Path, name: str, max_s: float
) -> QuantizationReport:
    """Quantize verified float weights and write everything into ``out``. Blocks for minutes.

    After ``max_s`` no further layer is left out; what was begun is ended, and the best so far is the result.

    Raises:
        ModelsError: the golden sets cannot judge the weights.
    """
    began_s = time.monotonic()
    out.mkdir(parents=True, exist_ok=True)
    held_out = feeds[:: max(1, len(feeds) // HELD_OUT)][:HELD_OUT]
    calibrating = [feed for feed in feeds if not any(feed is held for held in held_out)]
    digest = _digest(feeds)
    bars, before = read_bars(), figures_of(run_sets(parent))
    weights = out / f"{name}.onnx"

    def losses_of(contents: bytes) -> tuple[Loss, ...]:
        weights.write_bytes(contents)
        return losses(before, figures_of(run_sets(ActiveArtefact(weights, parent.manifest))), bars)

    def excess_of(contents: bytes) -> float:
        return max((loss.loss - loss.at_most for loss in losses_of(contents) if loss.at_most is not None), default=0.0)

    def is_over(part: float = 1.0) -> bool:
        return time.monotonic() - began_s > part * max_s

    with TemporaryDirectory() as folder, TemporaryDirectory() as trying:
        effects = _known_effects(out / f"{name}.report.json", parent, digest)
        if not effects:
            trials = Quantizer(onnx.load(parent.path), calibrating, Path(trying))
            effects = layer_effects(trials, held_out, _say, lambda: is_over(LAYERS_PART))
        quantizer = Quantizer(onnx.load(parent.path), feeds, Path(folder))
        best = search(quantizer, effects, excess_of, _say, is_over)
    lost = losses_of(best.weights)
    child = ActiveArtefact(weights, _manifest(parent.manifest, best, lost, name=name, count=len(feeds)))
    before_weighed, after_weighed = _weighed(parent, child)
    report = QuantizationReport(
        name=name,
        made_of=parent.manifest.name,
        made_of_sha256=parent.manifest.sha256,
        calibration_sha256=digest,
        calibration_frames=len(feeds),
        before=before_weighed,
        after=after_weighed,
        losses=lost,
        left_out=best.left_out,
        effects=effects,
        layers=len(quantizer.layers),
    )
    _write(report, child.manifest, out)
    return report


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _digest(feeds: Sequence[Feeds]) -> str:
    digest = hashlib.sha256()
    for feed in feeds:
        for array in feed.values():
            digest.update(array.tobytes())
    return digest.hexdigest()


def _known_effects(path: Path, parent: ActiveArtefact, digest: str) -> tuple[LayerEffect, ...]:
    """The layers' effects from the last report, where it is of the same weights and frames: they take the minutes."""
    if not path.exists():
        return ()
    last = json.loads(path.read_bytes())
    if (last["made_of_sha256"], last["calibration_sha256"]) != (parent.manifest.sha256, digest):
        return ()
    if len(last["effects"]) < last["layers"]:
        return ()
    _say("the layers' effects are known from the last report")
    return tuple(LayerEffect(**effect) for effect in last["effects"])


def _manifest(parent: Manifest, best: Attempt, lost: Sequence[Loss], *, name: str, count: int) -> Manifest:
    before: dict[str, dict[str, float]] = {}
    after: dict[str, dict[str, float]] = {}
    for loss in lost:
        golden_set, figure = loss.name.split(".", 1)
        before.setdefault(golden_set, {})[figure] = loss.before
        after.setdefault(golden_set, {})[figure] = loss.after
    changes = {
        "name": name,
        "sha256": hashlib.sha256(best.weights).hexdigest(),
        "size_bytes": len(best.weights),
        "source": FileSource(path=f"{name}.onnx"),
        "quantized_from": QuantizedFrom(name=parent.name, sha256=parent.sha256, before=before, after=after),
        "origin": f"{parent.origin}; int8 by scripts/quantize.py on {count} frames",
    }
    return parent.model_copy(update=changes)


def _weighed(*both: ActiveArtefact) -> list[Weighed]:
    """Taken in turns, the fastest round of each: whatever else the machine does slows both."""
    best = {(artefact.manifest.name, threads): math.inf for artefact in both for threads in (1, 2)}
    for _ in range(ROUNDS):
        for artefact in both:
            for threads in (1, 2):
                timing = time_network(artefact, threads=threads, runs=RUNS, side_px=416)
                best[artefact.manifest.name, threads] = min(best[artefact.manifest.name, threads], timing.p50_ms)
    return [Weighed(a.manifest.size_bytes, best[a.manifest.name, 1], best[a.manifest.name, 2]) for a in both]


def _write(report: QuantizationReport, manifest: Manifest, out: Path) -> None:
    (out / f"{report.name}.json").write_bytes(manifest_json(manifest))
    (out / f"{report.name}.report.txt").write_text(as_text(report))
    (out / f"{report.name}.report.json").write_text(json.dumps(as_json(report), indent=1) + "\n")
    (out / f"{report.name}.report.svg").write_text(as_svg(report))


def main() -> None:
    """Verify, quantize, report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=Path, help="float weights, .onnx")
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--calibration", type=Path, required=True, action="append", help="folder of pictures, or video")
    parser.add_argument("--count", type=int, default=40, help="frames of each calibration source")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--name", help="of the int8 weights; else the float name and -int8")
    parser.add_argument("--max-minutes", type=float, default=60.0, help="after them no further layer is left out")
    parser.add_argument("--json", action="store_true", help="the report as one JSON object")
    given = parser.parse_args()
    logging.getLogger().setLevel(logging.ERROR)  # the library recommends its own preprocessing on every call
    try:
        manifest = read_manifest(given.manifest)
        verify_file(given.weights, manifest)
        graph = onnx.load(given.weights).graph
        feeds = feeds_of(manifest, given.calibration, count=given.count, picture=graph.input[0].name)
        if len(feeds) < 2 * HELD_OUT:
            raise ValueError(f"{len(feeds)} frames are too few: give at least {2 * HELD_OUT}")
        name = given.name or f"{manifest.name}-int8"
        parent = ActiveArtefact(given.weights, manifest)
        report = quantize(parent, feeds, out=given.out, name=name, max_s=60.0 * given.max_minutes)
    except (ModelsError, ValueError, OSError) as failed:
        raise SystemExit(f"{failed}") from failed
    print(json.dumps(as_json(report)) if given.json else as_text(report))
    raise SystemExit(0 if report.holds else 1)


if __name__ == "__main__":
    main()
