"""A comparison as one picture: both marks side by side with what matches outlined, and below it why, in words.

Drawn with the face that comes with Pillow, so that the same comparison gives the same picture on every machine. That
face has no accents and no other scripts: names are written without accents, or as they are transliterated for
comparison.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from logosim.domain.explanation import (
    AnsweringSounds,
    ComparedMark,
    Explanation,
    ShapeExplanation,
    SpokenComparison,
    in_hundred,
)
from logosim.domain.features import RgbImage
from logosim.domain.rectangle import Rectangle
from logosim.imaging.sheet import fitted, shorten
from logosim.imaging.trim import TOLERANCE, content_box, cut

MARKED = 16
"""Matches that are marked at most, the strongest ones: more would hide the pictures."""

Rgb = tuple[int, int, int]
Corner = tuple[int, int]
Box = tuple[int, int, int, int]  # left, top, right, bottom on the page

_SIDE, _HEIGHT, _GAP = 440, 220, 24  # pixels: of a picture enlarged, of a whole one, of the space between things
_INSET = 12  # pixels between a whole picture and its frame
_WIDTH = 2 * _SIDE + 3 * _GAP
_LEADING = 21
_HEAD, _TEXT, _SMALL = 24, 15, 13  # pixels, sizes of the face
_INK, _DIM, _FRAME, _BLANK = (35, 35, 35), (105, 105, 105), (205, 205, 205), (238, 238, 238)
_RISK: dict[str, Rgb] = {
    "identical": (150, 0, 40),
    "high": (190, 30, 30),
    "medium": (190, 110, 0),
    "low": (70, 110, 70),
}
_COLOURS: tuple[Rgb, ...] = (
    (214, 39, 40),
    (31, 119, 180),
    (44, 140, 44),
    (148, 73, 189),
    (230, 110, 0),
    (0, 140, 150),
    (200, 30, 130),
    (120, 90, 20),
)
_AGREEMENT: dict[str, Rgb] = {
    "same": (190, 228, 190),
    "similar": (250, 226, 150),
    "different": (246, 190, 180),
    "missing": (226, 226, 226),
}
_KEY = {"same": "same sound", "similar": "similar", "different": "different", "missing": "no counterpart"}
_CHANNELS = {
    "look": "look of the whole",
    "shape": "parts found again",
    "sound": "sound of the names",
    "spelling": "spelling",
    "vienna": "things shown (codes)",
}
_BAR = 300  # pixels, of a contribution of 1
_TALLEST = 4000  # pixels; what is drawn is cut to what is used
_NAMED = 120  # letters of a name that are drawn
_NO_PICTURE = "The picture cannot be shown."

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def overlay(explanation: Explanation, pictures: Sequence[RgbImage | None]) -> RgbImage:
    """Draw a comparison.

    Args:
        explanation: of two marks.
        pictures: those of the first and of the other as decoded, uint8 [height, width, 3]; None where one cannot be
            read, which leaves a grey field with the reason.

    Returns:
        uint8 [height, 952, 3].
    """
    page = Image.new("RGB", (_WIDTH, _TALLEST), "white")
    pen = ImageDraw.Draw(page)
    names = _name(explanation.first), _name(explanation.other)
    marks = explanation.first, explanation.other
    top = _draw_head(pen, explanation, _GAP)
    for place, (mark, picture) in enumerate(zip(marks, pictures, strict=True)):
        corner = (_GAP + place * (_SIDE + _GAP), top)
        _draw_mark(page, pen, mark, picture, f"{('First', 'Earlier')[place]} mark: {names[place]}", corner)
    top += _HEIGHT + 2 * _LEADING + _GAP
    if explanation.shape and explanation.shape.matches:
        top = _draw_lines(pen, [_legend(explanation.shape)], top)
        for place, picture in enumerate(pictures):
            _draw_matches(page, pen, explanation.shape, place, picture, (_GAP + place * (_SIDE + _GAP), top + 4))
        top += _SIDE + _GAP
    top = _draw_lines(pen, _wrapped(_in_letters(explanation, names), _font(_TEXT), _WIDTH - 2 * _GAP), top)
    top = _draw_channels(pen, explanation, top + _GAP // 2)
    top = _draw_sounds(pen, explanation.sound, names, top + _GAP // 2)
    return RgbImage(np.array(page.crop((0, 0, _WIDTH, top + _GAP))))


def printable(text: str) -> str:
    """`text` in the letters that the face has: accents dropped, all else as question marks."""
    return "".join(_letters(character) for character in text)


def _letters(character: str) -> str:
    if _has_glyph(character):
        return character
    return "".join(part for part in unicodedata.normalize("NFKD", character) if _has_glyph(part)) or "?"


@lru_cache(maxsize=4096)
def _has_glyph(character: str) -> bool:
    font = _font(32)
    return character.isspace() or bytes(font.getmask(character)) != bytes(font.getmask("\U0010fffd"))


@lru_cache(maxsize=8)
def _font(size: int) -> Font:
    return ImageFont.load_default(size)


def _name(mark: ComparedMark) -> str:
    """What a mark is called in the picture."""
    if not mark.text:
        return "(no name)"
    letters = printable(mark.text)
    strange = letters.count("?") > mark.text.count("?")
    name = mark.normalised_text.upper() if strange and mark.normalised_text else letters
    return shorten(" ".join(name.split()), _NAMED)


def _in_letters(explanation: Explanation, names: tuple[str, str]) -> str:
    text = explanation.summary
    for mark, name in zip((explanation.first, explanation.other), names, strict=True):
        if mark.text:
            text = text.replace(f"“{mark.text}”", f"“{name}”")
    return printable(text)


def _draw_head(pen: ImageDraw.ImageDraw, explanation: Explanation, top: int) -> int:
    colour = _RISK[explanation.risk]
    head = f"Confusion: {in_hundred(explanation.score)}, risk: {explanation.risk}"
    pen.rectangle((_GAP, top, _GAP + 8, top + 30), fill=colour)
    pen.text((_GAP + 20, top), head, fill=colour, font=_font(_HEAD))
    return top + 40


def _legend(shape: ShapeExplanation) -> str:
    count = len(shape.matches)
    strongest = "" if count <= MARKED else f", the {MARKED} best of {count}"
    return f"Enlarged: fields with the same number and colour were taken for the same part (1 matches best{strongest})."


def _draw_mark(
    page: Image.Image,
    pen: ImageDraw.ImageDraw,
    mark: ComparedMark,
    picture: RgbImage | None,
    title: str,
    corner: Corner,
) -> None:
    """A whole picture without its margin, and under it what it is."""
    left, top = corner
    if picture is None:
        _draw_nothing(pen, mark.picture_problem or "", (left, top, left + _SIDE, top + _HEIGHT))
    else:
        inside = (left + _INSET, top + _INSET, left + _SIDE - _INSET, top + _HEIGHT - _INSET)
        _paste(page, picture, content_box(picture), inside)
        if int(np.ptp(picture)) <= TOLERANCE:
            pen.text((left + _GAP, top + _GAP), "(The picture is blank.)", fill=_DIM, font=_font(_TEXT))
    pen.rectangle((left - 1, top - 1, left + _SIDE, top + _HEIGHT), outline=_FRAME)
    pen.text((left, top + _HEIGHT + 6), fitted(title, _font(_TEXT), _SIDE), fill=_INK, font=_font(_TEXT))
    origin = ", ".join(str(part) for part in (mark.source, mark.file, mark.year) if part) or "not a stored mark"
    line = fitted(printable(origin), _font(_SMALL), _SIDE)
    pen.text((left, top + _HEIGHT + 6 + _LEADING), line, fill=_DIM, font=_font(_SMALL))


def _draw_nothing(pen: ImageDraw.ImageDraw, problem: str, box: Box) -> None:
    pen.rectangle(box, fill=_BLANK)
    lines = [_NO_PICTURE, *_wrapped(printable(problem), _font(_TEXT), _SIDE - 2 * _GAP)]
    _draw_lines(pen, lines, (box[1] + box[3]) // 2 - _LEADING, _DIM, box[0] + _GAP)


def _draw_matches(
    page: Image.Image,
    pen: ImageDraw.ImageDraw,
    shape: ShapeExplanation,
    place: int,
    picture: RgbImage | None,
    corner: Corner,
) -> None:
    """The part of one picture that holds the matches, enlarged; the weakest drawn first, so that the strongest show."""
    box = (*corner, corner[0] + _SIDE, corner[1] + _SIDE)
    parts = [
        (match.number, part)
        for match in shape.matches[:MARKED]
        if (part := (match.rectangle, match.other_rectangle)[place]) is not None
    ]
    if picture is None or not parts:
        _draw_nothing(pen, "", box)
    else:
        window = _window([part for _, part in parts], picture)
        shown = _paste(page, picture, window, box)
        for number, part in reversed(parts):
            _draw_patch(pen, number, _moved(part, window, shown))
    pen.rectangle((box[0] - 1, box[1] - 1, box[2], box[3]), outline=_FRAME)


def _window(parts: Sequence[Rectangle], picture: RgbImage) -> Rectangle:
    """What of a picture is enlarged: all that matches, and a patch beyond on each side where there is as much."""
    height, width = picture.shape[:2]
    margin = max(max(part.width, part.height) for part in parts)
    return Rectangle(
        max(0, min(part.left for part in parts) - margin),
        max(0, min(part.top for part in parts) - margin),
        min(width, max(part.right for part in parts) + margin),
        min(height, max(part.bottom for part in parts) + margin),
    )


def _paste(page: Image.Image, picture: RgbImage, part: Rectangle, box: Box) -> Box:
    """Lay a part of a picture into the middle of a box, as large as it fits, and return where it lies."""
    left, top, right, bottom = box
    scale = min((right - left) / part.width, (bottom - top) / part.height)
    wide, high = max(1, round(part.width * scale)), max(1, round(part.height * scale))
    left, top = left + (right - left - wide) // 2, top + (bottom - top - high) // 2
    page.paste(Image.fromarray(cut(picture, part)).resize((wide, high), Image.Resampling.LANCZOS), (left, top))
    return (left, top, left + wide, top + high)


def _moved(part: Rectangle, window: Rectangle, shown: Box) -> Box:
    """Where a part of a picture lies on the page when `window` of it is shown in a box."""
    across, down = (shown[2] - shown[0]) / window.width, (shown[3] - shown[1]) / window.height
    return (
        round(shown[0] + (part.left - window.left) * across),
        round(shown[1] + (part.top - window.top) * down),
        round(shown[0] + (part.right - window.left) * across),
        round(shown[1] + (part.bottom - window.top) * down),
    )


def _draw_patch(pen: ImageDraw.ImageDraw, number: int, box: Box) -> None:
    colour, font = _COLOURS[(number - 1) % len(_COLOURS)], _font(_SMALL)
    left, top = box[:2]
    right, bottom = max(box[2], left + 8), max(box[3], top + 8)
    pen.rectangle((left, top, right, bottom), outline="white", width=5)
    pen.rectangle((left + 1, top + 1, right - 1, bottom - 1), outline=colour, width=3)
    width = round(font.getlength(str(number))) + 8
    pen.rectangle((left + 1, top + 1, left + 1 + width, top + 19), fill=colour)
    pen.text((left + 5, top + 2), str(number), fill="white", font=font)


def _draw_lines(pen: ImageDraw.ImageDraw, lines: Sequence[str], top: int, colour: Rgb = _INK, left: int = _GAP) -> int:
    for line in lines:
        pen.text((left, top), line, fill=colour, font=_font(_TEXT))
        top += _LEADING
    return top


def _draw_channels(pen: ImageDraw.ImageDraw, explanation: Explanation, top: int) -> int:
    """A bar for what each channel contributed to the score: to the right what speaks for it, to the left against it."""
    top = _draw_lines(pen, ["What the score is made of: points for a likeness (right) and against it (left)"], top)
    font, zero = _font(_SMALL), _GAP + 170 + _BAR // 4
    for item in explanation.evidence:
        end = zero + round(max(-0.25, item.contribution) * _BAR)
        pen.text((_GAP, top), _CHANNELS[item.channel], fill=_INK, font=font)
        colour = (90, 130, 180) if item.contribution >= 0 else (190, 110, 90)
        pen.rectangle((min(zero, end), top + 3, max(zero, end), top + 14), fill=colour)
        pen.line((zero, top, zero, top + 17), fill=_DIM)
        pen.text((zero + _BAR + 10, top), f"{100 * item.contribution:+.0f}", fill=_INK, font=font)
        top += _LEADING
    for absent in explanation.absent:
        pen.text((_GAP, top), _CHANNELS[absent.channel], fill=_DIM, font=font)
        reason = fitted(printable(absent.reason), font, _WIDTH - 2 * _GAP - 170)
        pen.text((_GAP + 170, top), reason, fill=_DIM, font=font)
        top += _LEADING
    return top


def _draw_sounds(pen: ImageDraw.ImageDraw, spoken: Sequence[SpokenComparison], names: tuple[str, str], top: int) -> int:
    """The names sound over sound, once for each way of reading; readings that are the same share a table."""
    if not spoken:
        return top
    top = _draw_lines(
        pen, [fitted(f"How the names sound: {names[0]} above, {names[1]} below", _font(_TEXT), _WIDTH)], top
    )
    tables = _tables(spoken)
    width = (_WIDTH - 2 * _GAP) // len(tables)
    bottoms = []
    for place, (heads, sounds) in enumerate(tables):
        left = _GAP + place * width
        pen.text((left, top), heads, fill=_DIM, font=_font(_SMALL))
        bottoms.append(_draw_table(pen, sounds, (left, top + 20), width - _GAP))
    top = max(bottoms) + 6
    left = _GAP
    for agreement, words in _KEY.items():
        pen.rectangle((left, top + 2, left + 14, top + 14), fill=_AGREEMENT[agreement], outline=_FRAME)
        pen.text((left + 20, top), words, fill=_DIM, font=_font(_SMALL))
        left += 140
    return top + _LEADING


def _tables(spoken: Sequence[SpokenComparison]) -> list[tuple[str, tuple[AnsweringSounds, ...]]]:
    """Headings and sounds."""
    readings: dict[tuple[AnsweringSounds, ...], list[SpokenComparison]] = {}
    for item in spoken:
        readings.setdefault(item.sounds, []).append(item)
    return [
        (f"read as {', '.join(item.read_as for item in items)}: {round(100 * items[0].similarity)} of 100", sounds)
        for sounds, items in readings.items()
    ]


def _draw_table(pen: ImageDraw.ImageDraw, sounds: Sequence[AnsweringSounds], corner: Corner, width: int) -> int:
    """One sound over the other, in as many rows as are needed; returns where the table ends."""
    (left, top), font = corner, _font(_TEXT)
    for item in sounds:
        wide = round(max(font.getlength(item.one_written), font.getlength(item.other_written), 10)) + 12
        if left + wide > corner[0] + width:
            left, top = corner[0], top + 54
        pen.rectangle((left, top, left + wide, top + 46), fill=_AGREEMENT[item.agreement])
        for line, text in enumerate((item.one_written, item.other_written)):
            middle = left + (wide - font.getlength(text)) / 2
            pen.text((middle, top + 2 + line * 22), text, fill=_INK, font=font)
        left += wide + 3
    return top + 50


def _wrapped(text: str, font: Font, width: int) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        if lines and font.getlength(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(fitted(word, font, width))
    return lines
