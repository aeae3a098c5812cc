"""The detector in PyTorch: NanoDet-g's backbone and neck as published, with heads of one class.

NanoDet-g (RangiLyu, NanoDet, Apache-2.0) is plain 3 x 3 convolutions in cross-stage blocks, a feature pyramid that
adds, and one convolution per head. The weights it starts from are those of the person detector: they have seen
photographs, which rendered shelves are not.

    picture ─ stem /4 ─ stage /8 ─ stage /16 ─ stage /32        names of parts: order of the convolutions in the
                          │           │            │            converted graph, so weights load by position
                          └── pyramid, down and up ┘
                             head 8   head 16   head 32   each: classes (1) and distances (4 x 11)
"""

from collections.abc import Iterator

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn import functional

from vision.nanodet import BINS, STRIDES

_SLOPE = 0.1
_COCO_LIKE = (39, 41, 73, 75)  # bottle, cup, book, vase: where the product's score starts from
_RARE = -3.0  # the score's bias at the start: most cells show no product
Numbers = tuple[NDArray[np.float32], NDArray[np.float32]]
Maps = list[tuple[Tensor, Tensor]]


def _conv(inputs: int, outputs: int, side: int = 3, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, side, stride, side // 2)


class _Block(nn.Module):
    """A cross-stage block: entry, then a chain whose halves are joined again, then an exit, then entry beside it."""

    def __init__(self, inputs: int, width: int, pairs: int, stride: int) -> None:
        super().__init__()
        self.entry = _conv(inputs, width, stride=stride)
        half = width // 2
        chain: list[nn.Conv2d] = []
        for _ in range(pairs):
            chain += [_conv(width, half), _conv(half, half)]
        self.chain = nn.ModuleList(chain)
        self.exit = _conv(width, width)

    def forward(self, given: Tensor) -> Tensor:
        entered = _lit(self.entry(given))
        flow = entered
        for at in range(0, len(self.chain), 2):
            first = _lit(self.chain[at](flow))
            flow = torch.cat([_lit(self.chain[at + 1](first)), first], dim=1)
        return torch.cat([_lit(self.exit(flow)), entered], dim=1)


def _lit(given: Tensor) -> Tensor:
    return functional.leaky_relu(given, _SLOPE)


class ShelfNet(nn.Module):
    """Product scores and distances at strides 8, 16 and 32 for float32 (N, 3, H, W), sides multiples of 32."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = _conv(3, 32, stride=2)
        self.stages = nn.ModuleList(
            [_Block(32, 32, 1, 1), _Block(64, 64, 2, 2), _Block(128, 128, 2, 2), _Block(256, 256, 3, 2)]
        )
        self.lateral = nn.ModuleList([_conv(width, 128, 1) for width in (128, 256, 512)])
        self.heads = nn.ModuleList([_conv(128, 128) for _ in STRIDES])
        self.classes = nn.ModuleList([_conv(128, 1, 1) for _ in STRIDES])
        self.distances = nn.ModuleList([_conv(128, 4 * BINS, 1) for _ in STRIDES])

    def forward(self, pictures: Tensor) -> Maps:
        flow = functional.max_pool2d(_lit(self.stem(pictures)), 3, 2, 1)
        seen = []
        for stage in self.stages:
            flow = stage(flow)
            seen.append(flow)
        small, middle, large = (side(given) for side, given in zip(self.lateral, seen[1:], strict=True))
        middle = middle + _scaled(large, 2.0)
        small = small + _scaled(middle, 2.0)
        middle = middle + _scaled(small, 0.5)
        large = large + _scaled(middle, 0.5)
        lit = [_lit(head(given)) for head, given in zip(self.heads, (small, middle, large), strict=True)]
        return [
            (score(given), distance(given))
            for score, distance, given in zip(self.classes, self.distances, lit, strict=True)
        ]


def _scaled(given: Tensor, factor: float) -> Tensor:
    return functional.interpolate(given, scale_factor=factor, mode="bilinear", align_corners=False)


def _convolutions(net: ShelfNet) -> Iterator[nn.Conv2d]:
    """All but the last of each head, in the order of the converted graph."""
    yield net.stem
    for number, stage in enumerate(net.stages):
        if number >= 2:
            yield net.lateral[number - 2]
        yield stage.entry
        yield from stage.chain
        yield stage.exit
    yield net.lateral[2]
    yield from net.heads


def start_from(net: ShelfNet, persons: onnx.ModelProto) -> None:
    """Fill the network from NanoDet-g in float as `exporting.person_network` gives it.

    Raises:
        ValueError: it holds convolutions of other shapes.
    """
    graph = persons.graph
    known = {tensor.name: torch.from_numpy(numpy_helper.to_array(tensor).copy()) for tensor in graph.initializer}
    convs = [node for node in graph.node if node.op_type == "Conv"]
    plain = [node for node in convs if not node.output[0].startswith(("classes_", "distances_"))]
    for layer, node in zip(_convolutions(net), plain, strict=True):
        _fill(layer, known[node.input[1]], known[node.input[2]])
    named = {node.output[0]: node for node in convs}
    for at, stride in enumerate(STRIDES):
        weight, bias = (known[name] for name in named[f"distances_{stride}"].input[1:3])
        _fill(net.distances[at], weight, bias)
        weight = known[named[f"classes_{stride}"].input[1]][list(_COCO_LIKE)].mean(dim=0, keepdim=True)
        _fill(net.classes[at], weight, torch.full((1,), _RARE))


def _fill(layer: nn.Conv2d, weight: Tensor, bias: Tensor) -> None:
    if layer.weight.shape != weight.shape:
        raise ValueError(f"weights of shape {tuple(weight.shape)} do not fit {tuple(layer.weight.shape)}")
    with torch.no_grad():
        layer.weight.copy_(weight)
        layer.bias.copy_(bias)


def numbers(net: ShelfNet) -> tuple[list[Numbers], dict[str, Numbers]]:
    """Weights and biases as `exporting.with_numbers` takes them: all but the heads' last, and those by output."""
    heads = {f"classes_{stride}": layer for stride, layer in zip(STRIDES, net.classes, strict=True)}
    heads |= {f"distances_{stride}": layer for stride, layer in zip(STRIDES, net.distances, strict=True)}
    return [_arrays(layer) for layer in _convolutions(net)], {name: _arrays(layer) for name, layer in heads.items()}


def _arrays(layer: nn.Module) -> Numbers:
    weight, bias = (parameter.detach().float().cpu().contiguous().numpy() for parameter in layer.parameters())
    return weight, bias
