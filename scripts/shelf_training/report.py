"""The training report beside the weights: figures in Markdown, curves in SVG.

Plain values in, strings out; the drawing is written here, because a plotting library is a large part for six lines.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scripts.shelf_training.matching import Score

Row = Mapping[str, float]
_WIDTH, _HEIGHT, _EDGE = 720, 230, 46
_COLOURS = ("#2f6fd0", "#d0662f", "#2f9e62")


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One form of the network, measured."""

    name: str
    size_bytes: int
    scores: Sequence[tuple[str, Score]]
    """By the photographs and how they were shown."""
    milliseconds: Mapping[int, float]


def as_markdown(
    results: Sequence[Result], history: Sequence[Row], *, title: str, words: Sequence[str], curves: str
) -> str:
    """Figures of every form, the words of whoever trained, and the run in rows."""
    lines = [f"# {title}", "", *words, "", f"![Losses and figures by step]({curves})", "", "## Figures", ""]
    lines += ["| form | photographs | precision | recall | count error | threshold |", "|---|---|---|---|---|---|"]
    for result in results:
        for kind, one in result.scores:
            figures = f"{one.precision:.3f} | {one.recall:.3f} | {one.count_error:.1%} | {one.threshold:.2f}"
            lines.append(f"| {result.name} | {kind} | {figures} |")
    sides = sorted({side for result in results for side in result.milliseconds})
    lines += ["", "| form | size, MB | " + " | ".join(f"ms at {side}" for side in sides) + " |"]
    lines.append("|---|---|" + "---|" * len(sides))
    for result in results:
        times = " | ".join(f"{result.milliseconds[side]:.1f}" if side in result.milliseconds else "" for side in sides)
        lines.append(f"| {result.name} | {result.size_bytes / 1e6:.2f} | {times} |")
    lines += [
        "",
        "## The run",
        "",
        "| step | minutes | loss | precision | recall | count error |",
        "|---|---|---|---|---|---|",
    ]
    for row in history:
        figures = f"{row['precision']:.3f} | {row['recall']:.3f} | {row['count_error']:.1%}"
        lines.append(f"| {row['step']:.0f} | {row['minutes']:.0f} | {row['loss_all']:.3f} | {figures} |")
    return "\n".join(lines) + "\n"


def as_svg(history: Sequence[Row], *, kept_step: int) -> str:
    """Two panels over the steps: losses; precision, recall and count error. A line marks the step that was kept."""
    panels = (("loss_score", "loss_box", "loss_edge"), ("precision", "recall", "count_error"))
    height = _HEIGHT * len(panels)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" font-size="12">',
        "<style>text { font-family: sans-serif }</style>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
    ]
    for number, names in enumerate(panels):
        parts += _panel(history, names, top=number * _HEIGHT, kept_step=kept_step)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(history: Sequence[Row], names: Sequence[str], *, top: int, kept_step: int) -> list[str]:
    steps = [row["step"] for row in history]
    highest = max(row[name] for row in history for name in names) * 1.05 or 1.0
    left, right, base = _EDGE, _WIDTH - 20, top + _HEIGHT - 34

    def x(step: float) -> float:
        return left + (right - left) * (step - steps[0]) / max(steps[-1] - steps[0], 1)

    def y(value: float) -> float:
        return base - (_HEIGHT - 64) * value / highest

    parts = [f'<path d="M{left} {top + 30}V{base}H{right}" fill="none" stroke="#444444"/>']
    marks = [share * highest for share in (0.0, 0.5, 1.0)]
    parts += [f'<text x="6" y="{y(mark) + 4:.1f}">{mark:.2f}</text>' for mark in marks]
    parts += [f'<text x="{x(step) - 12:.0f}" y="{base + 18}">{step:.0f}</text>' for step in (steps[0], steps[-1])]
    parts.append(f'<path d="M{x(kept_step):.1f} {top + 30}V{base}" stroke="#999999" stroke-dasharray="4 3"/>')
    for number, name in enumerate(names):
        points = " ".join(f"{x(row['step']):.1f},{y(row[name]):.1f}" for row in history)
        parts.append(f'<polyline points="{points}" fill="none" stroke="{_COLOURS[number]}" stroke-width="2"/>')
        label = f'<text x="{left + 10 + 150 * number}" y="{top + 22}" fill="{_COLOURS[number]}">'
        parts.append(f"{label}{name.replace('_', ' ')}</text>")
    return parts
