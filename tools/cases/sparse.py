"""Layers most of whose weights are zero: scattered, in patterns, in whole rows, and with gaps between the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from cases.case import Case
from layers import Net
from tflite_writer import Quant, Tensor


def cases() -> Iterator[Case]:
    """The cases of this family."""
    for name, shape, units, left, keywords in (
        ("row", (1, 200), 16, (0, 3), {}),
        ("row_relu_per_channel", (1, 97), 11, (0, 4), {"per_channel": True, "act": "relu"}),
        ("rows_scattered", (1, 5, 3, 64), 24, (0, 1), {"keep_dims": True}),
        ("rows_with_gaps", (1, 7, 1, 130), 9, (1, 20), {"keep_dims": True, "per_channel": True}),
        ("rows_zero_point_least", (1, 3, 2, 40), 12, (2, 4), {"keep_dims": True, "act": "relu6"}),
    ):
        yield _dense(name, shape, units, left, **keywords)
    for name, size, filters, left, keywords in (
        ("1x1_2_of_4", (6, 5, 32), 20, (2, 4), {"kernel": (1, 1)}),
        ("1x1_1_of_4", (9, 4, 48), 33, (1, 4), {"kernel": (1, 1), "act": "relu"}),
        ("3x3_scattered", (9, 7, 12), 10, (0, 1), {}),
        ("3x3_stride_2_valid", (11, 9, 16), 12, (1, 4), {"stride": (2, 2), "pad": "valid", "act": "relu6"}),
        ("5x3_with_gaps", (8, 8, 20), 7, (1, 30), {"kernel": (5, 3), "per_channel": False}),
        ("3x3_stride_1x2", (7, 10, 24), 16, (1, 8), {"stride": (1, 2)}),
        ("4x4_image", (4, 4, 9), 6, (1, 4), {"kernel": (4, 4), "pad": "same"}),
    ):
        yield _conv(name, size, filters, left, **keywords)
    yield Case("sparse", "separable_stack", _separable_stack)


def _thinned(net: Net, shape: Sequence[int], left: tuple[int, int]) -> np.ndarray:
    """Weights of which `most` in each `size` neighbours are left; where `most` is 0 a quarter, wherever, and an empty row."""
    most, size = left
    values = net.rng.integers(-127, 128, shape).astype(np.int8)
    flat = values.reshape(shape[0], -1)
    if most == 0:
        flat[net.rng.random(flat.shape) < 0.75] = 0
        flat[shape[0] // 2] = 0
        return values
    for row in flat:
        for start in range(0, row.size, size):
            group = row[start : start + size]
            group[net.rng.permutation(group.size)[most:]] = 0
    return values


def _dense(name: str, shape: Sequence[int], units: int, left: tuple[int, int], **keywords: object) -> Case:
    def build(net: Net) -> None:
        x = net.input(shape, Quant(0.04, -128 if "least" in name else -5))
        net.outputs(net.fully_connected(x, units, weights=_thinned(net, (units, shape[-1]), left), **keywords))

    return Case("sparse", f"fully_connected_{name}", build)


def _conv(name: str, size: Sequence[int], filters: int, left: tuple[int, int], **keywords: object) -> Case:
    def build(net: Net) -> None:
        x = net.input((1, *size), Quant(0.05, 9))
        net.outputs(_pruned(net, x, filters, left, **keywords))

    return Case("sparse", f"conv_2d_{name}", build)


def _pruned(net: Net, x: Tensor, filters: int, left: tuple[int, int], **keywords: object) -> Tensor:
    kernel = keywords.get("kernel", (3, 3))
    return net.conv2d(x, filters, weights=_thinned(net, (filters, *kernel, x.shape[3]), left), **keywords)


def _separable_stack(net: Net) -> None:
    """Depthwise convolutions with pruned convolutions of one tap between them, as pruning leaves a MobileNet."""
    x = net.conv2d(net.input((1, 16, 12, 3), Quant(0.05, -10)), 16, stride=(2, 2), act="relu")
    for filters, left in ((24, (1, 4)), (32, (0, 1)), (32, (2, 4))):
        x = _pruned(net, net.depthwise(x, act="relu"), filters, left, kernel=(1, 1), act="relu")
    net.outputs(net.fully_connected(net.reshape(x, (1, x.shape[1] * x.shape[2] * 32)), 5))
