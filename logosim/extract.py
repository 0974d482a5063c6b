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

from logosim.domain.features import Features, FigureFeatures, RgbImage, TextLine
from logosim.domain.rectangle import Rectangle
from logosim.embedding.protocol import CanvasArray, Embedder
from logosim.errors import PictureError, RegionError
from logosim.imaging.canvas import canvas, shrink
from logosim.imaging.decode import DecodeLimits, decode
from logosim.imaging.figures import figures
from logosim.imaging.lettering import lettering
from logosim.imaging.mask import mask_text
from logosim.imaging.placement import Placement, placement
from logosim.imaging.sheet import specimen
from logosim.imaging.trim import content_box, cut, trim
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
        features = iter(self._embedded([item for item in seen if isinstance(item, Seen)]))
        return [next(features) if isinstance(item, Seen) else item for item in seen]

    def extract_asking(self, data: bytes) -> Features:
        """Features of a picture that is asked about: as a whole, like those of a mark, and of its separate figures.

        Raises:
            PictureError: the picture cannot be used.
        """
        (features,) = self._asking([decode(data, self.limits)], hashlib.sha256(data).hexdigest())
        return features

    def extract_regions(self, data: bytes, regions: Sequence[Rectangle]) -> list[Features]:
        """Features of parts of one picture that is asked about, each as if it were a picture of its own; in order.

        Raises:
            PictureError: the picture cannot be used.
            RegionError: a region reaches beyond the picture.
        """
        whole = decode(data, self.limits)
        sha256 = hashlib.sha256(data).hexdigest()
        parts = [_part(whole, region) for region in regions]  # all of them are found good before any is read
        return self._asking(parts, sha256)

    def _asking(self, pictures: Sequence[RgbImage], sha256: str) -> list[Features]:
        """Features of decoded pictures that are asked about, made in one model call."""
        size = self.embedder.manifest.input_size
        texts: list[str | None] = []
        views: list[list[tuple[Rectangle, CanvasArray]]] = []  # by picture: the whole, and its separate figures
        for picture in pictures:
            image, lines = self.read(picture)
            masked = mask_text(image, lines)
            box = content_box(masked)
            kept = cut(masked, box)
            parts = [part.within(box) for part in figures(kept)]
            views.append([(box, canvas(kept, size)), *((of, canvas(trim(cut(masked, of)), size)) for of in parts)])
            texts.append(_joined(lettering(lines)))
        embedded = self.embedder.embed(np.stack([shown for of_one in views for _, shown in of_one]))
        seen = iter(zip(embedded.embeddings, embedded.patches, strict=True))
        features = []
        for picture, text, of_one in zip(pictures, texts, views, strict=True):
            first, *others = (FigureFeatures(part, *next(seen)) for part, _ in of_one)
            height, width = picture.shape[:2]
            features.append(
                Features(
                    first.embedding,
                    first.patches,
                    text,
                    width,
                    height,
                    sha256,
                    self.embedder.manifest.sha256,
                    tuple(others),
                )
            )
        return features

    def _embedded(self, seen: Sequence[Seen]) -> list[Features]:
        if not seen:
            return []
        embedded = self.embedder.embed(np.stack([item.canvas for item in seen]))
        model = self.embedder.manifest.sha256
        return [
            Features(embedding, patches, item.text, item.width, item.height, item.sha256, model)
            for item, embedding, patches in zip(seen, embedded.embeddings, embedded.patches, strict=True)
        ]

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
        height, width = whole.shape[:2]
        return Seen(canvas=shown, text=text, width=width, height=height, sha256=hashlib.sha256(data).hexdigest())

    def shown(self, whole: RgbImage) -> tuple[CanvasArray, str | None]:
        """What the model is shown of a decoded picture, uint8 [size, size, 3], and the text that was read in it."""
        image, lines = self.read(whole)
        return canvas(trim(mask_text(image, lines)), self.embedder.manifest.input_size), _joined(lettering(lines))

    def placement(self, whole: RgbImage, part: Rectangle | None = None) -> Placement:
        """Where that which the model is shown of a decoded picture, or of one of its figures, lies in it.

        The text is read anew. Of a stored mark it is where its patches lie only if the worker read text with the same
        reader. `part` is that of a figure's features.
        """
        image, lines = self.read(whole)
        masked = mask_text(image, lines)
        shown = content_box(masked) if part is None else content_box(cut(masked, part)).within(part)
        return placement(whole, content_box(whole), image, shown, self.embedder.manifest.input_size)

    def read(self, whole: RgbImage) -> tuple[RgbImage, tuple[TextLine, ...]]:
        """The picture without its margin, uint8 [height, width, 3], and the lines of text read in it."""
        image = shrink(trim(whole), LONGEST_SIDE)
        return image, self.reader.read(image)


def _part(whole: RgbImage, region: Rectangle) -> RgbImage:
    height, width = whole.shape[:2]
    if region.right > width or region.bottom > height:
        raise RegionError(
            f"The region of {region.width} x {region.height} pixels at {region.left}, {region.top} reaches beyond the "
            f"picture of {width} x {height}."
        )
    return cut(whole, region)


def _joined(lines: Sequence[TextLine]) -> str | None:
    return " ".join(line.text for line in lines).strip() or None
