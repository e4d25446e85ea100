"""Layers whose weights have few values: 16 or fewer, 4 or fewer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from cases.case import Case
from layers import Net
from tflite_writer import Quant, Tensor


def cases() -> Iterator[Case]:
    """The cases of this family."""
    for name, shape, units, values, keywords in (
        ("row_16", (1, 200), 16, 16, {}),
        ("row_4_relu_per_channel", (1, 97), 22, 4, {"per_channel": True, "act": "relu"}),
        ("rows_5", (1, 5, 5, 64), 24, 5, {"keep_dims": True}),
        ("rows_3", (1, 7, 1, 131), 13, 3, {"keep_dims": True, "per_channel": True}),
        ("rows_16_zero_point_least", (1, 11, 3, 145), 10, 16, {"keep_dims": True, "act": "relu6"}),
    ):
        yield _dense(name, shape, units, values, **keywords)
    for name, size, filters, values, keywords in (
        ("1x1_16", (6, 5, 32), 33, 16, {"kernel": (1, 1), "act": "relu"}),
        ("3x3_15", (5, 19, 24), 10, 15, {}),
        ("3x3_4_stride_2_valid", (11, 9, 16), 12, 4, {"stride": (2, 2), "pad": "valid", "act": "relu6"}),
        ("5x3_2_per_tensor", (8, 8, 20), 7, 2, {"kernel": (5, 3), "per_channel": False}),
        ("3x3_9_dilated", (9, 10, 12), 13, 9, {"dilation": (2, 2)}),
        ("3x3_1", (6, 6, 27), 9, 1, {}),
    ):
        yield _conv(name, size, filters, values, **keywords)
    yield Case("palettized", "separable_stack", _separable_stack)


def _few(net: Net, shape: Sequence[int], count: int) -> np.ndarray:
    """Weights of `count` values, the least and the greatest of `int8` among them where there are two."""
    values = np.concatenate([[-128, 127], net.rng.permutation(np.arange(-127, 127))])[:count]
    return net.rng.choice(values.astype(np.int8), shape)


def _dense(name: str, shape: Sequence[int], units: int, values: int, **keywords: object) -> Case:
    def build(net: Net) -> None:
        x = net.input(shape, Quant(0.04, -128 if "least" in name else -5))
        net.outputs(net.fully_connected(x, units, weights=_few(net, (units, shape[-1]), values), **keywords))

    return Case("palettized", f"fully_connected_{name}", build)


def _conv(name: str, size: Sequence[int], filters: int, values: int, **keywords: object) -> Case:
    def build(net: Net) -> None:
        x = net.input((1, *size), Quant(0.05, 9))
        net.outputs(_palettized(net, x, filters, values, **keywords))

    return Case("palettized", f"conv_2d_{name}", build)


def _palettized(net: Net, x: Tensor, filters: int, values: int, **keywords: object) -> Tensor:
    kernel = keywords.get("kernel", (3, 3))
    return net.conv2d(x, filters, weights=_few(net, (filters, *kernel, x.shape[3]), values), **keywords)


def _separable_stack(net: Net) -> None:
    """Depthwise convolutions with convolutions of one tap and few values between them."""
    x = net.conv2d(net.input((1, 16, 12, 3), Quant(0.05, -10)), 16, stride=(2, 2), act="relu")
    for filters, values in ((24, 16), (32, 4), (32, 12)):
        x = _palettized(net, net.depthwise(x, act="relu"), filters, values, kernel=(1, 1), act="relu")
    net.outputs(net.fully_connected(net.reshape(x, (1, x.shape[1] * x.shape[2] * 32)), 5))
