#!/usr/bin/env python3
"""Makes the quantized ONNX cases: small networks that ONNX Runtime's own quantizer quantized, and what the runtime answers.

    onnx_quantized_cases.py [-o tests/data/onnx_quantized] [--check]

Each case becomes `CASE.onnx` and `CASE.golden.safetensors` with `input.J` and `output.J.ort`, `[samples, *shape]`, in the
file's own layout (images are NCHW). Networks are those of `onnx_cases.py`, a network that PyTorch's exporter wrote,
some of operators on integers, or of one whose results lie on halves, and those of `qdq_cases.py`. The first are quantized statically, as QDQ and as
QOperator, to int8 and uint8, per tensor and per channel. Weights and samples are drawn from a generator seeded with the
network's name. `--check` writes nothing and ends with code 1 where a file on disk differs. Needs `pip install
onnx==1.23.2 onnxruntime==1.32.0`, in an environment of its own, on a processor with AVX-512 VNNI: without it 8-bit
products saturate, and sums of floats are taken in another order.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

from golden import safetensors_bytes, write_atomically
from onnx_cases import Net, line_add_input, line_classifier, line_concat_both
from qdq_cases import cases as qdq_cases

ROOT = Path(__file__).resolve().parent.parent / "tests" / "data"
SAMPLES = 4
CALIBRATION = 16

Build = Callable[[Net], "str | list[str]"]


def layers() -> Iterator[tuple[str, Build]]:
    """Layers with weights."""
    yield "conv", lambda g: g.conv(g.input(1, 3, 8, 7), 3, 5, pads=[1, 1, 1, 1])
    yield "conv_relu", lambda g: g.op("Relu", g.conv(g.input(1, 4, 9, 8), 4, 6, (3, 2), strides=[2, 3]))
    yield "conv_clip", lambda g: g.op("Clip", g.conv(g.input(1, 4, 6, 6), 4, 8, (1, 1)), g.const(0.0), g.const(1.5))
    yield "conv_dilated", lambda g: g.conv(g.input(1, 2, 9, 9), 2, 4, dilations=[2, 3], pads=[2, 3, 2, 3])
    yield "conv_groups", lambda g: g.conv(g.input(1, 8, 6, 6), 8, 12, group=4)
    yield "conv_depthwise", lambda g: g.conv(g.input(1, 6, 7, 7), 6, 6, group=6, pads=[1, 1, 1, 1])
    yield "gemm", lambda g: g.dense(g.input(1, 20), 20, 7)
    yield "gemm_plain", lambda g: g.op("Gemm", g.input(1, 6), g.random(6, 5), g.random(5))
    yield "matmul", lambda g: g.op("MatMul", g.input(1, 4, 12), g.random(12, 5))
    yield "flatten_gemm", lambda g: g.dense(g.op("Flatten", g.conv(g.input(1, 3, 4, 5), 3, 4)), 24, 6)


def functions() -> Iterator[tuple[str, Build]]:
    """Functions, pools and reductions."""
    yield "add", lambda g: g.op("Add", g.input(1, 3, 4, 5), g.input(1, 3, 4, 5))
    yield "mul", lambda g: g.op("Mul", g.input(1, 3, 4, 5), g.input(1, 3, 4, 5))
    yield "sigmoid", lambda g: g.op("Sigmoid", g.input(1, 5, 30))
    yield "leaky_relu", lambda g: g.op("LeakyRelu", g.conv(g.input(1, 3, 5, 6), 3, 4), alpha=0.2)
    yield "softmax", lambda g: g.op("Softmax", g.dense(g.input(1, 20), 20, 10), axis=-1)
    yield "softmax_rows", lambda g: g.op("Softmax", g.input(1, 6, 40), axis=-1)
    yield "max_pool", lambda g: g.op("MaxPool", g.conv(g.input(1, 3, 8, 7), 3, 4), kernel_shape=[3, 2], strides=[2, 2])
    yield "average_pool", lambda g: g.op("AveragePool", g.conv(g.input(1, 3, 8, 9), 3, 4), kernel_shape=[3, 3], strides=[2, 2])
    yield "global_average_pool", lambda g: g.op("GlobalAveragePool", g.conv(g.input(1, 3, 8, 9), 3, 5))


def movement() -> Iterator[tuple[str, Build]]:
    """Ops that move elements."""
    yield "concat", lambda g: g.op("Concat", g.conv(g.input(1, 3, 4, 5), 3, 3), g.conv(g.input(1, 2, 4, 5), 2, 4), axis=1)
    yield "split", lambda g: g.ops("Split", 3, g.conv(g.input(1, 3, 5, 5), 3, 9), axis=1)
    yield "pad", lambda g: g.op("Pad", g.conv(g.input(1, 3, 4, 5), 3, 4), g.ints(0, 0, 1, 2, 0, 0, 0, 3), g.const(0.0))
    yield "pad_first", lambda g: g.conv(g.op("Pad", g.input(1, 3, 4, 5), g.ints(0, 0, 1, 2, 0, 0, 0, 1), g.const(0.3)), 3, 4)
    yield "max_pool_first", lambda g: g.conv(g.op("MaxPool", g.input(1, 3, 8, 9), kernel_shape=[2, 3], strides=[2, 2]), 3, 4)
    yield "transpose", lambda g: g.op("Transpose", g.conv(g.input(1, 3, 4, 5), 3, 4), perm=[0, 2, 3, 1])
    yield "reshape", lambda g: g.op("Reshape", g.conv(g.input(1, 3, 4, 6), 3, 4), g.ints(1, 8, 4))


def lines() -> Iterator[tuple[str, Build]]:
    """Networks of 1-D images."""
    yield "line_conv", lambda g: g.conv(g.input(1, 4, 20), 4, 6, (3,), strides=[2], pads=[1, 1])
    yield "line_conv_relu", lambda g: g.op("Relu", g.conv(g.input(1, 8, 11), 8, 8, (3,), group=8, dilations=[2], pads=[2, 0]))
    yield "line_max_pool", lambda g: g.op("MaxPool", g.conv(g.input(1, 3, 15), 3, 4, (3,)), kernel_shape=[3], strides=[2])
    yield "line_max_pool_first", lambda g: g.conv(g.op("MaxPool", g.input(1, 3, 16), kernel_shape=[2], strides=[2]), 3, 4, (3,))
    yield "line_average_pool", lambda g: g.op("AveragePool", g.conv(g.input(1, 3, 15), 3, 4, (3,)), kernel_shape=[3], strides=[2])
    yield "line_global_average_pool", lambda g: g.op("GlobalAveragePool", g.conv(g.input(1, 3, 15), 3, 5, (3,)))
    yield "line_add", line_add_input
    yield "line_concat", line_concat_both
    yield "graph_line", lambda g: line_classifier(g, g.conv(g.input(1, 3, 32), 3, 8, (5,), strides=[2], pads=[2, 2]))


def transposed() -> Iterator[tuple[str, Build]]:
    """Transposed convolutions."""
    twice = {"strides": [2, 2], "pads": [1, 1, 1, 1], "output_padding": [1, 1]}
    yield "transposed", lambda g: g.op("Relu", g.transposed(g.input(1, 4, 5, 6), 4, 3, **twice))
    yield "transposed_plain", lambda g: g.transposed(g.conv(g.input(1, 3, 5, 5), 3, 4, (1, 1)), 4, 5, (2, 2))
    yield "transposed_depthwise", lambda g: g.transposed(g.input(1, 5, 4, 4), 5, 5, (4, 4), group=5, strides=[2, 2])
    yield "transposed_line", lambda g: g.transposed(g.input(1, 4, 9), 4, 3, (4,), strides=[2], pads=[1, 1])


def skewed() -> Iterator[tuple[str, Build]]:
    """Layers whose weights do not lie evenly about zero."""
    for name, least, most in (("up", -0.1, 0.5), ("down", -0.5, 0.2), ("positive", 0.0, 0.4)):
        yield f"skewed_conv_{name}", lambda g, a=least, b=most: skewed_conv(g, a, b)
        yield f"skewed_depthwise_{name}", lambda g, a=least, b=most: skewed_conv(g, a, b, group=6, dilations=[2, 1])
    yield "skewed_groups", lambda g: skewed_conv(g, -0.2, 0.5, group=3, strides=[2, 1])
    yield "skewed_line", lambda g: g.conv(g.input(1, 4, 20), 4, 6, (3,), pads=[1, 1])
    yield "skewed_gemm", lambda g: g.op("Gemm", g.input(1, 20), g.const(g.rng.uniform(-0.1, 0.4, (20, 7))), g.random(7))
    yield "skewed_matmul", lambda g: g.op("MatMul", g.input(1, 4, 12), g.const(g.rng.uniform(-0.4, 0.2, (12, 5))))
    yield "skewed_classifier", classifier


def skewed_conv(g: Net, least: float, most: float, group: int = 1, **attributes: object) -> str:
    """A padded convolution whose weights are drawn from a range."""
    weights = g.const(g.rng.uniform(least, most, (6, 6 // group, 3, 3)))
    return g.op("Conv", g.input(1, 6, 7, 8), weights, g.random(6), pads=[1, 2, 1, 0], group=group, **attributes)


def graphs() -> Iterator[tuple[str, Build]]:
    """Small networks."""
    yield "graph_classifier", classifier
    yield "graph_residual", residual


def classifier(g: Net) -> str:
    """Convolutions, pooling and a classifier over a flattened image."""
    x = g.op("Relu", g.conv(g.input(1, 1, 12, 10), 1, 8, pads=[1, 1, 1, 1]))
    x = g.op("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    x = g.op("Relu", g.conv(x, 8, 8, group=8, pads=[1, 1, 1, 1]))
    x = g.op("Relu", g.conv(x, 8, 12, (1, 1)))
    x = g.op("Relu", g.dense(g.op("Flatten", x, axis=1), 360, 16))
    return g.op("Softmax", g.dense(x, 16, 6), axis=1)


def residual(g: Net) -> str:
    """A residual block, a concatenation and a global pool."""
    x = g.op("Relu", g.conv(g.input(1, 3, 8, 8), 3, 8, pads=[1, 1, 1, 1]))
    y = g.conv(x, 8, 8, pads=[1, 1, 1, 1])
    y = g.op("Relu", g.op("Add", y, x))
    z = g.op("Mul", y, g.op("Sigmoid", g.conv(g.op("GlobalAveragePool", y), 8, 8, (1, 1))))
    both = g.op("Concat", z, g.conv(x, 8, 4, (1, 1)), axis=1)
    pooled = g.op("Flatten", g.op("GlobalAveragePool", both), axis=1)
    return g.dense(pooled, 12, 5)


# Each network is quantized in these ways: the format, the type of activations and of weights, whether per channel, and whether weights
# lie about zero.
WAYS = {
    "qdq_int8": (QuantFormat.QDQ, QuantType.QInt8, QuantType.QInt8, False, True),
    "qdq_int8_channels": (QuantFormat.QDQ, QuantType.QInt8, QuantType.QInt8, True, True),
    "qdq_uint8_channels": (QuantFormat.QDQ, QuantType.QUInt8, QuantType.QInt8, True, True),
    "qop_int8_channels": (QuantFormat.QOperator, QuantType.QInt8, QuantType.QInt8, True, True),
    "qop_uint8": (QuantFormat.QOperator, QuantType.QUInt8, QuantType.QUInt8, False, True),
}
# The quantizer makes no operators on integers of transposed convolutions.
QDQ_WAYS = {way: how for way, how in WAYS.items() if way.startswith("qdq")}
FEWER_WAYS = {way: WAYS[way] for way in ("qdq_int8_channels", "qdq_uint8_channels", "qop_uint8")}
# Weights with zero points of their own.
SKEWED_WAYS = {
    "qdq_u8u8": (QuantFormat.QDQ, QuantType.QUInt8, QuantType.QUInt8, False, False),
    "qdq_u8u8_channels": (QuantFormat.QDQ, QuantType.QUInt8, QuantType.QUInt8, True, False),
    "qdq_i8i8": (QuantFormat.QDQ, QuantType.QInt8, QuantType.QInt8, False, False),
    "qop_u8u8": (QuantFormat.QOperator, QuantType.QUInt8, QuantType.QUInt8, False, False),
}


class Samples(CalibrationDataReader):
    """Calibration samples of a model."""

    def __init__(self, inputs: dict[str, np.ndarray]) -> None:
        self._rows = iter([{name: x[s] for name, x in inputs.items()} for s in range(CALIBRATION)])

    def get_next(self) -> dict[str, np.ndarray] | None:
        """The next sample, or none."""
        return next(self._rows, None)


def quantized(model: onnx.ModelProto, way: str, rng: np.random.Generator) -> onnx.ModelProto:
    """The model, quantized statically."""
    form, activation, weight, per_channel, symmetric = (WAYS | SKEWED_WAYS)[way]
    shapes = {port.name: [d.dim_value or 1 for d in port.type.tensor_type.shape.dim] for port in model.graph.input}
    samples = {name: rng.normal(0.0, 1.0, (CALIBRATION, *shape)).astype(np.float32) for name, shape in shapes.items()}
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "float.onnx", Path(folder) / "quantized.onnx"
        onnx.save(model, source)
        quantize_static(
            source,
            target,
            Samples(samples),
            quant_format=form,
            activation_type=activation,
            weight_type=weight,
            per_channel=per_channel,
            extra_options={"WeightSymmetric": symmetric},
        )
        made = onnx.load(target)
    for node in made.graph.node:
        del node.metadata_props[:]
    del made.graph.value_info[:]
    return made


def integers(name: str, rng: np.random.Generator) -> onnx.ModelProto:
    """A network of operators on integers, from integers to integers."""
    unsigned = name.endswith("uint8")
    kind, low = (np.uint8, 0) if unsigned else (np.int8, -128)
    tensor = TensorProto.UINT8 if unsigned else TensorProto.INT8
    constants: list[onnx.TensorProto] = []

    def const(values: object, dtype: type) -> str:
        constants.append(numpy_helper.from_array(np.asarray(values, dtype), f"c{len(constants)}"))
        return constants[-1].name

    def affine(scale: float, zero: int) -> list[str]:
        return [const(scale, np.float32), const(zero + low + 128, kind)]

    # As `reduce_range` makes them: no two products of theirs leave 16 bits.
    low_weight, high_weight = (-64, 64) if "reduced" in name else (-128, 128)
    weights = const(rng.integers(low_weight, high_weight, (6, 3, 3, 3)), np.int8)
    scales = const(rng.uniform(0.002, 0.01, 6), np.float32)
    bias = const(rng.integers(-4000, 4000, 6), np.int32)
    x, y, z = affine(0.02, 4), affine(0.07, -11), affine(0.05, 20)
    dense = const(rng.integers(low_weight, high_weight, (5, 54)), np.int8)
    gemm = [dense, const(0.004, np.float32), const(0, np.int8), const(rng.integers(-900, 900, 5), np.int32)]
    out = affine(0.11, 3)
    microsoft = {"domain": "com.microsoft"}
    nodes = [
        helper.make_node(
            "QLinearConv", ["x", *x, weights, scales, const(np.zeros(6), np.int8), *y, bias], ["a"], "conv", pads=[1, 1, 1, 1]
        ),
        helper.make_node("MaxPool", ["a"], ["b"], "pool", kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("QLinearLeakyRelu", ["b", *y, *z], ["c"], "leaky", alpha=0.1, **microsoft),
        helper.make_node("QLinearAdd", ["c", *z, "b", *y, *z], ["d"], "add", **microsoft),
        helper.make_node("Flatten", ["d"], ["e"], "flatten"),
        helper.make_node("QGemm", ["e", *z, *gemm, *out], ["y"], "gemm", transB=1, **microsoft),
    ]
    ports = [helper.make_tensor_value_info("x", tensor, (1, 3, 6, 6))], [helper.make_tensor_value_info("y", tensor, (1, 5))]
    graph = helper.make_graph(nodes, "case", *ports, constants)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, producer_name="tinybake", opset_imports=opsets)
    model.ir_version = 8
    return model


def saturated(name: str, rng: np.random.Generator) -> onnx.ModelProto:
    """Layers on integers whose biases a converter has saturated: sums wrap, and scales are so small that outputs tell their sign."""
    unsigned = name.endswith("uint8")
    dtype, tensor = (np.uint8, TensorProto.UINT8) if unsigned else (np.int8, TensorProto.INT8)
    constants: list[onnx.TensorProto] = []

    def const(values: object, dtype: type) -> str:
        constants.append(numpy_helper.from_array(np.asarray(values, dtype), f"c{len(constants)}"))
        return constants[-1].name

    def affine(scale: float, zero: int) -> list[str]:
        return [const(scale, np.float32), const(zero + 128 if unsigned else zero, dtype)]

    def biases(count: int) -> str:
        return const([int(end) * (2**31 - 1 - int(by)) for end, by in zip(rng.choice([-1, 1], count), rng.integers(0, 9000, count))], np.int32)

    x, y, z = affine(0.02, 4), affine(2500.0, -11), affine(2.5e8, 7)
    conv = [const(rng.integers(-127, 128, (6, 3, 3, 3)), np.int8), const(np.full(6, 0.005), np.float32), const(np.zeros(6), np.int8)]
    dense = [const(rng.integers(-127, 128, (5, 216)), np.int8), const(0.004, np.float32), const(0, np.int8), biases(5)]
    nodes = [
        helper.make_node("QLinearConv", ["x", *x, *conv, *y, biases(6)], ["a"], "conv", pads=[1, 1, 1, 1]),
        helper.make_node("Flatten", ["a"], ["b"], "flatten"),
        helper.make_node("QGemm", ["b", *y, *dense, *z], ["c"], "gemm", transB=1, domain="com.microsoft"),
    ]
    made = [helper.make_tensor_value_info("a", tensor, (1, 6, 6, 6)), helper.make_tensor_value_info("c", tensor, (1, 5))]
    graph = helper.make_graph(nodes, "case", [helper.make_tensor_value_info("x", tensor, (1, 3, 6, 6))], made, constants)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, producer_name="tinybake", opset_imports=opsets)
    model.ir_version = 8
    return model


def halves(name: str) -> onnx.ModelProto:
    """A network of one operator whose results often lie on halves: scales are equal, or powers of two apart."""
    kind, form, unsigned = name.split("_")[1], "qdq" if "_qdq_" in name else "qop", name.endswith("uint8")
    dtype, tensor = (np.uint8, TensorProto.UINT8) if unsigned else (np.int8, TensorProto.INT8)
    constants: list[onnx.TensorProto] = []

    def affine(scale: float, zero: int) -> list[str]:
        constants.append(numpy_helper.from_array(np.float32(scale), f"c{len(constants)}"))
        constants.append(numpy_helper.from_array(np.asarray(zero + 128 if unsigned else zero, dtype), f"c{len(constants)}"))
        return [constants[-2].name, constants[-1].name]

    shape = [1, 4, 9, 8]
    attributes: dict[str, object] = {}
    if kind == "mean":
        shape, ports = [1, 24, 4, 2], ["x"]
        operands, result, operator = [affine(0.0371, -7)], affine(0.0371, -7), "GlobalAveragePool"
    elif kind.startswith("pool"):
        ports = ["x"]
        attributes = {
            "pool": {"kernel_shape": [2, 2], "strides": [2, 2]},
            "poolpadded": {"kernel_shape": [4, 3], "strides": [1, 2], "pads": [1, 1, 2, 1]},
            "poolwhole": {"kernel_shape": [9, 8]},
            "poolcounted": {"kernel_shape": [2, 4], "strides": [1, 3], "pads": [1, 1, 0, 2], "count_include_pad": 1},
        }[kind]
        operands, result, operator = [affine(0.0371, -7)], affine(0.0371, -7), "AveragePool"
    else:
        ports = ["x", "z"]
        operands = [affine(0.0371, -7), affine(0.0371, 12)]
        sums = kind.startswith("add")
        result = affine(0.0742, 5) if sums else affine(np.float32(0.0371) * np.float32(0.0371) * np.float32(64), 5)
        operator = kind.removesuffix("scalar").capitalize()
        if kind.endswith("scalar"):
            constants.append(numpy_helper.from_array(np.asarray(181 if unsigned else 53, dtype), "z"))
    domain = {"domain": "com.microsoft"}
    if form == "qop":
        inputs = [name for port, operand in zip(ports, operands) for name in (port, *operand)]
        nodes = [helper.make_node(f"QLinear{operator}", [*inputs, *result], ["y"], "node", **domain, **attributes)]
    else:
        reals = [f"{port}.real" for port in ports]
        nodes = [
            helper.make_node("DequantizeLinear", [port, *operand], [real], f"{port} to reals")
            for port, operand, real in zip(ports, operands, reals)
        ]
        nodes.append(helper.make_node(operator, reals, ["y.real"], "node", **attributes))
        nodes.append(helper.make_node("QuantizeLinear", ["y.real", *result], ["y"], "to integers"))
    ports = [port for port in ports if not (kind.endswith("scalar") and port == "z")]
    inputs = [helper.make_tensor_value_info(port, tensor, shape) for port in ports]
    outputs = [helper.make_tensor_value_info("y", tensor, None)]
    graph = helper.make_graph(nodes, "case", inputs, outputs, constants)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    model = onnx.shape_inference.infer_shapes(helper.make_model(graph, producer_name="tinybake", opset_imports=opsets))
    if not model.graph.output[0].type.tensor_type.HasField("shape"):
        session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        zeros = {port: np.zeros(shape, dtype) for port in ports}
        answer = session.run(None, zeros)[0]
        model.graph.output[0].CopyFrom(helper.make_tensor_value_info("y", tensor, answer.shape))
    del model.graph.value_info[:]
    model.ir_version = 8
    return model


def all_cases() -> Iterator[tuple[str, onnx.ModelProto]]:
    """Every case."""
    families = [(family, WAYS) for family in (layers, functions, movement, graphs)]
    families += [(lines, FEWER_WAYS), (transposed, QDQ_WAYS), (skewed, SKEWED_WAYS)]
    for family, ways in families:
        for name, build in family():
            rng = np.random.default_rng(zlib.crc32(f"quantized/{name}".encode()))
            net = Net(rng)
            outputs = build(net)
            model = net.build(outputs if isinstance(outputs, list) else [outputs])
            for way in ways:
                yield f"{name}_{way}", quantized(model, way, np.random.default_rng(zlib.crc32(way.encode())))
    exported = onnx.load(ROOT / "torch" / "cnn.onnx")
    for way in WAYS:
        yield f"torch_cnn_{way}", quantized(exported, way, np.random.default_rng(zlib.crc32(way.encode())))
    for kind in ("pool", "poolpadded", "poolcounted", "poolwhole", "mean", "add", "mul", "addscalar", "mulscalar"):
        for way in ("qop_int8", "qop_uint8", "qdq_int8", "qdq_uint8"):
            yield f"halves_{kind}_{way}", halves(f"halves_{kind}_{way}")
    for name in ("integers_int8", "integers_uint8", "integers_reduced_uint8"):
        yield name, integers(name, np.random.default_rng(zlib.crc32(name.encode())))
    yield from qdq_cases()
    for name in ("saturated_int8", "saturated_uint8"):
        yield name, saturated(name, np.random.default_rng(zlib.crc32(name.encode())))


def record(name: str, model: onnx.ModelProto) -> tuple[bytes, bytes]:
    """A case's model and recording."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    data = model.SerializeToString(deterministic=True)
    settings = onnxruntime.SessionOptions()
    settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    settings.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(data, settings, providers=["CPUExecutionProvider"])
    inputs = []
    for port in session.get_inputs():
        shape = (SAMPLES, *(n if isinstance(n, int) else 1 for n in port.shape))
        match port.type:
            case "tensor(float)":
                inputs.append(rng.normal(0.0, 1.0, shape).astype(np.float32))
            case "tensor(uint8)":
                inputs.append(rng.integers(0, 256, shape).astype(np.uint8))
            case other:
                assert other == "tensor(int8)", other
                inputs.append(rng.integers(-128, 128, shape).astype(np.int8))
    answers = [session.run(None, {p.name: x[s] for p, x in zip(session.get_inputs(), inputs)}) for s in range(SAMPLES)]
    tensors = {f"input.{j}": x for j, x in enumerate(inputs)}
    tensors |= {f"output.{j}.ort": np.stack(column) for j, column in enumerate(zip(*answers))}
    return data, safetensors_bytes(tensors, {"model": f"{name}.onnx", "engine": f"ONNX Runtime {onnxruntime.__version__}"})


def main() -> int:
    """Makes or checks every case; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--out", type=Path, default=ROOT / "onnx_quantized")
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    logging.getLogger().setLevel(logging.ERROR)
    files: dict[Path, bytes] = {}
    for name, model in all_cases():
        files |= zip((args.out / f"{name}.onnx", args.out / f"{name}.golden.safetensors"), record(name, model))
    differing = []
    for path, data in files.items():
        if not args.check:
            write_atomically(path, data)
        elif not path.is_file() or path.read_bytes() != data:
            differing.append(path.name)
    print(f"{len(files) // 2} cases, {sum(map(len, files.values())):,} bytes")
    for name in differing:
        print(f"differs: {name}", file=sys.stderr)
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
