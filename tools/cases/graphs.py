"""Small graphs after well-known architectures."""

from __future__ import annotations

from collections.abc import Iterator

from cases.blocks import added, classifier, image
from cases.case import Case
from layers import Net
from tflite_writer import Quant, Result, options


def cases() -> Iterator[Case]:
    """The cases of this family."""
    for build in (
        residual_block,
        residual_block_projected,
        inverted_residual,
        branch_and_concat,
        two_inputs,
        keyword_spotter,
        autoencoder,
        encoder_decoder,
        squeeze_and_excite,
        separable_stack,
        prelu_chain,
        hard_swish_block,
        pool_pyramid,
        split_and_shuffle,
        attention_like_gate,
        three_way_join,
        concatenation_of_concatenations,
    ):
        yield Case("graphs", build.__name__, build)


def residual_block(net: Net) -> None:
    """ResNet's block of identity."""
    x = net.conv2d(image(net), 8, act="relu")
    y = net.conv2d(net.conv2d(x, 8, act="relu"), 8)
    net.outputs(added(net, x, y, "relu"))


def residual_block_projected(net: Net) -> None:
    """ResNet's block with a stride and a 1x1 projection."""
    x = net.conv2d(image(net, 9, 7), 6, act="relu")
    y = net.conv2d(net.conv2d(x, 8, stride=(2, 2), act="relu"), 8)
    net.outputs(added(net, net.conv2d(x, 8, kernel=(1, 1), stride=(2, 2)), y, "relu"))


def inverted_residual(net: Net) -> None:
    """MobileNetV2's block."""
    x = net.conv2d(image(net), 4)
    y = net.conv2d(x, 16, kernel=(1, 1), act="relu6")
    y = net.conv2d(net.depthwise(y, act="relu6"), 4, kernel=(1, 1))
    net.outputs(added(net, x, y))


def branch_and_concat(net: Net) -> None:
    """Inception's block: four ways of one quantization, joined by channel."""
    x = image(net)
    q = dict(out_zp=-10, out_scale=0.08)
    ways = [
        net.conv2d(x, 4, kernel=(1, 1), **q),
        net.conv2d(net.conv2d(x, 3, kernel=(1, 1)), 5, **q),
        net.conv2d(net.conv2d(x, 3, kernel=(1, 1)), 2, kernel=(5, 5), **q),
        net.conv2d(net.pool("MAX_POOL_2D", x, (3, 3), (1, 1), "same"), 3, kernel=(1, 1), **q),
    ]
    net.outputs(net.concatenation(ways, 3))


def two_inputs(net: Net) -> None:
    """An image and a vector, classified together."""
    x, vector = image(net), net.input((1, 6), Quant(0.03, 9))
    a = net.fully_connected(net.conv2d(x, 4, stride=(2, 2), act="relu"), 8, out_zp=0, out_scale=0.06)
    b = net.fully_connected(vector, 8, out_zp=0, out_scale=0.06)
    classifier(net, net.concatenation([a, b], 1), 5)


def keyword_spotter(net: Net) -> None:
    """A depthwise-separable network on a spectrogram."""
    x = net.conv2d(image(net, 24, 10, 1), 8, kernel=(10, 4), stride=(2, 2), act="relu")
    for _ in range(2):
        x = net.conv2d(net.depthwise(x, act="relu"), 8, kernel=(1, 1), act="relu")
    x = net.pool("AVERAGE_POOL_2D", x, x.shape[1:3], (1, 1))
    classifier(net, net.reshape(x, (1, 8)), 12)


def autoencoder(net: Net) -> None:
    """Fully connected layers with a narrow middle."""
    x = net.input((1, 40), Quant(0.05, 20))
    for units in (16, 4, 16):
        x = net.fully_connected(x, units, act="relu")
    net.outputs(net.fully_connected(x, 40))


def encoder_decoder(net: Net) -> None:
    """Down by strides, up by transposed convolution and by resizing, with a skip."""
    x = net.conv2d(image(net), 4, act="relu")
    down = net.conv2d(x, 6, stride=(2, 2), act="relu")
    up = net.transpose_conv(down, 4, kernel=(2, 2), act="relu", out_zp=-128)
    joined = added(net, x, up)
    made = options("ResizeBilinearOptions", halfPixelCenters=True)
    net.outputs(net.op("RESIZE_BILINEAR", [joined, net.ints((16, 16))], [Result((1, 16, 16, 4), joined.quant)], made)[0])


def squeeze_and_excite(net: Net) -> None:
    """Channels weighted by a function of their means."""
    x = net.conv2d(image(net), 8, act="relu")
    mean = net.reduce("MEAN", x, (1, 2), True)
    gate = net.conv2d(net.conv2d(mean, 2, kernel=(1, 1), act="relu"), 8, kernel=(1, 1))
    gate = net.unary("LOGISTIC", gate, Quant(1 / 256, -128))
    net.outputs(net.binary("MUL", x, gate, Quant(x.quant.scales[0] * 0.8, -128)))


def separable_stack(net: Net) -> None:
    """Depthwise-separable layers of growing stride and width, and a mean."""
    x = net.conv2d(image(net, 17, 15), 4, stride=(2, 2), act="relu6")
    for width, stride in ((8, 1), (12, 2), (16, 2)):
        x = net.conv2d(net.depthwise(x, stride=(stride, stride), act="relu6"), width, kernel=(1, 1), act="relu6")
    classifier(net, net.reduce("MEAN", x, (1, 2), False), 10)


def prelu_chain(net: Net) -> None:
    """Convolutions with learned slopes."""
    x = image(net)
    for _ in range(2):
        x = net.conv2d(x, 5)
        alpha = net.const(net.values((1, 1, 5)), Quant(0.004, 0))
        x = net.op("PRELU", [x, alpha], [Result(x.shape, Quant(x.quant.scales[0], -30))])[0]
    net.outputs(x)


def hard_swish_block(net: Net) -> None:
    """MobileNetV3's activation."""
    x = net.conv2d(image(net), 6, out_scale=0.08, out_zp=-10)
    x = net.unary("HARD_SWISH", x, Quant(0.045, -118), options("HardSwishOptions"))
    net.outputs(net.conv2d(net.depthwise(x), 4, kernel=(1, 1)))


def pool_pyramid(net: Net) -> None:
    """One tensor pooled at three sizes."""
    x = net.conv2d(image(net), 3, act="relu")
    levels = [net.pool("MAX_POOL_2D", x, (k, k), (k, k)) for k in (2, 4, 8)]
    flat = [net.reshape(level, (1, level.shape[1] * level.shape[2] * 3)) for level in levels]
    classifier(net, net.concatenation(flat, 1), 4)


def split_and_shuffle(net: Net) -> None:
    """ShuffleNet's unit: half of the channels pass, and channels are interleaved by a transposition."""
    x = net.conv2d(image(net, 6, 6), 8, out_scale=0.08, out_zp=1)
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


def three_way_join(net: Net) -> None:
    """Three long-lived tensors at once, for the planner."""
    x = image(net)
    a, b, c = net.conv2d(x, 4, act="relu"), net.conv2d(x, 4, kernel=(1, 1)), net.depthwise(net.conv2d(x, 4), act="relu")
    ab = added(net, a, b)
    net.outputs(net.binary("MAXIMUM", added(net, ab, c), added(net, ab, c), Quant(0.2, 0)))


def concatenation_of_concatenations(net: Net) -> None:
    """DenseNet's block: everything made so far is read by each layer."""
    x = net.conv2d(image(net, 6, 6), 4, out_scale=0.06, out_zp=2)
    for _ in range(3):
        x = net.concatenation([x, net.conv2d(x, 2, out_scale=0.06, out_zp=2)], 3)
    net.outputs(net.conv2d(x, 3, kernel=(1, 1)))
