#!/usr/bin/env python3
"""Makes the files of the digits model: the images, and of the trained network its `.tflite` twin and what TensorFlow Lite
Micro answers.

    digits.py [FOLDER] [-o examples/models] [--check]

FOLDER is where `cargo run --release -p tinybake-train --example flagship -- FOLDER` has written the networks of its
steps; the last of them becomes the model. Without FOLDER the model stays as it is. The images are the UCI optical digits
as scikit-learn carries them (`load_digits`): nothing is downloaded. Written are:

    digits.train.safetensors   images for training as float32 `input.0` [n, 8, 8, 1], 0 to 1, and `labels` [n]
    digits.safetensors         the int8 network in the native format, weights as PyTorch lays them out, with digits.toml
    digits-float.safetensors   the network before quantization, with digits-float.toml
    digits.tflite              the int8 network again
    digits.test.safetensors    held-out images as int8 `input.0` [n, 8, 8, 1], `labels` [n], and `output.0.tflm` [n, 10]
    ../digits/images.bin       the held-out images again, as the example embeds them: int8 [n, 64]
    ../digits/labels.bin       their labels: uint8 [n]

A rerun gives the same bytes; `--check` writes nothing and ends with code 1 where a file differs. Requirements:
`tools/requirements.txt`.
"""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
from pathlib import Path

import numpy as np
from safetensors.numpy import load

from golden import engine_version, run_samples, safetensors_bytes, write_atomically
from tflite_writer import GraphBuilder, Quant, Result, Tensor, activation, options, padding

DEFAULT_OUT = Path(__file__).resolve().parent.parent / "examples" / "models"
SPLIT_SEED = 7
TEST_IMAGES = 360
SOURCE = "UCI optical digits (CC BY 4.0): see README.md"
# The last step of the flagship example, in int8 and before.
LAST = {"digits": "int8-a-quarter-of-them", "digits-float": "a-quarter-of-them"}


def load_images() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Training images `[n, 8, 8, 1]` with pixels 0..=16 and their labels, then those held out."""
    from sklearn.datasets import load_digits

    data = load_digits()
    order = np.random.default_rng(SPLIT_SEED).permutation(len(data.target))
    test, training = order[:TEST_IMAGES], order[TEST_IMAGES:]
    images = data.images[..., np.newaxis].astype(np.uint8)
    labels = data.target.astype(np.uint8)
    return images[training], labels[training], images[test], labels[test]


class Twin:
    """Builds the `.tflite` file of a native int8 network, op by op."""

    def __init__(self, topology: dict, weights: dict[str, np.ndarray]) -> None:
        self.weights = weights
        self.g = GraphBuilder()
        self.tensors: dict[str, Tensor] = {}
        for tensor in topology["input"]:
            self.tensors[tensor["name"]] = self.g.input(tuple(tensor["shape"]), quant(tensor), name=tensor["name"])
        for op in topology["op"]:
            output = op.pop("output")
            ((kind, fields),) = op.items()
            made = getattr(self, kind)(self.tensors[fields["input"]], fields, output)
            self.tensors[output["name"]] = made
        self.g.outputs(*(self.tensors[name] for name in topology["outputs"]))

    def constants(self, x: Tensor, fields: dict, weight: np.ndarray, axis: int) -> list[Tensor]:
        """Weights and bias."""
        scales = tuple(float(s) for s in self.weights[fields["weights"] + ".scale"])
        bias = Quant(tuple(float(np.float32(x.quant.scale * s)) for s in scales))
        return [
            self.g.const(weight, Quant(scales, 0, axis), fields["weights"]),
            self.g.const(self.weights[fields["bias"]], bias, fields["bias"]),
        ]

    def window(self, x: Tensor, fields: dict, kernel: list[int]) -> tuple[dict, tuple[int, int]]:
        """Strides and padding as options, and height and width of what is made."""
        stride = fields.get("stride", [1, 1])
        same = fields["padding"] == "same"
        size = [-(-n // s) if same else (n - k) // s + 1 for n, s, k in zip(x.shape[1:3], stride, kernel)]
        return {"padding": padding(fields["padding"]), "strideH": stride[0], "strideW": stride[1]}, (size[0], size[1])

    def conv2d(self, x: Tensor, fields: dict, output: dict) -> Tensor:
        """`CONV_2D`; PyTorch's weights are `[out, in, kh, kw]`."""
        weight = self.weights[fields["weights"]].transpose(0, 2, 3, 1)
        window, size = self.window(x, fields, weight.shape[1:3])
        made = options("Conv2DOptions", **window, fusedActivationFunction=activation(fields["activation"]))
        result = Result((1, *size, weight.shape[0]), quant(output))
        return self.g.op("CONV_2D", [x, *self.constants(x, fields, weight, 0)], [result], made, output["name"])[0]

    def depthwise_conv2d(self, x: Tensor, fields: dict, output: dict) -> Tensor:
        """`DEPTHWISE_CONV_2D`; PyTorch's weights are `[channels, 1, kh, kw]`."""
        weight = self.weights[fields["weights"]].transpose(1, 2, 3, 0)
        window, size = self.window(x, fields, weight.shape[1:3])
        act = activation(fields["activation"])
        made = options("DepthwiseConv2DOptions", **window, depthMultiplier=1, fusedActivationFunction=act)
        result = Result((1, *size, weight.shape[3]), quant(output))
        return self.g.op("DEPTHWISE_CONV_2D", [x, *self.constants(x, fields, weight, 3)], [result], made, output["name"])[0]

    def average_pool2d(self, x: Tensor, fields: dict, output: dict) -> Tensor:
        """`AVERAGE_POOL_2D`."""
        height, width = fields["kernel"]
        window, size = self.window(x, fields, fields["kernel"])
        made = options("Pool2DOptions", **window, filterHeight=height, filterWidth=width)
        return self.g.op("AVERAGE_POOL_2D", [x], [Result((1, *size, x.shape[3]), quant(output))], made, output["name"])[0]

    def reshape(self, x: Tensor, _fields: dict, output: dict) -> Tensor:
        """`RESHAPE`."""
        shape = tuple(output["shape"])
        made = options("ReshapeOptions", newShape=np.array(shape, np.int32))
        self.image = x.shape
        to = self.g.const(np.array(shape, np.int32), name=f"{output['name']}.shape")
        return self.g.op("RESHAPE", [x, to], [Result(shape, quant(output))], made, output["name"])[0]

    def fully_connected(self, x: Tensor, fields: dict, output: dict) -> Tensor:
        """`FULLY_CONNECTED`; PyTorch's columns are those of an image in the order channel, height, width."""
        weight = self.weights[fields["weights"]]
        if fields["flatten"] == "chw":
            _, height, width, channels = self.image
            weight = weight.reshape(-1, channels, height, width).transpose(0, 2, 3, 1).reshape(weight.shape)
        made, result = options("FullyConnectedOptions"), Result((1, weight.shape[0]), quant(output))
        return self.g.op("FULLY_CONNECTED", [x, *self.constants(x, fields, weight, 0)], [result], made, output["name"])[0]

    def softmax(self, x: Tensor, _fields: dict, output: dict) -> Tensor:
        """`SOFTMAX`."""
        return self.g.op("SOFTMAX", [x], [Result(x.shape, quant(output))], options("SoftmaxOptions", beta=1.0), output["name"])[0]


def quant(tensor: dict) -> Quant:
    """The quantization of a tensor of a topology."""
    stated = tensor["quantization"]
    return Quant(float(np.float32(stated["scale"])), stated["zero_point"])


def stored_pixels(pixel: Quant, images: np.ndarray) -> np.ndarray:
    """Images of pixels 0 to 16 as the int8 network takes them."""
    return (np.round(images / 16.0 / pixel.scale) + pixel.zero_point).clip(-128, 127).astype(np.int8)


def record_test(model: bytes, pixels: np.ndarray, labels: np.ndarray) -> tuple[bytes, np.ndarray]:
    """The golden file of the held-out images, and TFLM's scores."""
    # TFLM's inputs have the batch of 1 in front of each sample: the file keeps samples as [n, 8, 8, 1].
    (scores,), ins, outs = run_samples(model, [pixels[:, np.newaxis]])
    scores = scores.reshape(len(pixels), -1)
    metadata = {
        "model": "digits.tflite",
        "frames": "false",
        "versions": json.dumps({"tflite-micro": engine_version()}),
        "inputs": json.dumps(ins),
        "outputs": json.dumps(outs),
        "source": SOURCE,
    }
    return safetensors_bytes({"input.0": pixels, "output.0.tflm": scores, "labels": labels}, metadata), scores


def main() -> int:
    """Makes or checks the files; the exit code."""
    args = parse_args()
    images, labels, test_images, test_labels = load_images()
    files = {
        "digits.train.safetensors": safetensors_bytes(
            {"input.0": (images / 16).astype(np.float32), "labels": labels}, {"source": SOURCE}
        )
    }
    for name, step in LAST.items():
        for end in ["safetensors", "toml"]:
            made = args.folder / f"{step}.{end}" if args.folder else args.out / f"{name}.{end}"
            files[f"{name}.{end}"] = made.read_bytes()
        if args.folder:
            kind = "in float" if name.endswith("float") else "in int8"
            head = f"# Digits of 8x8 pixels, {kind}. Made by the example `flagship`.\n"
            files[f"{name}.toml"] = head.encode() + files[f"{name}.toml"]
    topology = tomllib.loads(files["digits.toml"].decode())
    pixel = quant(topology["input"][0])
    files["digits.tflite"] = Twin(topology, load(files["digits.safetensors"])).g.build()
    pixels = stored_pixels(pixel, test_images)
    files["digits.test.safetensors"], scores = record_test(files["digits.tflite"], pixels, test_labels)
    files["../digits/images.bin"], files["../digits/labels.bin"] = pixels.tobytes(), test_labels.tobytes()
    print(f"right by TFLM: {(scores.argmax(1) == test_labels).sum()} of {len(test_labels)}")
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
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("-o", "--out", type=Path, default=DEFAULT_OUT)
    parser.add_argument("--check", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
