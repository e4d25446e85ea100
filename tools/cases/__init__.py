"""The conformance cases, one module per family of operators. Each yields `Case`s."""

from __future__ import annotations

from collections.abc import Iterator

from cases import (
    accumulators,
    activations,
    convolutions,
    dense,
    elementwise,
    graphs,
    int16,
    movement,
    palettized,
    pooling,
    quantization,
    rewrites,
    sparse,
)
from cases.case import Case

FAMILIES = (
    convolutions,
    dense,
    elementwise,
    activations,
    pooling,
    movement,
    quantization,
    graphs,
    rewrites,
    sparse,
    palettized,
    int16,
    accumulators,
)


def all_cases() -> Iterator[Case]:
    """Every case, in a fixed order."""
    for family in FAMILIES:
        yield from family.cases()
