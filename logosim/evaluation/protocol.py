"""What can be compared on a truth set: anything that turns pictures into vectors, and what it is asked about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from logosim.domain.features import FloatArray, RgbImage


class Describer(Protocol):
    """A model, a classical descriptor or a hash that is compared with others."""

    @property
    def name(self) -> str:
        """What it is called in tables; unique among those compared in one run."""
        ...

    def embed(self, pictures: Sequence[RgbImage]) -> FloatArray:
        """Describe N decoded pictures, each uint8 [height, width, 3] RGB as it stands in its file.

        Trimming, masking of text, resizing and normalisation are the describer's own. Returns float32
        [N, dimensions], rows of unit length: pictures are ranked by their dot product. A picture's vector does not
        depend on the others of its call.
        """
        ...
