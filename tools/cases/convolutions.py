"""`conv_2d`, `depthwise_conv_2d` and `transpose_conv`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from cases.case import Case
from layers import Net
from tflite_writer import Quant


def cases() -> Iterator[Case]:
    """The cases of this family."""
    yield from _conv_2d()
    yield from _depthwise_conv_2d()
    yield from _transpose_conv()


def _one(
    op: str, layer: str, name: str, shape: Sequence[int], *args: object, zp: int = -3, scale: float = 0.05, **kw: object
) -> Case:
    def build(net: Net) -> None:
        x = net.input(shape, Quant(scale, zp))
        net.outputs(getattr(net, layer)(x, *args, **kw))

    return Case(op, name, build)


def _conv(name: str, shape: Sequence[int], filters: int, **kw: object) -> Case:
    return _one("conv_2d", "conv2d", name, shape, filters, **kw)


def _conv_2d() -> Iterator[Case]:
    yield _conv("k1x1", (1, 4, 5, 8), 6, kernel=(1, 1))
    yield _conv("k1x1_stride2_odd", (1, 5, 7, 4), 5, kernel=(1, 1), stride=(2, 2))
    yield _conv("k1x1_one_pixel", (1, 1, 1, 33), 17, kernel=(1, 1))
    yield _conv("k2x2_valid", (1, 6, 6, 3), 4, kernel=(2, 2), pad="valid")
    yield _conv("k2x2_same", (1, 5, 5, 3), 4, kernel=(2, 2))
    yield _conv("k3x3_same", (1, 7, 6, 3), 8)
    yield _conv("k3x3_valid", (1, 7, 6, 3), 8, pad="valid")
    yield _conv("k3x3_same_stride2_even", (1, 8, 8, 4), 4, stride=(2, 2))
    yield _conv("k3x3_same_stride2_odd", (1, 9, 7, 4), 4, stride=(2, 2))
    yield _conv("k3x3_valid_stride2", (1, 9, 8, 2), 4, stride=(2, 2), pad="valid")
    yield _conv("k3x3_same_stride3", (1, 10, 8, 3), 4, stride=(3, 3))
    yield _conv("k3x3_stride1x2", (1, 6, 9, 2), 3, stride=(1, 2))
    yield _conv("k3x3_stride3x1", (1, 9, 5, 2), 3, stride=(3, 1), pad="valid")
    yield _conv("k5x5_same", (1, 8, 9, 2), 4, kernel=(5, 5))
    yield _conv("k5x5_larger_than_image", (1, 3, 3, 2), 4, kernel=(5, 5))
    yield _conv("k1x5", (1, 5, 9, 3), 4, kernel=(1, 5))
    yield _conv("k5x1_stride2", (1, 9, 4, 3), 4, kernel=(5, 1), stride=(2, 1))
    yield _conv("k4x3", (1, 8, 7, 2), 3, kernel=(4, 3), stride=(2, 2))
    yield _conv("k10x4_keyword_like", (1, 25, 10, 1), 8, kernel=(10, 4), stride=(2, 2), act="relu")
    yield _conv("dilation2_same", (1, 9, 9, 3), 4, dilation=(2, 2))
    yield _conv("dilation2_valid", (1, 9, 8, 3), 4, dilation=(2, 2), pad="valid")
    yield _conv("dilation3x1", (1, 10, 6, 2), 4, dilation=(3, 1))
    yield _conv("dilation2_k2x3", (1, 8, 8, 2), 3, kernel=(2, 3), dilation=(2, 3))
    yield _conv("per_tensor", (1, 6, 6, 4), 6, per_channel=False)
    yield _conv("per_tensor_relu6_stride2", (1, 7, 7, 4), 6, per_channel=False, act="relu6", stride=(2, 2))
    yield _conv("no_bias", (1, 6, 6, 4), 6, bias="absent")
    yield _conv("omitted_bias", (1, 6, 6, 4), 6, bias="omitted")
    yield _conv("no_bias_k1x1", (1, 4, 4, 16), 8, kernel=(1, 1), bias="absent")
    yield _conv("zero_bias", (1, 6, 6, 4), 6, bias="zero")
    yield _conv("relu", (1, 6, 6, 4), 6, act="relu")
    yield _conv("relu6", (1, 6, 6, 4), 6, act="relu6")
    yield _conv("relu_n1_to_1", (1, 6, 6, 4), 6, act="relu_n1_to_1")
    yield _conv("relu_off_centre_zero_point", (1, 6, 6, 4), 6, act="relu", out_zp=-40)
    yield _conv("relu6_off_centre_zero_point", (1, 6, 6, 4), 6, act="relu6", out_zp=17)
    yield _conv("groups2", (1, 6, 5, 4), 6, groups=2)
    yield _conv("groups4_k1x1", (1, 4, 4, 8), 8, kernel=(1, 1), groups=4)
    yield _conv("groups_as_depthwise", (1, 5, 5, 4), 8, groups=4)
    yield _conv("one_channel_in_and_out", (1, 7, 7, 1), 1)
    yield _conv("one_filter", (1, 6, 6, 9), 1)
    yield _conv("many_channels_in", (1, 3, 3, 130), 3)
    yield _conv("many_channels_out", (1, 3, 3, 2), 129, kernel=(1, 1))
    yield _conv("channels_of_odd_count", (1, 5, 5, 7), 11)
    yield _conv("input_zero_point_least", (1, 6, 6, 3), 4, zp=-128)
    yield _conv("input_zero_point_greatest", (1, 6, 6, 3), 4, zp=127)
    yield _conv("input_zero_point_zero", (1, 6, 6, 3), 4, zp=0)
    yield _conv("output_zero_point_least", (1, 6, 6, 3), 4, out_zp=-128)
    yield _conv("output_zero_point_greatest", (1, 6, 6, 3), 4, out_zp=127)
    yield _conv("saturating", (1, 6, 6, 3), 4, gain=20.0)
    yield _conv("huge_bias", (1, 5, 5, 3), 8, bias="huge", kernel=(2, 2))
    yield _conv("effective_scale_above_1", (1, 5, 5, 1), 8, kernel=(1, 1), limit=1, effective=1.3)
    yield _conv("effective_scale_far_above_1", (1, 5, 5, 1), 8, kernel=(1, 1), limit=1, effective=50.0, bias="zero")
    yield _conv("effective_scales_around_1", (1, 6, 6, 1), 8, kernel=(1, 1), limit=2, effective=1.0, spread=8.0)
    yield _conv("effective_scale_above_1_saturating", (1, 5, 5, 3), 4, kernel=(2, 2), effective=3.0)
    yield _conv("effective_scale_tiny", (1, 6, 6, 3), 4, effective=2e-4)
    yield _conv("effective_scale_vanishing", (1, 6, 6, 3), 4, effective=1e-11, out_zp=5)
    yield _conv("scales_spread_widely", (1, 6, 6, 3), 8, spread=10_000.0)
    yield _extreme_weights("weights_least", -128)
    yield _extreme_weights("weights_greatest", 127)
    yield _sparse_weights()
    yield _half_way("rounding_ties", 2.0**-7)
    yield _half_way("rounding_ties_above_1", 2.0)


def _extreme_weights(name: str, value: int) -> Case:
    def build(net: Net) -> None:
        x = net.input((1, 4, 4, 16), Quant(0.02, -128))
        weights = np.full((4, 3, 3, 16), value, np.int8)
        net.outputs(net.conv2d(x, 4, weights=weights, bias="zero", effective=1e-4))

    return Case("conv_2d", name, build)


def _sparse_weights() -> Case:
    def build(net: Net) -> None:
        x = net.input((1, 6, 6, 4), Quant(0.02, -10))
        weights = np.where(net.rng.random((6, 3, 3, 4)) < 0.8, 0, net.values((6, 3, 3, 4))).astype(np.int8)
        weights[2] = 0
        net.outputs(net.conv2d(x, 6, weights=weights, gain=2.0))

    return Case("conv_2d", "weights_sparse", build)


def _half_way(name: str, scale: float) -> Case:
    """Weights of 1, and an effective scale that is a power of two: many accumulators lie halfway between two outputs."""

    def build(net: Net) -> None:
        x = net.input((1, 16, 16, 1), Quant(1.0, 0))
        weights = net.const(np.array([1, -1, 63, -64], np.int8).reshape(4, 1, 1, 1), Quant((scale,) * 4), "weights")
        net.outputs(net.conv2d_with(x, weights, np.array([0, 1, 64, -64], np.int32), Quant(1.0, 3)))

    return Case("conv_2d", name, build, samples=4)


def _depthwise(name: str, shape: Sequence[int], **kw: object) -> Case:
    return _one("depthwise_conv_2d", "depthwise", name, shape, **kw)


def _depthwise_conv_2d() -> Iterator[Case]:
    yield _depthwise("k3x3_same", (1, 6, 7, 4))
    yield _depthwise("k3x3_valid", (1, 6, 7, 4), pad="valid")
    yield _depthwise("k3x3_stride2_even", (1, 8, 8, 5), stride=(2, 2), act="relu6")
    yield _depthwise("k3x3_stride2_odd", (1, 7, 9, 5), stride=(2, 2), act="relu")
    yield _depthwise("k3x3_stride3", (1, 9, 10, 3), stride=(3, 3))
    yield _depthwise("k3x3_stride1x2", (1, 5, 8, 3), stride=(1, 2))
    yield _depthwise("k5x5", (1, 7, 7, 4), kernel=(5, 5))
    yield _depthwise("k5x5_larger_than_image", (1, 2, 3, 4), kernel=(5, 5))
    yield _depthwise("k1x1", (1, 4, 4, 6), kernel=(1, 1))
    yield _depthwise("k1x7", (1, 4, 9, 3), kernel=(1, 7))
    yield _depthwise("k4x1_valid", (1, 9, 3, 3), kernel=(4, 1), pad="valid")
    yield _depthwise("k_of_whole_image", (1, 5, 4, 8), kernel=(5, 4), pad="valid")
    yield _depthwise("multiplier2", (1, 5, 5, 3), multiplier=2)
    yield _depthwise("multiplier3_stride2", (1, 7, 6, 2), multiplier=3, stride=(2, 2))
    yield _depthwise("multiplier4_valid", (1, 5, 5, 2), multiplier=4, pad="valid")
    yield _depthwise("multiplier8_of_one_channel", (1, 10, 8, 1), multiplier=8, kernel=(5, 4), stride=(2, 2), act="relu")
    yield _depthwise("one_channel", (1, 6, 6, 1))
    yield _depthwise("many_channels", (1, 3, 3, 67))
    yield _depthwise("dilation2_same", (1, 9, 8, 3), dilation=(2, 2))
    yield _depthwise("dilation2_valid", (1, 9, 8, 3), dilation=(2, 2), pad="valid")
    yield _depthwise("dilation1x3_multiplier2", (1, 5, 9, 2), dilation=(1, 3), multiplier=2)
    yield _depthwise("per_tensor", (1, 6, 6, 4), per_channel=False)
    yield _depthwise("per_tensor_multiplier2", (1, 6, 6, 3), per_channel=False, multiplier=2, act="relu")
    yield _depthwise("no_bias", (1, 6, 6, 4), bias="absent")
    yield _depthwise("omitted_bias", (1, 6, 6, 4), bias="omitted")
    yield _depthwise("relu", (1, 6, 6, 4), act="relu")
    yield _depthwise("relu6", (1, 6, 6, 4), act="relu6", out_zp=-100)
    yield _depthwise("relu_n1_to_1", (1, 6, 6, 4), act="relu_n1_to_1")
    yield _depthwise("input_zero_point_least", (1, 6, 6, 4), zp=-128)
    yield _depthwise("input_zero_point_greatest", (1, 6, 6, 4), zp=127)
    yield _depthwise("output_zero_point_greatest", (1, 6, 6, 4), out_zp=127)
    yield _depthwise("saturating", (1, 6, 6, 4), gain=20.0)
    yield _depthwise("huge_bias", (1, 6, 6, 8), bias="huge")
    yield _depthwise("effective_scale_above_1", (1, 6, 6, 8), kernel=(1, 2), limit=1, effective=1.3)
    yield _depthwise("effective_scale_tiny", (1, 6, 6, 4), effective=2e-4)
    yield _depthwise("scales_spread_widely", (1, 6, 6, 6), spread=10_000.0)


def _transposed(name: str, shape: Sequence[int], filters: int, **kw: object) -> Case:
    return _one("transpose_conv", "transpose_conv", name, shape, filters, **kw)


def _transpose_conv() -> Iterator[Case]:
    yield _transposed("k3x3_stride2_same", (1, 4, 5, 3), 4)
    yield _transposed("k3x3_stride2_valid", (1, 4, 5, 3), 4, pad="valid")
    yield _transposed("k2x2_stride2", (1, 4, 4, 6), 3, kernel=(2, 2))
    yield _transposed("k3x3_stride1_same", (1, 5, 5, 3), 4, stride=(1, 1))
    yield _transposed("k3x3_stride1_valid", (1, 4, 4, 3), 4, stride=(1, 1), pad="valid")
    yield _transposed("k4x4_stride2", (1, 3, 4, 3), 2, kernel=(4, 4))
    yield _transposed("k5x3_stride2x1", (1, 4, 4, 2), 3, kernel=(5, 3), stride=(2, 1))
    yield _transposed("k1x1_stride2", (1, 4, 4, 4), 3, kernel=(1, 1))
    yield _transposed("k3x3_stride3_valid", (1, 3, 3, 2), 2, stride=(3, 3), pad="valid")
    yield _transposed("odd_output", (1, 4, 4, 3), 4, output=(7, 7))
    yield _transposed("no_bias", (1, 4, 4, 3), 4, bias="absent")
    yield _transposed("omitted_bias", (1, 4, 4, 3), 4, bias="omitted")
    yield _transposed("per_tensor", (1, 4, 4, 3), 4, per_channel=False)
    yield _transposed("relu", (1, 4, 4, 3), 4, act="relu")
    yield _transposed("relu6", (1, 4, 4, 3), 4, act="relu6")
    yield _transposed("zero_points_at_ends", (1, 4, 4, 3), 4, zp=127, out_zp=-128)
    yield _transposed("one_channel", (1, 5, 4, 1), 1)
