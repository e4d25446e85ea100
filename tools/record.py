#!/usr/bin/env python3
"""Records what TensorFlow Lite Micro answers on models, in files beside them (see `golden.py`).

    record.py MODEL.tflite ... [--samples 6] [--litert]

With `--litert` it records LiteRT's reference kernels and its default engine instead, for models that TensorFlow Lite Micro cannot run.

Inputs are the extremes and seeded random values (see `samples.py`). Requirements: `tools/requirements.txt`.
"""

from __future__ import annotations

import argparse
import zlib
from pathlib import Path

import numpy as np

from golden import Engine, LiteRt, record, record_litert, write_atomically
from samples import samples


def main() -> None:
    """Records every model given."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", type=Path, nargs="+")
    parser.add_argument("--samples", type=int, default=6)
    parser.add_argument("--litert", action="store_true")
    args = parser.parse_args()
    for path in args.models:
        model = path.read_bytes()
        seed = zlib.crc32(path.name.encode())
        engine = LiteRt(model, reference=True) if args.litert else Engine(model)
        inputs = samples(np.random.default_rng(seed), args.samples, engine.inputs)
        write = record_litert if args.litert else record
        write_atomically(path.with_suffix(".golden.safetensors"), write(model, path.name, inputs, seed))
        print(path)


if __name__ == "__main__":
    main()
