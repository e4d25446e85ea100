#!/usr/bin/env python3
"""Makes `tests/data/converted/int16`: small Keras networks of seeded random weights, as the TensorFlow converter quantizes
them to int16 activations and int8 weights.

    keras_int16.py [-o tests/data/converted/int16]

Needs TensorFlow 2.21 in an environment of its own. `record.py` then adds what TensorFlow Lite Micro answers.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf
from tensorflow.keras import layers

DEFAULT_OUT = Path(__file__).resolve().parent.parent / "tests" / "data" / "converted" / "int16"


def separable() -> tf.keras.Model:
    """A keyword spotter of depthwise separable convolutions."""
    x = inputs = layers.Input((16, 10, 1), 1)
    x = layers.Conv2D(8, (5, 3), strides=2, padding="same", activation="relu")(x)
    for _ in range(2):
        x = layers.BatchNormalization()(layers.DepthwiseConv2D(3, padding="same")(x))
        x = layers.Conv2D(8, 1, activation="relu6")(layers.ReLU()(x))
    x = layers.Flatten()(layers.AveragePooling2D((8, 5))(x))
    return tf.keras.Model(inputs, layers.Softmax()(layers.Dense(6)(x)))


def residual() -> tf.keras.Model:
    """A residual network with a gate for each channel."""
    x = inputs = layers.Input((8, 8, 3), 1)
    x = layers.Conv2D(8, 3, padding="same", activation="relu")(x)
    y = layers.Conv2D(8, 3, padding="same")(layers.Conv2D(8, 3, padding="same", activation="relu")(x))
    gate = layers.Dense(8, activation="sigmoid")(layers.GlobalAveragePooling2D()(y))
    y = layers.Multiply()([y, layers.Reshape((1, 1, 8))(gate)])
    x = layers.MaxPooling2D(2)(layers.ReLU()(layers.Add()([x, y])))
    x = layers.Concatenate()([x, layers.LeakyReLU(negative_slope=0.1)(layers.Conv2D(4, 1)(x))])
    return tf.keras.Model(inputs, layers.Dense(5, activation="tanh")(layers.Flatten()(x)))


def upsampling() -> tf.keras.Model:
    """Down and up again by a transposed convolution, with paddings."""
    x = inputs = layers.Input((8, 6, 2), 1)
    x = layers.Conv2D(6, 3, strides=2, activation="relu")(layers.ZeroPadding2D(1)(x))
    x = layers.Conv2DTranspose(4, 2, strides=2, activation="relu")(x)
    return tf.keras.Model(inputs, layers.Conv2D(1, 3, padding="same")(layers.Subtract()([x[:, :, :, :2], inputs])))


def convert(model: tf.keras.Model, rng: np.random.Generator) -> bytes:
    """The model with int16 activations, inputs and outputs."""
    shape = model.inputs[0].shape

    def feed() -> Iterator[list[np.ndarray]]:
        for _ in range(64):
            yield [rng.uniform(-1, 1, shape).astype(np.float32)]

    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = feed
    converter.target_spec.supported_ops = [tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int16
    return converter.convert()


def main() -> None:
    """Makes the models."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--out", type=Path, default=DEFAULT_OUT)
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    for index, build in enumerate((separable, residual, upsampling)):
        tf.keras.utils.set_random_seed(index + 1)
        model = build()
        rng = np.random.default_rng(index + 1)
        # Biases and the numbers of batch normalizations too, which Keras begins with zeros and ones.
        model.set_weights([w if w.ndim > 1 else w + rng.uniform(0, 0.3, w.shape).astype(w.dtype) for w in model.get_weights()])
        (out / f"{build.__name__}.tflite").write_bytes(convert(model, rng))


if __name__ == "__main__":
    main()
