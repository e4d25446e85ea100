#!/usr/bin/env python3
"""Compares `tinybake quantize` with the TensorFlow Lite converter's own post-training quantization.

    compare_ptq.py MODEL.tflite ... [--tinybake target/release/tinybake] [--samples 100,200,400,700] [--seeds 2] [--judge 2000]
                   [--data DATA.safetensors]

For each float model, number of samples and seed, both calibrate on the same samples and are judged on `--judge` others:
the mean squared error of the outputs against the float model's, and how often the greatest output is the same. The
converter is TensorFlow's calibrator and quantizer (`tf.lite.python.optimize`), int8 inputs and outputs, per-channel
weights; its model is run by LiteRT's default engine and by its reference kernels, and the better of the two counts. What
`tinybake` writes is run by its own evaluator, which equals TensorFlow Lite Micro's arithmetic (`tests/conformance.rs`).
Ends with code 1 for models where, over all numbers of samples and seeds, the geometric mean of tinybake's errors is larger than the
converter's, or the mean of its agreements lower by more than two standard errors.

After the agreements stands that standard error of their difference, in points, as if the two failed on samples
independently of each other: with few judged samples, either may lead by chance.

`--data` is shuffled by the seed and halved: the first half calibrates, the second judges. Without it the samples are made, over the range that
each model was trained on: images are cut from the photographs that scikit-image brings, people among them, so that all
answers of a detector of people occur; features are smooth random fields. Needs `pip install tensorflow-cpu safetensors
scikit-image`, in an environment of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf
from safetensors.numpy import load_file, save_file
from tensorflow.lite.python.optimize.calibrator import Calibrator

# The least and greatest input of the models of MLPerf Tiny.
RANGES = {"kws_ref_model_float32": (-120.0, 25.0), "pretrainedResnet": (0.0, 255.0), "vww_96_float": (0.0, 1.0)}


PHOTOGRAPHS = "astronaut.png camera.png chelsea.png coffee.png coins.png color.png grass.png horse.png hubble_deep_field.jpg"
PHOTOGRAPHS += " motorcycle_left.png retina.jpg rocket.jpg"


def photographs(rng: np.random.Generator, count: int, shape: tuple[int, ...], low: float, high: float) -> np.ndarray:
    """Squares cut from photographs, a fifth to all of their height, scaled, some mirrored, in other contrast and light."""
    import skimage.data
    import skimage.io

    folder = Path(skimage.data.__file__).parent
    images = []
    for name in PHOTOGRAPHS.split():
        image = np.asarray(skimage.io.imread(folder / name), np.float32)
        image = image if image.ndim == 3 else np.repeat(image[..., np.newaxis], 3, 2)
        images.append(image[..., :3] / image.max())
    made = []
    for _ in range(count):
        image = images[rng.integers(len(images))]
        side = int(min(image.shape[:2]) * np.exp(rng.uniform(np.log(0.2), 0)))
        y, x = (int(rng.integers(length - side + 1)) for length in image.shape[:2])
        square = tf.image.resize(image[y : y + side, x : x + side], shape[1:3], antialias=True).numpy()
        square = square[:, ::-1] if rng.uniform() < 0.5 else square
        square = np.clip((square - 0.5) * rng.uniform(0.6, 1.4) + 0.5 + rng.uniform(-0.2, 0.2), 0, 1)
        made.append((low + square * (high - low)).astype(np.float32)[np.newaxis])
    return np.stack(made)


def fields(rng: np.random.Generator, count: int, shape: tuple[int, ...], low: float, high: float) -> np.ndarray:
    """Smooth random fields with noise on top, each between random ends of the range, as spectra are."""
    made = []
    for _ in range(count):
        height, width, channels = shape[1:]
        coarse = rng.uniform(0, 1, (int(rng.integers(2, 9)), int(rng.integers(2, 9)), channels))
        image = tf.image.resize(coarse[np.newaxis], (height, width), "bicubic").numpy()[0]
        image += rng.normal(0, rng.uniform(0.01, 0.15), image.shape)
        ends = np.sort(rng.uniform(0, 1, 2)) if rng.uniform() < 0.5 else (0.0, 1.0)
        image = (image - image.min()) / (image.max() - image.min()) * (ends[1] - ends[0]) + ends[0]
        made.append((low + image * (high - low)).astype(np.float32)[np.newaxis])
    return np.stack(made)


def converter(model: bytes, samples: np.ndarray) -> bytes:
    """The converter's int8 model."""

    def feed() -> Iterator[list[np.ndarray]]:
        for sample in samples:
            yield [sample]

    types = (tf.int8, tf.int8, False)
    return bytes(Calibrator(model).calibrate_and_quantize(feed, *types, tf.int8, tf.int32))


def run(model: bytes, samples: np.ndarray, reference: bool = False) -> np.ndarray:
    """Outputs as reals."""
    kinds = tf.lite.experimental.OpResolverType
    engine = tf.lite.Interpreter(
        model_content=model, num_threads=1, experimental_op_resolver_type=kinds.BUILTIN_REF if reference else kinds.AUTO
    )
    engine.allocate_tensors()
    given, made = engine.get_input_details()[0], engine.get_output_details()[0]
    outputs = []
    for sample in samples:
        if given["dtype"] == np.int8:
            scale, zero = given["quantization"]
            sample = np.clip(np.round(sample / np.float32(scale)) + zero, -128, 127).astype(np.int8)
        engine.set_tensor(given["index"], sample)
        engine.invoke()
        values = engine.get_tensor(made["index"])
        if made["dtype"] == np.int8:
            scale, zero = made["quantization"]
            values = (values.astype(np.float32) - zero) * np.float32(scale)
        outputs.append(values.ravel())
    return np.stack(outputs)


def judge(outputs: np.ndarray, expected: np.ndarray) -> tuple[float, float]:
    """Mean squared error and share of equal greatest outputs; of one output, 1."""
    return float(np.mean((outputs - expected) ** 2)), float(np.mean(outputs.argmax(1) == expected.argmax(1)))


def tinybake(program: str, path: Path, folder: Path, arguments: list[str]) -> dict:
    """What `tinybake quantize` reports."""
    command = [program, "quantize", str(path), "--data", str(folder / "calibration.safetensors")]
    command += ["--evaluate", str(folder / "evaluation.safetensors"), "-o", str(folder / "out.safetensors"), "--format", "json"]
    done = subprocess.run(command + arguments, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout)


def float_of(model: bytes) -> bytes:
    """The model with weights stored as int8 (dynamic range quantization) turned to floats, as both sides calibrate it."""
    from tensorflow.lite.python import schema_py_generated as schema

    tree = schema.ModelT.InitFromObj(schema.Model.GetRootAs(model, 0))
    graph = tree.subgraphs[0]
    changed = False
    for operator in graph.operators:
        for index in operator.inputs:
            tensor = graph.tensors[index] if index >= 0 else None
            if tensor is None or tensor.type != schema.TensorType.INT8 or tree.buffers[tensor.buffer].data is None:
                continue
            stored = np.frombuffer(bytes(tree.buffers[tensor.buffer].data), np.int8).reshape(tensor.shape)
            scales = np.asarray(tensor.quantization.scale, np.float32)
            along = [-1 if i == tensor.quantization.quantizedDimension else 1 for i in range(stored.ndim)]
            reals = (stored * (scales.reshape(along) if scales.size > 1 else scales[0])).astype(np.float32)
            tree.buffers[tensor.buffer].data = np.frombuffer(reals.tobytes(), np.uint8)
            tensor.type, tensor.quantization = schema.TensorType.FLOAT32, None
            changed = True
    if not changed:
        return model
    import flatbuffers

    builder = flatbuffers.Builder(1 << 16)
    builder.Finish(tree.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def compare(path: Path, calibration: np.ndarray, evaluation: np.ndarray, program: str, rest: list[str]) -> dict:
    """One comparison: mean squared errors and agreements of the converter, the better of its engines in each, and tinybake."""
    model = float_of(path.read_bytes())
    expected = run(model, evaluation)
    theirs = converter(model, calibration)
    rows = [judge(run(theirs, evaluation, reference), expected) for reference in (False, True)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        save_file({"input.0": calibration}, folder / "calibration.safetensors")
        save_file({"input.0": evaluation}, folder / "evaluation.safetensors")
        report = tinybake(program, path, folder, rest)
    return {
        "theirs": (min(error for error, _ in rows), max(same for _, same in rows)),
        # Of what is no classifier, the error alone counts.
        "ours": (
            report["mean_squared_error"],
            1.0 if report["same_argmax"] is None else report["same_argmax"] / report["samples"],
        ),
        "kept": report["recipe"],
    }


def numbers(text: str) -> list[int]:
    """Integers between commas."""
    return [int(number) for number in text.split(",")]


def main() -> int:
    """Compares every model; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", type=Path, nargs="+")
    parser.add_argument("--tinybake", default="target/release/tinybake")
    parser.add_argument("--samples", type=numbers, default=[100, 200, 400, 700])
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--judge", type=int, default=2000)
    parser.add_argument("--data", type=Path)
    args, rest = parser.parse_known_args()
    worse = []
    print(f"{'model':24} {'samples':>7} {'seed':>4}  {'converter':>10} {'':>7}  {'tinybake':>10} {'':>7} {'':>6}  kept")
    for path in args.models:
        shape = tuple(tf.lite.Interpreter(model_content=float_of(path.read_bytes())).get_input_details()[0]["shape"])
        low, high = RANGES.get(path.stem, (-1.0, 1.0))
        rows = []
        for count, seed in [(count, seed) for count in args.samples for seed in range(args.seeds)]:
            if args.data:
                data = load_file(args.data)["input.0"]
                data = data[np.random.default_rng(seed).permutation(len(data))]
                calibration, evaluation = data[: len(data) // 2][:count], data[len(data) // 2 :]
            else:
                rng = np.random.default_rng([zlib.crc32(path.stem.encode()), seed])
                make = photographs if shape[-1] == 3 else fields
                data = make(rng, args.judge + count, shape, low, high)
                evaluation, calibration = data[: args.judge], data[args.judge :]
            made = compare(path, calibration, evaluation, args.tinybake, rest)
            (their_error, their_same), (our_error, our_same), kept = made["theirs"], made["ours"], made["kept"]
            spread = sum(same * (1 - same) / len(evaluation) for same in (their_same, our_same)) ** 0.5
            words = [kept["ranges"]] + [word for word in ("equalize", "correct_biases", "fit_weights") if kept[word]]
            rows.append((np.log(our_error / their_error), our_same - their_same, spread))
            print(
                f"{path.stem:24} {count:7} {seed:4}  {their_error:10.3e} {100 * their_same:6.2f}%  "
                f"{our_error:10.3e} {100 * our_same:6.2f}% ±{100 * spread:4.2f}  {', '.join(words)}",
                flush=True,
            )
        ratio, more, spread = np.mean(rows, 0)
        # A tie is none: where probabilities are all 0 or 1 both are as close as their 8 bits allow.
        further = ratio > np.log(1.001) or more < -2 * spread / len(rows) ** 0.5
        print(f"{path.stem:24} error {np.exp(ratio):.3f} of the converter's, agreement {100 * more:+.2f} points")
        if further:
            worse.append(path.name)
    for name in worse:
        print(f"further away than the converter's: {name}")
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
