"""Contact sheets: pictures in rows with a caption under each, for looking at what was found or done."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from logosim.domain.features import RgbImage, TextLine
from logosim.imaging.canvas import canvas

_GAP = 8
_TEXT_SIZE = 13
_LINE = 16
_LINES = 3  # of caption under each picture, at most


def contact_sheet(rows: Sequence[Sequence[RgbImage]], labels: Sequence[Sequence[str]], *, cell: int = 160) -> RgbImage:
    """Lay pictures out in rows, each centred in a square of `cell` pixels, and return the sheet.

    `rows` holds uint8 [h, w, 3] of any size; rows may differ in length. `labels` has the same form: the caption of
    each picture, of up to three lines parted by newlines, cut to the width of the cell. Raises ValueError if rows and
    labels differ in form or there is nothing to show.
    """
    if [len(row) for row in rows] != [len(row) for row in labels] or not any(len(row) for row in rows):
        raise ValueError("A contact sheet needs pictures, and one label for each.")
    across, down = max(len(row) for row in rows), cell + _LINES * _LINE + _GAP
    sheet = Image.new("RGB", (_GAP + across * (cell + _GAP), _GAP + len(rows) * down), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(_TEXT_SIZE)
    for index, (pictures, captions) in enumerate(zip(rows, labels, strict=True)):
        for place, (picture, caption) in enumerate(zip(pictures, captions, strict=True)):
            left, top = _GAP + place * (cell + _GAP), _GAP + index * down
            sheet.paste(Image.fromarray(canvas(picture, cell)), (left, top))
            draw.rectangle((left - 1, top - 1, left + cell, top + cell), outline=(210, 210, 210))
            for number, line in enumerate(caption.splitlines()[:_LINES]):
                draw.text((left, top + cell + number * _LINE), _fitted(line, font, cell), fill=(40, 40, 40), font=font)
    return RgbImage(np.array(sheet))


def with_lines(image: RgbImage, lines: Sequence[TextLine]) -> RgbImage:
    """Return a copy of uint8 [h, w, 3] with the box of each line drawn in."""
    picture = Image.fromarray(image)
    draw = ImageDraw.Draw(picture)
    for line in lines:
        draw.polygon(line.quad, outline=(230, 0, 120))
    return RgbImage(np.array(picture))


def specimen(word: str) -> RgbImage:
    """A word in black on white, large enough to be read."""
    picture = Image.new("RGB", (320, 96), "white")
    ImageDraw.Draw(picture).text((24, 20), word, fill="black", font=ImageFont.load_default(48))
    return RgbImage(np.array(picture))


def as_png(picture: RgbImage) -> bytes:
    """The picture as a PNG file."""
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "PNG")
    return stream.getvalue()


def _fitted(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + "…") > width:
        text = text[:-1]
    return text + "…"
