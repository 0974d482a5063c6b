"""Rounds the convolutions of an exported graph to int8: static quantisation with calibration on real canvases.

Activations become uint8 with one scale a tensor, weights int8 with one scale an output channel and no offset, as ONNX
Runtime's quantiser makes them; the graph keeps its inputs and outputs. Only convolutions, the ReLU6 that follow them
and the residual sums are rounded: pooling and whitening stay float32, they take little time and whitening would
magnify the error. Rounding shifts the mean of each channel, and whitening magnifies that too. So the shift is worked
out from the mean inputs on the calibration canvases and taken off the biases first: the bias correction of Nagel, van
Baalen, Blankevoort and Welling, "Data-free quantization through weight equalization and bias correction" (ICCV 2019),
with means that are measured instead of derived from batch normalisation. Borders are not treated apart.

Where a processor has instructions for int8 (x86 with VNNI, ARM with dot products), the runtime's sums are exact. On
older x86 processors they saturate at 16 bits; what is lost there has to be measured there.
"""

from __future__ import annotations

import collections
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static

from logosim.embedding import CanvasArray
from logosim.embedding.onnx import open_session

LEVELS = 127  # of a weight, to either side of zero
_BATCH = 8  # canvases a run: what goes into every convolution is held at once
_INPUT = "pictures"
_ROUNDED = {"Conv", "Clip", "Add"}
_PREPARED = ("onnx.quant.pre_process", "onnxruntime.quant")  # or the quantiser warns; `_folded` is what it asks for


class _Canvases(CalibrationDataReader):
    """Hands the calibration canvases to the quantiser, a batch at a time."""

    def __init__(self, canvases: CanvasArray) -> None:
        self._batches = _batches(canvases)

    def get_next(self) -> dict[str, CanvasArray] | None:
        """The next batch by the name of the graph's input; None at the end."""
        return next(self._batches, None)


def quantised(model: bytes, canvases: CanvasArray) -> bytes:
    """The ONNX file of a graph of ours with its convolutions in int8.

    Args:
        model: ONNX file with the input `pictures`, uint8 [N, size, size, 3].
        canvases: pictures to calibrate on, uint8 [N, size, size, 3].

    Raises:
        ValueError: there are no canvases, the graph has no convolutions, or it was quantised before.
    """
    graph = onnx.load_from_string(model)
    kinds = {node.op_type for node in graph.graph.node}
    if not len(canvases):
        raise ValueError("int8 needs pictures to calibrate on")
    if "Conv" not in kinds:
        raise ValueError("the model has no convolutions to round to int8")
    if "DequantizeLinear" in kinds:
        raise ValueError("the model is quantised already")
    graph = _corrected(_folded(graph), canvases)
    entry = graph.metadata_props.add()
    entry.key, entry.value = _PREPARED
    with tempfile.TemporaryDirectory(prefix="logosim-int8-") as scratch:
        file = Path(scratch) / "model.onnx"
        quantize_static(
            graph,
            file,
            _Canvases(canvases),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=sorted(_ROUNDED),
            nodes_to_quantize=_rounded_nodes(graph.graph),
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
        )
        made = onnx.load(file)
    del made.metadata_props[:]
    made.producer_name, made.producer_version = "logosim.training", ""
    onnx.checker.check_model(made, full_check=True)
    return made.SerializeToString()


def _batches(canvases: CanvasArray) -> Iterator[dict[str, CanvasArray]]:
    for start in range(0, len(canvases), _BATCH):
        yield {_INPUT: canvases[start : start + _BATCH]}


def _folded(model: onnx.ModelProto) -> onnx.ModelProto:
    """Put weights that are stored as float16 and cast back into float32, where the quantiser must see them.

    Casts whose result goes elsewhere than into convolutions and bounds stay: the maps of the whitening are not rounded.
    Nodes without a name get one. Changes and returns `model`.
    """
    graph = model.graph
    stored = {tensor.name: tensor for tensor in graph.initializer}
    users: dict[str, set[str]] = collections.defaultdict(set)
    for node in graph.node:
        for name in node.input:
            users[name].add(node.op_type)
    for number, node in enumerate(list(graph.node)):
        node.name = node.name or f"{node.op_type}.{number}"
        if node.op_type == "Cast" and node.input[0] in stored and users[node.output[0]] <= {"Conv", "Clip"}:
            values = numpy_helper.to_array(stored[node.input[0]]).astype(np.float32)
            graph.initializer.append(numpy_helper.from_array(values, node.output[0]))
            graph.node.remove(node)
    used = {name for node in graph.node for name in node.input}
    kept = [tensor for tensor in graph.initializer if tensor.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)
    return model


def _corrected(model: onnx.ModelProto, canvases: CanvasArray) -> onnx.ModelProto:
    """Round the weights of the convolutions and take the shift of the mean that this brings off their biases.

    The rounded weights lie on the grid that the quantiser finds again. Changes and returns `model`.
    """
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    convolutions = [
        node
        for node in model.graph.node
        if node.op_type == "Conv" and len(node.input) == 3 and {*node.input[1:]} <= tensors.keys()
    ]
    means = _mean_inputs(model, sorted({node.input[0] for node in convolutions}), canvases)
    for node in convolutions:
        entry, weight, bias = node.input
        values, offsets = numpy_helper.to_array(tensors[weight]), numpy_helper.to_array(tensors[bias])
        rounded = round_weights(values)
        error = (rounded - values).sum(axis=(2, 3), dtype=np.float64)  # [out channels, in channels of a group]
        groups = next((attribute.i for attribute in node.attribute if attribute.name == "group"), 1)
        seen = np.repeat(means[entry].reshape(groups, -1), len(values) // groups, axis=0)  # likewise
        shift = (error * seen).sum(axis=1)
        tensors[weight].CopyFrom(numpy_helper.from_array(rounded, weight))
        tensors[bias].CopyFrom(numpy_helper.from_array((offsets - shift).astype(np.float32), bias))
    return model


def round_weights(values: np.ndarray) -> np.ndarray:
    """Float32 [out channels, ...] rounded to multiples of 1 / `LEVELS` of the largest in each output channel."""
    largest = np.abs(values).max(axis=tuple(range(1, values.ndim)), keepdims=True)
    step = np.where(largest > 0, largest, 1) / LEVELS  # a channel of zeros stays so
    return (np.round(values / step) * step).astype(np.float32)


def _mean_inputs(model: onnx.ModelProto, names: list[str], canvases: CanvasArray) -> dict[str, np.ndarray]:
    """Mean of each channel of inner values [N, C, H, W] over the canvases: float64 [C] by name."""
    opened = onnx.ModelProto()
    opened.CopyFrom(model)
    opened.graph.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names)
    session = open_session(opened.SerializeToString(), "the graph", threads=1, providers=["CPUExecutionProvider"])
    sums: dict[str, Any] = dict.fromkeys(names, 0.0)
    for batch in _batches(canvases):
        for name, values in zip(names, session.run(names, batch), strict=True):
            sums[name] = sums[name] + values.mean(axis=(2, 3), dtype=np.float64).sum(axis=0)
    return {name: total / len(canvases) for name, total in sums.items()}


def _rounded_nodes(graph: onnx.GraphProto) -> list[str]:
    """Convolutions, the bounds right behind them, and sums of two computed values: the residual connections."""
    made_by = {output: node.op_type for node in graph.node for output in node.output}
    return [
        node.name
        for node in graph.node
        if node.op_type == "Conv"
        or (node.op_type == "Clip" and made_by.get(node.input[0]) == "Conv")
        or (node.op_type == "Add" and all(made_by.get(name) in _ROUNDED for name in node.input))
    ]
