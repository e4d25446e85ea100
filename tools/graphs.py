#!/usr/bin/env python3
"""Makes fresh random int8 graphs and what TensorFlow Lite Micro answers on them, for checks on models never seen before.

    graphs.py --seed 17 --count 20 -o DIR [--samples 6] [--blocks 5]

Graph `i` becomes `DIR/graph_SEED_i.tflite` and `.golden.safetensors` (see `golden.py`). Graphs are stacks of random blocks
(MobileNet's and ResNet's among them) on an image, which branch and join, with a random head. The same arguments give the
same bytes; graph `i` does not depend on `--count`. A graph that TFLM refuses is printed with the reason and left out.
Requirements: `tools/requirements.txt`.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np

from golden import Refused, record, write_atomically
from layers import Net
from samples import samples
from tflite_writer import Quant, Result, Tensor, options, schema

ACTIVATIONS = ("none", "relu", "relu6", "relu_n1_to_1")
MOST_CHANNELS = 32
MOST_PIXELS = 400


class RandomNet(Net):
    """A net that grows by random blocks; each block takes an image `[1, h, w, c]` and returns another."""

    # Choices

    def pick(self, *among: object) -> object:
        """One of `among`."""
        return among[int(self.rng.integers(len(among)))]

    def chance(self, p: float) -> bool:
        """True with probability `p`."""
        return bool(self.rng.random() < p)

    def width(self) -> int:
        """A number of channels, odd ones included."""
        return int(self.pick(1, 2, 3, 4, 5, 8, 8, 12, 16, 17, 24))

    def common(self) -> dict[str, object]:
        """Attributes that all convolutions share."""
        return {
            "act": self.pick(*ACTIVATIONS),
            "bias": self.pick("random", "random", "random", "zero", "absent"),
            "per_channel": self.chance(0.8),
            "gain": float(self.rng.uniform(0.7, 1.8)),
        }

    def window(self, x: Tensor) -> dict[str, object]:
        """Kernel, stride, padding and dilation that fit the image."""
        h, w = x.shape[1:3]
        kernel = (int(self.rng.integers(1, min(h, 5) + 1)), int(self.rng.integers(1, min(w, 5) + 1)))
        pad = str(self.pick("same", "same", "valid"))
        if self.chance(0.15) and (h - 1) // 2 >= kernel[0] and (w - 1) // 2 >= kernel[1]:
            return {"kernel": kernel, "pad": pad, "dilation": (2, 2)}
        stride = (int(self.pick(1, 1, 2)), int(self.pick(1, 1, 2)))
        return {"kernel": kernel, "pad": pad, "stride": stride}

    def channel_constant(self, x: Tensor) -> Tensor:
        """A constant that broadcasts along the pixels."""
        shape = self.pick((x.shape[3],), (1, 1, 1, x.shape[3]), (1,))
        return self.const(self.values(shape), Quant(float(self.rng.uniform(0.004, 0.03)), int(self.rng.integers(-20, 20))))

    def sum(self, a: Tensor, b: Tensor) -> Tensor:
        """`add` of two tensors, at a scale that mostly holds the result."""
        out = Quant(1.2 * max(a.quant.scales[0], b.quant.scales[0]), int(self.rng.integers(-30, 31)))
        return self.binary("ADD", a, b, out, str(self.pick("none", "none", "relu", "relu6")))

    # Blocks

    def block_convolution(self, x: Tensor) -> Tensor:
        """A convolution of any window."""
        return self.conv2d(x, self.width(), **self.window(x), **self.common())

    def block_grouped(self, x: Tensor) -> Tensor:
        """A convolution in two groups."""
        groups = 2 if x.shape[3] % 2 == 0 else 1
        return self.conv2d(x, 2 * int(self.rng.integers(1, 7)), groups=groups, **self.window(x), **self.common())

    def block_separable(self, x: Tensor) -> Tensor:
        """MobileNet's: depthwise, then 1x1."""
        multiplier = int(self.pick(1, 1, 1, 2)) if x.shape[3] <= MOST_CHANNELS // 2 else 1
        y = self.depthwise(x, multiplier, **self.window(x), **self.common())
        return self.conv2d(y, self.width(), kernel=(1, 1), **self.common())

    def block_inverted_residual(self, x: Tensor) -> Tensor:
        """MobileNetV2's."""
        y = self.conv2d(x, min(2 * x.shape[3] + 1, MOST_CHANNELS), kernel=(1, 1), act="relu6")
        y = self.conv2d(self.depthwise(y, act="relu6"), x.shape[3], kernel=(1, 1))
        return self.sum(x, y)

    def block_residual(self, x: Tensor) -> Tensor:
        """ResNet's, with a projection where it has a stride."""
        width, stride = (self.width(), (2, 2)) if self.chance(0.5) else (x.shape[3], (1, 1))
        y = self.conv2d(self.conv2d(x, width, stride=stride, act="relu"), width)
        same = width == x.shape[3] and stride == (1, 1)
        return self.sum(x if same else self.conv2d(x, width, kernel=(1, 1), stride=stride), y)

    def block_branches(self, x: Tensor) -> Tensor:
        """Inception's: ways of one quantization, joined by channel."""
        q = {"out_zp": int(self.rng.integers(-40, 41)), "out_scale": x.quant.scales[0] * float(self.rng.uniform(0.7, 1.5))}
        ways = [self.conv2d(x, int(self.rng.integers(1, 7)), kernel=self.pick((1, 1), (3, 3), (1, 3)), **q) for _ in range(3)]
        return self.concatenation(ways[: int(self.rng.integers(2, 4))], 3)

    def block_pool(self, x: Tensor) -> Tensor:
        """A pool of either kind."""
        kernel = (min(int(self.pick(2, 2, 3)), x.shape[1]), min(int(self.pick(2, 2, 3)), x.shape[2]))
        code = str(self.pick("AVERAGE_POOL_2D", "MAX_POOL_2D"))
        return self.pool(code, x, kernel, (int(self.pick(1, 2)), int(self.pick(1, 2))), str(self.pick("same", "valid")))

    def block_activation(self, x: Tensor) -> Tensor:
        """An activation of its own."""
        scale, zero = x.quant.scales[0], x.quant.zero_point
        kind = self.pick("RELU", "RELU6", "LEAKY_RELU", "HARD_SWISH", "LOGISTIC", "TANH", "PRELU")
        match kind:
            case "RELU":
                return self.unary("RELU", x, Quant(scale, zero) if self.chance(0.5) else Quant(scale * 0.6, -128))
            case "RELU6":
                return self.unary("RELU6", x, x.quant)
            case "LEAKY_RELU":
                out = Quant(scale * float(self.rng.uniform(0.6, 1.3)), int(self.rng.integers(-60, 10)))
                return self.unary("LEAKY_RELU", x, out, options("LeakyReluOptions", alpha=float(self.rng.uniform(0.01, 0.4))))
            case "HARD_SWISH":
                return self.unary("HARD_SWISH", x, Quant(scale * 0.7, -90), options("HardSwishOptions"))
            case "LOGISTIC":
                return self.unary("LOGISTIC", x, Quant(1 / 256, -128))
            case "TANH":
                return self.unary("TANH", x, Quant(1 / 128, 0))
            case _:
                alpha = self.const(self.values((1, 1, x.shape[3])), Quant(0.004, 0))
                return self.op("PRELU", [x, alpha], [Result(x.shape, Quant(scale * 0.9, -20))])[0]

    def block_arithmetic(self, x: Tensor) -> Tensor:
        """A constant added, subtracted, multiplied by, or compared with."""
        code = str(self.pick("ADD", "SUB", "MUL", "MAXIMUM", "MINIMUM"))
        if code in ("MAXIMUM", "MINIMUM"):
            constant = self.const(self.values((x.shape[3],)), x.quant)
            return self.binary(code, x, constant, x.quant)
        pair = [x, self.channel_constant(x)]
        if self.chance(0.3):
            pair.reverse()
        return self.binary(
            code, *pair, Quant(x.quant.scales[0] * float(self.rng.uniform(0.8, 1.6)), int(self.rng.integers(-40, 41)))
        )

    def block_pad(self, x: Tensor) -> Tensor:
        """A border of zeros, or mirrored."""
        pads = [(0, 0), *(tuple(int(n) for n in self.rng.integers(0, 3, 2)) for _ in range(2)), (0, 0)]
        if self.chance(0.7) or min(x.shape[1:3]) < 3:
            return self.conv2d(self.pad(x, pads), self.width(), kernel=(1, 1), pad="valid", act="relu")
        shape = [n + sum(pad) for n, pad in zip(x.shape, pads)]
        made = options("MirrorPadOptions", mode=self.pick(schema.MirrorPadMode.REFLECT, schema.MirrorPadMode.SYMMETRIC))
        return self.op("MIRROR_PAD", [x, self.ints(pads)], [Result(shape, x.quant)], made)[0]

    def block_gate(self, x: Tensor) -> Tensor:
        """Channels weighted by a function of their means."""
        mean = self.reduce("MEAN", x, (1, 2), True, x.quant if self.chance(0.5) else Quant(x.quant.scales[0] * 0.5, 0))
        gate = self.conv2d(self.conv2d(mean, 3, kernel=(1, 1), act="relu"), x.shape[3], kernel=(1, 1))
        gate = self.unary("LOGISTIC", gate, Quant(1 / 256, -128))
        return self.binary("MUL", x, gate, Quant(x.quant.scales[0] * 0.8, x.quant.zero_point))

    def block_shuffle(self, x: Tensor) -> Tensor:
        """Channels split, and joined the other way round."""
        if x.shape[3] < 2:
            return x
        cut = int(self.rng.integers(1, x.shape[3]))
        parts = [Result((*x.shape[:3], n), x.quant) for n in (cut, x.shape[3] - cut)]
        inputs = [x, self.ints((cut, x.shape[3] - cut)), self.ints(3)]
        a, b = self.op("SPLIT_V", inputs, parts, options("SplitVOptions", numSplits=2))
        return self.concatenation([b, a], 3)

    def block_transpose(self, x: Tensor) -> Tensor:
        """Rows and columns exchanged."""
        shape = (1, x.shape[2], x.shape[1], x.shape[3])
        return self.op("TRANSPOSE", [x, self.ints((0, 2, 1, 3))], [Result(shape, x.quant)], options("TransposeOptions"))[0]

    def block_crop(self, x: Tensor) -> Tensor:
        """Every second row or column from the second on, or a reversal."""
        if min(x.shape[1:3]) < 4:
            return x
        index, begin, end, stride, masks = self.pick(
            (np.s_[:, 1::2], (0, 1, 0, 0), (1, 100, 1, 1), (1, 2, 1, 1), {"endMask": 0b1110}),
            (np.s_[:, :, 1:-1], (0, 0, 1, 0), (1, 0, -1, 0), (1, 1, 1, 1), {"endMask": 0b1010}),
            (np.s_[:, ::-1], (0, 0, 0, 0), (1, 0, 0, 0), (1, -1, 1, 1), {"beginMask": 0b0010, "endMask": 0b1110}),
        )
        shape = np.zeros(x.shape)[index].shape
        inputs = [x, self.ints(begin), self.ints(end), self.ints(stride)]
        return self.op("STRIDED_SLICE", inputs, [Result(shape, x.quant)], options("StridedSliceOptions", **masks))[0]

    def block_upsample(self, x: Tensor) -> Tensor:
        """Resizing of either kind, or a transposed convolution."""
        h, w = x.shape[1:3]
        if 4 * h * w > MOST_PIXELS:
            return x
        if self.chance(0.4):
            return self.transpose_conv(
                x, min(self.width(), 8), kernel=self.pick((2, 2), (3, 3)), act=str(self.pick("none", "relu"))
            )
        kind = str(self.pick("NearestNeighbor", "Bilinear"))
        code = {"NearestNeighbor": "RESIZE_NEAREST_NEIGHBOR", "Bilinear": "RESIZE_BILINEAR"}[kind]
        rule = self.pick({}, {"alignCorners": True}, {"halfPixelCenters": True})
        made = options(f"Resize{kind}Options", **rule)
        return self.op(code, [x, self.ints((2 * h, 2 * w))], [Result((1, 2 * h, 2 * w, x.shape[3]), x.quant)], made)[0]

    def block_requantize(self, x: Tensor) -> Tensor:
        """Another scale and zero point."""
        out = Quant(x.quant.scales[0] * float(self.rng.uniform(0.6, 1.7)), int(self.rng.integers(-60, 61)))
        return self.unary("QUANTIZE", x, out, options("QuantizeOptions"))

    # Heads

    def head_classes(self, x: Tensor) -> Tensor:
        """Pool, fully connected, softmax."""
        if self.chance(0.5):
            x = self.reduce("MEAN", x, (1, 2), False)
        elif self.chance(0.5):
            x = self.reshape(x, (1, int(np.prod(x.shape))))
        scale = float(self.rng.uniform(0.01, 0.06))  # logits of a few units, so that few scores saturate
        return self.softmax(self.fully_connected(x, int(self.rng.integers(2, 13)), per_channel=self.chance(0.3), out_scale=scale))

    def head_vector(self, x: Tensor) -> Tensor:
        """Two fully connected layers."""
        return self.fully_connected(self.fully_connected(x, 9, act="relu"), int(self.rng.integers(1, 20)))

    def head_image(self, x: Tensor) -> Tensor:
        """The image itself, through a 1x1 convolution."""
        return self.conv2d(x, int(self.rng.integers(1, 5)), kernel=(1, 1))

    def head_class_index(self, x: Tensor) -> Tensor:
        """The class of each pixel."""
        y = self.conv2d(x, 4, kernel=(1, 1))
        made = options("ArgMaxOptions", outputType=schema.TensorType.INT32)
        return self.op("ARG_MAX", [y, self.ints([3])], [Result(y.shape[:3], None, np.int32)], made)[0]

    # The whole

    def methods(self, prefix: str) -> list[Callable[[Tensor], Tensor]]:
        """The blocks or heads, in alphabetical order."""
        return [getattr(self, name) for name in sorted(dir(self)) if name.startswith(prefix)]

    def grow(self, blocks: int) -> list[str]:
        """Adds an input, `blocks` blocks, sometimes a join with an earlier tensor, and one or two heads; what was added."""
        size = (int(self.rng.integers(6, 21)), int(self.rng.integers(6, 21)), int(self.pick(1, 2, 3, 4)))
        x = self.input((1, *size), Quant(float(self.rng.uniform(0.02, 0.08)), int(self.pick(-128, 0, 127, -3, 11))), name="image")
        x = self.conv2d(x, self.width(), act="relu")
        added, seen = [], [x]
        for _ in range(blocks):
            block = self.pick(*self.methods("block_"))
            x = block(x)
            added.append(block.__name__.removeprefix("block_"))
            equals = [t for t in seen if t.shape == x.shape and t.index != x.index]
            if equals and self.chance(0.4):
                x = self.sum(x, equals[int(self.rng.integers(len(equals)))])
                added.append("join")
            seen.append(x)
        heads = [self.pick(*self.methods("head_")) for _ in range(2 if self.chance(0.25) else 1)]
        self.outputs(*(head(x) for head in heads))
        return added + [head.__name__ for head in heads]


def main() -> int:
    """Makes the graphs; the exit code is 1 where TFLM refused any."""
    args = parse_args()
    used: Counter[str] = Counter()
    refused = 0
    for i in range(args.count):
        name = f"graph_{args.seed}_{i}"
        rng = np.random.default_rng([args.seed, i])
        graph = RandomNet(rng)
        added = graph.grow(args.blocks)
        model = graph.build()
        try:
            golden = record(model, f"{name}.tflite", samples(rng, args.samples, graph.edges()), args.seed)
        except Refused as reason:
            print(f"refused: {name} ({', '.join(added)}): {reason}")
            refused += 1
            continue
        write_atomically(args.out / f"{name}.tflite", model)
        write_atomically(args.out / f"{name}.golden.safetensors", golden)
        used.update(added)
    print(f"{args.count - refused} graphs, {refused} refused; " + ", ".join(f"{name} {n}" for name, n in sorted(used.items())))
    return 1 if refused else 0


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--samples", type=int, default=6)
    parser.add_argument("--blocks", type=int, default=5, help="blocks in each graph")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
