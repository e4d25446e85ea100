"""Builds `.tflite` files, one tensor and one operator at a time, through flatbuffers' object API.

    g = GraphBuilder()
    x = g.input([1, 8, 8, 1], Quant(0.1, -128))
    y = g.op("RELU", [x], [Result([1, 8, 8, 1], Quant(0.1, -128))])
    g.outputs(y)
    open("relu.tflite", "wb").write(g.build())

The same calls always give the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

TYPES = {
    np.dtype(np.float32): schema.TensorType.FLOAT32,
    np.dtype(np.float16): schema.TensorType.FLOAT16,
    np.dtype(np.int8): schema.TensorType.INT8,
    np.dtype(np.uint8): schema.TensorType.UINT8,
    np.dtype(np.int16): schema.TensorType.INT16,
    np.dtype(np.int32): schema.TensorType.INT32,
    np.dtype(np.int64): schema.TensorType.INT64,
}

# Operator versions that converters write for int8 graphs; 1 where not listed.
VERSIONS = {
    "CONV_2D": 3,
    "DEPTHWISE_CONV_2D": 3,
    "TRANSPOSE_CONV": 3,
    "FULLY_CONNECTED": 4,
    "ADD": 2,
    "SUB": 2,
    "MUL": 2,
    "MAXIMUM": 2,
    "MINIMUM": 2,
    "AVERAGE_POOL_2D": 2,
    "MAX_POOL_2D": 2,
    "MEAN": 2,
    "REDUCE_MAX": 2,
    "SOFTMAX": 2,
    "LOGISTIC": 2,
    "TANH": 2,
    "RELU": 2,
    "RELU6": 2,
    "LEAKY_RELU": 2,
    "PAD": 2,
    "PADV2": 2,
    "MIRROR_PAD": 2,
    "CONCATENATION": 2,
    "SPLIT": 2,
    "SPLIT_V": 2,
    "STRIDED_SLICE": 2,
    "SLICE": 2,
    "TRANSPOSE": 2,
    "PACK": 2,
    "UNPACK": 2,
    "RESIZE_NEAREST_NEIGHBOR": 2,
    "RESIZE_BILINEAR": 2,
    "QUANTIZE": 2,
    "DEQUANTIZE": 2,
    "ARG_MAX": 2,
}


@dataclass(frozen=True)
class Quant:
    """`real = scale * (q - zero_point)`; several scales along `axis` for weights quantized per channel."""

    scale: float | tuple[float, ...]
    zero_point: int = 0
    axis: int = 0

    @property
    def scales(self) -> tuple[float, ...]:
        """The scales as a tuple, of length 1 where quantization is per tensor."""
        return self.scale if isinstance(self.scale, tuple) else (self.scale,)


@dataclass(frozen=True)
class Result:
    """What an operator writes: shape, quantization and dtype."""

    shape: Sequence[int]
    quant: Quant | None = None
    dtype: type = np.int8


@dataclass(frozen=True)
class Tensor:
    """A tensor of the graph under construction; `index` is -1 where an optional input is absent."""

    index: int
    shape: tuple[int, ...] = ()
    quant: Quant | None = None
    name: str = ""
    dtype: str = "int8"


ABSENT = Tensor(-1)


class GraphBuilder:
    """One subgraph, its buffers and its operator codes."""

    def __init__(self) -> None:
        self._tensors: list[schema.TensorT] = []
        self._buffers: list[schema.BufferT] = [schema.BufferT()]
        self._operators: list[schema.OperatorT] = []
        self._codes: list[str] = []
        self._inputs: list[Tensor] = []
        self._outputs: list[Tensor] = []

    def input(self, shape: Sequence[int], quant: Quant | None = None, dtype: type = np.int8, name: str = "") -> Tensor:
        """Adds an input of the graph."""
        tensor = self._tensor(shape, quant, dtype, name or f"input_{len(self._inputs)}", 0)
        self._inputs.append(tensor)
        return tensor

    def const(self, values: np.ndarray, quant: Quant | None = None, name: str = "") -> Tensor:
        """Adds a tensor whose values are part of the model."""
        values = np.asarray(values, order="C")
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(values.tobytes(), np.uint8)
        self._buffers.append(buffer)
        return self._tensor(values.shape, quant, values.dtype, name or f"const_{len(self._tensors)}", len(self._buffers) - 1)

    def ints(self, values: Sequence[int] | np.ndarray) -> Tensor:
        """Adds a constant of int32, as axes, shapes and paddings are."""
        return self.const(np.array(values, np.int32))

    def op(
        self, code: str, inputs: Sequence[Tensor], results: Sequence[Result], options: object | None = None, name: str = ""
    ) -> list[Tensor]:
        """Adds the operator `code` (its name in the schema's `BuiltinOperator`) and returns the tensors that it writes."""
        if code not in self._codes:
            self._codes.append(code)
        stem = name or f"{code.lower()}_{len(self._operators)}"
        written = [
            self._tensor(r.shape, r.quant, r.dtype, stem if len(results) == 1 else f"{stem}_{i}", 0)
            for i, r in enumerate(results)
        ]
        operator = schema.OperatorT()
        operator.opcodeIndex = self._codes.index(code)
        operator.inputs = np.array([t.index for t in inputs], np.int32)
        operator.outputs = np.array([t.index for t in written], np.int32)
        if options is not None:
            operator.builtinOptions = options
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, type(options).__name__.removesuffix("T"))
        self._operators.append(operator)
        return written

    def outputs(self, *tensors: Tensor) -> None:
        """Names the outputs of the graph, in order."""
        self._outputs = list(tensors)

    def edges(self) -> list[dict[str, object]]:
        """Shape and dtype of every input."""
        return [{"shape": list(t.shape), "dtype": t.dtype} for t in self._inputs]

    def build(self) -> bytes:
        """The file."""
        model = schema.ModelT()
        model.version = 3
        model.description = "tinybake"
        model.buffers = self._buffers
        model.operatorCodes = [_operator_code(code) for code in self._codes]
        graph = schema.SubGraphT()
        graph.name = "main"
        graph.tensors = self._tensors
        graph.operators = self._operators
        graph.inputs = np.array([t.index for t in self._inputs], np.int32)
        graph.outputs = np.array([t.index for t in self._outputs], np.int32)
        model.subgraphs = [graph]
        builder = flatbuffers.Builder(4096)
        builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
        return bytes(builder.Output())

    def _tensor(self, shape: Sequence[int], quant: Quant | None, dtype: type, name: str, buffer: int) -> Tensor:
        tensor = schema.TensorT()
        tensor.name = name
        tensor.shape = np.array(shape, np.int32)
        tensor.type = TYPES[np.dtype(dtype)]
        tensor.buffer = buffer
        tensor.quantization = schema.QuantizationParametersT()
        if quant is not None:
            tensor.quantization.scale = np.array(quant.scales, np.float32)
            tensor.quantization.zeroPoint = np.array([quant.zero_point] * len(quant.scales), np.int64)
            tensor.quantization.quantizedDimension = quant.axis
        self._tensors.append(tensor)
        return Tensor(len(self._tensors) - 1, tuple(int(n) for n in shape), quant, name, np.dtype(dtype).name)


def _operator_code(name: str) -> schema.OperatorCodeT:
    value = getattr(schema.BuiltinOperator, name)
    code = schema.OperatorCodeT()
    code.builtinCode = value
    code.deprecatedBuiltinCode = min(value, 127)
    code.version = VERSIONS.get(name, 1)
    return code


def options(kind: str, **fields: object) -> object:
    """The options table `kind` of the schema (`Conv2DOptions`, ...) with `fields` set."""
    table = getattr(schema, kind + "T")()
    for field, value in fields.items():
        if not hasattr(table, field):
            raise AttributeError(f"{kind} has no field {field}")
        setattr(table, field, value)
    return table


def activation(name: str) -> int:
    """The schema's number of a fused activation: `none`, `relu`, `relu6`, `relu_n1_to_1`."""
    return getattr(schema.ActivationFunctionType, name.upper())


def padding(name: str) -> int:
    """The schema's number of `same` or `valid`."""
    return getattr(schema.Padding, name.upper())
