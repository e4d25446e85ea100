#!/usr/bin/env python3
"""Writes a large float network and samples for it: what `tinybake quantize` has to do in reasonable time and memory.

    large_network.py FOLDER [--side 224] [--blocks 3,4,28,3] [--classes 1000] [--samples 16]

The default is ResNet-101 with five more blocks: 50 million weights, 200 MB, 8.9 billion multiply-accumulates for an image of 224 x 224. Batch
normalization is folded. Weights are random; their scale keeps activations of every layer about the same, as those of trained networks are.
Writes `large.safetensors`, `large.toml` and `samples.safetensors`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file


class Network:
    """A topology in the native format, and its weights."""

    def __init__(self, seed: int) -> None:
        """Without layers."""
        self.rng = np.random.default_rng(seed)
        self.weights: dict[str, np.ndarray] = {}
        self.lines: list[str] = []

    def op(self, name: str, output: str, **fields: str) -> str:
        """Adds an operation; fields are TOML."""
        inside = ", ".join(f"{key} = {value}" for key, value in fields.items())
        self.lines.append(f'[[op]]\n{name} = {{ {inside} }}\noutput = {{ name = "{output}" }}\n')
        return output

    def filter(self, name: str, shape: tuple[int, ...], gain: float) -> dict[str, str]:
        """Random weights and biases of a layer; rows of a filter differ in scale as those of trained networks do."""
        spread = np.exp(self.rng.normal(0, 0.3, (shape[0],) + (1,) * (len(shape) - 1)))
        scale = gain * np.sqrt(2 / np.prod(shape[1:])) * spread
        self.weights[f"{name}.weight"] = (self.rng.standard_normal(shape, np.float32) * scale).astype(np.float32)
        self.weights[f"{name}.bias"] = self.rng.normal(0, 0.1, shape[0]).astype(np.float32)
        return {"weights": f'"{name}.weight"', "bias": f'"{name}.bias"'}

    def conv(self, name: str, x: str, ins: int, outs: int, kernel: int, stride: int, relu: bool, gain: float = 1.0) -> str:
        """Adds a convolution."""
        fields = {"input": f'"{x}"'} | self.filter(name, (outs, kernel, kernel, ins), gain)
        fields |= {"stride": str(stride), "padding": f"[{', '.join([str(kernel // 2)] * 4)}]"}
        return self.op("conv2d", name, **fields, **({"activation": '"relu"'} if relu else {}))


def resnet(side: int, blocks: list[int], classes: int) -> Network:
    """A residual network of bottlenecks."""
    net = Network(1)
    x, ins = net.conv("stem", "image", 3, 64, 7, 2, True), 64
    x = net.op("max_pool2d", "pool", input=f'"{x}"', kernel="3", stride="2", padding="[1, 1, 1, 1]")
    for stage, count in enumerate(blocks):
        width, outs = 64 << stage, 256 << stage
        for block in range(count):
            name, stride = f"stage{stage}.{block}", 2 if stage and not block else 1
            skip = net.conv(f"{name}.skip", x, ins, outs, 1, stride, False, 0.7) if not block else x
            y = net.conv(f"{name}.reduce", x, ins, width, 1, 1, True)
            y = net.conv(f"{name}.window", y, width, width, 3, stride, True)
            y = net.conv(f"{name}.expand", y, width, outs, 1, 1, False, 0.3)
            x, ins = net.op("add", f"{name}.sum", a=f'"{y}"', b=f'"{skip}"', activation='"relu"'), outs
    mean = net.op("mean", "features", input=f'"{x}"', axes="[1, 2]")
    net.op("fully_connected", "logits", input=f'"{mean}"', **net.filter("head", (classes, ins), 1.0))
    net.op("softmax", "scores", input='"logits"')
    head = f'format = 1\nlayout = "tflite"\n\n[[input]]\nname = "image"\nshape = [1, {side}, {side}, 3]\n'
    net.lines = [head, *net.lines, '[[output]]\nname = "scores"\n']
    return net


def main() -> None:
    """Writes the files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--side", type=int, default=224)
    parser.add_argument("--blocks", default="3,4,28,3")
    parser.add_argument("--classes", type=int, default=1000)
    parser.add_argument("--samples", type=int, default=16)
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    net = resnet(args.side, [int(count) for count in args.blocks.split(",")], args.classes)
    save_file(net.weights, args.folder / "large.safetensors")
    (args.folder / "large.toml").write_text("\n".join(net.lines))
    images = net.rng.normal(0, 1, (args.samples, 1, args.side, args.side, 3)).astype(np.float32)
    # Neighbouring pixels are alike.
    for axis in (2, 3):
        images = sum(np.roll(images, shift, axis) for shift in range(6)) / np.float32(6**0.5)
    save_file({"input.0": np.ascontiguousarray(images, np.float32)}, args.folder / "samples.safetensors")


if __name__ == "__main__":
    main()
