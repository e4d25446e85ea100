"""Operators and networks of int16 activations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from cases.case import Case
from tflite_writer import Quant, Result, Tensor, options
from wide import Wide

Q = Quant(3.0 / 32768)
VALUES = (1, 16, 16, 4)


def cases() -> Iterator[Case]:
    """The cases of this family."""
    yield from _layers()
    yield from _binary()
    yield from _unary()
    yield from _pools()
    yield from _movement()
    yield from _edges()
    for build in (keyword_spotter, residual, autoencoder, gates, squeeze_and_excite, encoder_decoder, mixed, converted_edges):
        yield Case("int16", build.__name__, build, net=Wide)


def _one(layer: str, name: str, shape: Sequence[int], *args: object, scale: float = 3.0 / 32768, **kw: object) -> Case:
    def build(net: Wide) -> None:
        net.outputs(getattr(net, layer)(net.input(shape, Quant(scale)), *args, **kw))

    return Case("int16", f"{layer}_{name}", build, net=Wide)


def _layers() -> Iterator[Case]:
    image = (1, 6, 6, 4)
    yield _one("conv2d", "k1x1", (1, 4, 5, 8), 6, kernel=(1, 1))
    yield _one("conv2d", "k1x1_stride2_odd", (1, 5, 7, 4), 5, kernel=(1, 1), stride=(2, 2))
    yield _one("conv2d", "k3x3_same", (1, 7, 6, 3), 8)
    yield _one("conv2d", "k3x3_valid_stride2", (1, 9, 8, 2), 4, stride=(2, 2), pad="valid")
    yield _one("conv2d", "k2x2_same", (1, 5, 5, 3), 4, kernel=(2, 2))
    yield _one("conv2d", "k5x5_larger_than_image", (1, 3, 3, 2), 4, kernel=(5, 5))
    yield _one("conv2d", "k10x4_keyword_like", (1, 25, 10, 1), 8, kernel=(10, 4), stride=(2, 2), act="relu")
    yield _one("conv2d", "dilation2_same", (1, 9, 9, 3), 4, dilation=(2, 2))
    yield _one("conv2d", "dilation3x1", (1, 10, 6, 2), 4, dilation=(3, 1))
    yield _one("conv2d", "window_larger_than_gathered", (1, 5, 5, 20), 6)
    yield _one("conv2d", "window_larger_than_gathered_dilated", (1, 6, 6, 20), 5, dilation=(2, 2))
    yield _one("conv2d", "groups2", (1, 6, 5, 4), 6, groups=2)
    yield _one("conv2d", "groups2_large", (1, 5, 5, 40), 6, groups=2)
    yield _one("conv2d", "per_tensor", image, 6, per_channel=False)
    yield _one("conv2d", "no_bias", image, 6, bias="absent")
    yield _one("conv2d", "omitted_bias", image, 6, bias="omitted")
    yield _one("conv2d", "zero_bias", image, 6, bias="zero")
    yield _one("conv2d", "bias_of_37_bits", image, 6, bias="huge")
    yield _one("conv2d", "bias_int32", image, 6, bias="int32")
    yield _one("conv2d", "bias_int32_per_tensor", image, 6, bias="int32", per_channel=False)
    yield _one("conv2d", "relu", image, 6, act="relu")
    yield _one("conv2d", "relu6", image, 6, act="relu6")
    yield _one("conv2d", "relu_n1_to_1", image, 6, act="relu_n1_to_1")
    yield _one("conv2d", "saturating", image, 6, gain=8.0)
    yield _one("conv2d", "scale_near_one", image, 6, effective=0.9, limit=3)
    yield _one("conv2d", "scale_above_one", image, 6, effective=3.1, limit=2)
    yield _one("conv2d", "scale_far_below_one", image, 6, effective=1e-7)
    yield _one("conv2d", "sums_beyond_32_bits", (1, 3, 3, 300), 5, weights=np.full((5, 3, 3, 300), 127, np.int8))
    yield _one("conv2d", "bias_int32_long", (1, 3, 3, 40), 5, bias="int32", kernel=(1, 1))
    yield _one("depthwise", "k3x3_same", (1, 7, 6, 5))
    yield _one("depthwise", "k3x3_same_stride2", (1, 8, 7, 8), stride=(2, 2))
    yield _one("depthwise", "k3x3_valid", (1, 6, 6, 4), pad="valid")
    yield _one("depthwise", "k5x2", (1, 8, 7, 3), kernel=(5, 2))
    yield _one("depthwise", "multiplier2", (1, 6, 5, 3), multiplier=2)
    yield _one("depthwise", "multiplier5", (1, 6, 5, 2), multiplier=5)
    yield _one("depthwise", "multiplier8_one_channel", (1, 6, 5, 1), multiplier=8)
    yield _one("depthwise", "dilation2", (1, 9, 9, 4), dilation=(2, 2))
    yield _one("depthwise", "no_bias", image, bias="absent")
    yield _one("depthwise", "per_tensor_relu", image, per_channel=False, act="relu")
    yield _one("depthwise", "relu6", image, act="relu6")
    yield _one("depthwise", "bias_of_37_bits", image, bias="huge")
    yield _one("depthwise", "many_channels", (1, 4, 4, 67))
    yield _one("fully_connected", "plain", (1, 33), 9)
    yield _one("fully_connected", "per_channel", (1, 33), 9, per_channel=True)
    yield _one("fully_connected", "one_unit", (1, 20), 1)
    yield _one("fully_connected", "of_image", (1, 3, 4, 5), 7)
    yield _one("fully_connected", "rows", (1, 5, 12), 6, keep_dims=True)
    yield _one("fully_connected", "rows_per_channel", (1, 6, 16), 8, keep_dims=True, per_channel=True)
    yield _one("fully_connected", "no_bias", (1, 24), 5, bias="omitted")
    yield _one("fully_connected", "bias_int32", (1, 24), 5, bias="int32")
    yield _one("fully_connected", "bias_int32_per_channel", (1, 24), 5, bias="int32", per_channel=True)
    yield _one("fully_connected", "relu", (1, 24), 8, act="relu")
    yield _one("fully_connected", "relu6", (1, 24), 8, act="relu6")
    yield _one("fully_connected", "saturating", (1, 24), 8, gain=10.0)
    yield _one("fully_connected", "sums_beyond_32_bits", (1, 700), 4, weights=np.full((4, 700), -127, np.int8))
    yield _one("transpose_conv", "k3x3_same", (1, 4, 5, 3), 4)
    yield _one("transpose_conv", "k2x2_valid", (1, 4, 3, 6), 3, kernel=(2, 2), pad="valid")
    yield _one("transpose_conv", "k4x4_stride3", (1, 3, 3, 2), 5, kernel=(4, 4), stride=(3, 3), pad="valid")
    yield _one("transpose_conv", "no_bias", (1, 4, 4, 3), 2, bias="absent")
    yield from _accumulators_of_32_bits(image)
    yield _one("transpose_conv", "stride1_per_tensor", (1, 4, 4, 3), 6, stride=(1, 1), per_channel=False)


def _accumulators_of_32_bits(image: Sequence[int]) -> Iterator[Case]:
    """Layers whose option `quantized_bias_type` is `INT32`, which counts where there is no bias, and not in `transpose_conv`."""
    kw = {"bias_type": "int32"}
    yield _one("conv2d", "bias32_absent", image, 6, bias="absent", **kw)
    yield _one("conv2d", "bias32_omitted_per_tensor", image, 6, bias="omitted", per_channel=False, **kw)
    yield _one("conv2d", "bias32_absent_k1x1", (1, 4, 5, 60), 6, kernel=(1, 1), bias="absent", **kw)
    yield _one("conv2d", "bias32_of_64_bits", image, 6, **kw)
    yield _one("fully_connected", "bias32_absent", (1, 60), 9, bias="absent", **kw)
    yield _one("fully_connected", "bias32_omitted_per_channel", (1, 60), 9, bias="omitted", per_channel=True, **kw)
    yield _one("fully_connected", "bias32_rows", (1, 5, 60), 6, bias="absent", keep_dims=True, **kw)
    yield _one("fully_connected", "bias32_of_64_bits", (1, 60), 9, **kw)
    yield _one("fully_connected", "bias64_absent", (1, 60), 9, bias="absent", bias_type="int64")
    yield _one("transpose_conv", "bias32_absent", (1, 4, 4, 60), 4, bias="absent", **kw)


def _binary() -> Iterator[Case]:
    def case(code: str, name: str, shapes: Sequence[Sequence[int]], scales: Sequence[float], act: str = "none") -> Case:
        def build(net: Wide) -> None:
            a, b = (net.input(shape, Quant(scale)) for shape, scale in zip(shapes, scales))
            net.outputs(net.binary(code, a, b, Quant(scales[2]), act))

        return Case("int16", f"{code.lower()}_{name}", build, net=Wide)

    def constant(code: str, name: str, shape: Sequence[int], scales: Sequence[float], first: bool) -> Case:
        def build(net: Wide) -> None:
            x = net.input((1, 5, 6, 3), Quant(scales[0]))
            c = net.const(net.values(shape), Quant(scales[1]))
            net.outputs(net.binary(code, *((c, x) if first else (x, c)), Quant(scales[2])))

        return Case("int16", f"{code.lower()}_{name}", build, net=Wide)

    whole, thrice = (1, 5, 6, 3), [(1, 5, 6, 3)] * 2
    for code in ("ADD", "SUB"):
        yield case(code, "equal_scales", thrice, (1e-4, 1e-4, 2e-4))
        yield case(code, "unequal_scales", thrice, (1.1e-4, 3.7e-5, 1.3e-4))
        yield case(code, "far_scales", thrice, (2e-6, 1.9e-4, 1.9e-4))
        yield case(code, "relu", thrice, (1e-4, 7e-5, 1.1e-4), "relu")
        yield case(code, "relu6", thrice, (2e-4, 3e-4, 2.4e-4), "relu6")
        yield case(code, "channels", [whole, (3,)], (1e-4, 8e-5, 1.2e-4))
        yield case(code, "one_each", [(1, 5, 1, 3), (1, 1, 6, 1)], (1e-4, 8e-5, 1.2e-4))
        yield constant(code, "constant_scalar", (1,), (1e-4, 9e-5, 1.5e-4), False)
        yield constant(code, "constant_first", (1, 5, 6, 3), (1e-4, 9e-5, 1.5e-4), True)
    yield case("MUL", "plain", thrice, (1.1e-4, 3.7e-5, 1.2e-4))
    yield case("MUL", "saturating", thrice, (1e-4, 1e-4, 1e-5))
    yield case("MUL", "far_below", thrice, (1e-5, 1e-5, 1e-2))
    yield case("MUL", "relu", thrice, (1e-4, 1e-4, 1e-4), "relu")
    yield case("MUL", "gate", [whole, (1, 1, 1, 3)], (1e-4, 1 / 32768, 1e-4))
    yield constant("MUL", "constant_channels", (3,), (1e-4, 9e-5, 1.5e-4), False)
    for code in ("MAXIMUM", "MINIMUM"):
        yield case(code, "plain", thrice, (1e-4, 1e-4, 1e-4))
        yield case(code, "channels", [whole, (3,)], (1e-4, 1e-4, 1e-4))


def _unary() -> Iterator[Case]:
    def case(code: str, name: str, scale: float, out: float, made: object | None = None) -> Case:
        def build(net: Wide) -> None:
            net.outputs(net.unary(code, net.input(VALUES, Quant(scale)), Quant(out), made))

        return Case("int16", f"{code.lower()}_{name}", build, samples=4, ramp=True, net=Wide)

    for code in ("LOGISTIC", "TANH"):
        yield case(code, "power_of_two", 2.0**-12, 2.0**-15)
        yield case(code, "power_of_two_larger", 2.0**-11, 2.0**-15)
        yield case(code, "usual", 1.7e-4, 2.0**-15)
        yield case(code, "fine", 3.1e-6, 2.0**-15)
        yield case(code, "coarse", 0.31, 2.0**-15)
    yield case("RELU", "equal_scales", 1e-4, 1e-4)
    yield case("RELU", "rescaled", 1e-4, 7.3e-5)
    yield case("RELU6", "equal_scales", 3e-4, 3e-4)
    yield case("RELU6", "rescaled", 3e-4, 2e-4)
    for name, alpha in (("tenth", 0.1), ("negative", -0.4), ("above_one", 1.7)):
        yield case("LEAKY_RELU", name, 1e-4, 1.3e-4, options("LeakyReluOptions", alpha=alpha))
    for name, shape, scale, beta in (
        ("usual", (1, 10), 1.7e-4, 1.0),
        ("one", (1, 1), 1e-4, 1.0),
        ("wide", (1, 300), 3e-4, 1.0),
        ("rows", (1, 4, 5, 6), 2e-4, 1.0),
        ("flat", (1, 40), 1e-6, 1.0),
        ("steep", (1, 12), 0.02, 1.0),
        ("beta", (1, 12), 1e-4, 2.5),
    ):
        yield _one("softmax", name, shape, beta, scale=scale)


def _pools() -> Iterator[Case]:
    for code in ("AVERAGE_POOL_2D", "MAX_POOL_2D"):
        for name, shape, kernel, stride, kw in (
            ("k2x2_stride2", (1, 6, 8, 3), (2, 2), (2, 2), {}),
            ("k3x3_same", (1, 6, 5, 4), (3, 3), (1, 1), {"pad": "same"}),
            ("k3x3_stride2_same", (1, 8, 7, 18), (3, 3), (2, 2), {"pad": "same"}),
            ("whole_image", (1, 6, 5, 17), (6, 5), (1, 1), {}),
            ("relu6", (1, 6, 6, 3), (2, 2), (2, 2), {"act": "relu6"}),
        ):

            def build(
                net: Wide, code: str = code, shape: tuple = shape, kernel: tuple = kernel, stride: tuple = stride, kw: dict = kw
            ) -> None:
                net.outputs(net.pool(code, net.input(shape, Quant(3e-4)), kernel, stride, **kw))

            yield Case("int16", f"{code.lower()}_{name}", build, net=Wide)
    for name, axes, keep, out in (
        ("image", (1, 2), False, 3e-4),
        ("image_kept", (1, 2), True, 3e-4),
        ("rescaled", (1, 2), False, 1.1e-4),
        ("channels", (3,), False, 3e-4),
        ("all", (1, 2, 3), True, 2e-4),
    ):

        def mean(net: Wide, axes: tuple = axes, keep: bool = keep, out: float = out) -> None:
            net.outputs(net.reduce("MEAN", net.input((1, 5, 6, 7), Quant(3e-4)), axes, keep, Quant(out)))

        yield Case("int16", f"mean_{name}", mean, net=Wide)


def _movement() -> Iterator[Case]:
    def case(name: str, build: object) -> Case:
        return Case("int16", name, build, net=Wide)

    def moved(code: str, net: Wide, shape: Sequence[int], out: Sequence[int], operands: Sequence[object], made: object) -> None:
        x = net.input(shape, Q)
        net.outputs(net.op(code, [x, *(net.ints(values) for values in operands)], [Result(out, Q)], made)[0])

    yield case("pad_image", lambda net: net.outputs(net.pad(net.input((1, 4, 5, 3), Q), ((0, 0), (1, 2), (2, 1), (0, 0)))))
    yield case("pad_channels", lambda net: net.outputs(net.pad(net.input((1, 4, 5, 3), Q), ((0, 0), (0, 0), (0, 0), (1, 2)))))

    def pad_value(net: Wide) -> None:
        x = net.input((1, 4, 5, 3), Q)
        value = net.const(np.array([-12345], np.int16), Q)
        pads = net.ints(((0, 0), (1, 1), (1, 1), (0, 0)))
        net.outputs(net.op("PADV2", [x, pads, value], [Result((1, 6, 7, 3), Q)], options("PadV2Options"))[0])

    yield case("pad_value", pad_value)
    for axis in (1, 3):
        yield case(
            f"concatenation_axis{axis}",
            lambda net, axis=axis: net.outputs(net.concatenation([net.input((1, 3, 4, 2), Q) for _ in range(3)], axis)),
        )
    yield case("reshape", lambda net: net.outputs(net.reshape(net.input((1, 4, 6, 2), Q), (1, 12, 4))))
    yield case("slice", lambda net: moved("SLICE", net, (1, 6, 7, 3), (1, 3, 4, 2), ((0, 1, 2, 1), (1, 3, 4, 2)), None))
    strided = options("StridedSliceOptions")
    operands = ((0, 5, 0, 0), (1, 0, 7, 3), (1, -2, 3, 1))
    yield case("strided_slice", lambda net: moved("STRIDED_SLICE", net, (1, 6, 7, 3), (1, 3, 3, 3), operands, strided))
    perm = options("TransposeOptions")
    yield case("transpose", lambda net: moved("TRANSPOSE", net, (1, 4, 5, 3), (1, 3, 5, 4), ((0, 3, 2, 1),), perm))
    nearest = options("ResizeNearestNeighborOptions", halfPixelCenters=True)
    yield case(
        "resize_nearest_neighbor",
        lambda net: moved("RESIZE_NEAREST_NEIGHBOR", net, (1, 3, 4, 2), (1, 7, 6, 2), ((7, 6),), nearest),
    )

    def split(net: Wide) -> None:
        x = net.input((1, 4, 5, 6), Q)
        parts = net.op("SPLIT", [net.ints([3]), x], [Result((1, 4, 5, 2), Q)] * 3, options("SplitOptions", numSplits=3))
        net.outputs(*parts)

    yield case("split", split)

    def pack_and_unpack(net: Wide) -> None:
        x = net.input((1, 3, 4), Q)
        packed = net.op("PACK", [x, x], [Result((1, 2, 3, 4), Q)], options("PackOptions", valuesCount=2, axis=1))
        net.outputs(*net.op("UNPACK", packed, [Result((1, 2, 4), Q)] * 3, options("UnpackOptions", num=3, axis=2)))

    yield case("pack_and_unpack", pack_and_unpack)


def _edges() -> Iterator[Case]:
    made = options("QuantizeOptions")

    def requantize(name: str, a: tuple[Quant, type], b: tuple[Quant, type]) -> Case:
        def build(net: Wide) -> None:
            net.outputs(net.plain("QUANTIZE", net.input(VALUES, *a), *b, made))

        return Case("int16", f"quantize_{name}", build, samples=4, ramp=True, net=Wide)

    yield requantize("int8_to_int16", (Quant(0.05, -3), np.int8), (Quant(3e-4), np.int16))
    yield requantize("int8_to_int16_saturating", (Quant(0.05, 100), np.int8), (Quant(1e-4), np.int16))
    yield requantize("int16_to_int8", (Quant(3e-4), np.int16), (Quant(0.05, -3), np.int8))
    yield requantize("int16_to_int8_least", (Quant(3e-4), np.int16), (Quant(0.03, -128), np.int8))
    yield requantize("int16_to_int16_finer", (Quant(3e-4), np.int16), (Quant(2e-4), np.int16))
    yield requantize("int16_to_int16_coarser", (Quant(3e-4), np.int16), (Quant(1.7e-3), np.int16))
    for name, factor in (("halves", 1.0), ("beyond_the_ends", 100.0)):

        def from_floats(net: Wide) -> None:
            x = net.input((1, 20, 20, 1), None, np.float32)
            net.outputs(net.plain("QUANTIZE", x, Quant(3e-4), np.int16, made))

        yield Case("int16", f"quantize_from_floats_{name}", from_floats, samples=4, quantum=3e-4 * factor, net=Wide)

    def to_floats(net: Wide) -> None:
        x = net.input(VALUES, Quant(3e-4))
        net.outputs(net.plain("DEQUANTIZE", x, None, np.float32, options("DequantizeOptions")))

    yield Case("int16", "dequantize", to_floats, samples=4, ramp=True, net=Wide)


def _image(net: Wide, height: int = 8, width: int = 8, channels: int = 3) -> Tensor:
    return net.input((1, height, width, channels), Quant(1.0 / 32768))


def _added(net: Wide, a: Tensor, b: Tensor, act: str = "none") -> Tensor:
    return net.binary("ADD", a, b, Quant(1.4 * max(a.quant.scale, b.quant.scale)), act)


def keyword_spotter(net: Wide) -> None:
    """The layers of a keyword spotter: a convolution, depthwise separable ones, a pool, a softmax."""
    x = net.conv2d(_image(net, 25, 10, 1), 8, kernel=(10, 4), stride=(2, 2), act="relu")
    for _ in range(2):
        x = net.conv2d(net.depthwise(x, act="relu"), 8, kernel=(1, 1), act="relu")
    x = net.pool("AVERAGE_POOL_2D", x, x.shape[1:3], (1, 1))
    net.outputs(net.softmax(net.fully_connected(x, 6)))


def residual(net: Wide) -> None:
    """A block of identity and one with a projection."""
    x = net.conv2d(_image(net), 6, act="relu")
    x = _added(net, x, net.conv2d(net.conv2d(x, 6, act="relu"), 6), "relu")
    y = net.conv2d(net.conv2d(x, 8, stride=(2, 2), act="relu"), 8)
    net.outputs(_added(net, net.conv2d(x, 8, kernel=(1, 1), stride=(2, 2)), y, "relu"))


def autoencoder(net: Wide) -> None:
    """Fully connected layers down to a few numbers and up again."""
    x = net.input((1, 40), Quant(3.0 / 32768))
    for units in (24, 16, 4, 16, 24):
        x = net.fully_connected(x, units, act="relu")
    net.outputs(net.fully_connected(x, 40))


def gates(net: Wide) -> None:
    """A cell of a gated recurrent network, its state given and taken."""
    x, h = net.input((1, 12), Quant(1.0 / 32768)), net.input((1, 8), Quant(1.0 / 32768))
    joined = net.concatenation([x, h], 1)
    gate = net.unary("LOGISTIC", net.fully_connected(joined, 8, out_scale=2.0**-12), Quant(2.0**-15))
    new = net.unary("TANH", net.fully_connected(joined, 8), Quant(2.0**-15))
    unit = Quant(1.0 / 32768)
    difference = net.binary("SUB", new, h, Quant(2.0 / 32768))
    net.outputs(net.binary("ADD", h, net.binary("MUL", gate, difference, Quant(2.0 / 32768)), unit))


def squeeze_and_excite(net: Wide) -> None:
    """Channels weighed by what a small network makes of their means."""
    x = net.conv2d(_image(net), 8, act="relu6")
    y = net.reduce("MEAN", x, (1, 2), True)
    y = net.unary("LOGISTIC", net.conv2d(net.conv2d(y, 4, kernel=(1, 1), act="relu"), 8, kernel=(1, 1)), Quant(2.0**-15))
    net.outputs(net.binary("MUL", x, y, Quant(x.quant.scale)))


def encoder_decoder(net: Wide) -> None:
    """Down by a stride and up by a transposed convolution, joined by channel."""
    x = net.conv2d(_image(net), 4, act="relu")
    y = net.transpose_conv(net.conv2d(x, 6, stride=(2, 2), act="relu"), 4, out_scale=x.quant.scale)
    net.outputs(net.conv2d(net.concatenation([x, y], 3), 2))


def mixed(net: Wide) -> None:
    """8-bit layers, then 16-bit ones, then 8-bit ones again."""
    made = options("QuantizeOptions")
    x = net.input((1, 6, 6, 3), Quant(0.02, -5), np.int8)
    x = net.plain("QUANTIZE", x, Quant(0.02 / 256), np.int16, made)
    x = net.unary("LEAKY_RELU", net.conv2d(x, 8), Quant(0.0001), options("LeakyReluOptions", alpha=0.2))
    net.outputs(net.plain("QUANTIZE", net.pool("MAX_POOL_2D", x, (2, 2), (2, 2)), Quant(0.02, 3), np.int8, made))


def converted_edges(net: Wide) -> None:
    """Floats in and out."""
    x = net.input((1, 5, 5, 2), None, np.float32)
    x = net.plain("QUANTIZE", x, Quant(2e-3), np.int16, options("QuantizeOptions"))
    y = net.softmax(net.fully_connected(net.conv2d(x, 4, act="relu"), 5))
    net.outputs(net.plain("DEQUANTIZE", y, None, np.float32, options("DequantizeOptions")))
