"""What every peer looks at, so that they differ in how they describe and not in what they are shown."""

from __future__ import annotations

import numpy as np

from logosim.domain.features import FloatArray, RgbImage
from logosim.imaging import canvas, trim


def figure(picture: RgbImage, side: int) -> RgbImage:
    """The picture without its margin, centred on a white square: uint8 [side, side, 3]."""
    return canvas(trim(picture), side)


def unit_rows(vectors: FloatArray) -> FloatArray:
    """Scale each row of float32 [N, D] to unit length.

    A row of zeros (a picture in which a descriptor finds nothing) becomes the first axis: such pictures are alike among
    themselves and, where descriptors are never negative, hardly like any other.
    """
    rows = np.array(vectors, dtype=np.float32)
    rows[~rows.any(axis=1), 0] = 1.0
    length = np.linalg.norm(rows.astype(np.float64), axis=1, keepdims=True)
    return np.asarray(rows / length, dtype=np.float32)
