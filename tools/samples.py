"""Inputs for golden files: extremes first, then seeded random values."""

from __future__ import annotations

import numpy as np


def sample(rng: np.random.Generator, index: int, shape: list[int], dtype: str, quantum: float = 1.0) -> np.ndarray:
    """Sample `index` of one input: all least, all greatest, alternating, and then random.

    Floats are multiples of `quantum`, the scale that they are quantized with: beyond both ends, halfway between two
    integers, and random.
    """
    if dtype == "float32":
        return _float_sample(rng, index, shape, quantum)
    info = np.iinfo(dtype)
    low, high = info.min, info.max
    if index == 0:
        return np.full(shape, low, dtype)
    if index == 1:
        return np.full(shape, high, dtype)
    if index == 2:
        flat = np.where(np.arange(int(np.prod(shape))) % 2 == 0, low, high)
        return flat.reshape(shape).astype(dtype)
    return rng.integers(low, high, shape, endpoint=True).astype(dtype)


def _float_sample(rng: np.random.Generator, index: int, shape: list[int], quantum: float) -> np.ndarray:
    if index == 0:
        values = np.linspace(-400.0, 400.0, int(np.prod(shape)))
    elif index == 1:
        values = np.arange(int(np.prod(shape))) - int(np.prod(shape)) // 2 + 0.5
    else:
        values = rng.uniform(-260.0, 260.0, int(np.prod(shape)))
    return (values.astype(np.float32) * np.float32(quantum)).reshape(shape)


def samples(
    rng: np.random.Generator, count: int, inputs: list[dict], quantum: float = 1.0, ramp: bool = False
) -> list[np.ndarray]:
    """`count` samples of every input `[count, *shape]`; the extremes of different inputs meet in different pairs.

    With `ramp`, the last sample of an integer input counts through all values of its type (or evenly among them, where
    it has fewer elements), the second input in steps of 3 and so on.
    """
    drawn = [
        np.stack([sample(rng, (s + j) % 3 if s < 3 else s, i["shape"], i["dtype"], quantum) for s in range(count)])
        for j, i in enumerate(inputs)
    ]
    for j, values in enumerate(drawn):
        if ramp and values.dtype in (np.int8, np.int16):
            count = 1 << (8 * values.dtype.itemsize)
            step = max(1, count // values[-1].size) * (2 * j + 1)
            steps = np.arange(values[-1].size) * step % count - count // 2
            values[-1] = steps.reshape(values.shape[1:])
    return drawn
