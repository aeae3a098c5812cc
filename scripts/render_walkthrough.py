#!/usr/bin/env python3
"""Writes a walk through a shop's entrance to the standard output: for `backroom bench privacy`, which pipes it.

    scripts/render_walkthrough.py --frames 100 [--first 0] [--seed 41]

Each frame is one line of JSON (its size, the boxes of faces and heads) and then its bytes, BGR. Nothing is kept.
"""

import argparse
import json
import sys
from pathlib import Path

import cv2

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts.shop_render.walkthrough import walk_through  # noqa: E402 - the path above comes first


def main() -> None:
    parser = argparse.ArgumentParser(description="Render a walk through a shop's entrance.")
    parser.add_argument("--frames", type=int, required=True)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=41)
    given = parser.parse_args()
    cv2.setNumThreads(1)
    out = sys.stdout.buffer
    for seen in walk_through(given.first, given.frames, seed=given.seed):
        height, width = seen.picture.shape[:2]
        truth = {"width_px": width, "height_px": height, "faces_px": seen.faces_px, "heads_px": seen.heads_px}
        out.write(json.dumps(truth).encode() + b"\n" + seen.picture.tobytes())


try:
    main()
except BrokenPipeError:  # whoever read has seen enough
    sys.stderr.close()
