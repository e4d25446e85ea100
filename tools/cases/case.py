"""What a conformance case is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from layers import Net


@dataclass(frozen=True)
class Case:
    """A model under test: `build` adds tensors, operators and outputs to a `Net`.

    `quantum` scales float inputs; with `ramp` the last sample counts through every int8, or evenly
    among int16 (see `samples.py`). `net` makes the graph.
    """

    op: str
    name: str
    build: Callable[[Net], None]
    samples: int = 6
    quantum: float = 1.0
    ramp: bool = False
    net: type[Net] = Net
