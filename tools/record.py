#!/usr/bin/env python3
"""Records what TensorFlow Lite Micro answers on models, in files beside them (see `golden.py`).

    record.py MODEL.tflite ... [--samples 6]

Inputs are the extremes and seeded random values (see `samples.py`). Requirements: `tools/requirements.txt`.
"""

from __future__ import annotations

import argparse
import zlib
from pathlib import Path

import numpy as np

from golden import Engine, record, write_atomically
from samples import samples


def main() -> None:
    """Records every model given."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", type=Path, nargs="+")
    parser.add_argument("--samples", type=int, default=6)
    args = parser.parse_args()
    for path in args.models:
        model = path.read_bytes()
        seed = zlib.crc32(path.name.encode())
        inputs = samples(np.random.default_rng(seed), args.samples, Engine(model).inputs)
        write_atomically(path.with_suffix(".golden.safetensors"), record(model, path.name, inputs, seed))
        print(path)


if __name__ == "__main__":
    main()
