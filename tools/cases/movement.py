"""Operators that move elements: padding, concatenation, slices, transposition, shapes, resizing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from cases.case import Case
from layers import Net
from tflite_writer import Quant, Result, Tensor, options, schema

Q = Quant(0.05, -7)


def cases() -> Iterator[Case]:
    """The cases of this family."""
    yield from _paddings()
    yield from _concatenation()
    yield from _splits()
    yield from _strided_slice()
    yield from _slice()
    yield from _transpose()
    yield from _reshapes()
    yield from _stacks()
    yield from _resizes()


def _paddings() -> Iterator[Case]:
    def pad(name: str, shape: Sequence[int], pads: Sequence[tuple[int, int]], q: Quant = Q) -> Case:
        return Case("pad", name, lambda net: net.outputs(net.pad(net.input(shape, q), pads)))

    image = (1, 4, 5, 3)
    yield pad("all_sides", image, [(0, 0), (1, 1), (2, 2), (0, 0)])
    yield pad("one_side", image, [(0, 0), (0, 1), (0, 1), (0, 0)])
    yield pad("channels", image, [(0, 0), (0, 0), (0, 0), (2, 3)])
    yield pad("everything", image, [(0, 0), (2, 1), (0, 3), (1, 2)])
    yield pad("nothing", image, [(0, 0)] * 4)
    yield pad("zero_point_least", image, [(0, 0), (1, 2), (1, 0), (0, 0)], Quant(0.05, -128))
    yield pad("zero_point_greatest", image, [(0, 0), (1, 2), (1, 0), (0, 0)], Quant(0.05, 127))
    yield pad("rank2", (1, 7), [(0, 0), (2, 4)])
    yield pad("rank3", (1, 4, 3), [(0, 0), (2, 1), (1, 0)])
    for name, value in (("least", -128), ("greatest", 127), ("zero_point", -7), ("other", 42)):
        yield Case("padv2", f"value_{name}", lambda net, value=value: _padv2(net, value))
    for mode in ("REFLECT", "SYMMETRIC"):
        yield Case(
            "mirror_pad", f"{mode.lower()}_image", lambda net, m=mode: _mirror(net, m, image, [(0, 0), (2, 1), (1, 3), (0, 0)])
        )
        yield Case(
            "mirror_pad", f"{mode.lower()}_channels", lambda net, m=mode: _mirror(net, m, image, [(0, 0), (0, 0), (1, 1), (2, 1)])
        )
        yield Case("mirror_pad", f"{mode.lower()}_rank2", lambda net, m=mode: _mirror(net, m, (1, 6), [(0, 0), (3, 2)]))


def _padded_shape(shape: Sequence[int], pads: Sequence[tuple[int, int]]) -> list[int]:
    return [n + before + after for n, (before, after) in zip(shape, pads)]


def _padv2(net: Net, value: int) -> None:
    x, pads = net.input((1, 4, 5, 3), Q), [(0, 0), (1, 2), (0, 1), (0, 0)]
    inputs = [x, net.ints(pads), net.const(np.array(value, np.int8), Q, "value")]
    net.outputs(net.op("PADV2", inputs, [Result(_padded_shape(x.shape, pads), Q)], options("PadV2Options"))[0])


def _mirror(net: Net, mode: str, shape: Sequence[int], pads: Sequence[tuple[int, int]]) -> None:
    made = options("MirrorPadOptions", mode=getattr(schema.MirrorPadMode, mode))
    net.outputs(net.op("MIRROR_PAD", [net.input(shape, Q), net.ints(pads)], [Result(_padded_shape(shape, pads), Q)], made)[0])


def _concatenation() -> Iterator[Case]:
    def case(name: str, shapes: Sequence[Sequence[int]], axis: int) -> Case:
        return Case("concatenation", name, lambda net: net.outputs(net.concatenation([net.input(s, Q) for s in shapes], axis)))

    yield case("channels", [(1, 3, 4, 5), (1, 3, 4, 2)], 3)
    yield case("channels_negative_axis", [(1, 3, 4, 5), (1, 3, 4, 2)], -1)
    yield case("columns", [(1, 3, 4, 2), (1, 3, 1, 2), (1, 3, 2, 2)], 2)
    yield case("rows_of_four", [(1, 1, 4, 2), (1, 2, 4, 2), (1, 3, 4, 2), (1, 1, 4, 2)], 1)
    yield case("vectors", [(1, 6), (1, 9)], 1)
    yield case("rank3", [(1, 2, 6), (1, 3, 6)], 1)
    yield Case("concatenation", "with_constant", _concatenation_with_constant)
    yield Case("concatenation", "tensor_with_itself", lambda net: _concatenation_with_itself(net))


def _concatenation_with_constant(net: Net) -> None:
    x = net.input((1, 3, 3, 4), Q)
    net.outputs(net.concatenation([x, net.const(net.values((1, 3, 3, 2)), Q, "constant")], 3))


def _concatenation_with_itself(net: Net) -> None:
    x = net.input((1, 3, 3, 4), Q)
    net.outputs(net.concatenation([x, x], 3))


def _splits() -> Iterator[Case]:
    def even(name: str, shape: Sequence[int], axis: int, parts: int) -> Case:
        def build(net: Net) -> None:
            x = net.input(shape, Q)
            part = [n // parts if i == axis % len(shape) else n for i, n in enumerate(shape)]
            made = options("SplitOptions", numSplits=parts)
            net.outputs(*net.op("SPLIT", [net.ints(axis), x], [Result(part, Q)] * parts, made))

        return Case("split", name, build)

    def uneven(name: str, shape: Sequence[int], axis: int, sizes: Sequence[int], written: Sequence[int] | None = None) -> Case:
        def build(net: Net) -> None:
            x = net.input(shape, Q)
            parts = [[s if i == axis % len(shape) else n for i, n in enumerate(shape)] for s in sizes]
            made = options("SplitVOptions", numSplits=len(sizes))
            inputs = [x, net.ints(written or sizes), net.ints(axis)]
            net.outputs(*net.op("SPLIT_V", inputs, [Result(part, Q) for part in parts], made))

        return Case("split_v", name, build)

    yield even("channels", (1, 3, 4, 6), 3, 2)
    yield even("channels_negative_axis", (1, 3, 4, 6), -1, 3)
    yield even("rows", (1, 6, 2, 3), 1, 3)
    yield even("columns", (1, 3, 8, 3), 2, 4)
    yield even("vector", (1, 12), 1, 4)
    yield even("one_part", (1, 12), 1, 1)
    yield uneven("channels", (1, 3, 4, 6), 3, (1, 5))
    yield uneven("rows", (1, 6, 2, 3), 1, (3, 1, 2))
    yield uneven("vector", (1, 12), -1, (7, 5))
    yield uneven("rest_implied", (1, 12), 1, (7, 5), written=(7, -1))


def _strided(
    name: str, shape: Sequence[int], index: tuple, begin: Sequence[int], end: Sequence[int], stride: Sequence[int], **masks: int
) -> Case:
    """`index` is the same slice as numpy takes it, from which the output's shape follows."""

    def build(net: Net) -> None:
        x = net.input(shape, Q)
        made = options("StridedSliceOptions", **masks)
        out = np.zeros(shape)[index].shape
        net.outputs(net.op("STRIDED_SLICE", [x, net.ints(begin), net.ints(end), net.ints(stride)], [Result(out, Q)], made)[0])

    return Case("strided_slice", name, build)


def _strided_slice() -> Iterator[Case]:
    image = (1, 6, 7, 3)
    every = slice(None)
    yield _strided("crop", image, np.s_[:, 1:4, 2:6, :], (0, 1, 2, 0), (1, 4, 6, 3), (1, 1, 1, 1))
    yield _strided("stride2", image, np.s_[:, ::2, 1::2, :], (0, 0, 1, 0), (1, 6, 7, 3), (1, 2, 2, 1))
    yield _strided("stride3_channels", (1, 3, 3, 8), np.s_[..., 1:8:3], (0, 0, 0, 1), (1, 3, 3, 8), (1, 1, 1, 3))
    yield _strided("begin_mask", image, np.s_[:, :3, :5, :], (0, 2, 2, 1), (1, 3, 5, 3), (1,) * 4, beginMask=0b1110)
    yield _strided("end_mask", image, np.s_[:, 2:, 3:, :], (0, 2, 3, 0), (1, 1, 1, 1), (1,) * 4, endMask=0b1110)
    yield _strided(
        "both_masks", image, np.s_[:, :, 2:4, :], (0, 5, 2, 2), (1, 1, 4, 1), (1,) * 4, beginMask=0b1011, endMask=0b1011
    )
    yield _strided("negative_indices", image, np.s_[:, -4:-1, :-2, :], (0, -4, 0, 0), (1, -1, -2, 3), (1,) * 4)
    yield _strided(
        "reversed", image, np.s_[:, ::-1, :, :], (0, 0, 0, 0), (1, 0, 7, 3), (1, -1, 1, 1), beginMask=0b0010, endMask=0b0010
    )
    yield _strided(
        "reversed_both_stride2",
        image,
        np.s_[:, ::-2, ::-1, :],
        (0,) * 4,
        (1, 0, 0, 3),
        (1, -2, -1, 1),
        beginMask=0b0110,
        endMask=0b0110,
    )
    yield _strided("reversed_part", image, np.s_[:, 4:1:-1, :, :], (0, 4, 0, 0), (1, 1, 7, 3), (1, -1, 1, 1))
    yield _strided("shrink_row", image, np.s_[:, 2, :, :], (0, 2, 0, 0), (1, 3, 7, 3), (1,) * 4, shrinkAxisMask=0b0010)
    yield _strided("shrink_negative", image, np.s_[:, -1, :, :], (0, -1, 0, 0), (1, 0, 7, 3), (1,) * 4, shrinkAxisMask=0b0010)
    yield _strided("shrink_channel", image, np.s_[..., 1], (0, 0, 0, 1), (1, 6, 7, 2), (1,) * 4, shrinkAxisMask=0b1000)
    yield _strided("shrink_two", image, np.s_[:, 3, :, 0], (0, 3, 0, 0), (1, 4, 7, 1), (1,) * 4, shrinkAxisMask=0b1010)
    yield _strided("end_beyond", image, np.s_[:, 2:, :, :], (0, 2, 0, 0), (1, 100, 100, 100), (1,) * 4)
    yield _strided("vector", (1, 20), np.s_[:, 3:18:4], (0, 3), (1, 18), (1, 4))
    yield _strided(
        "last_frame", (1, 9, 5), np.s_[:, -1:, every], (0, -1, 0), (0, 0, 0), (1, 1, 1), beginMask=0b101, endMask=0b111
    )


def _slice() -> Iterator[Case]:
    def case(name: str, shape: Sequence[int], begin: Sequence[int], size: Sequence[int]) -> Case:
        def build(net: Net) -> None:
            x = net.input(shape, Q)
            out = [n - b if s == -1 else s for n, b, s in zip(shape, begin, size)]
            net.outputs(net.op("SLICE", [x, net.ints(begin), net.ints(size)], [Result(out, Q)], options("SliceOptions"))[0])

        return Case("slice", name, build)

    yield case("crop", (1, 6, 7, 3), (0, 1, 2, 0), (1, 3, 4, 3))
    yield case("channels", (1, 4, 4, 8), (0, 0, 0, 3), (1, 4, 4, 2))
    yield case("to_the_end", (1, 6, 7, 3), (0, 2, 3, 1), (1, -1, -1, -1))
    yield case("vector", (1, 20), (0, 5), (1, 9))
    yield case("everything", (1, 3, 4), (0, 0, 0), (1, 3, 4))
    yield case("one_element", (1, 3, 4, 5), (0, 2, 1, 4), (1, 1, 1, 1))


def _transpose() -> Iterator[Case]:
    def case(name: str, shape: Sequence[int], perm: Sequence[int]) -> Case:
        def build(net: Net) -> None:
            out = [shape[p] for p in perm]
            net.outputs(
                net.op("TRANSPOSE", [net.input(shape, Q), net.ints(perm)], [Result(out, Q)], options("TransposeOptions"))[0]
            )

        return Case("transpose", name, build)

    yield case("rank2", (1, 9), (1, 0))
    yield case("rank3", (1, 4, 5), (0, 2, 1))
    yield case("rank3_rotated", (3, 4, 5), (2, 0, 1))
    yield case("nhwc_to_nchw", (1, 3, 4, 5), (0, 3, 1, 2))
    yield case("nchw_to_nhwc", (1, 5, 3, 4), (0, 2, 3, 1))
    yield case("swap_image_axes", (1, 3, 4, 5), (0, 2, 1, 3))
    yield case("reversed", (1, 3, 4, 5), (3, 2, 1, 0))
    yield case("identity", (1, 3, 4, 5), (0, 1, 2, 3))


def _reshapes() -> Iterator[Case]:
    def reshape(name: str, shape: Sequence[int], to: Sequence[int], written: Sequence[int] | None = None) -> Case:
        def build(net: Net) -> None:
            made = options("ReshapeOptions", newShape=np.array(written or to, np.int32))
            net.outputs(net.op("RESHAPE", [net.input(shape, Q), net.ints(written or to)], [Result(to, Q)], made)[0])

        return Case("reshape", name, build)

    yield reshape("flatten", (1, 3, 4, 5), (1, 60))
    yield reshape("unflatten", (1, 60), (1, 3, 4, 5))
    yield reshape("rest_implied", (1, 3, 4, 5), (1, 12, 5), written=(1, -1, 5))
    yield Case("reshape", "shape_in_options_only", _reshape_by_options)
    yield Case("reshape", "keras_flatten", _keras_flatten)
    for name, shape, dims, out in (
        ("image_axes", (1, 1, 1, 9), (1, 2), (1, 9)),
        ("negative", (1, 5, 1), (-1,), (1, 5)),
        ("all", (1, 1, 7, 1), (), (7,)),
    ):
        yield Case("squeeze", name, lambda net, shape=shape, dims=dims, out=out: _squeeze(net, shape, dims, out))
    for name, shape, axis in (("last", (1, 7), 2), ("negative", (1, 4, 3), -2), ("middle", (1, 4, 3), 1)):
        yield Case("expand_dims", name, lambda net, shape=shape, axis=axis: _expand_dims(net, shape, axis))
    yield Case("shape", "of_image", _shape_of_image)


def _reshape_by_options(net: Net) -> None:
    made = options("ReshapeOptions", newShape=np.array((1, 24), np.int32))
    net.outputs(net.op("RESHAPE", [net.input((1, 2, 3, 4), Q)], [Result((1, 24), Q)], made)[0])


def _keras_flatten(net: Net) -> None:
    """The batch size read from the input, packed with the number of features, as Keras' Flatten converts."""
    x = net.conv2d(net.input((1, 5, 5, 2), Q), 4, act="relu")
    features = math.prod(x.shape[1:])
    shape = net.op("SHAPE", [x], [Result((4,), None, np.int32)], options("ShapeOptions", outType=schema.TensorType.INT32))[0]
    masks = options("StridedSliceOptions", shrinkAxisMask=1)
    batch = net.op("STRIDED_SLICE", [shape, net.ints([0]), net.ints([1]), net.ints([1])], [Result((), None, np.int32)], masks)[0]
    pack = options("PackOptions", valuesCount=2, axis=0)
    target = net.op("PACK", [batch, net.ints(features)], [Result((2,), None, np.int32)], pack)[0]
    flat = net.op("RESHAPE", [x, target], [Result((1, features), x.quant)], options("ReshapeOptions"))[0]
    net.outputs(net.fully_connected(flat, 6))


def _squeeze(net: Net, shape: Sequence[int], dims: Sequence[int], out: Sequence[int]) -> None:
    made = options("SqueezeOptions", squeezeDims=np.array(dims, np.int32))
    net.outputs(net.op("SQUEEZE", [net.input(shape, Q)], [Result(out, Q)], made)[0])


def _expand_dims(net: Net, shape: Sequence[int], axis: int) -> None:
    out = list(np.expand_dims(np.zeros(shape), axis).shape)
    net.outputs(net.op("EXPAND_DIMS", [net.input(shape, Q), net.ints([axis])], [Result(out, Q)], options("ExpandDimsOptions"))[0])


def _shape_of_image(net: Net) -> None:
    x = net.input((1, 3, 4, 5), Q)
    made = options("ShapeOptions", outType=schema.TensorType.INT32)
    net.outputs(net.op("SHAPE", [x], [Result((4,), None, np.int32)], made)[0])


def _stacks() -> Iterator[Case]:
    def pack(name: str, shape: Sequence[int], count: int, axis: int) -> Case:
        def build(net: Net) -> None:
            xs: list[Tensor] = [net.input(shape, Q) for _ in range(count)]
            out = np.stack([np.zeros(shape)] * count, axis).shape
            net.outputs(net.op("PACK", xs, [Result(out, Q)], options("PackOptions", valuesCount=count, axis=axis))[0])

        return Case("pack", name, build)

    def unpack(name: str, shape: Sequence[int], axis: int) -> Case:
        def build(net: Net) -> None:
            part = [n for i, n in enumerate(shape) if i != axis % len(shape)]
            count = shape[axis]
            made = options("UnpackOptions", num=count, axis=axis)
            net.outputs(*net.op("UNPACK", [net.input(shape, Q)], [Result(part, Q)] * count, made))

        return Case("unpack", name, build)

    yield pack("axis1_of_two", (1, 7), 2, 1)
    yield pack("axis2_of_three", (1, 4, 3), 3, 2)
    yield pack("last_axis", (1, 5), 2, -1)
    yield unpack("axis1", (1, 3, 5), 1)
    yield unpack("axis2", (1, 3, 2, 4), 2)
    yield unpack("last_axis", (1, 6, 2), -1)


def _resizes() -> Iterator[Case]:
    sizes = {
        "double": ((1, 3, 4, 2), (6, 8)),
        "half": ((1, 8, 6, 3), (4, 3)),
        "up_unevenly": ((1, 3, 5, 2), (7, 9)),
        "down_unevenly": ((1, 9, 7, 2), (5, 3)),
        "to_one_pixel": ((1, 5, 5, 2), (1, 1)),
        "from_one_pixel": ((1, 1, 1, 4), (3, 5)),
        "same_size": ((1, 4, 4, 3), (4, 4)),
        "up_and_down": ((1, 3, 9, 2), (8, 4)),
    }
    for kind, stem in (("NEAREST_NEIGHBOR", "NearestNeighbor"), ("BILINEAR", "Bilinear")):
        for name, (shape, to) in sizes.items():
            for rule in ("", "_aligned_corners", "_half_pixel_centers"):
                yield _resize(kind, stem, f"{name}{rule}", shape, to, rule)


def _resize(kind: str, stem: str, name: str, shape: Sequence[int], to: Sequence[int], rule: str) -> Case:
    def build(net: Net) -> None:
        made = options(
            f"Resize{stem}Options", alignCorners=rule == "_aligned_corners", halfPixelCenters=rule == "_half_pixel_centers"
        )
        result = Result((1, *to, shape[3]), Q)
        net.outputs(net.op(f"RESIZE_{kind}", [net.input(shape, Q), net.ints(to)], [result], made)[0])

    return Case(f"resize_{kind.lower()}", name, build, samples=5)
