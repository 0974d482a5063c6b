"""Perceptual hashes, as the package ImageHash makes them: 64 bits a picture, the usual way to find copies.

The bits become +1 and -1, so that the dot product of two pictures is 1 - Hamming distance / 32 and ranks as the
distance does. The hashes come from notes of N. Krawetz (2011, 2013), not from papers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from logosim.domain.features import FloatArray, RgbImage
from logosim.errors import DependencyMissing
from logosim.peers.figure import figure, unit_rows

if TYPE_CHECKING:
    from imagehash import ImageHash

SIDE = 256  # of the square that a hash shrinks, pixels
HASH_SIDE = 8  # bits along each side of the hash
KINDS = {"phash": "phash", "dhash": "dhash", "ahash": "average_hash"}  # our names, the package's


@dataclass(frozen=True, slots=True)
class HashPeer:
    """One hash of the figure, 64 dimensions: `phash` (DCT), `dhash` (differences) or `ahash` (above the mean)."""

    name: str
    function: Callable[[Image.Image, int], ImageHash]

    def embed(self, pictures: Sequence[RgbImage]) -> FloatArray:
        """Describe uint8 [H, W, 3] pictures as float32 [N, 64] of unit length; see `Describer`."""
        bits = np.zeros((len(pictures), HASH_SIDE * HASH_SIDE), dtype=np.bool_)
        for row, picture in zip(bits, pictures, strict=True):
            row[:] = self.function(Image.fromarray(figure(picture, SIDE)), HASH_SIDE).hash.ravel()
        return unit_rows(np.where(bits, np.float32(1), np.float32(-1)))


def make_hash(kind: str) -> HashPeer:
    """The hash of that name in `KINDS`. Raises DependencyMissing if ImageHash is not installed."""
    try:
        import imagehash
    except ImportError as error:
        raise DependencyMissing(
            f"the package ImageHash is needed for {kind} and is not installed",
            hint="Run pip install 'logosim[peers]'.",
        ) from error
    return HashPeer(kind, getattr(imagehash, KINDS[kind]))
