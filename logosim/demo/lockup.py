"""Composing a mark as registers show it: icon and name on white, fitted into a square."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from PIL import Image, ImageDraw

from logosim.demo import fonts
from logosim.demo.fonts import Face
from logosim.demo.icons import BrandIcon, Rgb, coverage, extent

WHITE: Rgb = (255, 255, 255)

_ICON = 100.0  # units of the longer side of the icon; all lengths below are in the same units
_GAP = 14.0
_PLATE_PADDING = 14.0
_LONG_NAME = 14  # characters from which a name of several words is set in two lines


class Layout(StrEnum):
    """Where the name stands."""

    ALONE = "alone"  # there is none
    BELOW = "below"
    BESIDE = "beside"


@dataclass(frozen=True, slots=True)
class Lockup:
    """What is drawn, and how."""

    icon: BrandIcon
    name: str | None  # as it is set; None: the icon alone
    layout: Layout
    face: Face
    icon_colour: Rgb
    name_colour: Rgb
    plate: Rgb | None  # colour of a rectangle behind everything; None: on white
    margin: int  # white pixels left around the drawing at 256 pixels
    cut: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)  # share of the icon cut off: left, top, right, bottom


def draw(lockup: Lockup, size: int = 256) -> Image.Image:
    """Draw the mark into a white square of `size` pixels, RGB."""
    width, height = _extent(lockup)
    inner = size - 2 * lockup.margin * size / 256
    scale = inner / max(width, height)
    picture = Image.new("RGB", (size, size), WHITE)
    left, top = (size - width * scale) / 2, (size - height * scale) / 2
    if lockup.plate is not None:
        corner = (left + width * scale, top + height * scale)
        ImageDraw.Draw(picture).rectangle(((left, top), corner), fill=lockup.plate)
    icon = _cut(coverage(lockup.icon, max(1, round(_ICON * scale))), lockup.cut)
    name = None if lockup.name is None else _name(lockup, scale)
    padding = 0.0 if lockup.plate is None else _PLATE_PADDING
    places = _places(lockup, icon.size, name.size if name else None, _GAP * scale)
    for mask, colour, (x, y) in zip((icon, name), (lockup.icon_colour, lockup.name_colour), places, strict=False):
        if mask is not None:
            picture.paste(colour, (round(left + padding * scale + x), round(top + padding * scale + y)), mask)
    return picture


def contrast(one: Rgb, other: Rgb) -> float:
    """Contrast ratio of two colours, 1..21 (WCAG 2.2, relative luminance)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _extent(lockup: Lockup) -> tuple[float, float]:
    """Width and height of the whole drawing in units."""
    parts = extent(lockup.icon)
    left, top, right, bottom = lockup.cut
    kept = (parts[0] * (1 - left - right), parts[1] * (1 - top - bottom))
    icon = (_ICON * kept[0] / max(parts), _ICON * kept[1] / max(parts))
    name = None if lockup.name is None else _name(lockup, 1.0).size
    places = _places(lockup, icon, name, _GAP)
    padding = 0.0 if lockup.plate is None else 2 * _PLATE_PADDING
    sizes = [icon] if name is None else [icon, name]
    right = max(x + size[0] for (x, _), size in zip(places, sizes, strict=True))
    bottom = max(y + size[1] for (_, y), size in zip(places, sizes, strict=True))
    return right + padding, bottom + padding


def _places(
    lockup: Lockup, icon: tuple[float, float], name: tuple[float, float] | None, gap: float
) -> list[tuple[float, float]]:
    """Top left of icon and name within the drawing, given their sizes."""
    if name is None:
        return [(0.0, 0.0)]
    if lockup.layout is Layout.BESIDE:
        height = max(icon[1], name[1])
        return [(0.0, (height - icon[1]) / 2), (icon[0] + gap, (height - name[1]) / 2)]
    width = max(icon[0], name[0])
    return [((width - icon[0]) / 2, 0.0), ((width - name[0]) / 2, icon[1] + gap)]


def _cut(icon: Image.Image, cut: tuple[float, float, float, float]) -> Image.Image:
    left, top, right, bottom = cut
    width, height = icon.size
    box = (round(left * width), round(top * height), round((1 - right) * width), round((1 - bottom) * height))
    return icon.crop(box)


def _name(lockup: Lockup, scale: float) -> Image.Image:
    """The name as a trimmed coverage mask, in one line or two."""
    text = _broken(lockup.name or "")
    size = (44.0 if lockup.layout is Layout.BESIDE else 30.0) * scale
    font = fonts.load(fonts.covering(lockup.face, text.replace("\n", " ")), size)
    align = "left" if lockup.layout is Layout.BESIDE else "center"
    ruler = ImageDraw.Draw(Image.new("L", (1, 1)))
    box = ruler.multiline_textbbox((0, 0), text, font=font, align=align, spacing=size * 0.2)
    mask = Image.new("L", (round(box[2] - box[0]) + 4, round(box[3] - box[1]) + 4), 0)
    pen = ImageDraw.Draw(mask)
    pen.multiline_text((2 - box[0], 2 - box[1]), text, fill=255, font=font, align=align, spacing=size * 0.2)
    ink = mask.getbbox()
    return mask.crop(ink) if ink else mask


def _broken(text: str) -> str:
    """A long name of several words in two lines of about equal length."""
    spaces = [index for index, character in enumerate(text) if character == " "]
    if len(text) < _LONG_NAME or not spaces:
        return text
    middle = min(spaces, key=lambda index: abs(index - len(text) / 2))
    return text[:middle] + "\n" + text[middle + 1 :]


def _luminance(colour: Rgb) -> float:
    red, green, blue = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in (channel / 255 for channel in colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
