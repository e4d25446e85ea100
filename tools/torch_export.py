#!/usr/bin/env python3
"""Makes the PyTorch cases: a small network as PyTorch's own exporter writes it, its `state_dict`, and what PyTorch answers.

    torch_export.py [-o tests/data/torch]

    cnn.onnx                 the network by `torch.onnx.export`, batch normalization folded by the exporter
    cnn.safetensors          its `state_dict` by `safetensors.torch.save_file`, after `fuse_conv_bn_eval`
    cnn.golden.safetensors   `input.0` [samples, 1, 3, 16, 16] and `output.0.torch` [samples, 1, 10]

`cnn.toml`, the topology of `cnn.safetensors`, is written by hand as a user would. Needs Debian's python3-torch (1.13) and
`pip install safetensors`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from golden import safetensors_bytes, write_atomically

DEFAULT_OUT = Path(__file__).resolve().parent.parent / "tests" / "data" / "torch"


class Net(nn.Module):
    """Convolutions, a depthwise one, a residual sum, and a classifier over a flattened image."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(8)
        self.depthwise = nn.Conv2d(8, 8, 3, stride=2, padding=1, groups=8)
        self.bn2 = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, 8, 1)
        self.fc = nn.Linear(8 * 4 * 4, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores."""
        x = torch.relu(self.bn1(self.conv1(x)))
        x = nn.functional.relu6(self.bn2(self.depthwise(x)))
        x = torch.relu(self.conv2(x) + x)
        x = nn.functional.max_pool2d(x, 2)
        return torch.softmax(self.fc(torch.flatten(x, 1)), dim=1)


def main() -> None:
    """Writes the files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--out", type=Path, default=DEFAULT_OUT)
    out: Path = parser.parse_args().out
    torch.manual_seed(3)
    net = Net()
    for _ in range(20):  # statistics of the normalizations
        net(torch.randn(8, 3, 16, 16) * 2 + 0.5)
    net.eval()
    x = torch.randn(4, 1, 3, 16, 16) * 2
    with torch.no_grad():
        y = torch.stack([net(sample) for sample in x])
    out.mkdir(parents=True, exist_ok=True)
    torch.onnx.export(net, x[0], str(out / "cnn.onnx"), input_names=["image"], output_names=["scores"], opset_version=13)
    net.conv1, net.bn1 = fuse_conv_bn_eval(net.conv1, net.bn1), nn.Identity()
    net.depthwise, net.bn2 = fuse_conv_bn_eval(net.depthwise, net.bn2), nn.Identity()
    save_file(net.state_dict(), str(out / "cnn.safetensors"))
    tensors = {"input.0": x.numpy(), "output.0.torch": y.numpy().astype(np.float32)}
    write_atomically(out / "cnn.golden.safetensors", safetensors_bytes(tensors, {"engine": f"PyTorch {torch.__version__}"}))


if __name__ == "__main__":
    main()
