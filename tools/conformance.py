#!/usr/bin/env python3
"""Makes the conformance cases: small int8 and int16 models, and what TensorFlow Lite Micro and LiteRT answer on them.

    conformance.py [-o tests/data/conformance] [--only SUBSTRING] [--check]

Each case becomes `OP/CASE.tflite` and `OP/CASE.golden.safetensors` (see `golden.py`). Weights, quantizations and inputs
are drawn from a generator seeded with the case's name, so that a rerun gives the same bytes and a new case changes no
other; files of cases that are no more are removed. A case that TFLM refuses is printed with TFLM's reason and not
written; where LiteRT refuses it, or it is of int16, TFLM's answers stand alone. `--check` writes nothing and ends with code 1 where a file on disk differs or is one too many. Requirements:
`tools/requirements.txt`.
"""

from __future__ import annotations

import argparse
import sys
import zlib
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from cases import all_cases
from cases.case import Case
from golden import Refused, record, write_atomically
from samples import samples
from wide import Wide

DEFAULT_OUT = Path(__file__).resolve().parent.parent / "tests" / "data" / "conformance"


def make(case: Case) -> tuple[bytes, bytes]:
    """The case's model and golden file. Raises `Refused`."""
    seed = zlib.crc32(f"{case.op}/{case.name}".encode())
    rng = np.random.default_rng(seed)
    net = case.net(rng)
    case.build(net)
    model = net.build()
    inputs = samples(rng, case.samples, net.edges(), case.quantum, case.ramp)
    return model, record(model, f"{case.name}.tflite", inputs, seed, litert=case.net is not Wide)


@dataclass
class Tally:
    """What was made, refused and found to differ."""

    made: Counter[str] = field(default_factory=Counter)
    bytes: Counter[str] = field(default_factory=Counter)
    refused: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    written: set[Path] = field(default_factory=set)
    differing: list[str] = field(default_factory=list)


def main() -> int:
    """Makes or checks every case; the exit code."""
    args = parse_args()
    cases = list(all_cases())
    labels = Counter(f"{case.op}/{case.name}" for case in cases)
    if twice := [label for label, count in labels.items() if count > 1]:
        raise ValueError(f"two cases of one name: {twice}")
    tally = Tally()
    for case in cases:
        if args.only in f"{case.op}/{case.name}":
            settle(case, args.out, args.check, tally)
    if not args.only:
        tally.differing += settle_strays(args.out, tally.written, args.check)
    report(tally)
    return 1 if tally.differing else 0


def settle(case: Case, out: Path, check: bool, tally: Tally) -> None:
    """Makes one case, and writes its files or compares them."""
    try:
        model, golden = make(case)
    except Refused as reason:
        tally.refused[case.op].append(f"{case.op}/{case.name}: {reason}")
        return
    tally.made[case.op] += 1
    tally.bytes[case.op] += len(model) + len(golden)
    for suffix, data in ((".tflite", model), (".golden.safetensors", golden)):
        path = out / case.op / f"{case.name}{suffix}"
        tally.written.add(path)
        if not check:
            write_atomically(path, data)
        elif not path.is_file() or path.read_bytes() != data:
            tally.differing.append(str(path))


def settle_strays(out: Path, written: set[Path], check: bool) -> list[str]:
    """Removes the files of cases that are no more; with `check` only names them."""
    strays = sorted(path for suffix in ("tflite", "safetensors") for path in out.glob(f"*/*.{suffix}") if path not in written)
    if not check:
        for path in strays:
            path.unlink()
    return [str(path) for path in strays] if check else []


def report(tally: Tally) -> None:
    """Prints the table of operators, the reasons of refusals, and what differs."""
    print(f"{'operator':26} {'cases':>6} {'refused':>8} {'bytes':>9}")
    for op in sorted({*tally.made, *tally.refused}):
        print(f"{op:26} {tally.made[op]:6} {len(tally.refused.get(op, [])):8} {tally.bytes[op]:9}")
    refused = [reason for reasons in tally.refused.values() for reason in reasons]
    print(f"{'all':26} {tally.made.total():6} {len(refused):8} {tally.bytes.total():9}")
    for reason in refused:
        print(f"refused: {reason}")
    for path in tally.differing:
        print(f"differs: {path}")


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--out", type=Path, default=DEFAULT_OUT)
    parser.add_argument("--only", default="", help="make only cases whose OP/CASE contains this")
    parser.add_argument("--check", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
