#!/usr/bin/env python3
"""Makes the float cases: small float32 models, and what LiteRT's reference kernels answer on them.

    float_cases.py [-o tests/data/float] [--models ../shared/models/mlperf-tiny] [--check]

Each case becomes `CASE.tflite` and `CASE.golden.safetensors` with `input.J` and `output.J.litert`, `[samples, *shape]`.
`--models` also records, in `public/`, the float models of that folder on inputs of the range that they were trained for.
Weights and inputs are drawn from a generator seeded with the case's name, so that a rerun gives the same bytes. `--check`
writes nothing and ends with code 1 where a file on disk differs. Requirements: `tools/requirements.txt`.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from golden import safetensors_bytes, write_atomically
from layers import window_output
from tflite_writer import GraphBuilder, Quant, Result, Tensor, activation, options, padding

DEFAULT_OUT = Path(__file__).resolve().parent.parent / "tests" / "data" / "float"
SAMPLES = 3
# Public float models: samples, and the least and greatest input.
PUBLIC = {"kws_ref_model_float32": (3, -120.0, 25.0), "pretrainedResnet": (2, 0.0, 255.0), "vww_96_float": (1, 0.0, 1.0)}
Pair = tuple[int, int]


class FloatNet(GraphBuilder):
    """Float layers with seeded random weights that keep the variance of what they read, roughly."""

    def __init__(self, rng: np.random.Generator) -> None:
        super().__init__()
        self.rng = rng

    def image(self, *shape: int) -> Tensor:
        """An input."""
        return self.input(shape, None, np.float32)

    def random(self, shape: Sequence[int], spread: float = 1.0) -> Tensor:
        """A constant."""
        return self.const(self.rng.normal(0.0, spread, shape).astype(np.float32))

    def made(self, code: str, inputs: Sequence[Tensor], shape: Sequence[int], table: object | None = None) -> Tensor:
        """An operator with one float result."""
        return self.op(code, inputs, [Result(tuple(shape), None, np.float32)], table)[0]

    def conv(
        self,
        x: Tensor,
        filters: int,
        kernel: Pair = (3, 3),
        stride: Pair = (1, 1),
        dilation: Pair = (1, 1),
        pad: str = "same",
        act: str = "none",
        groups: int = 1,
    ) -> Tensor:
        """`conv_2d`."""
        depth = x.shape[3] // groups
        w = self.random((filters, *kernel, depth), (kernel[0] * kernel[1] * depth) ** -0.5)
        hw = [window_output(x.shape[1 + i], kernel[i], stride[i], dilation[i], pad) for i in range(2)]
        table = options(
            "Conv2DOptions",
            padding=padding(pad),
            strideH=stride[0],
            strideW=stride[1],
            dilationHFactor=dilation[0],
            dilationWFactor=dilation[1],
            fusedActivationFunction=activation(act),
        )
        return self.made("CONV_2D", [x, w, self.random((filters,), 0.3)], (1, *hw, filters), table)

    def depthwise(self, x: Tensor, multiplier: int = 1, stride: Pair = (1, 1), pad: str = "same", act: str = "none") -> Tensor:
        """`depthwise_conv_2d`, 3 by 3."""
        out = x.shape[3] * multiplier
        hw = [window_output(x.shape[1 + i], 3, stride[i], 1, pad) for i in range(2)]
        table = options(
            "DepthwiseConv2DOptions",
            padding=padding(pad),
            strideH=stride[0],
            strideW=stride[1],
            depthMultiplier=multiplier,
            fusedActivationFunction=activation(act),
        )
        w = self.random((1, 3, 3, out), 1 / 3)
        return self.made("DEPTHWISE_CONV_2D", [x, w, self.random((out,), 0.3)], (1, *hw, out), table)

    def dense(self, x: Tensor, units: int, act: str = "none", stored: Tensor | None = None) -> Tensor:
        """`fully_connected` of all but the first axis; the weights are random floats, or those that `stored` becomes."""
        depth = int(np.prod(x.shape[1:]))
        table = options("FullyConnectedOptions", fusedActivationFunction=activation(act))
        if stored is None:
            w = self.random((units, depth), depth**-0.5)
        else:
            w = self.made("DEQUANTIZE", [stored], (units, depth))
        return self.made("FULLY_CONNECTED", [x, w, self.random((units,), 0.3)], (1, units), table)

    def pool(self, code: str, x: Tensor, kernel: Pair, stride: Pair, pad: str = "valid", act: str = "none") -> Tensor:
        """`AVERAGE_POOL_2D` or `MAX_POOL_2D`."""
        hw = [window_output(x.shape[1 + i], kernel[i], stride[i], 1, pad) for i in range(2)]
        table = options(
            "Pool2DOptions",
            padding=padding(pad),
            strideH=stride[0],
            strideW=stride[1],
            filterHeight=kernel[0],
            filterWidth=kernel[1],
            fusedActivationFunction=activation(act),
        )
        return self.made(code, [x], (1, *hw, x.shape[3]), table)

    def binary(self, code: str, a: Tensor, b: Tensor, act: str = "none") -> Tensor:
        """`ADD`, `SUB`, `MUL`, `MAXIMUM` or `MINIMUM`."""
        table = (
            options("MaximumMinimumOptions")
            if code in ("MAXIMUM", "MINIMUM")
            else options(f"{code.title()}Options", fusedActivationFunction=activation(act))
        )
        return self.made(code, [a, b], np.broadcast_shapes(a.shape, b.shape), table)


def layers() -> Iterator[tuple[str, Callable[[FloatNet], Tensor]]]:
    """Layers with weights, and pools."""
    yield "conv_2d", lambda g: g.conv(g.image(1, 7, 6, 3), 5)
    yield "conv_2d_stride", lambda g: g.conv(g.image(1, 8, 7, 4), 6, (3, 2), (2, 3), act="relu")
    yield "conv_2d_valid", lambda g: g.conv(g.image(1, 7, 9, 3), 4, (5, 3), pad="valid", act="relu6")
    yield "conv_2d_dilated", lambda g: g.conv(g.image(1, 9, 9, 2), 4, dilation=(2, 3), act="relu_n1_to_1")
    yield "conv_2d_groups", lambda g: g.conv(g.image(1, 6, 6, 8), 12, groups=4)
    yield "conv_2d_pointwise", lambda g: g.conv(g.image(1, 5, 5, 24), 17, (1, 1))
    yield "depthwise_conv_2d", lambda g: g.depthwise(g.image(1, 7, 7, 5), stride=(2, 2), act="relu")
    yield "depthwise_conv_2d_multiplier", lambda g: g.depthwise(g.image(1, 6, 7, 3), 4, pad="valid")
    yield "fully_connected", lambda g: g.dense(g.image(1, 37), 11)
    yield "fully_connected_image", lambda g: g.dense(g.image(1, 3, 4, 5), 7, "relu")
    for stride, pad in (((2, 2), "same"), ((1, 2), "valid")):
        yield f"transpose_conv_{pad}", lambda g, stride=stride, pad=pad: transpose_conv(g, stride, pad)
    yield "average_pool_2d", lambda g: g.pool("AVERAGE_POOL_2D", g.image(1, 7, 7, 3), (3, 3), (2, 2), "same")
    yield "average_pool_2d_relu6", lambda g: g.pool("AVERAGE_POOL_2D", g.image(1, 6, 8, 3), (2, 3), (2, 2), act="relu6")
    yield "max_pool_2d", lambda g: g.pool("MAX_POOL_2D", g.image(1, 7, 7, 3), (3, 2), (2, 2), "same")


def stored() -> Iterator[tuple[str, Callable[[FloatNet], Tensor]]]:
    """Layers whose weights are stored in fewer bits than they are computed with."""
    yield (
        "weights_float16",
        lambda g: g.dense(g.image(1, 19), 6, stored=g.const(g.rng.normal(0.0, 0.3, (6, 19)).astype(np.float16))),
    )
    scales = Quant(tuple(float(np.float32(0.01 * (1 + c))) for c in range(6)))
    yield (
        "weights_int8",
        lambda g: g.dense(g.image(1, 19), 6, stored=g.const(g.rng.integers(-127, 128, (6, 19)).astype(np.int8), scales)),
    )


def transpose_conv(g: FloatNet, stride: Pair, pad: str) -> Tensor:
    """`transpose_conv` from 4 by 5 pixels."""
    x = g.image(1, 4, 5, 3)
    size = [n * s + (max(3 - s, 0) if pad == "valid" else 0) for n, s in zip((4, 5), stride)]
    table = options("TransposeConvOptions", padding=padding(pad), strideH=stride[0], strideW=stride[1])
    return g.made("TRANSPOSE_CONV", [g.ints([1, *size, 4]), g.random((4, 3, 3, 3), 0.3), x], (1, *size, 4), table)


def functions() -> Iterator[tuple[str, Callable[[FloatNet], Tensor]]]:
    """Functions of one or two elements, and reductions."""
    for code in ("ADD", "SUB", "MUL", "MAXIMUM", "MINIMUM"):
        yield f"{code.lower()}", lambda g, code=code: g.binary(code, g.image(1, 3, 4, 5), g.image(1, 3, 4, 5))
        yield f"{code.lower()}_broadcast", lambda g, code=code: g.binary(code, g.image(1, 3, 1, 5), g.random((4, 1)))
    yield "add_relu6", lambda g: g.binary("ADD", g.image(1, 30), g.image(1, 30), "relu6")
    for code in ("LOGISTIC", "TANH", "RELU", "RELU6", "RELU_N1_TO_1", "HARD_SWISH"):
        yield code.lower(), lambda g, code=code: g.made(code, [x := g.image(1, 8, 9)], x.shape)
    yield ("leaky_relu", lambda g: g.made("LEAKY_RELU", [g.image(1, 40)], (1, 40), options("LeakyReluOptions", alpha=0.1)))
    yield "prelu", lambda g: g.made("PRELU", [g.image(1, 4, 5, 6), g.random((1, 1, 6))], (1, 4, 5, 6))
    yield "softmax", lambda g: g.made("SOFTMAX", [g.image(1, 12)], (1, 12), options("SoftmaxOptions", beta=1.0))
    yield "softmax_rows", lambda g: g.made("SOFTMAX", [g.image(1, 4, 9)], (1, 4, 9), options("SoftmaxOptions", beta=0.7))
    for code in ("MEAN", "REDUCE_MAX"):
        yield (
            f"{code.lower()}_image",
            lambda g, code=code: g.made(
                code, [g.image(1, 5, 4, 6), g.ints([1, 2])], (1, 6), options("ReducerOptions", keepDims=False)
            ),
        )
        yield (
            f"{code.lower()}_channels",
            lambda g, code=code: g.made(
                code, [g.image(1, 5, 4, 6), g.ints([3])], (1, 5, 4, 1), options("ReducerOptions", keepDims=True)
            ),
        )
    yield "arg_max", arg_max


def arg_max(g: FloatNet) -> Tensor:
    """`arg_max` of rows."""
    x = g.image(1, 6, 10)
    table = options("ArgMaxOptions", outputType=2)
    return g.op("ARG_MAX", [x, g.ints([2])], [Result((1, 6), None, np.int32)], table)[0]


def movement() -> Iterator[tuple[str, Callable[[FloatNet], object]]]:
    """Ops that move elements."""
    borders = [[0, 0], [1, 2], [0, 3], [1, 0]]
    yield "pad", lambda g: g.made("PAD", [g.image(1, 3, 4, 2), g.ints(borders)], (1, 6, 7, 3))
    value = np.array(1.5, np.float32)
    yield "padv2", lambda g: g.made("PADV2", [g.image(1, 3, 4, 2), g.ints(borders), g.const(value)], (1, 6, 7, 3))
    mirrored = [[0, 0], [2, 1], [1, 3], [0, 0]]
    for mode, name in ((0, "reflect"), (1, "symmetric")):
        yield (
            f"mirror_pad_{name}",
            lambda g, mode=mode: g.made(
                "MIRROR_PAD", [g.image(1, 4, 5, 2), g.ints(mirrored)], (1, 7, 9, 2), options("MirrorPadOptions", mode=mode)
            ),
        )
    yield (
        "concatenation",
        lambda g: g.made(
            "CONCATENATION", [g.image(1, 3, 2, 4), g.image(1, 3, 5, 4)], (1, 3, 7, 4), options("ConcatenationOptions", axis=2)
        ),
    )
    yield (
        "transpose",
        lambda g: g.made("TRANSPOSE", [g.image(1, 3, 4, 5), g.ints([0, 3, 1, 2])], (1, 5, 3, 4), options("TransposeOptions")),
    )
    yield (
        "strided_slice",
        lambda g: g.made(
            "STRIDED_SLICE",
            [g.image(1, 6, 7, 3), g.ints([0, 1, 6, 0]), g.ints([1, 6, 0, 3]), g.ints([1, 2, -2, 1])],
            (1, 3, 3, 3),
            options("StridedSliceOptions"),
        ),
    )
    yield (
        "slice",
        lambda g: g.made("SLICE", [g.image(1, 6, 7), g.ints([0, 2, 1]), g.ints([1, 3, 4])], (1, 3, 4), options("SliceOptions")),
    )
    yield "split", split
    yield "unpack", unpack
    yield (
        "pack",
        lambda g: g.made(
            "PACK", [g.image(1, 3, 4), g.image(1, 3, 4)], (1, 3, 2, 4), options("PackOptions", valuesCount=2, axis=2)
        ),
    )
    for code in ("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"):
        kind = "ResizeBilinearOptions" if code == "RESIZE_BILINEAR" else "ResizeNearestNeighborOptions"
        for name, corners, centres in (("", False, False), ("_corners", True, False), ("_centres", False, True)):
            yield (
                f"{code.lower()}{name}",
                lambda g, code=code, kind=kind, corners=corners, centres=centres: g.made(
                    code,
                    [g.image(1, 4, 5, 3), g.ints([7, 8])],
                    (1, 7, 8, 3),
                    options(kind, alignCorners=corners, halfPixelCenters=centres),
                ),
            )


def split(g: FloatNet) -> list[Tensor]:
    """`split` into three."""
    x = g.image(1, 4, 9)
    results = [Result((1, 4, 3), None, np.float32)] * 3
    return g.op("SPLIT", [g.ints(2), x], results, options("SplitOptions", numSplits=3))


def unpack(g: FloatNet) -> list[Tensor]:
    """`unpack` of the second axis."""
    results = [Result((1, 4), None, np.float32)] * 3
    return g.op("UNPACK", [g.image(1, 3, 4)], results, options("UnpackOptions", num=3, axis=1))


def graphs() -> Iterator[tuple[str, Callable[[FloatNet], Tensor]]]:
    """Small networks."""
    yield "graph_separable", separable
    yield "graph_residual", residual


def separable(g: FloatNet) -> Tensor:
    """A separable network."""
    x = g.conv(g.image(1, 12, 10, 1), 8, stride=(2, 2), act="relu6")
    x = g.conv(g.depthwise(x, act="relu6"), 12, (1, 1), act="relu6")
    x = g.conv(g.depthwise(x, stride=(2, 2), act="relu6"), 16, (1, 1), act="relu6")
    x = g.pool("AVERAGE_POOL_2D", x, (3, 3), (1, 1))
    return g.made("SOFTMAX", [g.dense(x, 6)], (1, 6), options("SoftmaxOptions", beta=1.0))


def residual(g: FloatNet) -> Tensor:
    """A network with two branches that meet in a sum and in a concatenation."""
    x = g.conv(g.image(1, 8, 8, 3), 8, act="relu")
    y = g.binary("ADD", g.conv(g.conv(x, 8, act="relu"), 8), x, "relu")
    z = g.made("HARD_SWISH", [g.conv(x, 4, (1, 1))], (1, 8, 8, 4))
    both = g.made("CONCATENATION", [y, z], (1, 8, 8, 12), options("ConcatenationOptions", axis=3))
    mean = g.made("MEAN", [both, g.ints([1, 2])], (1, 12), options("ReducerOptions", keepDims=False))
    return g.made("LOGISTIC", [g.dense(mean, 5)], (1, 5))


def all_cases() -> Iterator[tuple[str, Callable[[FloatNet], object]]]:
    """Every case."""
    for family in (layers, stored, functions, movement, graphs):
        yield from family()


def run(model: bytes, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
    """What LiteRT's reference kernels answer."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    engine = Interpreter(model_content=model, experimental_op_resolver_type=OpResolverType.BUILTIN_REF, num_threads=1)
    engine.allocate_tensors()
    answers = []
    for sample in range(len(inputs[0])):
        for detail, values in zip(engine.get_input_details(), inputs):
            engine.set_tensor(detail["index"], values[sample])
        engine.invoke()
        answers.append([engine.get_tensor(detail["index"]).copy() for detail in engine.get_output_details()])
    return [np.stack(column) for column in zip(*answers)]


def make(name: str, build: Callable[[FloatNet], object]) -> tuple[bytes, bytes]:
    """A case's model and recording."""
    seed = zlib.crc32(f"float/{name}".encode())
    rng = np.random.default_rng(seed)
    net = FloatNet(rng)
    outputs = build(net)
    net.outputs(*(outputs if isinstance(outputs, list) else [outputs]))
    model = net.build()
    # The spread passes the bounds of every clamp.
    inputs = [rng.normal(0.0, 3.0, (SAMPLES, *edge["shape"])).astype(np.float32) for edge in net.edges()]
    return model, recording(model, name, inputs, seed)


def recording(model: bytes, name: str, inputs: Sequence[np.ndarray], seed: int) -> bytes:
    """The inputs and what LiteRT answers."""
    tensors = {f"input.{j}": x for j, x in enumerate(inputs)}
    tensors |= {f"output.{j}.litert": y for j, y in enumerate(run(model, inputs))}
    metadata = {"model": f"{name}.tflite", "seed": str(seed), "engine": f"LiteRT {importlib.metadata.version('ai-edge-litert')}"}
    return safetensors_bytes(tensors, metadata)


def public(folder: Path) -> Iterator[tuple[str, bytes]]:
    """The recordings of the float models in `folder`."""
    from ai_edge_litert.interpreter import Interpreter

    for name, (count, low, high) in PUBLIC.items():
        model = (folder / f"{name}.tflite").read_bytes()
        seed = zlib.crc32(f"float/public/{name}".encode())
        shape = Interpreter(model_content=model).get_input_details()[0]["shape"]
        inputs = np.random.default_rng(seed).uniform(low, high, (count, *shape)).astype(np.float32)
        yield name, recording(model, name, [inputs], seed)


def main() -> int:
    """Makes or checks every case; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--out", type=Path, default=DEFAULT_OUT)
    parser.add_argument("--models", type=Path)
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    files: dict[Path, bytes] = {}
    for name, build in all_cases():
        files |= zip((args.out / f"{name}.tflite", args.out / f"{name}.golden.safetensors"), make(name, build))
    for name, data in public(args.models) if args.models else ():
        files[args.out / "public" / f"{name}.golden.safetensors"] = data
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
