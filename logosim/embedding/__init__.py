"""The model that turns a picture into numbers: a protocol, the artifact it ships as, the engine that runs it."""

from __future__ import annotations

from logosim.embedding.artifact import PREPROCESSING, Artifact, Manifest, bundled, load_artifact, load_manifest
from logosim.embedding.onnx import OnnxEmbedder
from logosim.embedding.protocol import CanvasArray, Embedded, Embedder

__all__ = [
    "PREPROCESSING",
    "Artifact",
    "CanvasArray",
    "Embedded",
    "Embedder",
    "Manifest",
    "OnnxEmbedder",
    "bundled",
    "load_artifact",
    "load_manifest",
]
