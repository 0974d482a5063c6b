"""The answer as one picture: the query, then the hits with their scores and the reasons in words.

`logosim.imaging.sheet` lays out any pictures with short captions; this one is for reading an answer, so it wraps
sentences and sets them in a face that has the accents of brand names.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from logosim.demo.fonts import Face, load
from logosim.domain.features import RgbImage
from logosim.domain.hit import Answer, Hit
from logosim.errors import PictureError
from logosim.imaging.canvas import canvas
from logosim.imaging.decode import DecodeLimits, decode

ACROSS = 4  # hits in a row

_CELL = 240  # pixels, side of a picture
_GAP = 20
_LEADING = 18
_LINES = 9  # of caption under each picture, at most
_BOLD, _PLAIN = Face("font_lato", "Lato-Bold.ttf"), Face("font_lato", "Lato-Regular.ttf")
_INK, _FRAME, _BLANK = (40, 40, 40), (210, 210, 210), 235

Font = ImageFont.FreeTypeFont


def answer_sheet(
    query: bytes, answer: Answer, *, limits: DecodeLimits | None = None, note: str = "", most: int = 8
) -> bytes:
    """Draw a query and its best hits as one picture.

    Args:
        query: the query picture.
        answer: what was found.
        limits: limits for decoding the pictures.
        note: a sentence under the query, such as what was changed about it.
        most: hits shown.

    Returns:
        PNG. The query stands alone in the first row. A hit whose picture cannot be read any more is shown grey.

    Raises:
        PictureError: the query picture cannot be used.
        DependencyMissing: the extra `demo` is not installed.
    """
    hits = answer.hits[:most]
    plain, bold = load(_PLAIN, 14), load(_BOLD, 15)
    rows = [hits[start : start + ACROSS] for start in range(0, len(hits), ACROSS)]
    down = _CELL + _LINES * _LEADING + _GAP
    sheet = Image.new("RGB", (_GAP + ACROSS * (_CELL + _GAP), 2 * _GAP + _CELL + len(rows) * down), "white")
    pen = ImageDraw.Draw(sheet)
    _frame(sheet, pen, decode(query, limits), (_GAP, _GAP))
    lines = wrapped(note, plain, (ACROSS - 1) * (_CELL + _GAP) - _GAP)
    _write(pen, (2 * _GAP + _CELL, _GAP), ["Query", f"Text: {answer.query_text or 'none'}", *lines], bold, plain)
    for index, row in enumerate(rows):
        top = 2 * _GAP + _CELL + index * down
        for place, hit in enumerate(row):
            left = _GAP + place * (_CELL + _GAP)
            _frame(sheet, pen, _picture(hit, limits), (left, top))
            _write(pen, (left, top + _CELL + 4), caption(hit, plain, _CELL), bold, plain)
    stream = io.BytesIO()
    sheet.save(stream, "PNG")
    return stream.getvalue()


def caption(hit: Hit, font: Font, width: int) -> list[str]:
    """What stands under a hit: rank, score and risk; the mark; then its reasons, the weightiest first."""
    lines = [f"{hit.rank}.  {hit.score:.2f}  {hit.risk}", *wrapped(hit.text or hit.file, font, width)[:1]]
    for part in sorted(hit.evidence, key=lambda evidence: -evidence.contribution):
        lines += wrapped(f"{part.contribution:+.2f} {part.channel}: {part.sentence}", font, width)
    return lines[:_LINES]


def wrapped(text: str, font: Font, width: int) -> list[str]:
    """`text` in lines of at most `width` pixels; a word that is longer by itself is cut."""
    lines: list[str] = []
    for word in text.split():
        if lines and font.getlength(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
            continue
        while font.getlength(word) > width:
            word = word[:-2] + "…"
        lines.append(word)
    return lines


def _frame(sheet: Image.Image, pen: ImageDraw.ImageDraw, picture: RgbImage, corner: tuple[int, int]) -> None:
    sheet.paste(Image.fromarray(canvas(picture, _CELL)), corner)
    left, top = corner
    pen.rectangle((left - 1, top - 1, left + _CELL, top + _CELL), outline=_FRAME)


def _write(pen: ImageDraw.ImageDraw, corner: tuple[int, int], lines: list[str], first: Font, rest: Font) -> None:
    for number, line in enumerate(lines):
        pen.text((corner[0], corner[1] + number * _LEADING), line, fill=_INK, font=rest if number else first)


def _picture(hit: Hit, limits: DecodeLimits | None) -> RgbImage:
    try:
        return decode(Path(hit.picture_location).read_bytes(), limits)
    except (OSError, PictureError):
        return RgbImage(np.full((8, 8, 3), _BLANK, np.uint8))
