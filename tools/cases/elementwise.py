"""`add`, `sub`, `mul`, `maximum`, `minimum`: two tensors that broadcast."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from cases.case import Case
from layers import Net
from tflite_writer import Quant, Tensor

ARITHMETIC = ("ADD", "SUB", "MUL")
EXTREMA = ("MAXIMUM", "MINIMUM")
BROADCASTS = {
    "channels": ((1, 3, 4, 5), (1, 1, 1, 5)),
    "channels_reversed": ((1, 1, 1, 5), (1, 3, 4, 5)),
    "vector": ((1, 3, 4, 5), (5,)),
    "column": ((1, 4, 5, 3), (1, 4, 1, 1)),
    "row": ((1, 4, 5, 3), (1, 1, 5, 1)),
    "both_ways": ((1, 4, 1, 3), (1, 1, 5, 3)),
    "outer_product": ((1, 1, 6), (1, 5, 1)),
    "scalar": ((1, 4, 5, 3), (1,)),
    "one_element": ((1, 4, 5, 3), (1, 1, 1, 1)),
    "rank2": ((1, 9), (9,)),
}
SAME = (1, 16, 16, 1)


def cases() -> Iterator[Case]:
    """The cases of this family."""
    for code in ARITHMETIC:
        yield from _arithmetic(code)
    for code in EXTREMA:
        yield from _extrema(code)
    yield from _particular()


def _two(
    code: str,
    name: str,
    a: Sequence[int],
    b: Sequence[int],
    qa: Quant,
    qb: Quant,
    out: Quant,
    act: str = "none",
    constant: str = "",
) -> Case:
    """`constant` names the operand, if any, that is part of the model: `a` or `b`."""

    def build(net: Net) -> None:
        def operand(shape: Sequence[int], quant: Quant, key: str) -> Tensor:
            return net.const(net.values(shape), quant, key) if constant == key else net.input(shape, quant)

        net.outputs(net.binary(code, operand(a, qa, "a"), operand(b, qb, "b"), out, act))

    return Case(code.lower(), name, build, ramp=not constant)


def _output_scale(code: str, qa: Quant, qb: Quant) -> float:
    """A scale that covers nearly all results."""
    return qa.scale * qb.scale * 150.0 if code == "MUL" else 1.3 * max(qa.scale, qb.scale)


def _arithmetic(code: str) -> Iterator[Case]:
    qa, qb = Quant(0.021, -7), Quant(0.034, 12)
    out = Quant(_output_scale(code, qa, qb), -4)
    yield _two(code, "same_shape", SAME, SAME, qa, qb, out)
    yield _two(code, "equal_quantization", SAME, SAME, qa, qa, Quant(_output_scale(code, qa, qa), qa.zero_point))
    yield _two(code, "one_quantization_for_all", (1, 9, 9, 3), (1, 9, 9, 3), qa, qa, qa)
    for name, (a, b) in BROADCASTS.items():
        yield _two(code, f"broadcast_{name}", a, b, qa, qb, out)
    for act in ("relu", "relu6", "relu_n1_to_1"):
        yield _two(code, act, (1, 8, 8, 2), (1, 8, 8, 2), qa, qb, Quant(out.scale, -60), act)
    coarse, fine = Quant(0.5, 100), Quant(0.0007, -100)
    yield _two(code, "scales_far_apart", SAME, SAME, coarse, fine, Quant(_output_scale(code, coarse, fine), 9))
    yield _two(code, "scales_far_apart_reversed", SAME, SAME, fine, coarse, Quant(_output_scale(code, coarse, fine), 9))
    low, high = Quant(0.02, -128), Quant(0.03, 127)
    ends = (127, 127) if code == "MUL" else (-128, 127)
    yield _two(code, "zero_points_at_ends", SAME, SAME, low, high, Quant(_output_scale(code, low, high), ends[0]))
    yield _two(code, "zero_points_at_other_ends", SAME, SAME, high, low, Quant(_output_scale(code, low, high), ends[1]))
    yield _two(code, "zero_points_least", SAME, SAME, low, low, Quant(2.0 * _output_scale(code, low, low), -128))
    yield _two(code, "saturating", SAME, SAME, qa, qb, Quant(out.scale / 9.0, 0))
    yield _two(code, "coarse_output", SAME, SAME, qa, qb, Quant(out.scale * 12.0, 3))
    power = 4.0 if code == "MUL" else 0.5
    yield _two(code, "scales_powers_of_two", SAME, SAME, Quant(0.25, 0), Quant(0.125, 0), Quant(power, 0))
    yield _two(code, "constant_b", (1, 5, 5, 4), (1, 5, 5, 4), qa, qb, out, constant="b")
    yield _two(code, "constant_a", (1, 5, 5, 4), (1, 5, 5, 4), qa, qb, out, constant="a")
    yield _two(code, "constant_b_channels", (1, 5, 5, 4), (4,), qa, qb, out, "relu", constant="b")
    yield _two(code, "constant_a_channels", (4,), (1, 5, 5, 4), qa, qb, out, constant="a")
    yield _two(code, "constant_b_scalar", SAME, (), qa, qb, out, constant="b")
    yield _two(code, "constant_a_scalar", (), SAME, qa, qb, out, constant="a")
    yield _two(code, "constant_b_one_element", SAME, (1,), qa, qb, out, constant="b")


def _extrema(code: str) -> Iterator[Case]:
    q = Quant(0.03, -11)
    yield _two(code, "same_shape", SAME, SAME, q, q, q)
    for name in ("channels", "channels_reversed", "vector", "both_ways", "scalar", "rank2"):
        a, b = BROADCASTS[name]
        yield _two(code, f"broadcast_{name}", a, b, q, q, q)
    yield _two(code, "constant_b_scalar", SAME, (), q, q, q, constant="b")
    yield _two(code, "constant_a_channels", (3,), (1, 6, 6, 3), q, q, q, constant="a")
    yield _two(code, "unequal_quantization", SAME, SAME, q, Quant(0.05, 4), Quant(0.04, 0))


def _particular() -> Iterator[Case]:
    yield Case("add", "tensor_with_itself", lambda net: _with_itself(net, "ADD", Quant(0.05, -2)), ramp=True)
    yield Case("mul", "square", lambda net: _with_itself(net, "MUL", Quant(0.07, -128)), ramp=True)
    yield Case("sub", "tensor_from_itself", lambda net: _with_itself(net, "SUB", Quant(0.02, 5)), ramp=True)
    yield Case("add", "rank5", _rank5)
    yield Case("add", "batch_norm_like", _scale_and_shift)


def _with_itself(net: Net, code: str, out: Quant) -> None:
    x = net.input(SAME, Quant(0.03, 6))
    net.outputs(net.binary(code, x, x, out))


def _rank5(net: Net) -> None:
    a = net.input((1, 2, 3, 2, 4), Quant(0.03, 6))
    b = net.input((1, 1, 3, 1, 4), Quant(0.02, -6))
    net.outputs(net.binary("ADD", a, b, Quant(0.04, 0)))


def _scale_and_shift(net: Net) -> None:
    x = net.input((1, 6, 6, 8), Quant(0.03, -9))
    factor = net.const(net.rng.integers(20, 128, 8).astype(np.int8), Quant(0.01, 0), "factor")
    offset = net.const(net.values((8,)), Quant(0.02, 0), "offset")
    scaled = net.binary("MUL", x, factor, Quant(0.03, 2))
    net.outputs(net.binary("ADD", scaled, offset, Quant(0.04, -30), "relu"))
