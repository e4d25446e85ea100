"""`quantize` and `dequantize`: from one quantization to another, and at the float edges."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from cases.case import Case
from layers import Net
from tflite_writer import Quant, Result, options

ALL_VALUES = (1, 16, 16, 1)


def cases() -> Iterator[Case]:
    """The cases of this family."""
    yield _requantize("requantize_finer", Quant(0.05, -3), Quant(0.03, 10))
    yield _requantize("requantize_coarser", Quant(0.05, -3), Quant(0.2, -100))
    yield _requantize("requantize_equal_scales", Quant(0.05, -3), Quant(0.05, 20))
    yield _requantize("requantize_equal", Quant(0.05, -3), Quant(0.05, -3))
    yield _requantize("requantize_halves", Quant(0.0625, 0), Quant(0.125, 0))
    yield _requantize("requantize_doubles", Quant(0.125, 1), Quant(0.0625, -1))
    yield _requantize("requantize_zero_points_least", Quant(0.05, -128), Quant(0.08, -128))
    yield _requantize("requantize_zero_points_greatest", Quant(0.05, 127), Quant(0.04, 127))
    yield _requantize("requantize_to_the_other_end", Quant(0.05, -128), Quant(0.04, 127))
    yield _requantize("requantize_far_finer", Quant(1.0, 0), Quant(0.02, 0))
    yield _requantize("requantize_far_coarser", Quant(0.01, 0), Quant(0.4, 7))
    yield _from_floats("float_edge", Quant(0.05, -3))
    yield _from_floats("float_edge_scale_power_of_two", Quant(0.125, 0))
    yield _from_floats("float_edge_zero_point_least", Quant(0.0078, -128))
    yield _to_floats("float_edge", Quant(0.05, -3))
    yield _to_floats("float_edge_zero_point_least", Quant(1 / 256, -128))
    yield _to_floats("float_edge_coarse", Quant(3.7, 127))
    yield Case("quantize", "float_in_and_out", _float_in_and_out, quantum=0.04)


def _requantize(name: str, q: Quant, out: Quant) -> Case:
    def build(net: Net) -> None:
        net.outputs(net.unary("QUANTIZE", net.input(ALL_VALUES, q), out, options("QuantizeOptions")))

    return Case("quantize", name, build, samples=4, ramp=True)


def _from_floats(name: str, out: Quant) -> Case:
    def build(net: Net) -> None:
        net.outputs(net.unary("QUANTIZE", net.input((1, 20, 20, 1), None, np.float32), out, options("QuantizeOptions")))

    return Case("quantize", name, build, samples=4, quantum=out.scale)


def _dequantized(net: Net, x: object, shape: Sequence[int]) -> object:
    return net.op("DEQUANTIZE", [x], [Result(shape, None, np.float32)], options("DequantizeOptions"))[0]


def _to_floats(name: str, q: Quant) -> Case:
    def build(net: Net) -> None:
        net.outputs(_dequantized(net, net.input(ALL_VALUES, q), ALL_VALUES))

    return Case("dequantize", name, build, samples=4, ramp=True)


def _float_in_and_out(net: Net) -> None:
    x = net.input((1, 6, 6, 2), None, np.float32)
    y = net.conv2d(net.unary("QUANTIZE", x, Quant(0.04, 1), options("QuantizeOptions")), 4, act="relu")
    y = net.fully_connected(y, 5)
    net.outputs(_dequantized(net, net.softmax(y), (1, 5)))
