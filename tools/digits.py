#!/usr/bin/env python3
"""Makes the digits model: trains it, quantizes it, and records what TensorFlow Lite Micro answers on held-out images.

    digits.py [-o examples/models] [--seed 1] [--epochs 60] [--check]

The data are the UCI optical digits as scikit-learn carries them (`load_digits`): nothing is downloaded. Written are:

    digits.tflite              int8, weights per channel
    digits.safetensors         the same network in the native format, weights as PyTorch lays them out
    digits.toml                its topology
    digits-float.safetensors   the network before quantization, with digits-float.toml
    digits.test.safetensors    held-out images as int8 `input.0` [n, 8, 8, 1], `labels` [n], and `output.0.tflm` [n, 10]

A rerun gives the same bytes; `--check` writes nothing and ends with code 1 where a file differs. It takes about half a
minute. Requirements: `tools/requirements.txt`.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import digits_net as net
from golden import engine_version, run_samples, safetensors_bytes, write_atomically
from tflite_writer import GraphBuilder, Quant, Result, Tensor, activation, options, padding

DEFAULT_OUT = Path(__file__).resolve().parent.parent / "examples" / "models"
SPLIT_SEED = 7
TEST_IMAGES = 360
PIXEL = Quant(float(np.float32(16.0 / 255.0)), -128)  # pixels are 0..=16
SCORES = Quant(1.0 / 256.0, -128)


@dataclass(frozen=True)
class Quantized:
    """A layer's integers: `weight` in the layout of `digits_net`, one scale for each output channel, `bias` as int32."""

    weight: np.ndarray
    scales: tuple[float, ...]
    bias: np.ndarray
    out: Quant


def load() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Training images `[n, 8, 8, 1]` with pixels 0..=16 and their labels, then those held out."""
    from sklearn.datasets import load_digits

    data = load_digits()
    order = np.random.default_rng(SPLIT_SEED).permutation(len(data.target))
    test, training = order[:TEST_IMAGES], order[TEST_IMAGES:]
    images = data.images[..., np.newaxis]
    return images[training], data.target[training], images[test], data.target[test]


def quantize_layers(layers: list[net.Layer], calibration: np.ndarray) -> dict[str, Quantized]:
    """Post-training quantization: weights symmetric per channel, outputs by the range that `calibration` images span."""
    made = net.forward(layers, calibration / 16.0)
    source, quantized = PIXEL, {}
    for layer, values in zip(layers, made):
        if not layer.params:  # the pool keeps the quantization of its input
            continue
        out = output_quant(values, relu=layer.name != "logits")
        # The network is trained on pixels of 0..=1, and runs on pixels of 0..=16.
        weight = layer.params["weight"] / (16.0 if layer.name == "conv1" else 1.0)
        axis = weight.ndim - 1 if isinstance(layer, net.Depthwise) else 0
        greatest = np.abs(weight).max(tuple(i for i in range(weight.ndim) if i != axis))
        scales = (greatest / 127.0).astype(np.float32)
        shape = [-1 if i == axis else 1 for i in range(weight.ndim)]
        integers = np.clip(np.round(weight / scales.astype(np.float64).reshape(shape)), -127, 127).astype(np.int8)
        bias = np.round(layer.params["bias"] / (source.scale * scales.astype(np.float64))).astype(np.int32)
        quantized[layer.name] = Quantized(integers, tuple(float(s) for s in scales), bias, out)
        source = out
    return quantized


def output_quant(values: np.ndarray, relu: bool) -> Quant:
    """The int8 quantization that spans `values` and zero."""
    low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
    scale = float(np.float32((high - low) / 255.0))
    return Quant(scale, -128 if relu else int(round(-128 - low / scale)))


def build_tflite(layers: list[net.Layer], quantized: dict[str, Quantized]) -> bytes:
    """The network as `.tflite`."""
    g = GraphBuilder()
    x = g.input((1, 8, 8, 1), PIXEL, name="image")
    for layer in layers:
        if isinstance(layer, net.Conv):
            x = tflite_conv(g, x, layer.name, quantized[layer.name])
        elif isinstance(layer, net.Depthwise):
            x = tflite_depthwise(g, x, layer.name, quantized[layer.name], layer.stride)
        elif isinstance(layer, net.Pool):
            x = tflite_pool(g, x, layer.name)
        else:
            x = tflite_dense(g, x, layer.name, quantized[layer.name])
    (scores,) = g.op("SOFTMAX", [x], [Result(x.shape, SCORES)], options("SoftmaxOptions", beta=1.0), "scores")
    g.outputs(scores)
    return g.build()


def parameters(g: GraphBuilder, x: Tensor, name: str, q: Quantized, weight: np.ndarray, axis: int = 0) -> list[Tensor]:
    """Weights and bias as constants."""
    bias = Quant(tuple(float(np.float32(x.quant.scale * s)) for s in q.scales))
    return [g.const(weight, Quant(q.scales, 0, axis), f"{name}.weight"), g.const(q.bias, bias, f"{name}.bias")]


def tflite_conv(g: GraphBuilder, x: Tensor, name: str, q: Quantized) -> Tensor:
    """`CONV_2D`, stride 1, padding `same`, relu."""
    made = options("Conv2DOptions", padding=padding("same"), strideH=1, strideW=1, fusedActivationFunction=activation("relu"))
    result = Result((*x.shape[:3], len(q.scales)), q.out)
    return g.op("CONV_2D", [x, *parameters(g, x, name, q, q.weight)], [result], made, name)[0]


def tflite_depthwise(g: GraphBuilder, x: Tensor, name: str, q: Quantized, stride: int) -> Tensor:
    """`DEPTHWISE_CONV_2D`, padding `same`, relu."""
    made = options(
        "DepthwiseConv2DOptions",
        padding=padding("same"),
        strideH=stride,
        strideW=stride,
        depthMultiplier=1,
        fusedActivationFunction=activation("relu"),
    )
    result = Result((1, x.shape[1] // stride, x.shape[2] // stride, x.shape[3]), q.out)
    return g.op("DEPTHWISE_CONV_2D", [x, *parameters(g, x, name, q, q.weight[np.newaxis], 3)], [result], made, name)[0]


def tflite_pool(g: GraphBuilder, x: Tensor, name: str) -> Tensor:
    """`AVERAGE_POOL_2D`, kernel and stride 2."""
    made = options("Pool2DOptions", padding=padding("valid"), strideH=2, strideW=2, filterHeight=2, filterWidth=2)
    return g.op("AVERAGE_POOL_2D", [x], [Result((1, x.shape[1] // 2, x.shape[2] // 2, x.shape[3]), x.quant)], made, name)[0]


def tflite_dense(g: GraphBuilder, x: Tensor, name: str, q: Quantized) -> Tensor:
    """`RESHAPE` to a row and `FULLY_CONNECTED`."""
    row = (1, int(np.prod(x.shape)))
    made = options("ReshapeOptions", newShape=np.array(row, np.int32))
    (flat,) = g.op("RESHAPE", [x, g.const(np.array(row, np.int32), name="flat.shape")], [Result(row, x.quant)], made, "flat")
    made = options("FullyConnectedOptions")
    return g.op(
        "FULLY_CONNECTED", [flat, *parameters(g, flat, name, q, q.weight)], [Result((1, len(q.scales)), q.out)], made, name
    )[0]


def torch_layout(layer: net.Layer, weight: np.ndarray) -> np.ndarray:
    """A weight of `digits_net` as PyTorch stores it: OIHW, and columns of the dense layer in the order channel, height, width."""
    if isinstance(layer, net.Conv):
        return weight.transpose(0, 3, 1, 2)
    if isinstance(layer, net.Depthwise):
        return weight.transpose(2, 0, 1)[:, np.newaxis]
    outputs, columns = weight.shape
    return weight.reshape(outputs, 2, 2, columns // 4).transpose(0, 3, 1, 2).reshape(outputs, columns)


def build_native(layers: list[net.Layer], quantized: dict[str, Quantized]) -> bytes:
    """The weights as the native format's `.safetensors`."""
    tensors = {}
    for layer in (layer for layer in layers if layer.params):
        q = quantized[layer.name]
        tensors[f"{layer.name}.weight"] = torch_layout(layer, q.weight)
        tensors[f"{layer.name}.weight.scale"] = np.array(q.scales, np.float32)
        tensors[f"{layer.name}.bias"] = q.bias
    return safetensors_bytes(tensors)


def build_native_float(layers: list[net.Layer]) -> bytes:
    """The weights before quantization."""
    tensors = {}
    for layer in (layer for layer in layers if layer.params):
        weight = layer.params["weight"] / (16.0 if layer.name == "conv1" else 1.0)
        tensors[f"{layer.name}.weight"] = torch_layout(layer, weight).astype(np.float32)
        tensors[f"{layer.name}.bias"] = layer.params["bias"].astype(np.float32)
    return safetensors_bytes(tensors)


def topology(layers: list[net.Layer], quantized: dict[str, Quantized] | None) -> str:
    """The TOML text; of the float network where `quantized` is absent."""

    def quantization(q: Quant) -> str:
        return f", quantization = {{ scale = {shortest(q.scale)}, zero_point = {q.zero_point} }}" if quantized else ""

    kind = "quantized to int8" if quantized else "in float"
    lines = [f"# Digits of 8x8 pixels (0 to 16), {kind}. Made by tools/digits.py.", "format = 1", 'layout = "torch"', ""]
    lines += ["[[input]]", 'name = "image"', "shape = [1, 8, 8, 1]"]
    if quantized:
        lines.append(quantization(PIXEL).removeprefix(", "))
    source = "image"
    for layer in layers:
        if isinstance(layer, net.Dense):
            lines += ["", "[[op]]", f'reshape = {{ input = "{source}" }}', 'output = { name = "flat", shape = [1, -1] }']
            source = "flat"
        q = quantization(quantized[layer.name].out) if quantized and layer.params else ""
        lines += ["", "[[op]]", op_line(layer, source), f'output = {{ name = "{layer.name}"{q} }}']
        source = layer.name
    lines += ["", "[[op]]", f'softmax = {{ input = "{source}" }}', f'output = {{ name = "scores"{quantization(SCORES)} }}']
    return "\n".join(lines) + "\n"


def op_line(layer: net.Layer, source: str) -> str:
    """The line of an `[[op]]` that says what it is."""
    weights = f'input = "{source}", weights = "{layer.name}.weight", bias = "{layer.name}.bias"'
    if isinstance(layer, net.Conv):
        return f'conv2d = {{ {weights}, stride = [1, 1], padding = "same", activation = "relu" }}'
    if isinstance(layer, net.Depthwise):
        stride = f"[{layer.stride}, {layer.stride}]"
        return f'depthwise_conv2d = {{ {weights}, stride = {stride}, padding = "same", activation = "relu" }}'
    if isinstance(layer, net.Pool):
        return f'average_pool2d = {{ input = "{source}", kernel = [2, 2], stride = [2, 2], padding = "valid" }}'
    return f'fully_connected = {{ {weights}, flatten = "chw" }}'


def shortest(scale: float) -> str:
    """The shortest decimal that reads back as the same float32."""
    return np.format_float_positional(np.float32(scale), unique=True, trim="0")


def record_test(model: bytes, images: np.ndarray, labels: np.ndarray) -> tuple[bytes, np.ndarray]:
    """The golden file of the held-out images, and TFLM's scores."""
    pixels = (np.round(images / PIXEL.scale) + PIXEL.zero_point).clip(-128, 127).astype(np.int8)
    # TFLM's inputs have the batch of 1 in front of each sample: the file keeps samples as [n, 8, 8, 1].
    (scores,), ins, outs = run_samples(model, [pixels[:, np.newaxis]])
    scores = scores.reshape(len(images), -1)
    metadata = {
        "model": "digits.tflite",
        "frames": "false",
        "versions": json.dumps({"tflite-micro": engine_version()}),
        "inputs": json.dumps(ins),
        "outputs": json.dumps(outs),
        "source": "UCI optical digits (CC BY 4.0): see README.md",
    }
    tensors = {"input.0": pixels, "output.0.tflm": scores, "labels": labels.astype(np.uint8)}
    return safetensors_bytes(tensors, metadata), scores


def main() -> int:
    """Makes or checks the files; the exit code."""
    args = parse_args()
    images, labels, test_images, test_labels = load()
    layers = net.train(images / 16.0, labels, args.seed, args.epochs)
    quantized = quantize_layers(layers, images)
    model = build_tflite(layers, quantized)
    test, scores = record_test(model, test_images, test_labels)
    files = {
        "digits.tflite": model,
        "digits.safetensors": build_native(layers, quantized),
        "digits.toml": topology(layers, quantized).encode(),
        "digits-float.safetensors": build_native_float(layers),
        "digits-float.toml": topology(layers, None).encode(),
        "digits.test.safetensors": test,
    }
    print(f"float accuracy: {net.accuracy(layers, test_images / 16.0, test_labels):.2%} of {len(test_labels)}")
    print(f"int8 accuracy by TFLM: {(scores.argmax(1) == test_labels).mean():.2%}")
    differing = [name for name, data in files.items() if not same_file(args.out / name, data)]
    for name in differing:
        print(f"differs: {name}") if args.check else write_atomically(args.out / name, files[name])
    return 1 if args.check and differing else 0


def same_file(path: Path, data: bytes) -> bool:
    """Whether `path` holds `data`."""
    return path.is_file() and path.read_bytes() == data


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--out", type=Path, default=DEFAULT_OUT)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--check", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
