"""Layers with seeded random weights and quantization, on top of `GraphBuilder`.

`Net` works out shapes, and picks output scales for which random inputs fill the int8 range without saturating much; a
case overrides what it is about. Layouts are TFLite's: images NHWC, convolution weights OHWI, depthwise weights 1HWC.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from tflite_writer import ABSENT, TYPES, GraphBuilder, Quant, Result, Tensor, activation, options, padding

SIGMAS = 3.0  # an output scale covers this many standard deviations
Pair = tuple[int, int]


class Net(GraphBuilder):
    """A graph whose layers draw weights from one seeded generator."""

    def __init__(self, rng: np.random.Generator) -> None:
        super().__init__()
        self.rng = rng

    # Convolutions

    def conv2d(
        self,
        x: Tensor,
        filters: int,
        kernel: Pair = (3, 3),
        stride: Pair = (1, 1),
        pad: str = "same",
        dilation: Pair = (1, 1),
        act: str = "none",
        bias: str = "random",
        per_channel: bool = True,
        groups: int = 1,
        gain: float = 1.0,
        out_zp: int | None = None,
        out_scale: float | None = None,
        weights: np.ndarray | None = None,
        spread: float = 4.0,
        limit: int = 127,
        effective: float | None = None,
        bias_type: str = "float32",
    ) -> Tensor:
        """`conv_2d` from `[1, h, w, c]` to `[1, oh, ow, filters]`, in `groups`.

        `bias` is `random`, `zero`, `huge` (drives outputs into saturation), `saturated` (near both ends of int32, where sums
        wrap), `absent` (two inputs) or `omitted` (a third input of index -1); `gain` scales outputs beyond what the output scale covers; `spread` is
        the ratio of the largest to the smallest per-channel weight scale; weights lie within `limit`; `effective` sets the
        output scale such that accumulators are multiplied by about that much; `bias_type` is the
        option `quantized_bias_type`, where `float32` stands for none.
        """
        depth = x.shape[3] // groups
        shape = (filters, *kernel, depth)
        taps = depth * kernel[0] * kernel[1]
        w = self._weights(shape, taps, filters if per_channel else 1, 0, weights, spread, limit)
        out = self._accumulated(x, w, taps, act, gain, out_zp, out_scale, limit, effective)
        hw = [window_output(x.shape[1 + i], kernel[i], stride[i], dilation[i], pad) for i in range(2)]
        made = options(
            "Conv2DOptions",
            padding=padding(pad),
            strideH=stride[0],
            strideW=stride[1],
            dilationHFactor=dilation[0],
            dilationWFactor=dilation[1],
            fusedActivationFunction=activation(act),
            quantizedBiasType=TYPES[np.dtype(bias_type)],
        )
        inputs = [x, w, *self._bias(bias, x, w, filters, taps, limit)]
        return self.op("CONV_2D", inputs, [Result((x.shape[0], *hw, filters), out)], made)[0]

    def conv2d_with(self, x: Tensor, weights: Tensor, bias: np.ndarray, out: Quant) -> Tensor:
        """`conv_2d` of stride 1, unpadded, with everything given."""
        scales = tuple(x.quant.scales[0] * s for s in weights.quant.scales)
        hw = [x.shape[1 + i] - weights.shape[1 + i] + 1 for i in range(2)]
        made = options("Conv2DOptions", padding=padding("valid"), strideH=1, strideW=1)
        inputs = [x, weights, self.const(bias, Quant(scales), "bias")]
        return self.op("CONV_2D", inputs, [Result((x.shape[0], *hw, weights.shape[0]), out)], made)[0]

    def depthwise(
        self,
        x: Tensor,
        multiplier: int = 1,
        kernel: Pair = (3, 3),
        stride: Pair = (1, 1),
        pad: str = "same",
        dilation: Pair = (1, 1),
        act: str = "none",
        bias: str = "random",
        per_channel: bool = True,
        gain: float = 1.0,
        out_zp: int | None = None,
        out_scale: float | None = None,
        spread: float = 4.0,
        limit: int = 127,
        effective: float | None = None,
    ) -> Tensor:
        """`depthwise_conv_2d` from `[1, h, w, c]` to `[1, oh, ow, c * multiplier]`."""
        channels = x.shape[3] * multiplier
        taps = kernel[0] * kernel[1]
        w = self._weights((1, *kernel, channels), taps, channels if per_channel else 1, 3, None, spread, limit)
        out = self._accumulated(x, w, taps, act, gain, out_zp, out_scale, limit, effective)
        hw = [window_output(x.shape[1 + i], kernel[i], stride[i], dilation[i], pad) for i in range(2)]
        made = options(
            "DepthwiseConv2DOptions",
            padding=padding(pad),
            strideH=stride[0],
            strideW=stride[1],
            depthMultiplier=multiplier,
            dilationHFactor=dilation[0],
            dilationWFactor=dilation[1],
            fusedActivationFunction=activation(act),
        )
        inputs = [x, w, *self._bias(bias, x, w, channels, taps, limit)]
        return self.op("DEPTHWISE_CONV_2D", inputs, [Result((x.shape[0], *hw, channels), out)], made)[0]

    def transpose_conv(
        self,
        x: Tensor,
        filters: int,
        kernel: Pair = (3, 3),
        stride: Pair = (2, 2),
        pad: str = "same",
        act: str = "none",
        bias: str = "random",
        per_channel: bool = True,
        out_zp: int | None = None,
        out_scale: float | None = None,
        effective: float | None = None,
        output: Pair | None = None,
        bias_type: str = "float32",
    ) -> Tensor:
        """`transpose_conv` from `[1, h, w, c]` to `[1, oh, ow, filters]`; `output` overrides the usual size."""
        usual = [n * s + (max(k - s, 0) if pad == "valid" else 0) for n, s, k in zip(x.shape[1:3], stride, kernel)]
        hw = tuple(output or usual)
        taps = max(1, kernel[0] * kernel[1] * x.shape[3] // (stride[0] * stride[1]))
        w = self._weights((filters, *kernel, x.shape[3]), taps, filters if per_channel else 1, 0, None, 4.0, 127)
        out = self._accumulated(x, w, taps, act, 1.0, out_zp, out_scale, 127, effective)
        shape = (x.shape[0], *hw, filters)
        made = options(
            "TransposeConvOptions",
            padding=padding(pad),
            strideH=stride[0],
            strideW=stride[1],
            fusedActivationFunction=activation(act),
            quantizedBiasType=TYPES[np.dtype(bias_type)],
        )
        added = self._bias(bias, x, w, filters, taps, 127)
        return self.op("TRANSPOSE_CONV", [self.ints(shape), w, x, *added], [Result(shape, out)], made)[0]

    def fully_connected(
        self,
        x: Tensor,
        units: int,
        act: str = "none",
        bias: str = "random",
        per_channel: bool = False,
        gain: float = 1.0,
        out_zp: int | None = None,
        out_scale: float | None = None,
        keep_dims: bool = False,
        weights: np.ndarray | None = None,
        limit: int = 127,
        effective: float | None = None,
        bias_type: str = "float32",
    ) -> Tensor:
        """`fully_connected` of the last axis, or of all but the first where `keep_dims` is false."""
        depth = x.shape[-1] if keep_dims else math.prod(x.shape[1:])
        w = self._weights((units, depth), depth, units if per_channel else 1, 0, weights, 4.0, limit)
        out = self._accumulated(x, w, depth, act, gain, out_zp, out_scale, limit, effective)
        shape = (*x.shape[:-1], units) if keep_dims else (x.shape[0], units)
        made = options(
            "FullyConnectedOptions",
            fusedActivationFunction=activation(act),
            keepNumDims=keep_dims,
            quantizedBiasType=TYPES[np.dtype(bias_type)],
        )
        inputs = [x, w, *self._bias(bias, x, w, units, depth, limit)]
        return self.op("FULLY_CONNECTED", inputs, [Result(shape, out)], made)[0]

    def _weights(
        self, shape: Sequence[int], taps: int, channels: int, axis: int, given: np.ndarray | None, spread: float, limit: int
    ) -> Tensor:
        """Weights whose real values keep the variance of what they are applied to, roughly."""
        values = self.rng.integers(-limit, limit + 1, shape).astype(np.int8) if given is None else given
        base = float(np.exp(self.rng.uniform(np.log(0.3), np.log(1.2)))) / (_std(limit) * math.sqrt(taps))
        scales = tuple(float(s) for s in base * np.exp(self.rng.uniform(0.0, math.log(spread), channels)))
        return self.const(values, Quant(scales, 0, axis if channels > 1 else 0), f"weights_{len(self._tensors)}")

    def _bias(self, kind: str, x: Tensor, w: Tensor, channels: int, taps: int, limit: int) -> list[Tensor]:
        if kind in ("absent", "omitted"):
            return [ABSENT] if kind == "omitted" else []
        spread = int(_std(127) * _std(limit) * math.sqrt(taps))
        if kind == "saturated":
            values = self._saturated(channels, spread, np.int32)
        else:
            bound = {"zero": 0, "random": spread, "huge": 100_000_000}[kind]
            values = self.rng.integers(-bound, bound + 1, channels).astype(np.int32)
        return [self.const(values, Quant(tuple(x.quant.scales[0] * s for s in w.quant.scales)), f"bias_{len(self._tensors)}")]

    def _saturated(self, channels: int, spread: int, dtype: type) -> np.ndarray:
        """Biases as far from an end of their type as sums of products reach: every other one at the end itself."""
        ends = self.rng.choice([-1, 1], channels)
        inside = self.rng.integers(0, spread + 1, channels) * (np.arange(channels) % 2)
        return np.array([int(end) * (np.iinfo(dtype).max - int(by)) for end, by in zip(ends, inside)], dtype)

    def _accumulated(
        self,
        x: Tensor,
        w: Tensor,
        taps: int,
        act: str,
        gain: float,
        out_zp: int | None,
        out_scale: float | None,
        limit: int,
        effective: float | None,
    ) -> Quant:
        """The quantization of a sum of `taps` products, clamped by `act`."""
        unit = x.quant.scales[0] * float(np.exp(np.mean(np.log(w.quant.scales))))
        positive = act in ("relu", "relu6")
        scale = unit * _std(127) * _std(limit) * math.sqrt(taps) * SIGMAS / gain / (255.0 if positive else 127.0)
        if act in ("relu6", "relu_n1_to_1"):
            scale = {"relu6": 6.0 / 255.0, "relu_n1_to_1": 2.0 / 255.0}[act] * float(self.rng.uniform(0.9, 1.6))
        if effective:
            scale = unit / effective
        zero = (-128 if positive else int(self.rng.integers(-20, 21))) if out_zp is None else out_zp
        return Quant(out_scale or scale, zero)

    # Everything else

    def quant(self, low: float = 0.005, high: float = 0.1, zero_point: int | None = None) -> Quant:
        """A random quantization whose scale lies between `low` and `high`."""
        zero = int(self.rng.integers(-128, 128)) if zero_point is None else zero_point
        return Quant(float(np.exp(self.rng.uniform(np.log(low), np.log(high)))), zero)

    def values(self, shape: Sequence[int]) -> np.ndarray:
        """Random int8."""
        return self.rng.integers(-128, 128, shape).astype(np.int8)

    def binary(self, code: str, a: Tensor, b: Tensor, out: Quant, act: str = "none") -> Tensor:
        """`ADD`, `SUB`, `MUL`, `MAXIMUM` or `MINIMUM` of two tensors that broadcast."""
        shape = np.broadcast_shapes(a.shape, b.shape)
        if code in ("MAXIMUM", "MINIMUM"):
            made = options("MaximumMinimumOptions")
        else:
            made = options(f"{code.title()}Options", fusedActivationFunction=activation(act))
        return self.op(code, [a, b], [Result(shape, out)], made)[0]

    def unary(self, code: str, x: Tensor, out: Quant, made: object | None = None) -> Tensor:
        """An element-wise operator."""
        return self.op(code, [x], [Result(x.shape, out)], made)[0]

    def pool(
        self, code: str, x: Tensor, kernel: Pair, stride: Pair, pad: str = "valid", act: str = "none", out: Quant | None = None
    ) -> Tensor:
        """`AVERAGE_POOL_2D` or `MAX_POOL_2D`."""
        hw = [window_output(x.shape[1 + i], kernel[i], stride[i], 1, pad) for i in range(2)]
        made = options(
            "Pool2DOptions",
            padding=padding(pad),
            strideH=stride[0],
            strideW=stride[1],
            filterHeight=kernel[0],
            filterWidth=kernel[1],
            fusedActivationFunction=activation(act),
        )
        return self.op(code, [x], [Result((x.shape[0], *hw, x.shape[3]), out or x.quant)], made)[0]

    def reduce(self, code: str, x: Tensor, axes: Sequence[int], keep_dims: bool, out: Quant | None = None) -> Tensor:
        """`MEAN` or `REDUCE_MAX` over `axes`, which may count from the end."""
        gone = {a % len(x.shape) for a in axes}
        kept = [1 if i in gone else n for i, n in enumerate(x.shape) if keep_dims or i not in gone]
        made = options("ReducerOptions", keepDims=keep_dims)
        return self.op(code, [x, self.ints(axes)], [Result(kept, out or x.quant)], made)[0]

    def softmax(self, x: Tensor, beta: float = 1.0) -> Tensor:
        """`softmax` over the last axis."""
        return self.unary("SOFTMAX", x, Quant(1.0 / 256.0, -128), options("SoftmaxOptions", beta=beta))

    def pad(self, x: Tensor, paddings: Sequence[Pair]) -> Tensor:
        """`pad` with zeros (the zero point)."""
        shape = [n + before + after for n, (before, after) in zip(x.shape, paddings)]
        return self.op("PAD", [x, self.ints(paddings)], [Result(shape, x.quant)], options("PadOptions"))[0]

    def concatenation(self, xs: Sequence[Tensor], axis: int) -> Tensor:
        """`concatenation` of tensors of one quantization."""
        shape = list(xs[0].shape)
        shape[axis] = sum(x.shape[axis] for x in xs)
        made = options("ConcatenationOptions", axis=axis, fusedActivationFunction=activation("none"))
        return self.op("CONCATENATION", xs, [Result(shape, xs[0].quant)], made)[0]

    def reshape(self, x: Tensor, shape: Sequence[int]) -> Tensor:
        """`reshape` to a constant shape."""
        made = options("ReshapeOptions", newShape=np.array(shape, np.int32))
        return self.op("RESHAPE", [x, self.ints(shape)], [Result(shape, x.quant)], made)[0]


def _std(limit: int) -> float:
    """Standard deviation of an integer drawn evenly from `-limit..=limit`."""
    return math.sqrt(((2 * limit + 1) ** 2 - 1) / 12)


def window_output(size: int, kernel: int, stride: int, dilation: int, pad: str) -> int:
    """Outputs along one axis. Source: TFLite `kernels/padding.h`, `ComputeOutSize`."""
    if pad == "same":
        return (size + stride - 1) // stride
    return (size - (kernel - 1) * dilation - 1) // stride + 1
