"""Layers whose sums leave their accumulator and wrap: converters saturate the biases of dead channels.

A third of the scales is so small that outputs tell the sign of a wrapped sum, a third so small that every sum gives one output, as of
dead channels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from cases.case import Case
from layers import Net
from tflite_writer import Quant, Result, Tensor, options
from wide import Wide

SIGN = 4e-8
DEAD = 1e-14


def cases() -> Iterator[Case]:
    """The cases of this family."""
    image, kw = (1, 6, 5, 4), {"bias": "saturated"}
    yield _layer("conv2d", "k3x3", image, 9, effective=SIGN, **kw)
    yield _layer("conv2d", "k1x1", (1, 4, 5, 8), 6, kernel=(1, 1), effective=SIGN, **kw)
    yield _layer("conv2d", "groups", image, 6, groups=2, effective=SIGN, **kw)
    yield _layer("conv2d", "dead", image, 9, effective=DEAD, **kw)
    yield _layer("conv2d", "scale_below_one", image, 6, effective=0.7, **kw)
    yield _layer("conv2d", "scale_above_one", image, 6, effective=1.9, **kw)
    yield _layer("depthwise", "k3x3", (1, 7, 6, 9), effective=SIGN, **kw)
    yield _layer("depthwise", "k3x3_stride2_dead", (1, 7, 6, 9), stride=(2, 2), effective=DEAD, **kw)
    yield _layer("depthwise", "k5x2_multiplier2", (1, 7, 6, 3), multiplier=2, kernel=(5, 2), effective=SIGN, **kw)
    yield _layer("fully_connected", "plain", (1, 40), 9, effective=SIGN, **kw)
    yield _layer("fully_connected", "few_inputs", (1, 12), 5, effective=SIGN, **kw)
    yield _layer("fully_connected", "per_channel", (1, 40), 9, per_channel=True, effective=SIGN, **kw)
    yield _layer("fully_connected", "rows", (1, 5, 12), 6, keep_dims=True, effective=SIGN, **kw)
    yield _layer("transpose_conv", "k3x3", (1, 4, 5, 3), 4, effective=SIGN, **kw)
    yield Case("accumulators", "sparse_conv2d", _sparse)
    for build in (dead_channels, alive_and_dead):
        yield Case("accumulators", build.__name__, build)
    yield _layer("conv2d", "k3x3", image, 6, net=Wide, effective=SIGN * 256, **kw)
    yield _layer("fully_connected", "plain", (1, 40), 9, net=Wide, effective=SIGN * 256, **kw)
    yield _layer("fully_connected", "bias32_absent", (1, 700), 4, net=Wide, bias="absent", bias_type="int32", weights=_ones(4, 700))
    wide = {"bias": "saturated64"}
    yield _layer("conv2d", "bias64", image, 6, net=Wide, **wide)
    yield _layer("depthwise", "bias64", image, net=Wide, **wide)
    yield _layer("fully_connected", "bias64", (1, 40), 9, net=Wide, **wide)
    yield _layer("transpose_conv", "bias64", (1, 4, 4, 3), 4, net=Wide, **wide)


def _ones(*shape: int) -> np.ndarray:
    return np.full(shape, 127, np.int8)


def _layer(layer: str, name: str, shape: Sequence[int], *args: object, net: type[Net] = Net, **kw: object) -> Case:
    def build(net: Net) -> None:
        quant = Quant(3.0 / 32768) if isinstance(net, Wide) else Quant(0.05, -7)
        net.outputs(getattr(net, layer)(net.input(shape, quant), *args, **kw))

    if net is Wide:
        return Case("int16", f"{layer}_saturated_{name}", build, net=net)
    return Case("accumulators", f"{layer}_{name}", build)


def _sparse(net: Net) -> None:
    weights = net.values((8, 3, 3, 6))
    weights[net.rng.random(weights.shape) < 0.8] = 0
    net.outputs(net.conv2d(net.input((1, 6, 5, 6), Quant(0.05, -7)), 8, weights=weights, bias="saturated", effective=SIGN))


def dead_channels(net: Net) -> None:
    """A mobile block: what its dead channels make is one value, which the layers behind them take into their biases."""
    x = net.input((1, 8, 8, 3), Quant(0.05, -5))
    x = _partly(net, x, 12, lambda w: np.where(np.arange(12) % 3 == 0, 1e-22, w))
    x = net.depthwise(x, act="relu6")
    net.outputs(net.conv2d(x, 5, kernel=(1, 1)))


def alive_and_dead(net: Net) -> None:
    """As `dead_channels`, with channels among them whose sums wrap and whose outputs tell."""
    x = net.input((1, 8, 8, 3), Quant(0.05, -5))
    x = _partly(net, x, 12, lambda w: np.where(np.arange(12) % 3 == 0, 1e-22, np.where(np.arange(12) % 3 == 1, 1e-9, w)))
    net.outputs(net.conv2d(net.depthwise(x), 5, kernel=(1, 1)))


def _partly(net: Net, x: Tensor, filters: int, scale: Callable[[np.ndarray], np.ndarray]) -> Tensor:
    """A convolution of which the channels of tiny weights have the biases that a converter saturates."""
    scales = scale(np.full(filters, 0.01)).astype(np.float32)
    w = net.const(net.rng.integers(-127, 128, (filters, 3, 3, x.shape[3])).astype(np.int8), Quant(tuple(map(float, scales))))
    bias = np.clip(net.rng.uniform(-1, 1, filters) / (x.quant.scales[0] * scales), -(2**31) + 1, 2**31 - 1).astype(np.int32)
    bias = net.const(bias, Quant(tuple(x.quant.scales[0] * float(s) for s in scales)))
    made = options("Conv2DOptions", strideH=1, strideW=1, dilationHFactor=1, dilationWFactor=1)
    return net.op("CONV_2D", [x, w, bias], [Result((*x.shape[:3], filters), Quant(0.03, -11))], made)[0]
