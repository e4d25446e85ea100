#!/usr/bin/env python3
"""Makes the conformance cases: small int8 models, and what TensorFlow Lite Micro answers on them.

    conformance.py [-o tests/data/conformance] [--only SUBSTRING] [--check] [-v]

Each case becomes `OP/CASE.tflite` and `OP/CASE.golden.safetensors` (see `golden.py`). Weights, quantizations and inputs
are drawn from a generator seeded with the case's name, so that a rerun gives the same bytes and a new case changes no
other; files of cases that are no more are removed. A case that TFLM refuses is printed with TFLM's reason and not written. `--check` writes nothing and ends with
code 1 where a file on disk differs or is one too many. Requirements: `tools/requirements.txt`.
"""

from __future__ import annotations

import argparse
import sys
import zlib
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np

from cases import all_cases
from cases.case import Case
from golden import Refused, record, write_atomically
from layers import Net
from samples import samples

DEFAULT_OUT = Path(__file__).resolve().parent.parent / "tests" / "data" / "conformance"


def make(case: Case) -> tuple[bytes, bytes]:
    """The case's model and golden file. Raises `Refused`."""
    seed = zlib.crc32(f"{case.op}/{case.name}".encode())
    rng = np.random.default_rng(seed)
    net = Net(rng)
    case.build(net)
    model = net.build()
    inputs = samples(rng, case.samples, net.edges(), case.quantum, case.ramp)
    return model, record(model, f"{case.name}.tflite", inputs, seed)


def main() -> int:
    """Makes or checks every case; the exit code."""
    args = parse_args()
    made: Counter[str] = Counter()
    size: Counter[str] = Counter()
    refused: dict[str, list[str]] = defaultdict(list)
    differing: list[str] = []
    seen: set[str] = set()
    written: set[Path] = set()
    for case in all_cases():
        label = f"{case.op}/{case.name}"
        if label in seen:
            raise ValueError(f"{label}: two cases of one name")
        seen.add(label)
        if args.only not in label:
            continue
        try:
            model, golden = make(case)
        except Refused as reason:
            refused[case.op].append(f"{label}: {reason}")
            continue
        if args.verbose:
            print(label)
        made[case.op] += 1
        size[case.op] += len(model) + len(golden)
        for suffix, data in ((".tflite", model), (".golden.safetensors", golden)):
            path = args.out / case.op / f"{case.name}{suffix}"
            written.add(path)
            if not args.check:
                write_atomically(path, data)
            elif not path.is_file() or path.read_bytes() != data:
                differing.append(str(path))
    report(made, size, refused)
    if not args.only:
        differing += settle_strays(args.out, written, args.check)
    for path in differing:
        print(f"differs: {path}")
    return 1 if differing else 0


def settle_strays(out: Path, written: set[Path], check: bool) -> list[str]:
    """Removes the files of cases that are no more; with `check` only names them."""
    strays = sorted(path for suffix in ("tflite", "safetensors") for path in out.glob(f"*/*.{suffix}") if path not in written)
    if not check:
        for path in strays:
            path.unlink()
    return [str(path) for path in strays] if check else []


def report(made: Counter[str], size: Counter[str], refused: dict[str, list[str]]) -> None:
    """Prints the table of operators and the reasons of refusals."""
    print(f"{'operator':26} {'cases':>6} {'refused':>8} {'bytes':>9}")
    for op in sorted({*made, *refused}):
        print(f"{op:26} {made[op]:6} {len(refused[op]) if op in refused else 0:8} {size[op]:9}")
    print(f"{'all':26} {made.total():6} {sum(map(len, refused.values())):8} {size.total():9}")
    for reasons in refused.values():
        for reason in reasons:
            print(f"refused: {reason}")


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--out", type=Path, default=DEFAULT_OUT)
    parser.add_argument("--only", default="", help="make only cases whose OP/CASE contains this")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("-v", "--verbose", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
