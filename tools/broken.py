#!/usr/bin/env python3
"""Makes the models with mistakes that `tests/ui` shows to users of the macro.

    broken.py [-o tests/ui/models]

Needs what `requirements.txt` lists. Every run writes the same bytes.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from golden import safetensors_bytes
from tflite_writer import GraphBuilder, Quant, Result

ROOT = Path(__file__).resolve().parent.parent
ACTIVATION = Quant(0.05, 0)

TOPOLOGY = """format = 1
layout = "tflite"

[[input]]
name = "features"
shape = [1, 4]
{dtype}quantization = {{ scale = 0.05, zero_point = 0 }}

[[op]]
fully_connected = {{ input = "features", weights = "{weights}", bias = "dense.bias" }}
output = {{ name = "scores", quantization = {{ scale = 0.1, zero_point = 0 }} }}
"""


def unsupported_op() -> bytes:
    """An operator that has no kernel."""
    graph = GraphBuilder()
    x = graph.input([1, 8], ACTIVATION)
    (y,) = graph.op("RELU", [x], [Result([1, 8], ACTIVATION)])
    graph.outputs(*graph.op("CUMSUM", [y, graph.ints([1])], [Result([1, 8], ACTIVATION)], name="running_total"))
    return graph.build()


def float_model() -> bytes:
    """A fully connected layer of floats."""
    graph = GraphBuilder()
    x = graph.input([1, 4], None, np.float32)
    weights = graph.const(np.ones((2, 4), np.float32), name="dense/weights")
    bias = graph.const(np.zeros(2, np.float32), name="dense/bias")
    graph.outputs(*graph.op("FULLY_CONNECTED", [x, weights, bias], [Result([1, 2], None, np.float32)], name="dense"))
    return graph.build()


def large() -> bytes:
    """A tensor that no small board holds."""
    graph = GraphBuilder()
    x = graph.input([1, 160, 160, 2], ACTIVATION)
    padding = graph.ints(np.array([[0, 0], [1, 1], [1, 1], [0, 0]]))
    graph.outputs(*graph.op("PAD", [x, padding], [Result([1, 162, 162, 2], ACTIVATION)], name="border"))
    return graph.build()


def weights() -> bytes:
    """What the topologies refer to."""
    tensors = {
        "dense.weight": np.arange(8, dtype=np.int8).reshape(2, 4),
        "dense.weight.scale": np.array([0.02], np.float32),
        "dense.bias": np.zeros(2, np.int32),
    }
    return safetensors_bytes(tensors)


def main() -> None:
    """Writes the files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--out", type=Path, default=ROOT / "tests/ui/models")
    out: Path = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    model = unsupported_op()
    files = {
        "unsupported_op.tflite": model,
        "truncated.tflite": model[: len(model) // 2],
        "float_model.tflite": float_model(),
        "large.tflite": large(),
        "missing_tensor.safetensors": weights(),
        "missing_tensor.toml": TOPOLOGY.format(dtype="", weights="dense.weights").encode(),
        "unknown_dtype.safetensors": weights(),
        "unknown_dtype.toml": TOPOLOGY.format(dtype='dtype = "int4"\n', weights="dense.weight").encode(),
    }
    for name, data in files.items():
        (out / name).write_bytes(data)
        print(f"{name}: {len(data)} bytes")


if __name__ == "__main__":
    main()
