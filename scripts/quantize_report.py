"""The report of a quantization: text for a person, JSON for a program, a drawing for the documentation.

Plain values in, strings out. The drawing is SVG written here: a plotting library would be a large part for six bars.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from html import escape
from typing import Any

from edge.golden.loss import Loss
from scripts.int8_search import LayerEffect


@dataclass(frozen=True, slots=True)
class Weighed:
    """Size and speed of weights on the machine that made the report."""

    size_bytes: int
    ms_one_thread: float
    ms_two_threads: float


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantizationReport:
    """What quantization gained and what it cost."""

    name: str
    made_of: str
    made_of_sha256: str
    calibration_sha256: str
    calibration_frames: int
    before: Weighed
    after: Weighed
    losses: tuple[Loss, ...]
    left_out: tuple[str, ...]
    effects: tuple[LayerEffect, ...]
    layers: int
    """How many layers with weights there are; more than ``effects`` where time was up."""

    @property
    def holds(self) -> bool:
        """Whether no figure lost more than it may."""
        return all(loss.holds for loss in self.losses)


def as_json(report: QuantizationReport) -> dict[str, Any]:
    """Everything, as a program reads it."""
    losses = [{**loss.model_dump(), "holds": loss.holds} for loss in report.losses]
    return {**asdict(report), "losses": losses, "holds": report.holds}


def as_text(report: QuantizationReport) -> str:
    """A page for a person."""
    before, after = report.before, report.after
    lines = [
        f"{report.name}: int8 of {report.made_of}, calibrated on {report.calibration_frames} frames",
        f"float weights: SHA-256 {report.made_of_sha256}",
        "",
        f"{'':<24}{'float':>10}{'int8':>10}{'ratio':>8}",
        _row("size, MB", before.size_bytes / 1e6, after.size_bytes / 1e6),
        _row("ms, one thread", before.ms_one_thread, after.ms_one_thread),
        _row("ms, two threads", before.ms_two_threads, after.ms_two_threads),
        "",
        f"{'golden figure':<24}{'float':>10}{'int8':>10}{'lost':>8}  may lose",
    ]
    for x in report.losses:
        most = "" if x.at_most is None else f"{x.at_most:g}" + ("" if x.holds else "  TOO MUCH")
        lines.append(f"{x.name:<24}{x.before:>10.4f}{x.after:>10.4f}{x.loss:>8.4f}  {most}")
    lines += [
        "",
        f"Left in float: {', '.join(report.left_out) or 'no layer'}.",
        "",
        f"Layers that change the outputs most, of {len(report.effects)} measured, of {report.layers}:",
    ]
    lines += [f"  {e.error:.2e}  {e.op:<14} {e.name}" for e in report.effects[:10]]
    return "\n".join(lines) + "\n"


def _row(what: str, before: float, after: float) -> str:
    return f"{what:<24}{before:>10.2f}{after:>10.2f}{after / before:>8.2f}"


def as_svg(report: QuantizationReport) -> str:
    """Bars of int8 over float for size and time, and of the golden figures before and after."""
    before, after = report.before, report.after
    rows: list[tuple[str, float, float, str, str]] = [
        ("size", 1.0, after.size_bytes / before.size_bytes, _mb(before.size_bytes), _mb(after.size_bytes)),
        _time("1 thread", before.ms_one_thread, after.ms_one_thread),
        _time("2 threads", before.ms_two_threads, after.ms_two_threads),
    ]
    rows += [
        (x.name, min(x.before, 1.0), min(x.after, 1.0), f"{x.before:.3f}", f"{x.after:.3f}") for x in report.losses
    ]
    height = 70 + 44 * len(rows)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 {height}" font-family="sans-serif" font-size="13">',
        f'<rect width="720" height="{height}" fill="#ffffff"/>',
        f'<text x="16" y="26" font-size="16">{escape(report.name)}: float (grey) and int8 (blue)</text>',
    ]
    for number, row in enumerate(rows):
        parts += _bars(50 + 44 * number, *row)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _time(what: str, before_ms: float, after_ms: float) -> tuple[str, float, float, str, str]:
    return (what, 1.0, after_ms / before_ms, f"{before_ms:.1f} ms", f"{after_ms:.1f} ms")


def _mb(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:.2f} MB"


def _bars(y: int, what: str, before: float, after: float, said_before: str, said_after: str) -> Sequence[str]:
    return [
        f'<text x="16" y="{y + 20}">{escape(what)}</text>',
        f'<rect x="190" y="{y}" width="{400 * before:.1f}" height="14" fill="#9aa3ad"/>',
        f'<rect x="190" y="{y + 16}" width="{min(400 * after, 430):.1f}" height="14" fill="#2f6fd0"/>',
        f'<text x="630" y="{y + 12}">{said_before}</text>',
        f'<text x="630" y="{y + 28}">{said_after}</text>',
    ]
