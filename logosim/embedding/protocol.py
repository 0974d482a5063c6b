"""What every embedding model offers, whatever engine runs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from logosim.domain.features import FloatArray, PatchArray
from logosim.embedding.artifact import Manifest

CanvasArray = npt.NDArray[np.uint8]  # [pictures, size, size, 3], RGB, 0..255


@dataclass(frozen=True, slots=True, eq=False)
class Embedded:
    """What a model sees in N pictures.

    `embeddings` is float32 [N, dimensions], rows of unit length. `patches` is int8 [N, grid, grid, patch_dimensions]:
    unit vectors times 127, row by row from the top left; a patch that shows only an even ground is all zeros.
    """

    embeddings: FloatArray
    patches: PatchArray


class Embedder(Protocol):
    """Turns canvases into embeddings and patch features, each picture independently of its batch."""

    @property
    def manifest(self) -> Manifest:
        """What the model is and what it wants to see."""
        ...

    def embed(self, canvases: CanvasArray) -> Embedded:
        """Embed uint8 [N, size, size, 3] RGB canvases; N may be zero."""
        ...
