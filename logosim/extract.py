"""Bytes to features: the one path that ingestion, search and evaluation share.

decode -> trim the margin -> read the text -> mask it -> trim again -> square canvas -> embed, with patch features from
the same pass. The second trim brings a figure to the same place whether its name stood beside or below it. The query
and the index go through exactly this; treating them differently costs recall.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from logosim.domain.features import Features, RgbImage, TextLine
from logosim.embedding.protocol import CanvasArray, Embedder
from logosim.errors import PictureError
from logosim.imaging.canvas import canvas, shrink
from logosim.imaging.decode import DecodeLimits, decode
from logosim.imaging.lettering import lettering
from logosim.imaging.mask import mask_text
from logosim.imaging.sheet import specimen
from logosim.imaging.trim import trim
from logosim.ocr.protocol import TextReader

LONGEST_SIDE = 1024  # pixels; more adds seconds to reading and masking, and nothing to what is read


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One picture on its way to the model."""

    canvas: CanvasArray  # uint8 [size, size, 3]
    text: str | None
    width: int
    height: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Extractor:
    """Turns pictures into features with the parts it is given.

    It keeps no state of its own, so one instance may serve several threads as far as its reader and embedder allow.
    """

    reader: TextReader
    embedder: Embedder
    limits: DecodeLimits

    def warm(self) -> None:
        """Run the text reader and the model once, so that the first picture is no slower than the next."""
        size = self.embedder.manifest.input_size
        word = specimen("logosim")  # lettered, or the text reader would not load its second model
        self.reader.read(word)
        self.embedder.embed(canvas(word, size)[np.newaxis])

    def extract(self, pictures: Sequence[bytes]) -> list[Features | PictureError]:
        """Features of each picture, or the error that says why it has none; in the order given.

        A broken picture never spoils its batch: the others are embedded together in one model call.
        """
        seen = [self._see_or_error(data) for data in pictures]
        usable = [item for item in seen if isinstance(item, Seen)]
        if not usable:
            return [item for item in seen if isinstance(item, PictureError)]
        embedded = self.embedder.embed(np.stack([item.canvas for item in usable]))
        features = iter(
            Features(embedding, patches, item.text, item.width, item.height, item.sha256, self.embedder.manifest.sha256)
            for item, embedding, patches in zip(usable, embedded.embeddings, embedded.patches, strict=True)
        )
        return [next(features) if isinstance(item, Seen) else item for item in seen]

    def _see_or_error(self, data: bytes) -> Seen | PictureError:
        try:
            return self.see(data)
        except PictureError as error:
            return error

    def see(self, data: bytes) -> Seen:
        """Everything before the model: what the model is shown, and the text that was read.

        Raises:
            PictureError: the picture cannot be used.
        """
        whole = decode(data, self.limits)
        shown, text = self.shown(whole)
        return Seen(
            canvas=shown,
            text=text,
            width=whole.shape[1],
            height=whole.shape[0],
            sha256=hashlib.sha256(data).hexdigest(),
        )

    def shown(self, whole: RgbImage) -> tuple[CanvasArray, str | None]:
        """What the model is shown of a decoded picture, uint8 [size, size, 3], and the text that was read in it."""
        image, lines = self.read(whole)
        return canvas(trim(mask_text(image, lines)), self.embedder.manifest.input_size), _joined(lettering(lines))

    def read(self, whole: RgbImage) -> tuple[RgbImage, tuple[TextLine, ...]]:
        """The picture without its margin, uint8 [height, width, 3], and the lines of text read in it."""
        image = shrink(trim(whole), LONGEST_SIDE)
        return image, self.reader.read(image)


def _joined(lines: Sequence[TextLine]) -> str | None:
    return " ".join(line.text for line in lines).strip() or None
