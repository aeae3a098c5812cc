#!/usr/bin/env python3
"""Renders the demo shop's camera clips, reference pictures and truth file into a folder, once.

    scripts/render_shop.py OUT [--seed 7] [--seconds 115] [--size 1280x720] [--fps 10] [--force]

A second call with the same code, data and arguments returns at once. Same seed, same machine: same bytes.
"""

import argparse
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts.shop_render.studio import Order, is_rendered, render  # noqa: E402 - the path above comes first
from scripts.shop_render.writer import WriterError  # noqa: E402


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    order, force = _parse(arguments)
    if not force and is_rendered(order):
        print(f"demo shop: already rendered in {order.out}")
        return 0
    began = time.monotonic()
    try:
        render(order, _Progress(sys.stdout.isatty()))
    except (WriterError, OSError, ValueError) as error:
        print(f"demo shop: not rendered: {error}", file=sys.stderr)
        return 1
    print(f"demo shop: rendered into {order.out} in {time.monotonic() - began:.0f} s")
    return 0


class _Progress:
    """One line that is rewritten on a terminal; a line every quarter elsewhere."""

    def __init__(self, is_terminal: bool) -> None:
        self._is_terminal = is_terminal
        self._shares: dict[str, float] = {}
        self._told = -1

    def __call__(self, camera_id: str, done: int, total: int) -> None:
        """Take one camera's progress."""
        self._shares[camera_id] = done / max(total, 1)
        line = "  ".join(f"{name} {share:4.0%}" for name, share in sorted(self._shares.items()))
        if self._is_terminal:
            finished = all(share >= 1 for share in self._shares.values())
            print(f"\rdemo shop: rendering  {line}", end="\n" if finished else "", flush=True)
            return
        quarter = int(4 * sum(self._shares.values()) / 3)
        if quarter > self._told:
            self._told = quarter
            print(f"demo shop: rendering  {line}", flush=True)


def _parse(arguments: list[str] | None) -> tuple[Order, bool]:
    parser = argparse.ArgumentParser(description="Render the demo shop's camera clips.")
    parser.add_argument("out", type=Path, help="folder to write; replaced when it holds something older")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=115.0, help="length of each clip (default: the whole script)")
    parser.add_argument("--size", type=_size, default=(1280, 720), help="WIDTHxHEIGHT, 16:9 (default 1280x720)")
    parser.add_argument("--fps", type=int, default=10)
    parser.add_argument("--shop", type=Path, default=ROOT / "firmware-config" / "shops" / "demo")
    parser.add_argument("--force", action="store_true", help="render again even if nothing changed")
    given = parser.parse_args(arguments)
    order = Order(
        out=given.out.resolve(), shop=given.shop, seed=given.seed, seconds=given.seconds, size=given.size, fps=given.fps
    )
    return order, given.force


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    if not (width.isdigit() and height.isdigit()) or int(width) % 2 or int(height) % 2 or int(width) < 160:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 1280x720, both even")
    return int(width), int(height)


if __name__ == "__main__":
    sys.exit(main())
