#!/usr/bin/env python3
"""Trains small networks on data that scikit-learn brings, and writes them as float TensorFlow Lite models with their samples.

    small_networks.py FOLDER [NAME ...]

Of every network NAME there are then `NAME.tflite` and `NAME.safetensors` (`input.0` and `labels`), as `compare_ptq.py --data` takes them:

    for name in mlp_digits ...; do compare_ptq.py FOLDER/$name.tflite --data FOLDER/$name.safetensors --samples 100 --seeds 1; done

The networks are multilayer perceptrons and one-dimensional convolutions, classifiers and regressions. Needs `pip install tensorflow-cpu scikit-learn
safetensors`, in an environment of its own.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from safetensors.numpy import save_file
from sklearn import datasets
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

Data = tuple[np.ndarray, np.ndarray]


def scaled(x: np.ndarray) -> np.ndarray:
    """Features of mean 0 and deviation 1."""
    return ((x - x.mean(0)) / (x.std(0) + 1e-6)).astype(np.float32)


def digits(shape: tuple[int, ...]) -> Data:
    """Images of digits from 0 to 1, as vectors or as series."""
    x, y = datasets.load_digits(return_X_y=True)
    return (x / 16).astype(np.float32).reshape(-1, *shape), y.astype(np.int64)


def wine() -> Data:
    """Features of wines of three kinds."""
    x, y = datasets.load_wine(return_X_y=True)
    return scaled(x), y.astype(np.int64)


def cancer() -> Data:
    """Features of cells, and whether they are benign."""
    x, y = datasets.load_breast_cancer(return_X_y=True)
    return scaled(x), y.astype(np.float32)[:, np.newaxis]


def diabetes() -> Data:
    """Features of patients, and how far the disease has gone."""
    x, y = datasets.load_diabetes(return_X_y=True)
    return scaled(x), y.astype(np.float32)[:, np.newaxis]


def waves() -> Data:
    """Sums of two waves with noise, and their two frequencies."""
    rng = np.random.default_rng(4)
    frequencies = np.sort(rng.uniform(1, 12, (1500, 2)), 1)
    time = np.arange(64) / 64
    phases = rng.uniform(0, 2 * np.pi, (1500, 2, 1))
    x = np.sin(2 * np.pi * frequencies[..., np.newaxis] * time + phases).sum(1) + rng.normal(0, 0.1, (1500, 64))
    return x.astype(np.float32)[..., np.newaxis], frequencies.astype(np.float32)


def perceptron(*sizes: int, last: str | None) -> list[layers.Layer]:
    """Dense layers."""
    return [layers.Dense(size, "relu") for size in sizes[:-1]] + [layers.Dense(sizes[-1], last)]


def series(*sizes: int, out: int, last: str | None) -> list[layers.Layer]:
    """One-dimensional convolutions, a mean, and a dense layer."""
    convolutions = [layers.Conv1D(size, 5, 2 if index else 1, "same", activation="relu") for index, size in enumerate(sizes)]
    return [*convolutions, layers.GlobalAveragePooling1D(), layers.Dense(out, last)]


NETWORKS: dict[str, tuple[Callable[[], Data], Callable[[], list[layers.Layer]], str]] = {
    "mlp_digits": (lambda: digits((64,)), lambda: perceptron(32, 10, last="softmax"), "sparse_categorical_crossentropy"),
    "mlp_wine": (wine, lambda: perceptron(16, 16, 3, last="softmax"), "sparse_categorical_crossentropy"),
    "mlp_cancer": (cancer, lambda: perceptron(16, 8, 1, last="sigmoid"), "binary_crossentropy"),
    "mlp_diabetes": (diabetes, lambda: perceptron(32, 16, 1, last=None), "mse"),
    "conv1d_digits": (lambda: digits((8, 8)), lambda: series(16, 32, out=10, last="softmax"), "sparse_categorical_crossentropy"),
    "conv1d_series": (lambda: digits((64, 1)), lambda: series(8, 16, 32, out=10, last="softmax"), "sparse_categorical_crossentropy"),
    "conv1d_waves": (waves, lambda: series(12, 16, 24, out=2, last=None), "mse"),
}


def train(name: str, folder: Path) -> None:
    """Trains one network and writes it."""
    make, stack, loss = NETWORKS[name]
    keras.utils.set_random_seed(1)
    x, y = make()
    order = np.random.default_rng(2).permutation(len(x))
    x, y = x[order], y[order]
    network = keras.Sequential([keras.Input(x.shape[1:], batch_size=None), *stack()])
    network.compile(keras.optimizers.Adam(3e-3), loss)
    network.fit(x, y, batch_size=32, epochs=max(12, 24_000 // len(x)), verbose=0)
    fixed = tf.function(lambda values: network(values)).get_concrete_function(tf.TensorSpec((1, *x.shape[1:]), tf.float32))
    model = tf.lite.TFLiteConverter.from_concrete_functions([convert_variables_to_constants_v2(fixed)]).convert()
    (folder / f"{name}.tflite").write_bytes(model)
    save_file({"input.0": x[:, np.newaxis], "labels": y}, folder / f"{name}.safetensors")
    print(f"{name}: {len(model)} bytes, {len(x)} samples, loss {network.evaluate(x, y, verbose=0):.4f}", flush=True)


def main() -> None:
    """Trains the networks that are named, or all."""
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[2:] or NETWORKS:
        train(name, folder)


if __name__ == "__main__":
    main()
