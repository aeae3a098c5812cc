"""Fits the network to rendered squares and keeps the weights that do best on a few photographs.

The schedule runs over hours, not steps, because the cores are shared. Everything that a run is lies in its folder:
`last.pt` to go on from, `best.pt`, `history.json` for the curves. Weights that are judged are a running mean.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import DataLoader, IterableDataset

from scripts.shelf_training.feeding import batch_of, find
from scripts.shelf_training.losses import total_loss
from scripts.shelf_training.matching import best_threshold
from scripts.shelf_training.measuring import Photo
from scripts.shelf_training.network import ShelfNet
from scripts.shelf_training.photo import snap
from scripts.shelf_training.pool import bays, read_bay
from vision.detections import Detections
from vision.nanodet import STRIDES

SHAPES = ((256, 24), (320, 14), (352, 12), (416, 8))
"""Sides of the training squares in pixels, and how many of them make a batch."""
_ALIKE = 0.01
"""Of F1: a few photographs tell no finer, so of weights that are alike the longer trained ones are kept."""
_THRESHOLDS = tuple(float(at) for at in np.arange(0.1, 0.7, 0.025))


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a run is to go."""

    pool: Path
    folder: Path
    minutes: float
    rate: float = 6e-4
    lowest_rate: float = 1e-5
    warm_up_steps: int = 150
    backbone_share: float = 0.25
    """Of the rate: what has seen photographs shall not unlearn them on renders."""
    steps_an_epoch: int = 100
    mean_decay: float = 0.998
    side_px: int = 640
    seed: int = 1


class _Squares(IterableDataset[Any]):
    """Batches without end: random bays, random squares of one side."""

    def __init__(self, pool: Path, seed: int) -> None:
        self._pool, self._seed = pool, seed

    def __iter__(self) -> Iterator[tuple[Tensor, list[Tensor]]]:
        cv2.setNumThreads(1)
        worker = torch.utils.data.get_worker_info()
        rng = np.random.default_rng([self._seed, worker.id if worker else 0])
        while True:
            paths = bays(self._pool)
            for _ in range(50):
                side_px, count = SHAPES[int(rng.integers(len(SHAPES)))]
                yield _batch(
                    [snap(*read_bay(paths[int(at)]), side_px, rng) for at in rng.integers(0, len(paths), count)]
                )


def _groups(net: ShelfNet, backbone_share: float) -> list[dict[str, Any]]:
    """Backbone and the rest apart, biases without decay."""
    groups: dict[tuple[float, float], list[Tensor]] = {}
    for name, parameter in net.named_parameters():
        share = backbone_share if name.startswith(("stem", "stages")) else 1.0
        groups.setdefault((share, 0.02 if parameter.ndim > 1 else 0.0), []).append(parameter)
    return [
        {"params": parameters, "share": share, "weight_decay": decay} for (share, decay), parameters in groups.items()
    ]


def _batch(shots: list[tuple[NDArray[np.uint8], NDArray[np.float32]]]) -> tuple[Tensor, list[Tensor]]:
    pictures = torch.from_numpy(batch_of([picture for picture, _ in shots]))
    return pictures, [torch.from_numpy(boxes) for _, boxes in shots]


class Run:
    """One training run that can be stopped and gone on with."""

    def __init__(self, plan: Plan, net: ShelfNet, photos: list[Photo]) -> None:
        self._plan, self._photos = plan, photos
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        self._net = net.to(self._device, memory_format=torch.channels_last)
        self._mean = ShelfNet().to(self._device, memory_format=torch.channels_last)
        self._mean.load_state_dict(net.state_dict())
        self._optimiser = torch.optim.AdamW(_groups(net, plan.backbone_share), lr=plan.rate)
        self._step, self._spent_s, self._best = 0, 0.0, -1.0
        self._history: list[dict[str, float]] = []

    def resume(self) -> None:
        """Go on from ``last.pt``."""
        kept = torch.load(self._plan.folder / "last.pt", weights_only=True, map_location=self._device)
        self._net.load_state_dict(kept["net"])
        self._mean.load_state_dict(kept["mean"])
        self._optimiser.load_state_dict(kept["optimiser"])
        self._step, self._spent_s, self._best = kept["step"], kept["spent_s"], kept["best"]
        self._history = json.loads((self._plan.folder / "history.json").read_text())

    def fit(self) -> None:
        """Train until the time is spent; blocks."""
        self._plan.folder.mkdir(parents=True, exist_ok=True)
        batches = iter(
            DataLoader(
                _Squares(self._plan.pool, self._plan.seed + self._step),
                batch_size=None,
                num_workers=1,
                prefetch_factor=4,
            )
        )
        while self._spent_s < self._plan.minutes * 60:
            began = time.monotonic()
            losses = self._epoch(batches)
            self._judge(losses)
            self._spent_s += time.monotonic() - began
            self._keep("last.pt")

    def _epoch(self, batches: Iterator[tuple[Tensor, list[Tensor]]]) -> dict[str, float]:
        sums: dict[str, float] = {}
        for _ in range(self._plan.steps_an_epoch):
            pictures, truths = next(batches)
            losses = self._learn(pictures, truths)
            sums = {name: sums.get(name, 0.0) + float(loss) for name, loss in losses.items()}
        return {name: value / self._plan.steps_an_epoch for name, value in sums.items()}

    def _learn(self, pictures: Tensor, truths: list[Tensor]) -> dict[str, Tensor]:
        for group in self._optimiser.param_groups:
            group["lr"] = self._rate() * group["share"]
        moved = pictures.to(self._device, memory_format=torch.channels_last)
        with torch.autocast(self._device, torch.bfloat16):
            maps = self._net(moved)
        losses = total_loss(maps, [truth.to(self._device) for truth in truths])
        self._optimiser.zero_grad(set_to_none=True)
        losses["all"].backward()
        nn.utils.clip_grad_norm_(self._net.parameters(), 10.0)
        self._optimiser.step()
        self._step += 1
        self._follow()
        return {name: loss.detach() for name, loss in losses.items()}

    def _rate(self) -> float:
        """Linear start, then half a cosine over the time that is planned."""
        plan = self._plan
        gone = min(1.0, self._spent_s / (plan.minutes * 60))
        falling = plan.lowest_rate + (plan.rate - plan.lowest_rate) * (1 + np.cos(np.pi * gone)) / 2
        return float(falling * min(1.0, (self._step + 1) / plan.warm_up_steps))

    def _follow(self) -> None:
        """The running mean, quicker at the start."""
        decay = min(self._plan.mean_decay, (1 + self._step) / (10 + self._step))
        with torch.no_grad():
            for kept, given in zip(self._mean.parameters(), self._net.parameters(), strict=True):
                kept.lerp_(given, 1 - decay)

    def _judge(self, losses: dict[str, float]) -> None:
        found = [detect(self._mean, photo.picture, side_px=self._plan.side_px) for photo in self._photos]
        score = best_threshold(found, [photo.boxes for photo in self._photos], thresholds=_THRESHOLDS)
        row = {
            "step": self._step,
            "minutes": round(self._spent_s / 60, 1),
            "rate": self._rate(),
            **{f"loss_{name}": round(value, 4) for name, value in losses.items()},
            "threshold": score.threshold,
            "precision": round(score.precision, 4),
            "recall": round(score.recall, 4),
            "count_error": round(score.count_error, 4),
        }
        self._history.append(row)
        print(json.dumps(row), flush=True)
        (self._plan.folder / "history.json").write_text(json.dumps(self._history, indent=1))
        if score.f1 > self._best - _ALIKE:
            self._best = max(self._best, score.f1)
            self._keep("best.pt")

    def _keep(self, name: str) -> None:
        kept = {
            "net": self._net.state_dict(),
            "mean": self._mean.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "step": self._step,
            "spent_s": self._spent_s,
            "best": self._best,
        }
        partial = self._plan.folder / f"{name}.part"
        torch.save(kept, partial)
        partial.replace(self._plan.folder / name)


def detect(net: ShelfNet, picture: NDArray[np.uint8], *, side_px: int) -> Detections:
    """What the float network finds in a picture, decoded as the appliance does it, scores from 0.05 up."""
    device = next(net.parameters()).device

    def run(pictures: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        with torch.no_grad():
            maps = net(torch.from_numpy(pictures).to(device))
        outputs = {}
        for stride, (score, edge) in zip(STRIDES, maps, strict=True):
            outputs[f"classes_{stride}"], outputs[f"distances_{stride}"] = score.cpu().numpy(), edge.cpu().numpy()
        return outputs

    return find(run, picture, side_px=side_px)
