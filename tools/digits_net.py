"""A small convolutional network in numpy: layers, their gradients, and training by Adam.

Everything is float64, and at the end of each epoch parameters and optimizer state are rounded to multiples of a power of
two: differences in the last bits between machines (the order in which a BLAS adds) do not grow from epoch to epoch.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

GRID = 2.0**16  # parameters are multiples of 1 / GRID after each epoch
Array = np.ndarray
Params = dict[str, Array]


@dataclass
class Layer:
    """Base of the layers: `forward` keeps what `backward` needs; gradients of parameters land in `grads`."""

    name: str
    params: Params = field(default_factory=dict)
    grads: Params = field(default_factory=dict)


class Conv(Layer):
    """`conv2d`, padding `same`, then relu. Images NHWC, weights OHWI."""

    def __init__(self, name: str, rng: np.random.Generator, inputs: int, outputs: int, kernel: int) -> None:
        fan_in = inputs * kernel * kernel
        weight = rng.normal(0.0, np.sqrt(2.0 / fan_in), (outputs, kernel, kernel, inputs))
        super().__init__(name, {"weight": weight, "bias": np.zeros(outputs)})

    def forward(self, x: Array) -> Array:
        """`[n, h, w, inputs]` to `[n, h, w, outputs]`."""
        outputs, kernel = self.params["weight"].shape[:2]
        self.patches = windows(x, kernel, 1)
        self.y = np.maximum(self._rows(self.patches) @ self.params["weight"].reshape(outputs, -1).T + self.params["bias"], 0.0)
        self.y = self.y.reshape(*x.shape[:3], outputs)
        return self.y

    def backward(self, dy: Array) -> Array:
        """The gradient of the input."""
        weight = self.params["weight"]
        d = (dy * (self.y > 0.0)).reshape(-1, weight.shape[0])
        self.grads = {"weight": (d.T @ self._rows(self.patches)).reshape(weight.shape), "bias": d.sum(0)}
        patches = (d @ weight.reshape(weight.shape[0], -1)).reshape(self.patches.shape)
        return fold(patches, 1, dy.shape[1:3])

    @staticmethod
    def _rows(patches: Array) -> Array:
        return patches.reshape(-1, np.prod(patches.shape[3:]))


class Depthwise(Layer):
    """`depthwise_conv2d` of kernel 3, padding `same`, then relu. Weights `[3, 3, channels]`."""

    def __init__(self, name: str, rng: np.random.Generator, channels: int, stride: int) -> None:
        super().__init__(name, {"weight": rng.normal(0.15, 0.3, (3, 3, channels)), "bias": np.zeros(channels)})
        self.stride = stride

    def forward(self, x: Array) -> Array:
        """`[n, h, w, channels]` to `[n, h / stride, w / stride, channels]`."""
        self.size = x.shape[1:3]
        self.patches = windows(x, 3, self.stride)
        self.y = np.maximum((self.patches * self.params["weight"]).sum((3, 4)) + self.params["bias"], 0.0)
        return self.y

    def backward(self, dy: Array) -> Array:
        """The gradient of the input."""
        d = dy * (self.y > 0.0)
        self.grads = {"weight": (self.patches * d[:, :, :, None, None, :]).sum((0, 1, 2)), "bias": d.sum((0, 1, 2))}
        return fold(d[:, :, :, None, None, :] * self.params["weight"], self.stride, self.size)


class Pool(Layer):
    """`average_pool2d`, kernel and stride 2."""

    def forward(self, x: Array) -> Array:
        """`[n, h, w, c]` to `[n, h / 2, w / 2, c]`."""
        n, h, w, c = x.shape
        return x.reshape(n, h // 2, 2, w // 2, 2, c).mean((2, 4))

    def backward(self, dy: Array) -> Array:
        """The gradient of the input."""
        return np.repeat(np.repeat(dy, 2, 1), 2, 2) / 4.0


class Dense(Layer):
    """`fully_connected` of the flattened image. Weights `[outputs, inputs]`."""

    def __init__(self, name: str, rng: np.random.Generator, inputs: int, outputs: int) -> None:
        super().__init__(name, {"weight": rng.normal(0.0, np.sqrt(1.0 / inputs), (outputs, inputs)), "bias": np.zeros(outputs)})

    def forward(self, x: Array) -> Array:
        """`[n, h, w, c]` to `[n, outputs]`."""
        self.shape, self.x = x.shape, x.reshape(len(x), -1)
        return self.x @ self.params["weight"].T + self.params["bias"]

    def backward(self, dy: Array) -> Array:
        """The gradient of the input."""
        self.grads = {"weight": dy.T @ self.x, "bias": dy.sum(0)}
        return (dy @ self.params["weight"]).reshape(self.shape)


def same_pads(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """TensorFlow's `SAME`: the odd pixel after."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def windows(x: Array, kernel: int, stride: int) -> Array:
    """`[n, h, w, c]` to the patches `[n, oh, ow, kernel, kernel, c]` of padding `same`."""
    pads = [same_pads(n, kernel, stride) for n in x.shape[1:3]]
    padded = np.pad(x, ((0, 0), *pads, (0, 0)))
    view = np.lib.stride_tricks.sliding_window_view(padded, (kernel, kernel), (1, 2))[:, ::stride, ::stride]
    return np.ascontiguousarray(view.transpose(0, 1, 2, 4, 5, 3))


def fold(patches: Array, stride: int, size: tuple[int, int]) -> Array:
    """The transpose of `windows`: patches added up where they overlap."""
    n, oh, ow, kernel, _, c = patches.shape
    pads = [same_pads(s, kernel, stride) for s in size]
    padded = np.zeros((n, size[0] + sum(pads[0]), size[1] + sum(pads[1]), c))
    for i in range(kernel):
        for j in range(kernel):
            padded[:, i : i + stride * oh : stride, j : j + stride * ow : stride][:, :oh, :ow] += patches[:, :, :, i, j]
    return padded[:, pads[0][0] : pads[0][0] + size[0], pads[1][0] : pads[1][0] + size[1]]


def build(rng: np.random.Generator) -> list[Layer]:
    """The digits network, from `[n, 8, 8, 1]` to 10 logits; 2,538 parameters."""
    return [
        Conv("conv1", rng, 1, 16, 3),
        Depthwise("depthwise2", rng, 16, 2),
        Conv("conv3", rng, 16, 24, 1),
        Depthwise("depthwise4", rng, 24, 1),
        Conv("conv5", rng, 24, 24, 1),
        Pool("pool6"),
        Dense("logits", rng, 96, 10),
    ]


def forward(layers: list[Layer], x: Array) -> list[Array]:
    """What each layer makes, in order; the last are the logits."""
    made = []
    for layer in layers:
        x = layer.forward(x)
        made.append(x)
    return made


def softmax(logits: Array) -> Array:
    """Probabilities along the last axis."""
    e = np.exp(logits - logits.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def accuracy(layers: list[Layer], x: Array, labels: Array) -> float:
    """The share of images whose greatest logit is that of their label."""
    return float((forward(layers, x)[-1].argmax(-1) == labels).mean())


def shifted(rng: np.random.Generator, x: Array) -> Array:
    """Every image moved by up to one pixel each way, zeros moving in."""
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    moves = rng.integers(0, 3, (len(x), 2))
    return np.stack([image[i : i + x.shape[1], j : j + x.shape[2]] for image, (i, j) in zip(padded, moves)])


class Adam:
    """Adam with decoupled weight decay."""

    def __init__(self, layers: list[Layer], decay: float = 1e-4) -> None:
        self.layers, self.decay, self.step = layers, decay, 0
        self.state = {
            (layer.name, key): [np.zeros_like(p), np.zeros_like(p)] for layer in layers for key, p in layer.params.items()
        }

    def update(self, rate: float) -> None:
        """One step along the layers' gradients."""
        self.step += 1
        correction = np.sqrt(1.0 - 0.999**self.step) / (1.0 - 0.9**self.step)
        for layer in self.layers:
            for key, grad in layer.grads.items():
                m, v = self.state[layer.name, key]
                m += 0.1 * (grad - m)
                v += 0.001 * (grad * grad - v)
                layer.params[key] -= rate * (correction * m / (np.sqrt(v) + 1e-8) + self.decay * layer.params[key])

    def snap(self) -> None:
        """Rounds parameters and state to the grid."""
        for layer in self.layers:
            for key in layer.params:
                layer.params[key][...] = np.round(layer.params[key] * GRID) / GRID
        for m, v in self.state.values():
            m[...] = np.round(m * GRID * 256.0) / (GRID * 256.0)
            v[...] = np.round(v * GRID * 65536.0) / (GRID * 65536.0)


def train(x: Array, labels: Array, seed: int, epochs: int, batch: int = 48, peak: float = 4e-3) -> list[Layer]:
    """A network trained on images `[n, 8, 8, 1]` in 0..=1; the rate rises over three epochs and then falls to zero."""
    rng = np.random.default_rng(seed)
    layers = build(rng)
    adam = Adam(layers)
    for epoch in range(epochs):
        rate = peak * min((epoch + 1) / 3.0, 1.0) * (1.0 - epoch / epochs)
        order = rng.permutation(len(x))
        images = shifted(rng, x) if epoch < epochs - 5 else x
        for start in range(0, len(x), batch):
            chosen = order[start : start + batch]
            d = softmax(forward(layers, images[chosen])[-1])
            d[np.arange(len(chosen)), labels[chosen]] -= 1.0
            d /= len(chosen)
            for layer in reversed(layers):
                d = layer.backward(d)
            adam.update(rate)
        adam.snap()
    return layers
