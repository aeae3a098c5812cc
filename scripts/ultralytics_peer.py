"""Ultralytics' own `predict` beside `backroom bench vision`: the same ONNX file, the same frames, in turns.

    python scripts/ultralytics_peer.py frames.npy yolo.onnx 416

Runs in an environment of its own that has `ultralytics`, never in the appliance. Exports a YOLO11n with random
weights (seeded; nothing is found, on either side), prints ``ready``, then for each line on standard input looks at
every frame and prints the seconds it took. Pictures are uint8 (N, H, W, 3), BGR.
"""

import os
import sys
import time
from pathlib import Path

SAID = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # Ultralytics prints as it works
os.environ["YOLO_AUTOINSTALL"] = "false"
os.environ["YOLO_OFFLINE"] = "true"

import numpy as np  # noqa: E402
import torch  # noqa: E402
from ultralytics import YOLO  # noqa: E402


def main() -> None:
    frames, weights, side = np.load(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    torch.manual_seed(11)
    made = YOLO("yolo11n.yaml").export(format="onnx", imgsz=side, opset=17, simplify=False, device="cpu", verbose=False)
    Path(made).replace(weights)
    network = YOLO(str(weights), task="detect")
    network.predict(frames[0], imgsz=side, device="cpu", verbose=False)
    SAID.write("ready\n")
    for _ in sys.stdin:
        began_s = time.perf_counter()
        for frame in frames:
            network.predict(frame, imgsz=side, device="cpu", verbose=False)
        SAID.write(f"{time.perf_counter() - began_s}\n")


main()
