"""Small graphs that a compiler may rewrite, or must not: fusions, views, tensors that live on, edges of the graph."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cases.blocks import added, image
from cases.case import Case
from layers import Net
from tflite_writer import Quant, Result, options

NONE, ONE, UNEVEN = (0, 0), (1, 1), (0, 1)


def cases() -> Iterator[Case]:
    """The cases of this family."""
    for build in (
        pad_then_conv,
        pad_then_depthwise,
        uneven_pad_then_stride2,
        pad_least_then_conv,
        conv_then_relu,
        conv_then_relu6,
        relu_requantizes_after_conv,
        two_readers_of_conv_then_relu,
        dead_branch,
        constant_branch,
        reshape_chain,
        transposed_twice,
        input_is_output_of_reshape,
        pad_of_other_value_then_conv,
        pad_then_average_pool,
        pad_read_twice,
        relu_after_add,
        relu_after_fully_connected,
        relu6_after_depthwise_with_relu,
        relu_after_output,
        conv_reshape_relu,
        split_then_concatenation,
        overwritten_late,
        same_tensor_out_twice,
        unused_input,
        requantized_branches,
        pool_then_relu,
        softmax_in_the_middle,
        intermediate_output,
        two_outputs,
    ):
        yield Case("graphs", build.__name__, build)


def pad_then_conv(net: Net) -> None:
    """A border of zeros that a convolution can take over."""
    net.outputs(net.conv2d(net.pad(image(net), [NONE, ONE, ONE, NONE]), 5, pad="valid"))


def pad_then_depthwise(net: Net) -> None:
    """The same before a depthwise convolution."""
    net.outputs(net.depthwise(net.pad(image(net), [NONE, ONE, (2, 0), NONE]), pad="valid", act="relu6"))


def uneven_pad_then_stride2(net: Net) -> None:
    """MobileNet's border in Keras: after the last row and column only."""
    x = net.pad(image(net), [NONE, UNEVEN, UNEVEN, NONE])
    net.outputs(net.conv2d(net.depthwise(x, stride=(2, 2), pad="valid", act="relu6"), 6, kernel=(1, 1)))


def pad_least_then_conv(net: Net) -> None:
    """A border, and then a convolution that pads as well."""
    net.outputs(net.conv2d(net.pad(image(net, zp=-128), [NONE, ONE, ONE, NONE]), 5, stride=(2, 2)))


def conv_then_relu(net: Net) -> None:
    """A clamp that the convolution can take over."""
    x = net.conv2d(image(net), 5, out_zp=-20)
    net.outputs(net.unary("RELU", x, x.quant))


def conv_then_relu6(net: Net) -> None:
    """The same with an upper bound."""
    x = net.conv2d(image(net), 5, out_zp=-20, out_scale=0.09)
    net.outputs(net.unary("RELU6", x, x.quant))


def relu_requantizes_after_conv(net: Net) -> None:
    """A clamp that changes the scale, which no fusion may drop."""
    x = net.conv2d(image(net), 5, out_zp=4)
    net.outputs(net.unary("RELU", x, Quant(x.quant.scales[0] / 2.0, -128)))


def two_readers_of_conv_then_relu(net: Net) -> None:
    """A clamp that cannot be fused: the convolution is read elsewhere too."""
    x = net.conv2d(image(net), 5, out_zp=-20)
    net.outputs(added(net, x, net.unary("RELU", x, x.quant)))


def dead_branch(net: Net) -> None:
    """A layer that nothing reads."""
    x = net.conv2d(image(net), 4)
    net.conv2d(x, 9)
    net.outputs(net.depthwise(x))


def constant_branch(net: Net) -> None:
    """An operator on constants alone."""
    x = net.conv2d(image(net, 4, 4), 4, out_zp=0)
    a, b = (net.const(net.values((1, 1, 1, 4)), Quant(s, 0)) for s in (0.02, 0.03))
    net.outputs(added(net, x, net.binary("MUL", a, b, Quant(0.1, 3))))


def reshape_chain(net: Net) -> None:
    """Views of views."""
    x = net.conv2d(image(net, 4, 4), 6)
    x = net.reshape(net.reshape(net.reshape(x, (1, 96)), (1, 8, 12)), (1, 2, 4, 12))
    net.outputs(net.conv2d(x, 3))


def transposed_twice(net: Net) -> None:
    """To channels first and back."""
    x = net.conv2d(image(net, 5, 4), 6)
    made = options("TransposeOptions")
    y = net.op("TRANSPOSE", [x, net.ints((0, 3, 1, 2))], [Result((1, 6, 5, 4), x.quant)], made)[0]
    y = net.op("TRANSPOSE", [y, net.ints((0, 2, 3, 1))], [Result((1, 5, 4, 6), x.quant)], made)[0]
    net.outputs(net.depthwise(y))


def input_is_output_of_reshape(net: Net) -> None:
    """The input goes out again, reshaped, beside a result."""
    x = image(net, 4, 4)
    net.outputs(net.reshape(x, (1, 48)), net.conv2d(x, 2))


def pad_of_other_value_then_conv(net: Net) -> None:
    """A border that is not of zeros, which no convolution can take over."""
    x, pads = image(net), [NONE, ONE, ONE, NONE]
    inputs = [x, net.ints(pads), net.const(np.array(60, np.int8), x.quant, "value")]
    y = net.op("PADV2", inputs, [Result((1, 10, 10, 3), x.quant)], options("PadV2Options"))[0]
    net.outputs(net.conv2d(y, 4, pad="valid"))


def pad_then_average_pool(net: Net) -> None:
    """A border that counts in the mean, unlike the pool's own padding."""
    net.outputs(net.pool("AVERAGE_POOL_2D", net.pad(image(net), [NONE, ONE, ONE, NONE]), (3, 3), (1, 1)))


def pad_read_twice(net: Net) -> None:
    """A border that one reader could take over and the other could not."""
    x = net.pad(image(net), [NONE, ONE, ONE, NONE])
    net.outputs(net.conv2d(x, 4, pad="valid"), net.pool("MAX_POOL_2D", x, (2, 2), (2, 2)))


def relu_after_add(net: Net) -> None:
    """A clamp behind an addition."""
    a, b = image(net), image(net, zp=14)
    x = net.binary("ADD", a, b, Quant(0.06, -15))
    net.outputs(net.unary("RELU", x, x.quant))


def relu_after_fully_connected(net: Net) -> None:
    """A clamp behind a fully connected layer."""
    x = net.fully_connected(image(net, 4, 4), 12, out_zp=-15)
    net.outputs(net.unary("RELU", x, x.quant))


def relu6_after_depthwise_with_relu(net: Net) -> None:
    """Two clamps, of which the tighter counts."""
    x = net.depthwise(image(net), act="relu", out_zp=-90, out_scale=0.07)
    net.outputs(net.unary("RELU6", x, x.quant))


def relu_after_output(net: Net) -> None:
    """A clamp that cannot be fused: the convolution is an output too."""
    x = net.conv2d(image(net), 4, out_zp=5)
    net.outputs(x, net.unary("RELU", x, x.quant))


def conv_reshape_relu(net: Net) -> None:
    """A view between a convolution and a clamp."""
    x = net.reshape(net.conv2d(image(net, 4, 4), 4, out_zp=5), (1, 64))
    net.outputs(net.unary("RELU", x, x.quant))


def split_then_concatenation(net: Net) -> None:
    """Parts joined in another order."""
    x = net.conv2d(image(net, 5, 5), 6)
    parts = net.op("SPLIT", [net.ints(3), x], [Result((1, 5, 5, 2), x.quant)] * 3, options("SplitOptions", numSplits=3))
    net.outputs(net.concatenation([parts[2], parts[0], parts[1]], 3))


def overwritten_late(net: Net) -> None:
    """A tensor that is read once more after an addition that could be done in its place."""
    x = net.conv2d(image(net, 6, 6), 4)
    y = added(net, x, net.conv2d(x, 4))
    z = net.unary("LOGISTIC", y, Quant(1 / 256, -128))
    net.outputs(net.binary("MUL", added(net, x, y), z, Quant(0.05, 0)))


def same_tensor_out_twice(net: Net) -> None:
    """One tensor as both outputs."""
    x = net.conv2d(image(net, 5, 5), 3)
    net.outputs(x, x)


def unused_input(net: Net) -> None:
    """An input that nothing reads."""
    x = image(net, 5, 5)
    net.input((1, 4), Quant(0.1, 0))
    net.outputs(net.conv2d(x, 3))


def requantized_branches(net: Net) -> None:
    """Branches brought to one quantization before they are joined, as converters do."""
    x = net.conv2d(image(net, 6, 6), 4)
    q = Quant(0.05, -9)
    ways = [net.unary("QUANTIZE", net.conv2d(x, n), q, options("QuantizeOptions")) for n in (2, 3)]
    net.outputs(net.concatenation(ways, 3))


def pool_then_relu(net: Net) -> None:
    """A clamp behind a pool."""
    x = net.pool("MAX_POOL_2D", image(net), (2, 2), (2, 2))
    net.outputs(net.unary("RELU", x, x.quant))


def softmax_in_the_middle(net: Net) -> None:
    """Scores of each pixel that are read on."""
    x = net.softmax(net.conv2d(image(net, 6, 6), 4, kernel=(1, 1), out_scale=0.03))
    net.outputs(net.pool("AVERAGE_POOL_2D", x, (3, 3), (3, 3)))


def intermediate_output(net: Net) -> None:
    """A tensor that is an output and is read on."""
    x = net.conv2d(image(net), 4, act="relu")
    net.outputs(x, net.pool("AVERAGE_POOL_2D", x, (2, 2), (2, 2)))


def two_outputs(net: Net) -> None:
    """A class and a box."""
    x = net.conv2d(image(net), 6, stride=(2, 2), act="relu")
    net.outputs(net.softmax(net.fully_connected(x, 4)), net.unary("LOGISTIC", net.fully_connected(x, 3), Quant(1 / 256, -128)))
