"""Histograms of oriented gradients: what strokes run where, without any learning.

Dalal and Triggs, "Histograms of oriented gradients for human detection" (CVPR 2005). As there: centred differences, the
colour channel with the strongest gradient, orientations without sign (so that a mark and its contrast-reversed copy
agree), votes shared between the two nearest of 9 orientations, overlapping blocks of 2 x 2 cells, L2-Hys with 0.2.
Deviations: a vote goes to its own cell only, not to the neighbours as well; blocks are not weighted towards their
centre; no gamma. Written in NumPy, because OpenCV 5 has no HOG descriptor any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from logosim.domain.features import FloatArray, RgbImage
from logosim.peers.figure import figure, unit_rows

ORIENTATIONS = 9  # over 180 degrees
BLOCK = 2  # cells along each side of a block
CLIP = 0.2
_EPSILON = 1e-5


@dataclass(frozen=True, slots=True)
class HogPeer:
    """HOG of the figure on a square of `side` pixels in cells of `cell` pixels; 1,764 dimensions as it stands."""

    name: str = "hog"
    side: int = 64
    cell: int = 8

    def embed(self, pictures: Sequence[RgbImage]) -> FloatArray:
        """Describe uint8 [H, W, 3] pictures as float32 [N, D] of unit length; see `Describer`."""
        across = self.side // self.cell - BLOCK + 1
        vectors = np.zeros((len(pictures), across * across * BLOCK * BLOCK * ORIENTATIONS), dtype=np.float32)
        for row, picture in zip(vectors, pictures, strict=True):
            row[:] = blocks(cell_histograms(figure(picture, self.side), self.cell)).ravel()
        return unit_rows(vectors)


def cell_histograms(picture: RgbImage, cell: int) -> FloatArray:
    """Histograms of uint8 [S, S, 3]: float32 [S / cell, S / cell, ORIENTATIONS], in levels of grey."""
    side = picture.shape[0]
    framed = np.pad(picture.astype(np.float32), ((1, 1), (1, 1), (0, 0)), mode="edge")
    down, right = framed[2:, 1:-1] - framed[:-2, 1:-1], framed[1:-1, 2:] - framed[1:-1, :-2]
    strongest = (down**2 + right**2).argmax(axis=2)[..., np.newaxis]
    down, right = (np.take_along_axis(part, strongest, axis=2)[..., 0] for part in (down, right))
    place = (np.arctan2(down, right) % np.pi) / np.pi * ORIENTATIONS - 0.5
    lower = np.floor(place).astype(np.int64)
    share, strength = place - lower, np.hypot(down, right)
    rows, columns = np.divmod(np.arange(side * side), side)
    cells = (rows // cell * (side // cell) + columns // cell) * ORIENTATIONS
    votes = sum(
        np.bincount(
            cells + (orientation % ORIENTATIONS).ravel(),
            weights=(strength * weight).ravel(),
            minlength=(side // cell) ** 2 * ORIENTATIONS,
        )
        for orientation, weight in ((lower, 1 - share), (lower + 1, share))
    )
    return np.asarray(votes, dtype=np.float32).reshape(side // cell, side // cell, ORIENTATIONS)


def blocks(histograms: FloatArray) -> FloatArray:
    """Normalised overlapping blocks of float32 [C, C, O]: float32 [C - 1, C - 1, BLOCK * BLOCK * O].

    L2-Hys: unit length, clipped at `CLIP`, unit length again; an even block stays zero.
    """
    last = histograms.shape[0] - BLOCK + 1
    joined = np.concatenate(
        [histograms[y : y + last, x : x + last] for y in range(BLOCK) for x in range(BLOCK)], axis=2
    )
    clipped = np.minimum(joined / (np.linalg.norm(joined, axis=2, keepdims=True) + _EPSILON), CLIP)
    return np.asarray(clipped / (np.linalg.norm(clipped, axis=2, keepdims=True) + _EPSILON), dtype=np.float32)
