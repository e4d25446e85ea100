"""Element-wise functions of one tensor, each over all 256 inputs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cases.case import Case
from layers import Net
from tflite_writer import Quant, Result, options

ALL_VALUES = (1, 16, 16, 1)
SCALES = {"fine": 0.0008, "small": 0.01, "middle": 0.05, "large": 0.25, "coarse": 2.0}


def cases() -> Iterator[Case]:
    """The cases of this family."""
    yield from _sigmoids()
    yield from _rectifiers()
    yield from _leaky_relu()
    yield from _prelu()
    yield from _hard_swish()


def _unary(code: str, name: str, q: Quant, out: Quant, made: object | None = None, shape: Sequence[int] = ALL_VALUES) -> Case:
    return Case(
        code.lower(), name, lambda net: net.outputs(net.unary(code, net.input(shape, q), out, made)), samples=4, ramp=True
    )


def _sigmoids() -> Iterator[Case]:
    for code, out in (("LOGISTIC", Quant(1 / 256, -128)), ("TANH", Quant(1 / 128, 0))):
        for name, scale in SCALES.items():
            yield _unary(code, name, Quant(scale, -3), out)
        yield _unary(code, "zero_point_least", Quant(0.06, -128), out)
        yield _unary(code, "zero_point_greatest", Quant(0.06, 127), out)
        yield _unary(code, "scale_power_of_two", Quant(0.0625, 0), out)
        yield _unary(code, "rank2", Quant(0.04, 5), out, shape=(1, 33))
        yield _unary(code, "output_scale_unusual", Quant(0.04, 5), Quant(1 / 100, out.zero_point))


def _rectifiers() -> Iterator[Case]:
    for code in ("RELU", "RELU6", "RELU_N1_TO_1"):
        yield _unary(code, "one_quantization", Quant(0.06, -9), Quant(0.06, -9))
        yield _unary(code, "zero_point_least", Quant(0.04, -128), Quant(0.04, -128))
        yield _unary(code, "zero_point_greatest", Quant(0.04, 127), Quant(0.04, 127))
        yield _unary(code, "rank2", Quant(0.05, 11), Quant(0.05, 11), shape=(1, 27))
        if code == "RELU_N1_TO_1":
            continue
        yield _unary(code, "requantized_finer", Quant(0.06, 4), Quant(0.031, -128))
        yield _unary(code, "requantized_coarser", Quant(0.06, 4), Quant(0.2, -100))
        yield _unary(code, "requantized_much_finer", Quant(0.3, -20), Quant(0.0235, -128))


def _leaky_relu() -> Iterator[Case]:
    q, out = Quant(0.05, -6), Quant(0.04, -30)
    slopes = {"small": 0.1, "keras": 0.3, "above_1": 1.7, "negative": -0.4, "zero": 0.0, "tiny": 1e-4, "one": 1.0}
    for name, alpha in slopes.items():
        yield _unary("LEAKY_RELU", f"alpha_{name}", q, out, options("LeakyReluOptions", alpha=alpha))
    made = options("LeakyReluOptions", alpha=0.2)
    yield _unary("LEAKY_RELU", "equal_quantization", q, q, made)
    yield _unary("LEAKY_RELU", "zero_points_at_ends", Quant(0.05, 127), Quant(0.012, 127), made)
    yield _unary("LEAKY_RELU", "finer_output", Quant(0.2, 10), Quant(0.01, 0), made)
    yield _unary("LEAKY_RELU", "coarser_output", Quant(0.01, 10), Quant(0.2, 0), made)


def _prelu() -> Iterator[Case]:
    yield _prelu_case("per_channel", (1, 6, 6, 8), (1, 1, 8))
    yield _prelu_case("per_channel_rank4", (1, 6, 6, 8), (1, 1, 1, 8))
    yield _prelu_case("shared", ALL_VALUES, (1, 1, 1))
    yield _prelu_case("shared_by_channel", (1, 5, 4, 3), (5, 4, 1))
    yield _prelu_case("per_element", (1, 4, 4, 3), (4, 4, 3))
    yield _prelu_case("equal_quantization", (1, 6, 6, 4), (1, 1, 4), out=Quant(0.05, -6))
    yield _prelu_case("alpha_zero_point", (1, 6, 6, 4), (1, 1, 4), alpha=Quant(0.02, 40))
    yield _prelu_case("zero_points_at_ends", (1, 6, 6, 4), (1, 1, 4), x=Quant(0.05, 127), out=Quant(0.04, 0))
    yield _prelu_case("rank2", (1, 12), (12,))


def _prelu_case(
    name: str,
    shape: Sequence[int],
    alpha_shape: Sequence[int],
    x: Quant = Quant(0.05, -6),
    alpha: Quant = Quant(0.008, 0),
    out: Quant = Quant(0.06, -20),
) -> Case:
    def build(net: Net) -> None:
        slopes = net.const(net.values(alpha_shape), alpha, "alpha")
        net.outputs(net.op("PRELU", [net.input(shape, x), slopes], [Result(shape, out)])[0])

    return Case("prelu", name, build, ramp=True)


def _hard_swish() -> Iterator[Case]:
    made = options("HardSwishOptions")
    for name, scale in SCALES.items():
        yield _unary("HARD_SWISH", name, Quant(scale, -3), Quant(scale * 0.8, -40), made)
    yield _unary("HARD_SWISH", "mobilenet_like", Quant(0.0474, -1), Quant(0.0256, -113), made)
    yield _unary("HARD_SWISH", "equal_quantization", Quant(0.05, 0), Quant(0.05, 0), made)
    yield _unary("HARD_SWISH", "zero_points_least", Quant(0.05, -128), Quant(0.05, -128), made)
    yield _unary("HARD_SWISH", "zero_points_greatest", Quant(0.04, 127), Quant(0.003, 127), made)
    yield _unary("HARD_SWISH", "coarser_output", Quant(0.02, 7), Quant(0.3, 0), made)
    yield _unary("HARD_SWISH", "finer_output", Quant(0.08, 7), Quant(0.02, 0), made)
    yield _unary("HARD_SWISH", "scales_powers_of_two", Quant(0.0625, 0), Quant(0.03125, 0), made)
