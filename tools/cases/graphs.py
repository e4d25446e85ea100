"""Small graphs of several operators."""

from __future__ import annotations

from collections.abc import Iterator

from cases.case import Case
from layers import Net
from tflite_writer import Quant, Result, Tensor, options

NONE, ONE, UNEVEN = (0, 0), (1, 1), (0, 1)


def cases() -> Iterator[Case]:
    """The cases of this family."""
    for build in (
        residual_block, residual_block_projected, inverted_residual, branch_and_concat, two_inputs, two_outputs,
        intermediate_output, pad_then_conv, pad_then_depthwise, uneven_pad_then_stride2, pad_least_then_conv, conv_then_relu,
        conv_then_relu6, relu_requantizes_after_conv, two_readers_of_conv_then_relu, keyword_spotter, autoencoder, encoder_decoder,
        squeeze_and_excite, separable_stack, prelu_chain, hard_swish_block, pool_pyramid, dead_branch, constant_branch,
        split_and_shuffle, attention_like_gate, reshape_chain, transposed_twice, input_is_output_of_reshape, three_way_join,
    ):
        yield Case("graphs", build.__name__, build)


def _image(net: Net, h: int = 8, w: int = 8, c: int = 3, zp: int = -5) -> Tensor:
    return net.input((1, h, w, c), Quant(0.05, zp))


def _classifier(net: Net, x: Tensor, classes: int) -> None:
    net.outputs(net.softmax(net.fully_connected(x, classes)))


def _sum(net: Net, a: Tensor, b: Tensor, act: str = "none") -> Tensor:
    zero = -128 if act.startswith("relu") and act != "relu_n1_to_1" else 0
    return net.binary("ADD", a, b, Quant(1.4 * max(a.quant.scales[0], b.quant.scales[0]), zero), act)


def residual_block(net: Net) -> None:
    """ResNet's block of identity."""
    x = net.conv2d(_image(net), 8, act="relu")
    y = net.conv2d(net.conv2d(x, 8, act="relu"), 8)
    net.outputs(_sum(net, x, y, "relu"))


def residual_block_projected(net: Net) -> None:
    """ResNet's block with a stride and a 1x1 projection."""
    x = net.conv2d(_image(net, 9, 7), 6, act="relu")
    y = net.conv2d(net.conv2d(x, 8, stride=(2, 2), act="relu"), 8)
    net.outputs(_sum(net, net.conv2d(x, 8, kernel=(1, 1), stride=(2, 2)), y, "relu"))


def inverted_residual(net: Net) -> None:
    """MobileNetV2's block."""
    x = net.conv2d(_image(net), 4)
    y = net.conv2d(x, 16, kernel=(1, 1), act="relu6")
    y = net.conv2d(net.depthwise(y, act="relu6"), 4, kernel=(1, 1))
    net.outputs(_sum(net, x, y))


def branch_and_concat(net: Net) -> None:
    """Inception's block: four ways of one quantization, joined by channel."""
    x = _image(net)
    q = dict(out_zp=-10, out_scale=0.08)
    ways = [
        net.conv2d(x, 4, kernel=(1, 1), **q), net.conv2d(net.conv2d(x, 3, kernel=(1, 1)), 5, **q),
        net.conv2d(net.conv2d(x, 3, kernel=(1, 1)), 2, kernel=(5, 5), **q),
        net.conv2d(net.pool("MAX_POOL_2D", x, (3, 3), (1, 1), "same"), 3, kernel=(1, 1), **q),
    ]
    net.outputs(net.concatenation(ways, 3))


def two_inputs(net: Net) -> None:
    """An image and a vector, classified together."""
    image, vector = _image(net), net.input((1, 6), Quant(0.03, 9))
    a = net.fully_connected(net.conv2d(image, 4, stride=(2, 2), act="relu"), 8, out_zp=0, out_scale=0.06)
    b = net.fully_connected(vector, 8, out_zp=0, out_scale=0.06)
    _classifier(net, net.concatenation([a, b], 1), 5)


def two_outputs(net: Net) -> None:
    """A class and a box."""
    x = net.conv2d(_image(net), 6, stride=(2, 2), act="relu")
    net.outputs(net.softmax(net.fully_connected(x, 4)), net.unary("LOGISTIC", net.fully_connected(x, 3), Quant(1 / 256, -128)))


def intermediate_output(net: Net) -> None:
    """A tensor that is an output and is read on."""
    x = net.conv2d(_image(net), 4, act="relu")
    net.outputs(x, net.pool("AVERAGE_POOL_2D", x, (2, 2), (2, 2)))


def pad_then_conv(net: Net) -> None:
    """A border of zeros that a convolution can take over."""
    net.outputs(net.conv2d(net.pad(_image(net), [NONE, ONE, ONE, NONE]), 5, pad="valid"))


def pad_then_depthwise(net: Net) -> None:
    """The same before a depthwise convolution."""
    net.outputs(net.depthwise(net.pad(_image(net), [NONE, ONE, (2, 0), NONE]), pad="valid", act="relu6"))


def uneven_pad_then_stride2(net: Net) -> None:
    """MobileNet's border in Keras: after the last row and column only."""
    x = net.pad(_image(net), [NONE, UNEVEN, UNEVEN, NONE])
    net.outputs(net.conv2d(net.depthwise(x, stride=(2, 2), pad="valid", act="relu6"), 6, kernel=(1, 1)))


def pad_least_then_conv(net: Net) -> None:
    """A border, and then a convolution that pads as well."""
    net.outputs(net.conv2d(net.pad(_image(net, zp=-128), [NONE, ONE, ONE, NONE]), 5, stride=(2, 2)))


def conv_then_relu(net: Net) -> None:
    """A clamp that the convolution can take over."""
    x = net.conv2d(_image(net), 5, out_zp=-20)
    net.outputs(net.unary("RELU", x, x.quant))


def conv_then_relu6(net: Net) -> None:
    """The same with an upper bound."""
    x = net.conv2d(_image(net), 5, out_zp=-20, out_scale=0.09)
    net.outputs(net.unary("RELU6", x, x.quant))


def relu_requantizes_after_conv(net: Net) -> None:
    """A clamp that changes the scale, which no fusion may drop."""
    x = net.conv2d(_image(net), 5, out_zp=4)
    net.outputs(net.unary("RELU", x, Quant(x.quant.scales[0] / 2.0, -128)))


def two_readers_of_conv_then_relu(net: Net) -> None:
    """A clamp that cannot be fused: the convolution is read elsewhere too."""
    x = net.conv2d(_image(net), 5, out_zp=-20)
    net.outputs(_sum(net, x, net.unary("RELU", x, x.quant)))


def keyword_spotter(net: Net) -> None:
    """A depthwise-separable network on a spectrogram."""
    x = net.conv2d(_image(net, 24, 10, 1), 8, kernel=(10, 4), stride=(2, 2), act="relu")
    for _ in range(2):
        x = net.conv2d(net.depthwise(x, act="relu"), 8, kernel=(1, 1), act="relu")
    x = net.pool("AVERAGE_POOL_2D", x, x.shape[1:3], (1, 1))
    _classifier(net, net.reshape(x, (1, 8)), 12)


def autoencoder(net: Net) -> None:
    """Fully connected layers with a narrow middle."""
    x = net.input((1, 40), Quant(0.05, 20))
    for units in (16, 4, 16):
        x = net.fully_connected(x, units, act="relu")
    net.outputs(net.fully_connected(x, 40))


def encoder_decoder(net: Net) -> None:
    """Down by strides, up by transposed convolution and by resizing, with a skip."""
    x = net.conv2d(_image(net), 4, act="relu")
    down = net.conv2d(x, 6, stride=(2, 2), act="relu")
    up = net.transpose_conv(down, 4, kernel=(2, 2), act="relu", out_zp=-128)
    joined = _sum(net, x, up)
    made = options("ResizeBilinearOptions", halfPixelCenters=True)
    net.outputs(net.op("RESIZE_BILINEAR", [joined, net.ints((16, 16))], [Result((1, 16, 16, 4), joined.quant)], made)[0])


def squeeze_and_excite(net: Net) -> None:
    """Channels weighted by a function of their means."""
    x = net.conv2d(_image(net), 8, act="relu")
    mean = net.reduce("MEAN", x, (1, 2), True)
    gate = net.conv2d(net.conv2d(mean, 2, kernel=(1, 1), act="relu"), 8, kernel=(1, 1))
    gate = net.unary("LOGISTIC", gate, Quant(1 / 256, -128))
    net.outputs(net.binary("MUL", x, gate, Quant(x.quant.scales[0] * 0.8, -128)))


def separable_stack(net: Net) -> None:
    """Depthwise-separable layers of growing stride and width, and a mean."""
    x = net.conv2d(_image(net, 17, 15), 4, stride=(2, 2), act="relu6")
    for width, stride in ((8, 1), (12, 2), (16, 2)):
        x = net.conv2d(net.depthwise(x, stride=(stride, stride), act="relu6"), width, kernel=(1, 1), act="relu6")
    _classifier(net, net.reduce("MEAN", x, (1, 2), False), 10)


def prelu_chain(net: Net) -> None:
    """Convolutions with learned slopes."""
    x = _image(net)
    for _ in range(2):
        x = net.conv2d(x, 5)
        alpha = net.const(net.values((1, 1, 5)), Quant(0.004, 0))
        x = net.op("PRELU", [x, alpha], [Result(x.shape, Quant(x.quant.scales[0], -30))])[0]
    net.outputs(x)


def hard_swish_block(net: Net) -> None:
    """MobileNetV3's activation."""
    x = net.conv2d(_image(net), 6, out_scale=0.08, out_zp=-10)
    x = net.unary("HARD_SWISH", x, Quant(0.045, -118), options("HardSwishOptions"))
    net.outputs(net.conv2d(net.depthwise(x), 4, kernel=(1, 1)))


def pool_pyramid(net: Net) -> None:
    """One tensor pooled at three sizes."""
    x = net.conv2d(_image(net), 3, act="relu")
    levels = [net.pool("MAX_POOL_2D", x, (k, k), (k, k)) for k in (2, 4, 8)]
    flat = [net.reshape(level, (1, level.shape[1] * level.shape[2] * 3)) for level in levels]
    _classifier(net, net.concatenation(flat, 1), 4)


def dead_branch(net: Net) -> None:
    """A layer that nothing reads."""
    x = net.conv2d(_image(net), 4)
    net.conv2d(x, 9)
    net.outputs(net.depthwise(x))


def constant_branch(net: Net) -> None:
    """An operator on constants alone."""
    x = net.conv2d(_image(net, 4, 4), 4, out_zp=0)
    a, b = (net.const(net.values((1, 1, 1, 4)), Quant(s, 0)) for s in (0.02, 0.03))
    net.outputs(_sum(net, x, net.binary("MUL", a, b, Quant(0.1, 3))))


def split_and_shuffle(net: Net) -> None:
    """ShuffleNet's unit: half of the channels pass, and channels are interleaved by a transposition."""
    x = net.conv2d(_image(net, 6, 6), 8, out_scale=0.08, out_zp=1)
    half = Result((1, 6, 6, 4), x.quant)
    a, b = net.op("SPLIT", [net.ints(3), x], [half, half], options("SplitOptions", numSplits=2))
    b = net.conv2d(b, 4, out_scale=0.08, out_zp=1)
    y = net.reshape(net.concatenation([a, b], 3), (1, 36, 2, 4))
    y = net.op("TRANSPOSE", [y, net.ints((0, 1, 3, 2))], [Result((1, 36, 4, 2), x.quant)], options("TransposeOptions"))[0]
    net.outputs(net.reshape(y, (1, 6, 6, 8)))


def attention_like_gate(net: Net) -> None:
    """A softmax over positions that weights them, rows of a fully connected layer, and a sum by mean."""
    x = net.input((1, 6, 8), Quant(0.04, 2))
    keys = net.fully_connected(x, 8, keep_dims=True, per_channel=True)
    scores = net.softmax(net.reshape(net.fully_connected(keys, 1, keep_dims=True), (1, 6)))
    weighted = net.binary("MUL", keys, net.reshape(scores, (1, 6, 1)), Quant(keys.quant.scales[0] * 0.5, 0))
    net.outputs(net.reduce("MEAN", weighted, (1,), False))


def reshape_chain(net: Net) -> None:
    """Views of views."""
    x = net.conv2d(_image(net, 4, 4), 6)
    x = net.reshape(net.reshape(net.reshape(x, (1, 96)), (1, 8, 12)), (1, 2, 4, 12))
    net.outputs(net.conv2d(x, 3))


def transposed_twice(net: Net) -> None:
    """To channels first and back."""
    x = net.conv2d(_image(net, 5, 4), 6)
    made = options("TransposeOptions")
    y = net.op("TRANSPOSE", [x, net.ints((0, 3, 1, 2))], [Result((1, 6, 5, 4), x.quant)], made)[0]
    y = net.op("TRANSPOSE", [y, net.ints((0, 2, 3, 1))], [Result((1, 5, 4, 6), x.quant)], made)[0]
    net.outputs(net.depthwise(y))


def input_is_output_of_reshape(net: Net) -> None:
    """The input goes out again, reshaped, beside a result."""
    x = _image(net, 4, 4)
    net.outputs(net.reshape(x, (1, 48)), net.conv2d(x, 2))


def three_way_join(net: Net) -> None:
    """Three long-lived tensors at once, for the planner."""
    x = _image(net)
    a, b, c = net.conv2d(x, 4, act="relu"), net.conv2d(x, 4, kernel=(1, 1)), net.depthwise(net.conv2d(x, 4), act="relu")
    ab = _sum(net, a, b)
    net.outputs(net.binary("MAXIMUM", _sum(net, ab, c), _sum(net, ab, c), Quant(0.2, 0)))
