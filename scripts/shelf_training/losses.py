"""Which cells answer for which product, and how wrong they are.

Assignment follows TOOD (Feng et al., 2021), looked for among the 3 x 3 cells around each product's middle only, which
on a dense shelf is where the answer lies and costs a thousandth. Losses follow Generalized Focal Loss (Li et al.,
2020): the score learns the overlap (quality focal), edges learn a distribution (distribution focal) and GIoU.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from vision.nanodet import BINS, STRIDES

_TAKEN = 5
_OVERLAP_POWER = 4.0
_SIDES_PX = ((0.0, 130.0), (44.0, 280.0), (110.0, 1e9))
"""Longest sides of the products that each stride answers for."""
GIOU_WEIGHT = 2.0
EDGE_WEIGHT = 0.5


@dataclass(frozen=True, slots=True)
class Grid:
    """All cells of all strides: middles (C, 2) and strides (C,) in pixels, and each level's (rows, columns, first)."""

    middle: Tensor
    stride: Tensor
    levels: tuple[tuple[int, int, int], ...]


def grid_of(maps: list[tuple[Tensor, Tensor]]) -> Grid:
    """The cells of the network's maps."""
    middles, strides, levels, first = [], [], [], 0
    for (score, _), stride in zip(maps, STRIDES, strict=True):
        rows, columns = score.shape[-2:]
        y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
        middles.append((torch.stack([x, y], -1).reshape(-1, 2) + 0.5) * stride)
        strides.append(torch.full((rows * columns,), float(stride)))
        levels.append((rows, columns, first))
        first += rows * columns
    return Grid(torch.cat(middles).to(maps[0][0].device), torch.cat(strides).to(maps[0][0].device), tuple(levels))


def flatten(maps: list[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
    """Score logits (N, C) and edge logits (N, C, 4, bins), float32."""
    scores = torch.cat([score.float().flatten(1) for score, _ in maps], dim=1)
    edges = [edge.float().flatten(2).transpose(1, 2).reshape(edge.shape[0], -1, 4, BINS) for _, edge in maps]
    return scores, torch.cat(edges, dim=1)


def boxes_of(edges: Tensor, middle: Tensor, stride: Tensor) -> Tensor:
    """Boxes (..., 4) from edge logits (..., 4, bins) of cells with these middles and strides."""
    bins = torch.arange(BINS, dtype=torch.float32, device=edges.device)
    reach = (edges.softmax(-1) @ bins) * stride[..., None]
    return torch.cat([middle - reach[..., :2], middle + reach[..., 2:]], dim=-1)


def overlaps(one: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
    """IoU and generalized IoU of boxes in pairs, (...,) each."""
    inner = (torch.minimum(one[..., 2:], other[..., 2:]) - torch.maximum(one[..., :2], other[..., :2])).clamp(min=0)
    shared = inner.prod(-1)
    union = (one[..., 2:] - one[..., :2]).prod(-1) + (other[..., 2:] - other[..., :2]).prod(-1) - shared
    hull = (torch.maximum(one[..., 2:], other[..., 2:]) - torch.minimum(one[..., :2], other[..., :2])).prod(-1)
    iou = shared / union.clamp(min=1e-6)
    return iou, iou - (hull - union) / hull.clamp(min=1e-6)


def _candidates(truth: Tensor, grid: Grid) -> tuple[Tensor, Tensor]:
    """Cells (M, 27) around the middles of M products, and which of them may answer."""
    middle, longest = (truth[:, :2] + truth[:, 2:]) / 2, (truth[:, 2:] - truth[:, :2]).amax(-1)
    around = torch.tensor([(dx, dy) for dy in (-1, 0, 1) for dx in (-1, 0, 1)], device=truth.device)
    cells, allowed = [], []
    for (rows, columns, first), stride, (low, high) in zip(grid.levels, STRIDES, _SIDES_PX, strict=True):
        at = (middle / stride).floor().long()[:, None] + around
        within = (at[..., 0] >= 0) & (at[..., 1] >= 0) & (at[..., 0] < columns) & (at[..., 1] < rows)
        number = first + at[..., 1].clamp(0, rows - 1) * columns + at[..., 0].clamp(0, columns - 1)
        point = grid.middle[number]
        inside = (point > truth[:, None, :2]).all(-1) & (point < truth[:, None, 2:]).all(-1)
        inside[:, 4] = True
        fits = (longest >= low) & (longest < high)
        cells.append(number)
        allowed.append(within & inside & fits[:, None])
    return torch.cat(cells, 1), torch.cat(allowed, 1)


def assign(scores: Tensor, boxes: Tensor, truth: Tensor, grid: Grid) -> tuple[Tensor, Tensor]:
    """For one picture: the product each cell answers for, (C,) with -1 for none, and the score it should give, (C,)."""
    owner = torch.full_like(scores, -1, dtype=torch.long)
    wanted = torch.zeros_like(scores)
    if not len(truth):
        return owner, wanted
    cells, allowed = _candidates(truth, grid)
    iou = overlaps(boxes[cells], truth[:, None])[0].clamp(min=1e-4)
    metric = torch.where(allowed, scores[cells].sigmoid().sqrt() * iou**_OVERLAP_POWER, torch.zeros(()))
    best, at = metric.topk(_TAKEN, dim=1)
    chosen, chosen_iou = cells.gather(1, at), iou.gather(1, at)
    quality = (
        best / best.amax(1, keepdim=True).clamp(min=1e-12) * torch.where(best > 0, chosen_iou, 0).amax(1, keepdim=True)
    )
    order = torch.where(best > 0, chosen_iou, torch.full((), -1.0)).flatten().argsort()
    order = order[(best > 0).flatten()[order]]  # the largest overlap is written last and so stays
    number = torch.arange(len(truth), device=truth.device)[:, None].expand_as(chosen).flatten()[order]
    owner[chosen.flatten()[order]] = number
    wanted[chosen.flatten()[order]] = quality.flatten()[order].clamp(0, 1)
    return owner, wanted


def total_loss(maps: list[tuple[Tensor, Tensor]], truths: list[Tensor]) -> dict[str, Tensor]:
    """The losses of a batch by name: ``score``, ``box``, ``edge`` and their weighted sum ``all``."""
    grid = grid_of(maps)
    scores, edges = flatten(maps)
    with torch.no_grad():
        boxes = boxes_of(edges, grid.middle, grid.stride)
        pairs = [assign(s, b, t, grid) for s, b, t in zip(scores, boxes, truths, strict=True)]
    wanted = torch.stack([want for _, want in pairs])
    weight = wanted.sum().clamp(min=1.0)
    score = _quality_focal(scores, wanted) / weight
    picture, cell = torch.stack([owner >= 0 for owner, _ in pairs]).nonzero(as_tuple=True)
    target = torch.cat([truth[owner[owner >= 0]] for (owner, _), truth in zip(pairs, truths, strict=True)])
    answers, share = edges[picture, cell], wanted[picture, cell]
    middle, stride = grid.middle[cell], grid.stride[cell]
    box = ((1 - overlaps(boxes_of(answers, middle, stride), target)[1]) * share).sum() / weight
    edge = (_edge_loss(answers, target, middle, stride) * share).sum() / weight
    return {"score": score, "box": box, "edge": edge, "all": score + GIOU_WEIGHT * box + EDGE_WEIGHT * edge}


def _quality_focal(logits: Tensor, wanted: Tensor) -> Tensor:
    gap = (wanted - logits.sigmoid()).abs().square()
    return (functional.binary_cross_entropy_with_logits(logits, wanted, reduction="none") * gap).sum()


def _edge_loss(edges: Tensor, target: Tensor, middle: Tensor, stride: Tensor) -> Tensor:
    """Cross entropy to the two bins beside each true distance, mean over four edges, (K,)."""
    reach = torch.cat([middle - target[:, :2], target[:, 2:] - middle], 1) / stride[:, None]
    reach = reach.clamp(0, BINS - 1.01)
    low = reach.floor().long()
    share = reach - low
    log = edges.log_softmax(-1)
    below = -log.gather(-1, low[..., None])[..., 0] * (1 - share)
    above = -log.gather(-1, low[..., None] + 1)[..., 0] * share
    return (below + above).mean(-1)
