"""The colour histogram: what is left of a mark when its form is forgotten. Whoever does not beat it sees no form.

Swain and Ballard, "Color indexing" (IJCV 1991), compared as the square roots of the shares, whose dot product is the
Bhattacharyya coefficient, in place of their intersection: it has to be a dot product.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from logosim.domain.features import FloatArray, RgbImage
from logosim.imaging import trim
from logosim.peers.figure import unit_rows

LEVELS = 8  # per channel


@dataclass(frozen=True, slots=True)
class ColourPeer:
    """Joint histogram of red, green and blue in 8 levels each, over the trimmed picture; 512 dimensions."""

    name: str = "colour"

    def embed(self, pictures: Sequence[RgbImage]) -> FloatArray:
        """Describe uint8 [H, W, 3] pictures as float32 [N, 512] of unit length; see `Describer`."""
        weights = np.array([LEVELS * LEVELS, LEVELS, 1])
        vectors = np.zeros((len(pictures), LEVELS**3), dtype=np.float32)
        for row, picture in zip(vectors, pictures, strict=True):
            pixels = trim(picture).reshape(-1, 3).astype(np.int64) * LEVELS // 256
            counts = np.bincount(pixels @ weights, minlength=LEVELS**3)
            row[:] = np.sqrt(counts / counts.sum())
        return unit_rows(vectors)
