#!/usr/bin/env python3
"""Makes `tests/data/converted/open_batch`: small Keras networks of seeded random weights whose batch is left open, as it is by
default, as the TensorFlow converter quantizes them to int8; and some in the other forms that the converter writes.

    keras_open_batch.py [-o tests/data/converted/open_batch]

Needs TensorFlow 2.21 in an environment of its own. `record.py --litert` then adds what LiteRT answers: TensorFlow Lite Micro has no
kernels for the arithmetic on shapes, and pads in `SPACE_TO_BATCH_ND` with what lies in memory.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf
from tensorflow.keras import layers

DEFAULT_OUT = Path(__file__).resolve().parent.parent / "tests" / "data" / "converted" / "open_batch"


def chain(shape: tuple[int, ...], *parts: layers.Layer) -> tf.keras.Model:
    """Layers behind each other."""
    x = inputs = layers.Input(shape)
    for part in parts:
        x = part(x)
    return tf.keras.Model(inputs, x)


def dilated_causal() -> tf.keras.Model:
    """Two causal convolutions of one axis."""
    first = layers.Conv1D(4, 3, dilation_rate=2, padding="causal", activation="relu")
    return chain((15, 3), first, layers.Conv1D(4, 2, dilation_rate=3, padding="causal"))


def dilated_same() -> tf.keras.Model:
    """A convolution whose padded size is no multiple of the block, so that what it makes is cropped."""
    return chain((9, 7, 2), layers.Conv2D(4, 3, dilation_rate=(2, 3), padding="same", activation="relu6"))


def dilated_valid() -> tf.keras.Model:
    """A convolution without padding."""
    return chain((9, 8, 2), layers.Conv2D(4, (3, 2), dilation_rate=2, activation="sigmoid"))


def dilated_depthwise() -> tf.keras.Model:
    """Depthwise convolutions of one axis and of two."""
    one = layers.DepthwiseConv1D(3, dilation_rate=2, padding="same", activation="relu")
    return chain((12, 3), one, layers.Reshape((6, 6, 1)), layers.DepthwiseConv2D(3, dilation_rate=2, depth_multiplier=2))


def residual() -> tf.keras.Model:
    """A block of a temporal convolutional network."""
    x = inputs = layers.Input((14, 3))
    y = layers.Conv1D(3, 3, dilation_rate=4, padding="causal", activation="relu")(x)
    return tf.keras.Model(inputs, layers.ReLU()(layers.Add()([x, layers.Conv1D(3, 1)(y)])))


def rank_three() -> tf.keras.Model:
    """Dense layers on three axes, which the converter reshapes by computed shapes."""
    return chain((5, 4), layers.Dense(6, activation="relu"), layers.Dense(3))


def steps() -> tf.keras.Model:
    """A convolution on every step of a sequence, and a transposed one."""
    inner = layers.TimeDistributed(layers.Conv2D(2, 3, strides=2))
    return chain((2, 7, 7, 2), inner, layers.Reshape((6, 3, 2)), layers.Conv2DTranspose(2, 3, strides=2, padding="same"))


def lstm() -> tf.keras.Model:
    """An unrolled LSTM, whose state begins with filled zeros."""
    return chain((3, 4), layers.LSTM(3, unroll=True))


def convert(model: tf.keras.Model, rng: np.random.Generator) -> bytes:
    """The model with int8 activations, inputs and outputs."""
    shape = (1, *model.inputs[0].shape[1:])

    def feed() -> Iterator[list[np.ndarray]]:
        for _ in range(64):
            yield [rng.uniform(-1, 1, shape).astype(np.float32)]

    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = feed
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    return converter.convert()


BUILDERS: tuple[Callable[[], tf.keras.Model], ...] = (
    dilated_causal,
    dilated_same,
    dilated_valid,
    dilated_depthwise,
    residual,
    rank_three,
    steps,
    lstm,
)


def main() -> None:
    """Makes the models."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--out", type=Path, default=DEFAULT_OUT)
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    for index, build in enumerate(BUILDERS):
        tf.keras.utils.set_random_seed(index + 1)
        model = build()
        rng = np.random.default_rng(index + 1)
        # Biases too, which Keras begins with zeros.
        model.set_weights([w if w.ndim > 1 else w + rng.uniform(0, 0.3, w.shape).astype(w.dtype) for w in model.get_weights()])
        (out / f"{build.__name__}.tflite").write_bytes(convert(model, rng))


if __name__ == "__main__":
    main()
