"""`fully_connected` and `softmax`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from cases.case import Case
from layers import Net
from tflite_writer import Quant


def cases() -> Iterator[Case]:
    """The cases of this family."""
    yield from _fully_connected()
    yield from _softmax()


def _fc(name: str, shape: Sequence[int], units: int, zp: int = -5, scale: float = 0.04, **kw: object) -> Case:
    def build(net: Net) -> None:
        net.outputs(net.fully_connected(net.input(shape, Quant(scale, zp)), units, **kw))

    return Case("fully_connected", name, build)


def _fully_connected() -> Iterator[Case]:
    yield _fc("bias", (1, 24), 10)
    yield _fc("no_bias", (1, 24), 10, bias="absent")
    yield _fc("omitted_bias", (1, 24), 10, bias="omitted")
    yield _fc("zero_bias", (1, 24), 10, bias="zero")
    yield _fc("per_channel", (1, 24), 10, per_channel=True)
    yield _fc("per_channel_no_bias", (1, 17), 9, per_channel=True, bias="absent")
    yield _fc("per_channel_relu", (1, 17), 9, per_channel=True, act="relu")
    yield _fc("one_unit", (1, 30), 1)
    yield _fc("one_input", (1, 1), 7)
    yield _fc("odd_sizes", (1, 37), 13)
    yield _fc("many_inputs", (1, 640), 6)
    yield _fc("very_many_inputs", (1, 1488), 5)
    yield _fc("many_units", (1, 5), 130)
    yield _fc("image_flattened", (1, 4, 3, 2), 5)
    yield _fc("rows_3d_keep_dims", (1, 4, 8), 6, keep_dims=True)
    yield _fc("rows_3d_keep_dims_per_channel", (1, 4, 8), 6, keep_dims=True, per_channel=True)
    yield _fc("rows_4d_keep_dims", (1, 3, 2, 9), 5, keep_dims=True)
    yield _fc("relu", (1, 16), 12, act="relu")
    yield _fc("relu6", (1, 16), 12, act="relu6")
    yield _fc("relu_n1_to_1", (1, 16), 12, act="relu_n1_to_1")
    yield _fc("relu_off_centre_zero_point", (1, 16), 12, act="relu", out_zp=-31)
    yield _fc("input_zero_point_least", (1, 16), 8, zp=-128)
    yield _fc("input_zero_point_greatest", (1, 16), 8, zp=127)
    yield _fc("output_zero_point_greatest", (1, 16), 8, out_zp=127)
    yield _fc("saturating", (1, 16), 8, gain=8.0)
    yield _fc("huge_bias", (1, 16), 8, bias="huge")
    yield _fc("effective_scale_above_1", (1, 2), 16, limit=1, effective=1.3)
    yield _fc("effective_scale_tiny", (1, 16), 8, effective=2e-4)
    yield _fc_weights("weights_least", np.full((4, 32), -128, np.int8))
    yield _fc_weights("weights_zero", np.zeros((4, 32), np.int8))


def _fc_weights(name: str, weights: np.ndarray) -> Case:
    return _fc(name, (1, weights.shape[1]), weights.shape[0], weights=weights, zp=-128, effective=2e-4)


def _sm(name: str, shape: Sequence[int], scale: float, beta: float = 1.0, zp: int = 3) -> Case:
    def build(net: Net) -> None:
        net.outputs(net.softmax(net.input(shape, Quant(scale, zp)), beta))

    return Case("softmax", name, build, samples=8, ramp=True)


def _softmax() -> Iterator[Case]:
    yield _sm("depth1", (1, 1), 0.1)
    yield _sm("depth2", (1, 2), 0.05)
    yield _sm("depth3_rows", (1, 5, 3), 0.02)
    yield _sm("depth10", (1, 10), 0.1)
    yield _sm("depth10_fine", (1, 10), 0.004)
    yield _sm("depth10_coarse", (1, 10), 0.8)
    yield _sm("depth10_very_coarse", (1, 10), 6.0)
    yield _sm("depth10_very_fine", (1, 10), 1e-5)
    yield _sm("depth100", (1, 100), 0.06)
    yield _sm("depth100_fine", (1, 100), 0.001)
    yield _sm("depth256", (1, 256), 0.05)
    yield _sm("beta_half", (1, 10), 0.1, beta=0.5)
    yield _sm("beta2", (1, 10), 0.1, beta=2.0)
    yield _sm("beta_tiny", (1, 10), 0.1, beta=0.01)
    yield _sm("image", (1, 4, 3, 6), 0.07)
    yield _sm("image_of_two", (1, 6, 6, 2), 0.03, zp=-128)
    yield _sm("scale_power_of_two", (1, 12), 0.0625, zp=127)
