"""Layers of TensorFlow Lite's 16x8 scheme: int16 activations of zero point 0, int8 weights, int64 biases."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from layers import SIGMAS, Net, _std
from tflite_writer import ABSENT, GraphBuilder, Quant, Result, Tensor, options

LIMIT = 32767


class Wide(Net):
    """A graph whose activations are int16 where nothing else is said."""

    def input(self, shape: Sequence[int], quant: Quant | None = None, dtype: type = np.int16, name: str = "") -> Tensor:
        """Adds an input of the graph."""
        return super().input(shape, quant, dtype, name)

    def op(
        self, code: str, inputs: Sequence[Tensor], results: Sequence[Result], options: object | None = None, name: str = ""
    ) -> list[Tensor]:
        """Adds an operator whose int8 results are int16 instead."""
        wide = [dataclasses.replace(r, dtype=np.int16) if r.dtype is np.int8 else r for r in results]
        return super().op(code, inputs, wide, options, name)

    def plain(self, code: str, x: Tensor, out: Quant | None, dtype: type, made: object) -> Tensor:
        """An element-wise operator whose result has the dtype given."""
        return GraphBuilder.op(self, code, [x], [Result(x.shape, out, dtype)], made)[0]

    def quant(self, low: float = 0.005, high: float = 0.1, zero_point: int | None = None) -> Quant:
        """A random quantization whose scale lies between `low` and `high` of 256 steps."""
        return Quant(float(np.exp(self.rng.uniform(np.log(low), np.log(high)))) / 256, 0)

    def values(self, shape: Sequence[int]) -> np.ndarray:
        """Random int16."""
        return self.rng.integers(-LIMIT - 1, LIMIT + 1, shape).astype(np.int16)

    def softmax(self, x: Tensor, beta: float = 1.0) -> Tensor:
        """`softmax` over the last axis."""
        return self.unary("SOFTMAX", x, Quant(1.0 / 32768.0), options("SoftmaxOptions", beta=beta))

    def _bias(self, kind: str, x: Tensor, w: Tensor, channels: int, taps: int, limit: int) -> list[Tensor]:
        """`int32` is a random bias of that dtype, for which sums are of 32 bits, and `saturated` one near both ends of it; the others
        are int64, `saturated64` near both ends of that."""
        if kind in ("absent", "omitted"):
            return [ABSENT] if kind == "omitted" else []
        spread = int(_std(LIMIT) * _std(limit) * math.sqrt(taps))
        if kind.startswith("saturated"):
            values = self._saturated(channels, spread, np.int64 if kind == "saturated64" else np.int32)
        else:
            bound = {"zero": 0, "random": spread, "int32": spread, "huge": 1 << 36}[kind]
            values = self.rng.integers(-bound, bound + 1, channels).astype(np.int32 if kind == "int32" else np.int64)
        return [self.const(values, Quant(tuple(x.quant.scales[0] * s for s in w.quant.scales)), f"bias_{len(self._tensors)}")]

    def _accumulated(
        self,
        x: Tensor,
        w: Tensor,
        taps: int,
        act: str,
        gain: float,
        out_zp: int | None,
        out_scale: float | None,
        limit: int,
        effective: float | None,
    ) -> Quant:
        unit = x.quant.scales[0] * float(np.exp(np.mean(np.log(w.quant.scales))))
        scale = unit * _std(LIMIT) * _std(limit) * math.sqrt(taps) * SIGMAS / gain / LIMIT
        if act in ("relu6", "relu_n1_to_1"):
            scale = {"relu6": 6.0, "relu_n1_to_1": 1.0}[act] / LIMIT * float(self.rng.uniform(0.9, 1.6))
        if effective:
            scale = unit / effective
        return Quant(out_scale or scale)
