"""A model folder as a peer: any ONNX file with our manifest, such as `training.foreign` makes of a timm model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from logosim.domain.features import FloatArray, RgbImage
from logosim.embedding import Embedder
from logosim.peers.figure import figure


@dataclass(frozen=True, slots=True)
class ModelPeer:
    """An embedder, shown trimmed pictures whose text is left standing: what the model does by itself."""

    name: str
    embedder: Embedder

    def embed(self, pictures: Sequence[RgbImage]) -> FloatArray:
        """Describe uint8 [H, W, 3] pictures as float32 [N, dimensions] of unit length; see `Describer`."""
        size = self.embedder.manifest.input_size
        canvases = np.empty((len(pictures), size, size, 3), dtype=np.uint8)
        for canvas, picture in zip(canvases, pictures, strict=True):
            canvas[:] = figure(picture, size)
        return self.embedder.embed(canvases).embeddings
