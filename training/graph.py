"""From the torch model to the bytes of an ONNX file with its weights in half precision.

The weights are stored as float16, each followed by a cast to float32; ONNX Runtime folds the casts when it loads the
graph. So the file is half the size and the arithmetic is float32. A graph that is float16 throughout would make the
runtime cast around every layer on a CPU.
"""

from __future__ import annotations

import io

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from training.backbone import INPUT_SIZE

OPSET = 20  # read by ONNX Runtime 1.20, the oldest that logosim accepts
IR_VERSION = 10  # likewise
_SMALL = 256  # tensors with fewer numbers (biases, constants) stay float32: they weigh nothing and stay exact


def export_graph(model: nn.Module, size: int = INPUT_SIZE) -> bytes:
    """The ONNX file of a `Descriptor`: input `pictures`, outputs `embeddings` and `patches`, the batch axis free.

    `size` is the side of the square canvas, pixels.
    """
    program = torch.onnx.export(
        model,
        (torch.zeros(2, size, size, 3, dtype=torch.uint8),),
        dynamo=True,
        input_names=["pictures"],
        output_names=["embeddings", "patches"],
        dynamic_shapes={"pictures": {0: torch.export.Dim("pictures_in_batch")}},
        opset_version=OPSET,
        verbose=False,
    )
    if program is None:  # the exporter's older form returns nothing
        raise RuntimeError("torch.onnx.export gave no program")
    graph = halved(program.model_proto)
    graph.ir_version = IR_VERSION
    graph.producer_name, graph.producer_version = "logosim.training", ""
    _forget_sources(graph)
    onnx.checker.check_model(graph, full_check=True)
    file = io.BytesIO()
    onnx.save(graph, file)
    return file.getvalue()


def halved(model: onnx.ModelProto) -> onnx.ModelProto:
    """Store every large float32 weight as float16 followed by a cast back to float32; changes and returns `model`.

    Raises ValueError if a weight does not fit into float16.
    """
    graph = model.graph
    casts = []
    for tensor in graph.initializer:
        if tensor.data_type != TensorProto.FLOAT or np.prod(tensor.dims) < _SMALL:
            continue
        values = numpy_helper.to_array(tensor)
        if np.abs(values).max() > np.finfo(np.float16).max:
            raise ValueError(f"the weight {tensor.name} does not fit into half precision")
        name, stored = tensor.name, f"{tensor.name}.half"
        tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), stored))
        casts.append(helper.make_node("Cast", [stored], [name], name=f"{name}.cast", to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    _forget_types(graph, {cast.output[0] for cast in casts})
    return model


def _forget_types(graph: onnx.GraphProto, names: set[str]) -> None:
    """Drop the declared types of initialisers that are now computed; the checker infers them again."""
    kept = [value for value in graph.value_info if value.name not in names]
    del graph.value_info[:]
    graph.value_info.extend(kept)


def _forget_sources(model: onnx.ModelProto) -> None:
    """Drop what the exporter notes about the machine it ran on: stack traces and file paths."""
    del model.metadata_props[:]
    for part in (model.graph, *model.graph.node, *model.graph.input, *model.graph.output, *model.graph.initializer):
        part.doc_string = ""
        del part.metadata_props[:]
    for value in model.graph.value_info:
        value.doc_string = ""
        del value.metadata_props[:]
