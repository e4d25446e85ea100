"""`average_pool_2d`, `max_pool_2d`, `mean`, `reduce_max`, `arg_max`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from cases.case import Case
from layers import Net
from tflite_writer import Quant, Result, options, schema


def cases() -> Iterator[Case]:
    """The cases of this family."""
    for code in ("AVERAGE_POOL_2D", "MAX_POOL_2D"):
        yield from _pools(code)
    for code in ("MEAN", "REDUCE_MAX"):
        yield from _reductions(code)
    yield from _mean_particular()
    yield from _arg_max()


def _pools(code: str) -> Iterator[Case]:
    def case(
        name: str,
        shape: Sequence[int],
        kernel: tuple[int, int],
        stride: tuple[int, int],
        q: Quant = Quant(0.05, -4),
        **kw: object,
    ) -> Case:
        return Case(code.lower(), name, lambda net: net.outputs(net.pool(code, net.input(shape, q), kernel, stride, **kw)))

    yield case("k2x2_stride2", (1, 6, 8, 3), (2, 2), (2, 2))
    yield case("k2x2_stride2_odd", (1, 7, 5, 3), (2, 2), (2, 2))
    yield case("k2x2_stride2_odd_same", (1, 7, 5, 3), (2, 2), (2, 2), pad="same")
    yield case("k3x3_stride1_same", (1, 6, 5, 4), (3, 3), (1, 1), pad="same")
    yield case("k3x3_stride2_same", (1, 8, 7, 4), (3, 3), (2, 2), pad="same")
    yield case("k3x3_stride2_valid", (1, 8, 7, 4), (3, 3), (2, 2))
    yield case("k3x2_stride1x2", (1, 7, 6, 2), (3, 2), (1, 2), pad="same")
    yield case("k5x5_larger_than_image", (1, 3, 3, 2), (5, 5), (1, 1), pad="same")
    yield case("stride_larger_than_kernel", (1, 9, 9, 2), (2, 2), (3, 3))
    yield case("whole_image", (1, 6, 5, 17), (6, 5), (1, 1))
    yield case("k1x1_stride2", (1, 5, 5, 3), (1, 1), (2, 2))
    yield case("relu", (1, 6, 6, 3), (2, 2), (2, 2), act="relu")
    yield case("relu6", (1, 6, 6, 3), (2, 2), (2, 2), q=Quant(0.06, -20), act="relu6")
    yield case("relu_n1_to_1", (1, 6, 6, 3), (2, 2), (2, 2), act="relu_n1_to_1")
    yield case("zero_point_least", (1, 6, 6, 3), (3, 3), (1, 1), q=Quant(0.05, -128), pad="same")
    yield case("zero_point_greatest", (1, 6, 6, 3), (3, 3), (1, 1), q=Quant(0.05, 127), pad="same")
    yield case("one_channel", (1, 10, 9, 1), (3, 3), (2, 2), pad="same")
    yield case("unequal_quantization", (1, 6, 6, 3), (2, 2), (2, 2), out=Quant(0.02, 8))


def _reduction(
    code: str,
    name: str,
    axes: Sequence[int],
    keep: bool,
    shape: Sequence[int] = (1, 5, 6, 7),
    q: Quant = Quant(0.04, -9),
    out: Quant | None = None,
) -> Case:
    return Case(code.lower(), name, lambda net: net.outputs(net.reduce(code, net.input(shape, q), axes, keep, out)))


def _reductions(code: str) -> Iterator[Case]:
    for keep in (True, False):
        suffix = "_kept" if keep else ""
        yield _reduction(code, f"axes_1_2{suffix}", (1, 2), keep)
        yield _reduction(code, f"axis_1{suffix}", (1,), keep)
        yield _reduction(code, f"axis_2{suffix}", (2,), keep)
        yield _reduction(code, f"axis_3{suffix}", (3,), keep)
        yield _reduction(code, f"axes_1_2_3{suffix}", (1, 2, 3), keep, shape=(1, 2, 3, 2))
        yield _reduction(code, f"axis_minus_1{suffix}", (-1,), keep)
    yield _reduction(code, "axes_2_1", (2, 1), False)
    yield _reduction(code, "axes_minus_3_minus_2", (-3, -2), True)
    yield _reduction(code, "axes_repeated", (1, 2, 1), False)
    yield _reduction(code, "axes_1_3", (1, 3), False)
    yield _reduction(code, "rank2", (1,), False, shape=(1, 50))
    yield _reduction(code, "rank3", (1,), False, shape=(1, 9, 5))
    yield _reduction(code, "one_pixel", (1, 2), False, shape=(1, 1, 1, 9))
    yield _reduction(code, "unequal_quantization", (1, 2), True, out=Quant(0.015, 20))


def _mean_particular() -> Iterator[Case]:
    yield _reduction("MEAN", "unequal_axis_3", (3,), False, out=Quant(0.02, -60))
    yield _reduction("MEAN", "unequal_axes_1_2_3", (1, 2, 3), False, out=Quant(0.01, 3))
    yield _reduction("MEAN", "unequal_coarser", (1, 2), False, out=Quant(0.1, -5))
    yield _reduction("MEAN", "unequal_finer_saturating", (1, 2), False, out=Quant(0.006, 0))
    yield _reduction("MEAN", "zero_points_at_ends", (1, 2), False, q=Quant(0.04, 127), out=Quant(0.03, 127))
    yield _reduction("MEAN", "zero_point_least", (1, 2), False, q=Quant(0.04, -128))
    yield _reduction("MEAN", "of_power_of_two", (1, 2), False, shape=(1, 4, 8, 6))
    yield _reduction("MEAN", "of_many", (1, 2), False, shape=(1, 25, 20, 3))
    yield _reduction("MEAN", "of_12_ties", (1,), True, shape=(1, 12, 40), q=Quant(0.05, -11))
    yield _reduction("MEAN", "of_49_unequal", (1, 2), True, shape=(1, 7, 7, 24), out=Quant(0.017, -30))
    yield _reduction("MEAN", "of_two_ties", (1,), False, shape=(1, 2, 30), q=Quant(0.04, 0))
    yield _reduction("MEAN", "of_two_ties_unequal", (1, 2), False, shape=(1, 1, 2, 30), q=Quant(0.5, 1), out=Quant(1.0, -1))


def _arg_max() -> Iterator[Case]:
    def case(name: str, shape: Sequence[int], axis: int, dtype: type = np.int32) -> Case:
        def build(net: Net) -> None:
            x = net.input(shape, Quant(0.05, 3))
            made = options("ArgMaxOptions", outputType=schema.TensorType.INT32 if dtype is np.int32 else schema.TensorType.INT64)
            kept = [n for i, n in enumerate(shape) if i != axis % len(shape)]
            net.outputs(net.op("ARG_MAX", [x, net.ints([axis])], [Result(kept, None, dtype)], made)[0])

        return Case("arg_max", name, build, samples=8)

    yield case("classes", (1, 10), 1)
    yield case("classes_negative_axis", (1, 12), -1)
    yield case("pixels", (1, 4, 5, 6), 3)
    yield case("rows", (1, 4, 5, 6), 1)
    yield case("columns", (1, 4, 5, 3), 2)
    yield case("int64", (1, 10), 1, np.int64)
