"""Pieces that the small graphs share."""

from __future__ import annotations

from layers import Net
from tflite_writer import Quant, Tensor


def image(net: Net, h: int = 8, w: int = 8, c: int = 3, zp: int = -5) -> Tensor:
    """An input image."""
    return net.input((1, h, w, c), Quant(0.05, zp))


def classifier(net: Net, x: Tensor, classes: int) -> None:
    """A fully connected layer and a softmax as the output, at logits of a few units."""
    net.outputs(net.softmax(net.fully_connected(x, classes, out_scale=0.04)))


def added(net: Net, a: Tensor, b: Tensor, act: str = "none") -> Tensor:
    """`add` of two tensors, at a scale that mostly holds the result."""
    zero = -128 if act.startswith("relu") and act != "relu_n1_to_1" else 0
    return net.binary("ADD", a, b, Quant(1.4 * max(a.quant.scales[0], b.quant.scales[0]), zero), act)
