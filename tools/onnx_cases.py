#!/usr/bin/env python3
"""Makes the ONNX cases: small float32 models, and what ONNX Runtime answers on them.

    onnx_cases.py [-o tests/data/onnx] [--check]

Each case becomes `CASE.onnx` and `CASE.golden.safetensors` with `input.J` and `output.J.ort`, `[samples, *shape]`, in the
file's own layout (images are NCHW). Weights and inputs are drawn from a generator seeded with the case's name, so that a
rerun gives the same bytes. `--check` writes nothing and ends with code 1 where a file on disk differs. Needs
`pip install onnx==1.23.2 onnxruntime==1.32.0`, in an environment of its own: graph optimizations are off.
"""

from __future__ import annotations

import argparse
import math
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from golden import safetensors_bytes, write_atomically

DEFAULT_OUT = Path(__file__).resolve().parent.parent / "tests" / "data" / "onnx"
SAMPLES = 3


class Net:
    """A model under construction; tensors go by their names."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.opset = 17
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._inputs: list[onnx.ValueInfoProto] = []

    def input(self, *shape: int | str) -> str:
        """A float input."""
        name = f"x{len(self._inputs)}"
        self._inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        return name

    def const(self, values: object, kind: type = np.float32) -> str:
        """A constant."""
        name = f"c{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.asarray(values, kind), name))
        return name

    def ints(self, *values: int) -> str:
        """A constant list of int64."""
        return self.const(values, np.int64)

    def random(self, *shape: int, spread: float = 1.0) -> str:
        """A random constant."""
        return self.const(self.rng.normal(0.0, spread, shape))

    def op(self, kind: str, *inputs: str, **attributes: object) -> str:
        """A node with one output."""
        return self.ops(kind, 1, *inputs, **attributes)[0]

    def ops(self, kind: str, count: int, *inputs: str, **attributes: object) -> list[str]:
        """A node."""
        made = [f"{kind.lower()}{len(self._nodes)}_{i}" for i in range(count)]
        self._nodes.append(helper.make_node(kind, inputs, made, f"node{len(self._nodes)}", **attributes))
        return made

    def conv(
        self, x: str, channels: int, filters: int, kernel: tuple[int, ...] = (3, 3), group: int = 1, **attributes: object
    ) -> str:
        """A convolution with bias."""
        depth = channels // group
        w = self.random(filters, depth, *kernel, spread=(depth * math.prod(kernel)) ** -0.5)
        return self.op("Conv", x, w, self.random(filters, spread=0.3), kernel_shape=kernel, group=group, **attributes)

    def transposed(
        self, x: str, channels: int, filters: int, kernel: tuple[int, ...] = (3, 3), group: int = 1, **attributes: object
    ) -> str:
        """A transposed convolution with bias."""
        w = self.random(channels, filters // group, *kernel, spread=(channels // group) ** -0.5)
        return self.op("ConvTranspose", x, w, self.random(filters, spread=0.3), kernel_shape=kernel, group=group, **attributes)

    def dense(self, x: str, depth: int, units: int) -> str:
        """A Gemm as PyTorch exports a linear layer."""
        return self.op("Gemm", x, self.random(units, depth, spread=depth**-0.5), self.random(units, spread=0.3), transB=1)

    def normalize(self, x: str, channels: int) -> str:
        """A batch normalization with positive variances."""
        variance = self.const(self.rng.uniform(0.3, 2.0, channels))
        return self.op("BatchNormalization", x, self.random(channels), self.random(channels), self.random(channels), variance)

    def build(self, outputs: Sequence[str]) -> onnx.ModelProto:
        """The model, checked."""
        made = [helper.make_tensor_value_info(name, TensorProto.UNDEFINED, None) for name in outputs]
        for value in made:
            value.ClearField("type")
        graph = helper.make_graph(self._nodes, "case", self._inputs, made, self._constants)
        model = helper.make_model(graph, producer_name="tinybake", opset_imports=[helper.make_opsetid("", self.opset)])
        model.ir_version = 8
        return onnx.shape_inference.infer_shapes(model)


Build = Callable[[Net], "str | list[str]"]


def layers() -> Iterator[tuple[str, Build]]:
    """Layers with weights."""
    yield "conv", lambda g: g.conv(g.input(1, 3, 8, 7), 3, 5, pads=[1, 1, 1, 1])
    yield "conv_valid", lambda g: g.conv(g.input(1, 4, 9, 8), 4, 6, (3, 2), strides=[2, 3])
    yield "conv_dilated", lambda g: g.conv(g.input(1, 2, 9, 9), 2, 4, dilations=[2, 3], pads=[2, 3, 2, 3])
    yield "conv_asymmetric", lambda g: g.conv(g.input(1, 3, 6, 7), 3, 4, pads=[0, 1, 2, 0], strides=[2, 1])
    yield "conv_same_upper", lambda g: g.conv(g.input(1, 3, 7, 8), 3, 4, auto_pad="SAME_UPPER", strides=[2, 2])
    yield "conv_same_lower", lambda g: g.conv(g.input(1, 3, 7, 8), 3, 4, auto_pad="SAME_LOWER", strides=[2, 2])
    yield "conv_groups", lambda g: g.conv(g.input(1, 8, 6, 6), 8, 12, group=4)
    yield "conv_depthwise", lambda g: g.conv(g.input(1, 6, 7, 7), 6, 6, group=6, pads=[1, 1, 1, 1])
    yield "conv_multiplier", lambda g: g.conv(g.input(1, 3, 7, 7), 3, 12, group=3)
    yield "conv_open_batch", lambda g: g.conv(g.input("batch", 3, 5, 5), 3, 4)
    yield "gemm", lambda g: g.dense(g.input(1, 20), 20, 7)
    yield "gemm_plain", lambda g: g.op("Gemm", g.input(1, 6), g.random(6, 5), g.random(1, 5), alpha=0.5, beta=1.5)
    yield "matmul", lambda g: g.op("Add", g.op("MatMul", g.input(1, 12), g.random(12, 5)), g.random(5))
    yield "matmul_rows", lambda g: g.op("MatMul", g.input(1, 4, 12), g.random(12, 5))
    yield "batch_normalization", lambda g: g.normalize(g.input(1, 5, 4, 3), 5)
    yield "batch_normalization_rows", lambda g: g.normalize(g.input(1, 9), 9)


def functions() -> Iterator[tuple[str, Build]]:
    """Functions, reductions and pools."""
    for kind in ("Relu", "Sigmoid", "Tanh", "HardSwish", "HardSigmoid"):
        yield kind.lower(), lambda g, kind=kind: g.op(kind, g.input(1, 5, 6))
    yield "leaky_relu", lambda g: g.op("LeakyRelu", g.input(1, 30), alpha=0.2)
    yield "prelu", lambda g: g.op("PRelu", g.input(1, 4, 5, 6), g.random(4, 1, 1))
    for name, low, high in (("6", 0.0, 6.0), ("one", -1.0, 1.0), ("odd", -0.5, 2.5)):
        yield f"clip_{name}", lambda g, low=low, high=high: g.op("Clip", g.input(1, 30), g.const(low), g.const(high))
    yield "clip_above", lambda g: g.op("Clip", g.input(1, 30), "", g.const(1.5))
    for kind in ("Add", "Sub", "Mul", "Max", "Min"):
        yield f"{kind.lower()}", lambda g, kind=kind: g.op(kind, g.input(1, 3, 4, 5), g.input(1, 3, 4, 5))
        yield f"{kind.lower()}_channels", lambda g, kind=kind: g.op(kind, g.random(3, 1, 1), g.input(1, 3, 4, 5))
    yield "div", lambda g: g.op("Div", g.input(1, 3, 4, 5), g.const(2.5))
    yield "add_image_and_row", lambda g: g.op("Add", g.conv(g.input(1, 3, 5, 5), 3, 4), g.input(1, 4, 1, 1))
    yield "softmax", lambda g: g.op("Softmax", g.input(1, 12))
    yield "softmax_channels", lambda g: g.op("Softmax", g.conv(g.input(1, 3, 4, 5), 3, 6), axis=1)
    yield "max_pool", lambda g: g.op("MaxPool", g.input(1, 3, 8, 7), kernel_shape=[3, 2], strides=[2, 2], pads=[1, 0, 1, 1])
    yield (
        "average_pool",
        lambda g: g.op("AveragePool", g.input(1, 3, 7, 7), kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]),
    )
    yield (
        "average_pool_counted",
        lambda g: g.op("AveragePool", g.input(1, 3, 7, 7), kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1),
    )
    yield "global_average_pool", lambda g: g.op("GlobalAveragePool", g.input(1, 5, 6, 7))
    yield "global_max_pool", lambda g: g.op("GlobalMaxPool", g.input(1, 5, 6, 7))
    yield "reduce_mean_image", lambda g: g.op("ReduceMean", g.input(1, 5, 6, 7), axes=[2, 3], keepdims=0)
    yield "reduce_mean_channels", lambda g: g.op("ReduceMean", g.conv(g.input(1, 3, 5, 6), 3, 4), axes=[1], keepdims=1)
    yield "reduce_mean_height", lambda g: g.op("ReduceMean", g.conv(g.input(1, 3, 5, 6), 3, 4), axes=[-2], keepdims=0)
    yield "reduce_max", lambda g: g.op("ReduceMax", g.input(1, 5, 6, 7), axes=[3], keepdims=0)


def movement() -> Iterator[tuple[str, Build]]:
    """Ops that move elements, alone and between convolutions."""
    yield "concat", lambda g: g.op("Concat", g.input(1, 3, 4, 5), g.input(1, 2, 4, 5), axis=1)
    yield "concat_constant", lambda g: g.op("Concat", g.conv(g.input(1, 3, 4, 5), 3, 4), g.random(1, 2, 2, 3), axis=1)
    yield "split", lambda g: g.ops("Split", 3, g.conv(g.input(1, 3, 5, 5), 3, 9), axis=1)
    yield "split_parts", lambda g: g.ops("Split", 2, g.input(1, 7, 3), g.ints(2, 5), axis=1)
    yield "pad", lambda g: g.op("Pad", g.conv(g.input(1, 3, 4, 5), 3, 4), g.ints(0, 0, 1, 2, 0, 0, 0, 3), g.const(0.5))
    yield "pad_reflect", lambda g: g.op("Pad", g.input(1, 3, 4, 5), g.ints(0, 0, 1, 2, 0, 0, 2, 1), mode="reflect")
    yield "reshape", lambda g: g.op("Reshape", g.input(1, 3, 4, 5), g.ints(0, -1, 10))
    yield "reshape_image", lambda g: g.op("Reshape", g.conv(g.input(1, 3, 4, 6), 3, 4), g.ints(1, 8, 4))
    yield "flatten", lambda g: g.op("Flatten", g.conv(g.input(1, 3, 4, 5), 3, 4))
    yield "flatten_gemm", lambda g: g.dense(g.op("Flatten", g.conv(g.input(1, 3, 4, 5), 3, 4)), 24, 6)
    yield "flatten_relu_gemm", lambda g: g.dense(g.op("Relu", g.op("Flatten", g.conv(g.input(1, 3, 4, 5), 3, 4))), 24, 6)
    yield "squeeze", lambda g: g.op("Squeeze", g.op("GlobalAveragePool", g.conv(g.input(1, 3, 4, 5), 3, 4)), g.ints(2, 3))
    yield "squeeze_all", lambda g: g.op("Squeeze", g.input(1, 3, 1, 5))
    yield "unsqueeze", lambda g: g.conv(g.op("Unsqueeze", g.input(1, 6, 5), g.ints(1)), 1, 4)
    yield "transpose", lambda g: g.op("Transpose", g.input(1, 3, 4, 5), perm=[0, 2, 3, 1])
    yield "transpose_twice", transpose_twice
    yield "transpose_rows", lambda g: g.op("MatMul", g.op("Transpose", g.input(1, 6, 5), perm=[0, 2, 1]), g.random(6, 4))
    yield (
        "slice",
        lambda g: g.op("Slice", g.conv(g.input(1, 3, 8, 9), 3, 6), g.ints(1, -1), g.ints(5, 1), g.ints(1, 3), g.ints(2, -2)),
    )
    yield "slice_open", lambda g: g.op("Slice", g.input(1, 6, 7), g.ints(2), g.ints(2**31 - 1), g.ints(1))
    half = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
    yield "resize_linear", lambda g: g.op("Resize", g.input(1, 3, 4, 5), "", "", g.ints(1, 3, 7, 8), **half)
    corners = {"mode": "linear", "coordinate_transformation_mode": "align_corners"}
    yield "resize_corners", lambda g: g.op("Resize", g.input(1, 3, 4, 5), "", "", g.ints(1, 3, 7, 8), **corners)
    floor = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    yield "resize_nearest", lambda g: g.op("Resize", g.input(1, 3, 4, 5), "", g.const([1, 1, 2, 3]), **floor)
    yield "resize_half_pixel", lambda g: g.op("Resize", g.input(1, 3, 4, 5), "", g.const([1, 1, 2, 2]), mode="nearest")


def transpose_twice(g: Net) -> str:
    """What converters from NHWC frameworks write: images turned before and after."""
    x = g.op("Transpose", g.input(1, 6, 7, 3), perm=[0, 3, 1, 2])
    x = g.op("Relu", g.conv(x, 3, 4, pads=[1, 1, 1, 1]))
    return g.op("Transpose", x, perm=[0, 2, 3, 1])


def lines() -> Iterator[tuple[str, Build]]:
    """Layers and pools of 1-D images, NCW."""
    yield "line_conv", lambda g: g.conv(g.input(1, 4, 20), 4, 6, (3,), pads=[1, 1])
    yield "line_conv_strided", lambda g: g.conv(g.input(1, 3, 21), 3, 5, (4,), strides=[3], dilations=[2], pads=[2, 0])
    yield "line_conv_same", lambda g: g.conv(g.input(1, 3, 20), 3, 5, (4,), strides=[3], auto_pad="SAME_UPPER")
    yield "line_conv_groups", lambda g: g.conv(g.input(1, 8, 12), 8, 12, (3,), group=4)
    yield "line_conv_depthwise", lambda g: g.conv(g.input(1, 6, 15), 6, 6, (5,), group=6, pads=[2, 2])
    yield "line_normalize", lambda g: g.op("Relu", g.normalize(g.conv(g.input(1, 3, 14), 3, 5, (3,)), 5))
    yield "line_add", lambda g: g.op("Add", g.conv(g.input(1, 3, 14), 3, 5, (3,)), g.random(5, 1))
    yield "line_add_input", line_add_input
    yield "line_max_pool", lambda g: g.op("MaxPool", g.input(1, 4, 19), kernel_shape=[3], strides=[2], pads=[1, 1])
    yield "line_average_pool", lambda g: g.op("AveragePool", g.input(1, 4, 19), kernel_shape=[3], strides=[2], pads=[1, 0])
    counted = {"kernel_shape": [4], "strides": [3], "pads": [1, 2], "count_include_pad": 1}
    yield "line_average_pool_counted", lambda g: g.op("AveragePool", g.input(1, 4, 19), **counted)
    yield "line_global_average_pool", lambda g: g.op("GlobalAveragePool", g.conv(g.input(1, 4, 20), 4, 6, (3,)))
    yield "line_global_max_pool", lambda g: g.op("GlobalMaxPool", g.input(1, 4, 20))
    yield "line_reduce_mean", lambda g: g.op("ReduceMean", g.conv(g.input(1, 4, 20), 4, 6, (3,)), axes=[-1], keepdims=0)
    yield "line_softmax", lambda g: g.op("Softmax", g.conv(g.input(1, 4, 9), 4, 6, (3,)), axis=1)
    yield "line_concat", lambda g: g.op("Concat", g.conv(g.input(1, 4, 9), 4, 6, (3,)), g.input(1, 2, 7), axis=1)
    yield "line_concat_both", line_concat_both
    yield "line_split", lambda g: g.ops("Split", 2, g.conv(g.input(1, 4, 9), 4, 6, (3,)), axis=1)
    yield "line_pad", lambda g: g.op("Pad", g.conv(g.input(1, 3, 9), 3, 4, (3,)), g.ints(0, 0, 2, 0, 1, 3), g.const(0.5))
    yield (
        "line_slice",
        lambda g: g.op("Slice", g.conv(g.input(1, 3, 11), 3, 6, (3,)), g.ints(1, -1), g.ints(5, 1), g.ints(1, 2), g.ints(2, -2)),
    )
    yield "line_transpose", lambda g: g.op("Transpose", g.conv(g.input(1, 3, 9), 3, 4, (3,)), perm=[0, 2, 1])
    yield "line_from_rows", lambda g: g.conv(g.op("Transpose", g.input(1, 9, 3), perm=[0, 2, 1]), 3, 4, (3,))
    yield "line_reshape", lambda g: g.op("Reshape", g.conv(g.input(1, 3, 8), 3, 4, (3,)), g.ints(1, 2, 12))
    yield "line_flatten_gemm", lambda g: g.dense(g.op("Flatten", g.conv(g.input(1, 3, 8), 3, 4, (3,))), 24, 6)
    yield "line_unsqueeze", lambda g: g.conv(g.op("Unsqueeze", g.conv(g.input(1, 3, 9), 3, 4, (3,)), g.ints(2)), 4, 5, (1, 3))
    yield "line_unsqueeze_last", lambda g: g.op("Unsqueeze", g.conv(g.input(1, 3, 9), 3, 4, (3,)), g.ints(0, 4))
    yield "line_squeeze", lambda g: g.op("Squeeze", g.op("GlobalAveragePool", g.conv(g.input(1, 3, 9), 3, 4, (3,))), g.ints(2))


def line_add_input(g: Net) -> str:
    """A residual block of a 1-D image that is an input."""
    x = g.input(1, 4, 10)
    return g.op("Add", x, g.conv(x, 4, 4, (3,), pads=[1, 1]))


def line_concat_both(g: Net) -> str:
    """Two branches, joined along the width."""
    x = g.input(1, 4, 10)
    return g.op("Relu", g.op("Concat", g.conv(x, 4, 3, (3,)), g.conv(x, 4, 3, (1,)), axis=2))


def transposed() -> Iterator[tuple[str, Build]]:
    """Transposed convolutions."""
    yield "transposed", lambda g: g.transposed(g.input(1, 4, 5, 6), 4, 3, strides=[2, 2], pads=[1, 1, 1, 1], output_padding=[1, 1])
    yield "transposed_plain", lambda g: g.transposed(g.input(1, 3, 4, 5), 3, 5)
    yield "transposed_uneven", lambda g: g.transposed(g.input(1, 3, 4, 5), 3, 2, (2, 4), strides=[3, 2], pads=[0, 2, 1, 0])
    yield "transposed_dilated", lambda g: g.transposed(g.input(1, 3, 4, 5), 3, 2, strides=[2, 1], dilations=[2, 3])
    yield "transposed_groups", lambda g: g.transposed(g.input(1, 6, 4, 5), 6, 9, group=3, strides=[2, 2], pads=[1, 1, 0, 0])
    yield "transposed_depthwise", lambda g: g.transposed(g.input(1, 5, 4, 4), 5, 5, (4, 4), group=5, strides=[2, 2])
    yield "transposed_size", lambda g: g.transposed(g.input(1, 3, 4, 5), 3, 2, strides=[3, 2], output_shape=[10, 10])
    yield "transposed_line", lambda g: g.transposed(g.input(1, 4, 9), 4, 3, (4,), strides=[2], pads=[1, 1])


def graphs() -> Iterator[tuple[str, Build]]:
    """Small networks."""
    yield "graph_pytorch", pytorch
    yield "graph_residual", residual
    yield "graph_unordered", residual
    yield "graph_line", line
    yield "graph_dynamic_reshape", dynamic_reshape


def pytorch(g: Net) -> str:
    """Convolutions, batch normalization, pooling and a classifier over a flattened image."""
    x = g.op("Relu", g.normalize(g.conv(g.input(1, 1, 12, 10), 1, 8, pads=[1, 1, 1, 1]), 8))
    x = g.op("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    x = g.op("Clip", g.normalize(g.conv(x, 8, 8, group=8, pads=[1, 1, 1, 1]), 8), g.const(0.0), g.const(6.0))
    x = g.op("Relu", g.conv(x, 8, 12, (1, 1)))
    x = g.op("Relu", g.dense(g.op("Flatten", x, axis=1), 360, 16))
    return g.op("Softmax", g.dense(x, 16, 6), axis=1)


def residual(g: Net) -> str:
    """A residual block, a concatenation and a global pool."""
    x = g.op("Relu", g.conv(g.input(1, 3, 8, 8), 3, 8, pads=[1, 1, 1, 1]))
    y = g.normalize(g.conv(x, 8, 8, pads=[1, 1, 1, 1]), 8)
    y = g.op("Relu", g.op("Add", y, x))
    z = g.op("Mul", y, g.op("HardSigmoid", g.conv(g.op("GlobalAveragePool", y), 8, 8, (1, 1))))
    both = g.op("Concat", z, g.op("HardSwish", g.conv(x, 8, 4, (1, 1))), axis=1)
    pooled = g.op("ReduceMean", both, axes=[2, 3], keepdims=0)
    return g.op("Sigmoid", g.dense(pooled, 12, 5))


def line(g: Net) -> str:
    """A 1-D network with batch normalization."""
    return line_classifier(g, g.normalize(g.conv(g.input(1, 3, 32), 3, 8, (5,), strides=[2], pads=[2, 2]), 8))


def line_classifier(g: Net, x: str) -> str:
    """A 1-D network over 8 channels of 16: pooling, convolutions, a residual block and a classifier."""
    x = g.op("MaxPool", g.op("Relu", x), kernel_shape=[2], strides=[2])
    y = g.op("Relu", g.conv(x, 8, 8, (3,), group=8, pads=[1, 1]))
    x = g.op("Relu", g.op("Add", g.conv(y, 8, 8, (1,)), x))
    x = g.op("AveragePool", x, kernel_shape=[2], strides=[2])
    return g.op("Softmax", g.dense(g.op("Flatten", x, axis=1), 32, 5), axis=1)


def dynamic_reshape(g: Net) -> str:
    """A flattening whose shape the file computes, as older exporters write `view`."""
    x = g.conv(g.input(1, 3, 5, 6), 3, 4)
    batch = g.op("Unsqueeze", g.op("Gather", g.op("Shape", x), g.const(0, np.int64), axis=0), g.ints(0))
    return g.dense(g.op("Reshape", x, g.op("Concat", batch, g.ints(-1), axis=0)), 48, 5)


def all_cases() -> Iterator[tuple[str, Build]]:
    """Every case."""
    for family in (layers, functions, movement, lines, transposed, graphs):
        yield from family()


def make(name: str, build: Build) -> tuple[bytes, bytes]:
    """A case's model and recording."""
    seed = zlib.crc32(f"onnx/{name}".encode())
    rng = np.random.default_rng(seed)
    net = Net(rng)
    outputs = build(net)
    model = net.build(outputs if isinstance(outputs, list) else [outputs])
    onnx.checker.check_model(model, full_check=True)
    if name.endswith("unordered"):
        # ONNX Runtime sorts nodes that stand before those that make their operands.
        model.graph.node.sort(key=lambda node: zlib.crc32(node.name.encode()))
    data = model.SerializeToString(deterministic=True)
    settings = onnxruntime.SessionOptions()
    settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    settings.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(data, settings, providers=["CPUExecutionProvider"])
    shapes = [[n if isinstance(n, int) else 1 for n in port.shape] for port in session.get_inputs()]
    inputs = [rng.normal(0.0, 3.0, (SAMPLES, *shape)).astype(np.float32) for shape in shapes]
    answers = [session.run(None, {p.name: x[s] for p, x in zip(session.get_inputs(), inputs)}) for s in range(SAMPLES)]
    tensors = {f"input.{j}": x for j, x in enumerate(inputs)}
    tensors |= {f"output.{j}.ort": np.stack(column) for j, column in enumerate(zip(*answers))}
    metadata = {"model": f"{name}.onnx", "seed": str(seed), "engine": f"ONNX Runtime {onnxruntime.__version__}"}
    return data, safetensors_bytes(tensors, metadata)


def main() -> int:
    """Makes or checks every case; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--out", type=Path, default=DEFAULT_OUT)
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    files: dict[Path, bytes] = {}
    for name, build in all_cases():
        files |= zip((args.out / f"{name}.onnx", args.out / f"{name}.golden.safetensors"), make(name, build))
    differing = []
    for path, data in files.items():
        if not args.check:
            write_atomically(path, data)
        elif not path.is_file() or path.read_bytes() != data:
            differing.append(str(path))
    print(f"{len(files)} files, {sum(map(len, files.values()))} bytes")
    for path in differing:
        print(f"differs: {path}")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
