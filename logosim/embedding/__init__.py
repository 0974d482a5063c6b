"""The model that turns a picture into numbers: a protocol, the artifact it ships as, the engine that runs it."""

from __future__ import annotations

from logosim.embedding.artifact import PREPROCESSING, Artifact, Manifest, load_artifact, load_manifest
from logosim.embedding.bundle import (
    BundledModel,
    bundled,
    bundled_models,
    find_bundled,
    find_model,
    first_model,
    model_folder,
)
from logosim.embedding.onnx import OnnxEmbedder
from logosim.embedding.protocol import CanvasArray, Embedded, Embedder

__all__ = [
    "PREPROCESSING",
    "Artifact",
    "BundledModel",
    "CanvasArray",
    "Embedded",
    "Embedder",
    "Manifest",
    "OnnxEmbedder",
    "bundled",
    "bundled_models",
    "find_bundled",
    "find_model",
    "first_model",
    "load_artifact",
    "load_manifest",
    "model_folder",
]
