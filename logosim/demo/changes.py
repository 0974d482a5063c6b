"""Known changes to any picture, for truth sets of changed copies: what a model should see through, one at a time.

Unlike `logosim.demo.query`, which draws a mark anew from its parts, this works on finished pictures whose parts are not
known. The arithmetic is Pillow's.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont, ImageOps

from logosim.demo.lockup import WHITE
from logosim.errors import RecordError
from logosim.evaluation.changed import ChangedCopy
from logosim.imaging import DecodeLimits, decode_file

Change = Callable[[Image.Image, Image.Image, np.random.Generator], Image.Image]
"""(drawing, another drawing, chance) -> changed drawing; all RGB, any size."""

SMALL = 48  # pixels of the longer side
JPEG_QUALITY = 10
_INKS = ((0xB0, 0x1E, 0x2D), (0x1F, 0x4E, 0x9C), (0x1C, 0x7A, 0x3E), (0x7A, 0x2C, 0x8C), (0xB8, 0x5C, 0x00))
_WORDS = ("NORVELA", "Quintor", "halden & co", "MERIDIS", "Ostara", "BELMONT")  # invented, so that they name nobody


def changed_copies(
    originals: Sequence[Path],
    folder: Path,
    count: int,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
    limits: DecodeLimits | None = None,
) -> tuple[ChangedCopy, ...]:
    """Change `count` of the originals in every known way and write the copies as PNG; the same seed, the same copies.

    Args:
        originals: the gallery; at least two, as some changes need another picture.
        folder: made if it is missing.
        count: how many originals; all of them if there are fewer.
        seed: another number chooses other originals.
        progress: called with the originals done and their total.
        limits: of what is decoded.

    Raises:
        RecordError: fewer than two originals, or one that cannot be used; the message names it.
    """
    if len(originals) < 2:
        raise RecordError("changed copies need a folder of at least two pictures")
    folder.mkdir(parents=True, exist_ok=True)
    chosen = np.random.default_rng(seed).permutation(len(originals))[:count]
    copies: list[ChangedCopy] = []
    for done, place in enumerate(chosen, start=1):
        original = originals[place]
        other = originals[(place + 1) % len(originals)]
        for change, picture in _changed(_drawing(original, limits), _drawing(other, limits), (seed, int(place))):
            file = folder / f"{int(place):06d}-{change}.png"
            picture.save(file, "PNG")
            copies.append(ChangedCopy(file, original, change))
        progress(done, len(chosen))
    return tuple(copies)


def _changed(drawing: Image.Image, other: Image.Image, seed: tuple[int, int]) -> Iterator[tuple[str, Image.Image]]:
    for number, (name, change) in enumerate(CHANGES.items()):
        yield name, change(drawing, other, np.random.default_rng((*seed, number)))


def _drawing(file: Path, limits: DecodeLimits | None) -> Image.Image:
    """The picture without its white margin."""
    picture = Image.fromarray(decode_file(file, limits))
    box = ImageChops.difference(picture, Image.new("RGB", picture.size, WHITE)).getbbox()
    return picture.crop(box) if box else picture


def _cropped(drawing: Image.Image, other: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A window of half the area, anywhere."""
    width, height = (max(1, round(side * 0.5**0.5)) for side in drawing.size)
    left, top = int(rng.integers(drawing.width - width + 1)), int(rng.integers(drawing.height - height + 1))
    return drawing.crop((left, top, left + width, top + height))


def _recoloured(drawing: Image.Image, other: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Shades of one strong colour on white."""
    shades = ImageOps.autocontrast(drawing.convert("L"))
    return ImageOps.colorize(shades, black=_INKS[rng.integers(len(_INKS))], white=WHITE)


def _grey(drawing: Image.Image, other: Image.Image, rng: np.random.Generator) -> Image.Image:
    return drawing.convert("L").convert("RGB")


def _inverted(drawing: Image.Image, other: Image.Image, rng: np.random.Generator) -> Image.Image:
    """The negative, with a dark rim as a plate has one."""
    return ImageOps.expand(ImageOps.invert(drawing), border=_rim(drawing), fill=(0, 0, 0))


def _mirrored(drawing: Image.Image, other: Image.Image, rng: np.random.Generator) -> Image.Image:
    return ImageOps.mirror(drawing)


def _turned(drawing: Image.Image, other: Image.Image, rng: np.random.Generator) -> Image.Image:
    """By 8 to 20 degrees to either side."""
    degrees = float(rng.uniform(8, 20)) * (1 if rng.random() < 0.5 else -1)
    return drawing.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=WHITE)


def _lettered(drawing: Image.Image, other: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A word below, a quarter as high as the drawing."""
    size = max(12, drawing.height // 4)
    font = ImageFont.load_default(size)
    word = _WORDS[rng.integers(len(_WORDS))]
    left, top, right, bottom = (round(edge) for edge in font.getbbox(word))
    width = max(drawing.width, right - left)
    picture = Image.new("RGB", (width, drawing.height + size // 3 + bottom - top), WHITE)
    picture.paste(drawing, ((width - drawing.width) // 2, 0))
    place = ((width - (right - left)) // 2 - left, drawing.height + size // 3 - top)
    ImageDraw.Draw(picture).text(place, word, fill=(0x22, 0x22, 0x22), font=font)
    return picture


def _embedded(drawing: Image.Image, other: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Beside another mark of the same height."""
    beside = other.resize((max(1, round(other.width * drawing.height / other.height)), drawing.height))
    gap = max(4, drawing.height // 8)
    picture = Image.new("RGB", (drawing.width + gap + beside.width, drawing.height), WHITE)
    first, second = (drawing, beside) if rng.random() < 0.5 else (beside, drawing)
    picture.paste(first, (0, 0))
    picture.paste(second, (first.width + gap, 0))
    return picture


def _framed(drawing: Image.Image, other: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Inside a ring."""
    side = round((drawing.width**2 + drawing.height**2) ** 0.5) + 4 * _rim(drawing)
    picture = Image.new("RGB", (side, side), WHITE)
    picture.paste(drawing, ((side - drawing.width) // 2, (side - drawing.height) // 2))
    ImageDraw.Draw(picture).ellipse((0, 0, side - 1, side - 1), outline=(0x22, 0x22, 0x22), width=_rim(drawing))
    return picture


def _outlined(drawing: Image.Image, other: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Edges alone, dark on white: the difference of a dilated and an eroded picture."""
    wide = 2 * max(1, max(drawing.size) // 160) + 1  # an odd number, as the filters want it
    framed = ImageOps.expand(drawing.convert("L"), border=wide, fill=255)
    grown, worn = framed.filter(ImageFilter.MaxFilter(wide)), framed.filter(ImageFilter.MinFilter(wide))
    return ImageOps.invert(ImageChops.difference(grown, worn)).convert("RGB")


def _small(drawing: Image.Image, other: Image.Image, rng: np.random.Generator) -> Image.Image:
    picture = drawing.copy()
    picture.thumbnail((SMALL, SMALL))
    return picture


def _compressed(drawing: Image.Image, other: Image.Image, rng: np.random.Generator) -> Image.Image:
    stream = io.BytesIO()
    drawing.save(stream, "JPEG", quality=JPEG_QUALITY)
    with Image.open(stream, formats=["JPEG"]) as picture:
        return picture.convert("RGB")


def _rim(drawing: Image.Image) -> int:
    return max(2, max(drawing.size) // 24)


CHANGES: Mapping[str, Change] = MappingProxyType(
    {
        "cropped": _cropped,
        "recoloured": _recoloured,
        "grey": _grey,
        "inverted": _inverted,
        "mirrored": _mirrored,
        "turned": _turned,
        "lettered": _lettered,
        "embedded": _embedded,
        "framed": _framed,
        "outlined": _outlined,
        "small": _small,
        "compressed": _compressed,
    }
)
"""Changes by the label that results are given under."""

IN_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "cropped": "a window of half the area",
        "recoloured": "shades of one strong colour",
        "grey": "without colour",
        "inverted": "the negative, with a dark rim",
        "mirrored": "left and right exchanged",
        "turned": "by 8 to 20 degrees",
        "lettered": "a word below it",
        "embedded": "beside another mark",
        "framed": "inside a ring",
        "outlined": "edges alone",
        "small": f"{SMALL} pixels at most",
        "compressed": f"as JPEG of quality {JPEG_QUALITY}",
    }
)
"""What each change does, for whoever reads results."""
