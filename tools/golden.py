"""Runs models on TensorFlow Lite Micro, and on LiteRT's default engine, and records what they say.

A golden file is a safetensors file that holds `input.J` `[samples, *shape]` and `output.J.ENGINE` `[samples, *shape]`, where the
engine is `tflm` or `xnnpack` (LiteRT as it comes: XNNPACK, and its own kernels for what XNNPACK does not take), and in its
metadata the engines' versions, the seed, and name, shape, dtype, scale and zero point of every input and output.
"""

from __future__ import annotations

import importlib.metadata
import json
import multiprocessing
import os
import struct
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

DTYPE_NAMES = {"float32": "F32", "int8": "I8", "uint8": "U8", "int16": "I16", "int32": "I32", "int64": "I64"}
ARENA_BYTES = 4 << 20


class Refused(Exception):
    """TFLM does not run the model; the text is its reason."""


def safetensors_bytes(tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str] | None = None) -> bytes:
    """A safetensors file with sorted keys, so that equal contents give equal bytes (the library's order varies)."""
    header: dict[str, object] = {"__metadata__": dict(sorted(metadata.items()))} if metadata else {}
    body = bytearray()
    for name, array in sorted(tensors.items(), key=lambda item: (-item[1].dtype.itemsize, item[0])):
        data = np.ascontiguousarray(array).tobytes()
        header[name] = {
            "dtype": DTYPE_NAMES[array.dtype.name],
            "shape": list(array.shape),
            "data_offsets": [len(body), len(body) + len(data)],
        }
        body += data
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + bytes(body)


def litert_version() -> str:
    """The version of LiteRT in use."""
    return importlib.metadata.version("ai-edge-litert")


def engine_version() -> str:
    """The version of tflite-micro in use."""
    return importlib.metadata.version("tflite-micro")


class Engine:
    """One model on TFLM."""

    def __init__(self, model: bytes) -> None:
        from tflite_micro import runtime

        self._model = model
        self._interpreter = runtime.Interpreter.from_bytes(model, arena_size=ARENA_BYTES)
        in_names, out_names = _edge_names(model)
        self.inputs = [_details(self._interpreter.get_input_details(j), name) for j, name in enumerate(in_names)]
        self.outputs = [_details(self._interpreter.get_output_details(j), name) for j, name in enumerate(out_names)]

    def run(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Runs one sample, from a fresh state."""
        self._interpreter.reset()
        for j, values in enumerate(inputs):
            self._interpreter.set_input(values, j)
        self._interpreter.invoke()
        return [np.array(self._interpreter.get_output(j)) for j in range(len(self.outputs))]


class LiteRt:
    """One model on LiteRT: its reference kernels, or its default engine."""

    def __init__(self, model: bytes, reference: bool) -> None:
        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        kind = OpResolverType.BUILTIN_REF if reference else OpResolverType.AUTO
        self._engine = Interpreter(model_content=model, experimental_op_resolver_type=kind, num_threads=1)
        self._engine.allocate_tensors()
        self.inputs = [_litert_details(raw) for raw in self._engine.get_input_details()]
        self.outputs = [_litert_details(raw) for raw in self._engine.get_output_details()]

    def run(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Runs one sample."""
        for raw, values in zip(self._engine.get_input_details(), inputs, strict=True):
            self._engine.set_tensor(raw["index"], values)
        self._engine.invoke()
        return [self._engine.get_tensor(raw["index"]).copy() for raw in self._engine.get_output_details()]


def _litert_details(raw: Mapping[str, object]) -> dict[str, object]:
    scale, zero_point = raw["quantization"]
    return {
        "name": raw["name"],
        "shape": [int(n) for n in raw["shape"]],
        "dtype": np.dtype(raw["dtype"]).name,
        "scale": float(scale),
        "zero_point": int(zero_point),
    }


def record_litert(model: bytes, name: str, inputs: Sequence[np.ndarray], seed: int) -> bytes:
    """The golden file of both engines of LiteRT for `inputs`."""
    tensors = {f"input.{j}": x for j, x in enumerate(inputs)}
    engines = {"litert_ref": LiteRt(model, reference=True), "xnnpack": LiteRt(model, reference=False)}
    for key, engine in engines.items():
        per_sample = [engine.run([x[s] for x in inputs]) for s in range(len(inputs[0]))]
        for j in range(len(engine.outputs)):
            tensors[f"output.{j}.{key}"] = np.stack([sample[j] for sample in per_sample])
    metadata = {
        "model": name,
        "seed": str(seed),
        "frames": "false",
        "versions": json.dumps({"ai-edge-litert": importlib.metadata.version("ai-edge-litert")}),
        "inputs": json.dumps(engines["litert_ref"].inputs),
        "outputs": json.dumps(engines["litert_ref"].outputs),
    }
    return safetensors_bytes(tensors, metadata)


def _edge_names(model: bytes) -> tuple[list[str], list[str]]:
    from ai_edge_litert import schema_py_generated as schema

    graph = schema.Model.GetRootAs(model, 0).Subgraphs(0)

    def names(indices: np.ndarray) -> list[str]:
        return [graph.Tensors(int(i)).Name().decode() for i in indices]

    return names(graph.InputsAsNumpy()), names(graph.OutputsAsNumpy())


def _details(raw: Mapping[str, object], name: str) -> dict[str, object]:
    quant = raw["quantization_parameters"]
    scales, zeros = list(quant["scales"]), list(quant["zero_points"])
    return {
        "name": name,
        "shape": [int(n) for n in raw["shape"]],
        "dtype": np.dtype(raw["dtype"]).name,
        "scale": float(scales[0]) if scales else 0.0,
        "zero_point": int(zeros[0]) if zeros else 0,
    }


def run_samples(model: bytes, inputs: Sequence[np.ndarray]) -> tuple[list[np.ndarray], list[dict], list[dict]]:
    """Outputs `[samples, *shape]` for `inputs` `[samples, *shape]`, with the details of both edges. Raises `Refused`.

    TFLM runs in a child process: a model that it aborts on, or one whose reason it only prints, is refused like any other.
    """
    return _in_child(_tflm, model, inputs)


def run_litert(model: bytes, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Outputs `[samples, *shape]` of LiteRT's default engine. Raises `Refused`, as `run_samples`."""
    return _in_child(_litert, model, inputs)


def _in_child(run, model: bytes, inputs: Sequence[np.ndarray]):
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    with tempfile.TemporaryFile() as log:
        child = context.Process(target=_child, args=(run, model, inputs, sender, log.fileno()))
        child.start()
        sender.close()
        try:
            answer = receiver.recv()
        except EOFError:
            answer = None
        child.join()
        log.seek(0)
        printed = " / ".join(line.strip() for line in log.read().decode(errors="replace").splitlines() if line.strip())
    if answer is None:
        raise Refused(f"ended with code {child.exitcode}: {printed[-300:]}")
    if isinstance(answer, str):
        raise Refused(f"{printed[-300:] or answer}")
    return answer


def _tflm(model: bytes, inputs: Sequence[np.ndarray]) -> tuple[list[np.ndarray], list[dict], list[dict]]:
    engine = Engine(model)
    per_sample = [engine.run([x[s] for x in inputs]) for s in range(len(inputs[0]))]
    return _stacked(per_sample), engine.inputs, engine.outputs


def _litert(model: bytes, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
    from ai_edge_litert.interpreter import Interpreter

    engine = Interpreter(model_content=model, num_threads=1)
    engine.allocate_tensors()

    def run(sample: int) -> list[np.ndarray]:
        for details, values in zip(engine.get_input_details(), inputs):
            engine.set_tensor(details["index"], values[sample])
        engine.invoke()
        return [engine.get_tensor(details["index"]).copy() for details in engine.get_output_details()]

    return _stacked([run(sample) for sample in range(len(inputs[0]))])


def _stacked(per_sample: Sequence[Sequence[np.ndarray]]) -> list[np.ndarray]:
    return [np.stack(outputs) for outputs in zip(*per_sample)]


def _child(run, model: bytes, inputs: Sequence[np.ndarray], sender, log: int) -> None:
    os.dup2(log, 1)
    os.dup2(log, 2)
    try:
        sender.send(run(model, inputs))
    except Exception as error:  # the reason crosses the process boundary as text
        sender.send(str(error).splitlines()[0] if str(error) else type(error).__name__)
    sys.stdout.flush()
    os._exit(0)


def record(model: bytes, name: str, inputs: Sequence[np.ndarray], seed: int, litert: bool = False) -> bytes:
    """The golden file for `inputs`, with what LiteRT says where `litert` is set and it runs the model. Raises `Refused`."""
    outputs, ins, outs = run_samples(model, inputs)
    tensors = {f"input.{j}": x for j, x in enumerate(inputs)} | {f"output.{j}.tflm": y for j, y in enumerate(outputs)}
    versions = {"tflite-micro": engine_version()}
    if litert:
        try:
            tensors |= {f"output.{j}.xnnpack": y for j, y in enumerate(run_litert(model, inputs))}
            versions["ai-edge-litert"] = litert_version()
        except Refused:
            pass
    metadata = {
        "model": name,
        "seed": str(seed),
        "frames": "false",
        "versions": json.dumps(versions),
        "inputs": json.dumps(ins),
        "outputs": json.dumps(outs),
    }
    return safetensors_bytes(tensors, metadata)


def write_atomically(path: Path, data: bytes) -> None:
    """Replaces `path`, leaving the old file where writing fails."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(data)
    partial.replace(path)
