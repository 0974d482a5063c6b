"""Contact sheets: pictures in rows with a caption under each, for looking at what was found or done."""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import ceil

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from logosim.domain.features import RgbImage, TextLine
from logosim.imaging.canvas import canvas

Rgb = tuple[int, int, int]

_GAP = 8
_TEXT_SIZE = 13
_LINE = 16
_LINES = 3  # of caption under each picture, at most
_BORDER = 3  # pixels, of a coloured border; it grows outwards into the gap
_PARTING = 24  # pixels before each group of columns but the first
_INK, _FRAME = (40, 40, 40), (210, 210, 210)


@dataclass(frozen=True, slots=True, eq=False)
class Tile:
    """A picture on a sheet, uint8 [h, w, 3] of any size: its caption, and its border where it is to stand out."""

    picture: RgbImage
    caption: str = ""  # up to three lines parted by newlines, each cut to the width of the cell
    border: Rgb | None = None


def tile_sheet(
    rows: Sequence[Sequence[Tile | None]], *, cell: int = 160, groups: Sequence[tuple[str, int]] = ()
) -> RgbImage:
    """Lay tiles out in rows, each picture centred in a square of `cell` pixels, and return the sheet.

    Args:
        rows: tiles from left to right; None leaves a place empty, and rows may differ in length.
        cell: side of a picture, pixels.
        groups: headings with the number of columns each stands over, from left to right. They fill a line at the top,
            and groups are set apart.

    Raises:
        ValueError: there is nothing to show.
    """
    if not any(tile is not None for row in rows for tile in row):
        raise ValueError("A contact sheet needs pictures.")
    lefts = _columns(max(len(row) for row in rows), cell, [columns for _, columns in groups])
    down, head = cell + _LINES * _LINE + _GAP + _BORDER, _GAP + (_LINE + _GAP if groups else 0)
    sheet = Image.new("RGB", (lefts[-1] + cell + _GAP, head + len(rows) * down), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(_TEXT_SIZE)
    for (heading, columns), first in zip(groups, accumulate((n for _, n in groups), initial=0), strict=False):
        width = lefts[first + columns - 1] + cell - lefts[first]
        draw.text((lefts[first], _GAP), fitted(heading, font, width), fill=_INK, font=font)
    for index, row in enumerate(rows):
        top = head + index * down
        for left, tile in zip(lefts, row, strict=False):
            if tile is not None:
                _draw_tile(sheet, draw, font, tile, (left, top), cell)
    return RgbImage(np.array(sheet))


def contact_sheet(rows: Sequence[Sequence[RgbImage]], labels: Sequence[Sequence[str]], *, cell: int = 160) -> RgbImage:
    """Lay pictures out in rows, each centred in a square of `cell` pixels, and return the sheet.

    `rows` holds uint8 [h, w, 3] of any size; rows may differ in length. `labels` has the same form: the caption of
    each picture, of up to three lines parted by newlines, cut to the width of the cell. Raises ValueError if rows and
    labels differ in form or there is nothing to show.
    """
    if [len(row) for row in rows] != [len(row) for row in labels] or not any(len(row) for row in rows):
        raise ValueError("A contact sheet needs pictures, and one label for each.")
    return tile_sheet([list(map(Tile, *pair)) for pair in zip(rows, labels, strict=True)], cell=cell)


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


def _columns(count: int, cell: int, groups: Sequence[int]) -> list[int]:
    """Left edges of `count` columns, pixels, with the groups set apart."""
    starts = set(accumulate(groups))
    lefts, left = [], _GAP
    for column in range(max(count, sum(groups))):
        left += _PARTING if column in starts else 0
        lefts.append(left)
        left += cell + _GAP
    return lefts


def _draw_tile(
    sheet: Image.Image,
    draw: ImageDraw.ImageDraw,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    tile: Tile,
    corner: tuple[int, int],
    cell: int,
) -> None:
    left, top = corner
    wide = 1 if tile.border is None else _BORDER
    outside = (left - wide, top - wide, left + cell + wide - 1, top + cell + wide - 1)
    draw.rectangle(outside, outline=tile.border or _FRAME, width=wide)
    sheet.paste(Image.fromarray(canvas(tile.picture, cell)), corner)
    for number, line in enumerate(tile.caption.splitlines()[:_LINES]):
        place = (left, top + cell + wide - 1 + number * _LINE)
        draw.text(place, fitted(line, font, cell), fill=_INK, font=font)


def fitted(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
    """As much of a line as `width` pixels hold, with an ellipsis where it is cut."""
    if font.getlength(text) <= width:
        return text
    kept = bisect_right(range(len(text)), width, key=lambda end: ceil(font.getlength(text[: end + 1] + "…")))
    return text[:kept] + "…"


def shorten(text: str, longest: int) -> str:
    """At most `longest` characters of a text, with an ellipsis where it is cut."""
    return text if len(text) <= longest else text[: longest - 1] + "…"
