"""Networks between QuantizeLinear and DequantizeLinear as trainers with quantization export them, made node by node.

Biases are float32, operators may follow each other without a quantization between them, and operands have scales of their own.
`cases` gives each with its name; `onnx_quantized_cases.py` records what ONNX Runtime answers.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper


class Net:
    """A quantized network under construction, from integers to integers; tensors go by their names."""

    def __init__(self, name: str) -> None:
        self.rng = np.random.default_rng(zlib.crc32(name.encode()))
        self.unsigned = "uint8" in name
        self.opset = 17
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._inputs: list[onnx.ValueInfoProto] = []

    def const(self, values: object, kind: type = np.float32) -> str:
        """A constant."""
        self._constants.append(numpy_helper.from_array(np.asarray(values, kind), f"c{len(self._constants)}"))
        return self._constants[-1].name

    def random(self, *shape: int, spread: float = 0.3) -> str:
        """A constant of random floats."""
        return self.const(self.rng.normal(0.0, spread, shape))

    def op(self, kind: str, *inputs: str, **attributes: object) -> str:
        """A node of one output."""
        output = f"t{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, inputs, [output], f"{kind}_{len(self._nodes)}", **attributes))
        return output

    def affine(self, scale: float, zero: int) -> list[str]:
        """A scale and a zero point, which is told as one of int8."""
        return [self.const(scale), self.const(zero + 128, np.uint8) if self.unsigned else self.const(zero, np.int8)]

    def port(self, *shape: int) -> str:
        """An input of integers."""
        kind = TensorProto.UINT8 if self.unsigned else TensorProto.INT8
        self._inputs.append(helper.make_tensor_value_info(f"x{len(self._inputs)}", kind, shape))
        return self._inputs[-1].name

    def input(self, shape: list[int], scale: float, zero: int) -> str:
        """An input of integers, dequantized."""
        return self.op("DequantizeLinear", self.port(*shape), *self.affine(scale, zero))

    def quantized(self, x: str, scale: float, zero: int) -> str:
        """Integers of floats."""
        return self.op("QuantizeLinear", x, *self.affine(scale, zero))

    def between(self, x: str, scale: float, zero: int) -> str:
        """Quantized and dequantized again."""
        affine = self.affine(scale, zero)
        return self.op("DequantizeLinear", self.op("QuantizeLinear", x, *affine), *affine)

    def weights(self, *shape: int, axis: int = 0, scales: np.ndarray | None = None) -> str:
        """Dequantized weights with a scale for each index of `axis`."""
        count = shape[axis]
        scales = self.rng.uniform(0.0008, 0.0025, count) if scales is None else scales
        zeros = self.const(np.zeros(count), np.int8)
        values = self.const(self.rng.integers(-127, 128, shape), np.int8)
        return self.op("DequantizeLinear", values, self.const(scales), zeros, axis=axis)

    def normalization(self, channels: int) -> list[str]:
        """Scale, bias, mean and variance; some scales are negative."""
        scale = self.rng.uniform(0.5, 1.5, channels) * self.rng.choice([-1.0, 1.0, 1.0], channels)
        return [self.const(scale), self.random(channels), self.random(channels), self.const(self.rng.uniform(0.4, 1.6, channels))]

    def model(self, output: str) -> onnx.ModelProto:
        """The model that makes `output`."""
        ports = [helper.make_empty_tensor_value_info(output)]
        graph = helper.make_graph(self._nodes, "case", self._inputs, ports, self._constants)
        opsets = [helper.make_opsetid("", self.opset), helper.make_opsetid("com.microsoft", 1)]
        model = helper.make_model(graph, producer_name="tinybake", opset_imports=opsets)
        model.ir_version = 10 if self.opset > 17 else 8
        session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        zeros = {port.name: np.zeros(port.shape, np.uint8 if self.unsigned else np.int8) for port in session.get_inputs()}
        answer = session.run(None, zeros)[0]
        kind = helper.np_dtype_to_tensor_dtype(answer.dtype)
        model.graph.output[0].CopyFrom(helper.make_tensor_value_info(output, kind, answer.shape))
        return model


Build = Callable[[Net], str]
BUILDS: dict[str, Build] = {}


def case(family: str) -> Callable[[Build], Build]:
    """Makes a function one of the cases."""

    def enter(build: Build) -> Build:
        BUILDS[f"{family}_{build.__name__}"] = build
        return build

    return enter


# Layers with a bias in float32 that is no multiple of the accumulator's scale.


@case("bias")
def conv(g: Net) -> str:
    """A pointwise convolution."""
    x = g.op("Conv", g.input([1, 8, 16, 12], 0.01, 3), g.weights(8, 8, 1, 1, scales=g.rng.uniform(0.003, 0.01, 8)), g.random(8))
    return g.quantized(x, 0.02, 5)


@case("bias")
def conv_relu(g: Net) -> str:
    """A convolution with padding and strides, and a ReLU."""
    x = g.input([1, 4, 12, 10], 0.0173, -9)
    x = g.op("Conv", x, g.weights(6, 4, 3, 3), g.random(6), pads=[1, 1, 1, 1], strides=[2, 1])
    return g.quantized(g.op("Relu", x), 0.011, -128)


@case("bias")
def depthwise(g: Net) -> str:
    """A depthwise convolution, and a clip."""
    x = g.op("Conv", g.input([1, 6, 12, 10], 0.0173, -9), g.weights(6, 1, 3, 3), g.random(6), group=6, pads=[1, 1, 1, 1])
    return g.quantized(g.op("Clip", x, g.const(-0.31), g.const(0.527)), 0.005, 11)


@case("bias")
def gemm(g: Net) -> str:
    """A product with a bias."""
    return g.quantized(g.op("Gemm", g.input([1, 40], 0.02, 7), g.weights(32, 40), g.random(32), transB=1), 0.013, -4)


@case("bias")
def linear(g: Net) -> str:
    """A product of rows and a sum, as `torch.nn.Linear` is exported."""
    x = g.op("MatMul", g.input([1, 12, 20], 0.02, 7), g.weights(20, 16, axis=1))
    return g.quantized(g.op("Add", x, g.random(16)), 0.009, -4)


@case("bias")
def linear_transposed(g: Net) -> str:
    """The same with weights that are transposed in the graph."""
    x = g.op("MatMul", g.input([1, 40], 0.02, 7), g.op("Transpose", g.weights(32, 40), perm=[1, 0]))
    return g.quantized(g.op("Relu", g.op("Add", g.random(32), x)), 0.009, -128)


@case("bias")
def dead(g: Net) -> str:
    """Filters whose scales are next to nothing, or nothing."""
    scales = np.array([0.002, 1e-9, 0.0, 0.001, 1e-5, 1e-38])
    x = g.op("Conv", g.input([1, 4, 6, 5], 0.0173, -9), g.weights(6, 4, 3, 3, scales=scales), g.random(6))
    return g.quantized(x, 0.011, 2)


@case("bias")
def classifier(g: Net) -> str:
    """A depthwise separable network."""
    x = g.op("Conv", g.input([1, 1, 12, 10], 0.02, -5), g.weights(8, 1, 3, 3), g.random(8), pads=[1, 1, 1, 1], strides=[2, 2])
    x = g.between(g.op("Relu", x), 0.009, -128)
    x = g.op("Conv", x, g.weights(8, 1, 3, 3), g.random(8), pads=[1, 1, 1, 1], group=8)
    x = g.between(g.op("Relu", x), 0.008, -128)
    x = g.between(g.op("Relu", g.op("Conv", x, g.weights(12, 8, 1, 1), g.random(12))), 0.006, -128)
    x = g.op("Flatten", g.between(g.op("GlobalAveragePool", x), 0.005, -128))
    return g.quantized(g.op("Gemm", x, g.weights(5, 12), g.random(5), transB=1), 0.008, 3)


# Batch normalizations that no exporter has folded.


@case("normalization")
def after_conv(g: Net) -> str:
    """Right after a convolution."""
    x = g.op("Conv", g.input([1, 4, 8, 7], 0.015, -4), g.weights(6, 4, 3, 3), g.random(6))
    return g.quantized(g.op("Relu", g.op("BatchNormalization", x, *g.normalization(6))), 0.012, -128)


@case("normalization")
def apart(g: Net) -> str:
    """Between two quantizations."""
    x = g.op("MaxPool", g.input([1, 6, 8, 7], 0.015, -4), kernel_shape=[2, 2])
    return g.quantized(g.op("BatchNormalization", x, *g.normalization(6)), 0.021, 8)


@case("normalization")
def of_rows(g: Net) -> str:
    """Of features, which are no image."""
    return g.quantized(g.op("BatchNormalization", g.input([1, 24], 0.015, -4), *g.normalization(24)), 0.021, 8)


# Operators that take elements as they are, of operands with scales of their own.


def two(g: Net) -> list[str]:
    """Two inputs of unlike scales."""
    return [g.input([1, 3, 4, 6], 0.012, -3), g.input([1, 3, 4, 6], 0.047, 9)]


@case("joined")
def concat(g: Net) -> str:
    """A concatenation and a ReLU."""
    return g.quantized(g.op("Relu", g.op("Concat", *two(g), axis=1)), 0.031, -100)


@case("joined")
def concat_constant(g: Net) -> str:
    """A concatenation with floats."""
    return g.quantized(g.op("Concat", two(g)[0], g.random(1, 2, 4, 6), axis=1), 0.031, 5)


@case("joined")
def concat_floats(g: Net) -> str:
    """Concatenations whose floats leave the network."""
    x = g.op("Concat", *two(g), g.random(1, 2, 4, 6), axis=1)
    x = g.op("Reshape", x, g.const([1, 8, 24], np.int64))
    return g.op("Concat", g.op("Transpose", x, perm=[0, 2, 1]), g.input([1, 24, 3], 0.09, 1), axis=2)


@case("joined")
def maximum(g: Net) -> str:
    """The greater of two, and a pool."""
    return g.quantized(g.op("MaxPool", g.op("Max", *two(g)), kernel_shape=[2, 2]), 0.031, 5)


@case("joined")
def minimum(g: Net) -> str:
    """The lesser of two, and a clip."""
    return g.quantized(g.op("Clip", g.op("Min", *two(g)), g.const(-0.4), g.const(0.9)), 0.031, 5)


@case("joined")
def pad(g: Net) -> str:
    """A pad with a number that only the result's scale holds."""
    x = g.op("Pad", g.input([1, 3, 4, 6], 0.012, -3), g.const([0, 0, 1, 1, 0, 0, 1, 0], np.int64), g.const(5.0))
    return g.quantized(g.op("Clip", x, g.const(-1.0), g.const(4.0)), 0.031, -80)


@case("joined")
def clip(g: Net) -> str:
    """Two clamps."""
    x = g.op("Clip", g.input([1, 3, 4, 6], 0.012, -3), g.const(-0.2037), g.const(0.3049))
    return g.quantized(g.op("Relu", x), 0.031, 5)


@case("joined")
def same_scales(g: Net) -> str:
    """Operands of one scale, and a result that is not quantized."""
    x = g.op("Concat", g.input([1, 3, 4, 6], 0.012, -3), g.input([1, 3, 4, 6], 0.012, -3), axis=1)
    return g.op("Relu", g.op("Min", x, g.const(np.float32(0.012) * np.float32(40))))


# Zero points that are left out.


@case("types")
def output_dtype(g: Net) -> str:
    """`output_dtype` tells the type of the integers."""
    g.opset = 21
    kind = {"output_dtype": 2 if g.unsigned else 3}
    scale = g.const(0.01)
    x = g.op("DequantizeLinear", g.op("QuantizeLinear", g.input([1, 4, 6, 5], 0.02, 3), scale, **kind), scale)
    values, scales = g.const(g.rng.integers(-127, 128, (4, 4, 3, 3)), np.int8), g.const(g.rng.uniform(0.001, 0.004, 4))
    weights = g.op("DequantizeLinear", values, scales, axis=0)
    bias = g.op("DequantizeLinear", g.const(g.rng.integers(-2000, 2000, 4), np.int32), g.const(1e-4))
    return g.op("QuantizeLinear", g.op("Conv", x, weights, bias), g.const(0.02), **kind)


def scaled_gemm(name: str, alpha: float) -> onnx.ModelProto:
    """A product on integers whose factor multiplies the bias too."""
    g = Net(name)
    x, weights = [g.port(1, 24), *g.affine(0.02, 3)], g.const(g.rng.integers(-127, 128, (5, 24)), np.int8)
    bias = g.const(g.rng.integers(-4000, 4000, 5), np.int32)
    operands = [*x, weights, g.const(0.009), g.const(0, np.int8), bias, *g.affine(0.05 * alpha, -5)]
    return g.model(g.op("QGemm", *operands, alpha=alpha, transB=1, domain="com.microsoft"))


def cases() -> Iterator[tuple[str, onnx.ModelProto]]:
    """Every case."""
    for kind, build in BUILDS.items():
        for way in ("int8", "uint8"):
            name = f"{kind}_{way}"
            net = Net(name)
            yield name, net.model(build(net))
    for way in ("int8", "uint8"):
        for alpha in (0.5, 1.3):
            name = f"gemm_alpha_{alpha}_{way}".replace(".", "_")
            yield name, scaled_gemm(name, alpha)
