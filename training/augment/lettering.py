"""Words beside, below, above and across a figure, or instead of it."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import ImageFont

from training.augment.colour import CONTRAST, contrasting, luminance
from training.augment.ground import Scene, blended
from training.augment.layer import BLACK, WHITE, ByteArray, Layer, Rgb, even

_PIXELS = 36  # height at which words are drawn; they are resized to their place
_LONGEST = 24  # letters of a word that are drawn
_ACROSS = 0.07  # share of the words that go across the figure
_WIDEST = 2.6  # greatest width of words beside a figure, in widths of the figure


class Lettering:
    """Draws words in fonts.

    Raises ValueError if there is no font, no word, or a font file that cannot be opened, naming the file.
    """

    def __init__(self, fonts: Sequence[Path], words: Sequence[str]) -> None:
        self._words = tuple(word.strip()[:_LONGEST] for word in words if word.strip())
        if not fonts or not self._words:
            raise ValueError(f"lettering needs a font and a word; got {len(fonts)} fonts and {len(self._words)} words")
        self._fonts = tuple(_opened(path) for path in fonts)

    def word(self, chance: np.random.Generator) -> ByteArray:
        """A word in one of the fonts: its coverage, uint8 [h, w], trimmed, never empty."""
        for _ in range(4):
            text = _cased(self._words[int(chance.integers(len(self._words)))], chance)
            drawn = self._drawn(text, chance)
            if drawn is not None:
                return drawn
        return np.full((_PIXELS // 8, _PIXELS), 255, np.uint8)  # no font has the letters: a line of writing

    def bare_word(self, figure: Layer, chance: np.random.Generator) -> Layer:
        """A word instead of the figure, the same for the same figure; its font and capitals by chance."""
        text = _cased(self._words[zlib.crc32(figure.alpha.tobytes()) % len(self._words)], chance)
        mask = self._drawn(text, chance)
        if mask is None:
            return figure
        return Layer(even(mask.shape, BLACK if luminance(figure.ground) >= 128 else WHITE), mask, figure.ground)

    def _drawn(self, text: str, chance: np.random.Generator) -> ByteArray | None:
        font = self._fonts[int(chance.integers(len(self._fonts)))]
        ink = font.getmask(text, mode="L")
        width, height = ink.size
        if width == 0 or height == 0:
            return None
        mask = np.frombuffer(bytes(ink), np.uint8).reshape(height, width)
        left, top, wide, tall = cv2.boundingRect(mask)
        if wide < 2 or tall < 2:
            return None
        return np.ascontiguousarray(mask[top : top + tall, left : left + wide])


def letter(scene: Scene, lettering: Lettering, chance: np.random.Generator) -> Scene:
    """Set words to the scene: below it, beside it (right, seldom left), above it, or rarely across it."""
    place = chance.random()
    ink = _ink(scene, chance)
    if place < _ACROSS:
        return _across(scene, lettering.word(chance), ink, chance)
    words = _block(lettering, chance)
    height, width = scene.picture.shape[:2]
    beside = place >= 0.58
    if beside:
        tall = float(chance.uniform(0.25, 0.7)) * height
        scale = min(tall / words.shape[0], _WIDEST * max(width, height) / words.shape[1])
    else:
        wide = float(chance.uniform(0.8, 1.7)) * max(width, 0.6 * height)
        scale = min(wide / words.shape[1], 0.55 * max(width, height) / words.shape[0])
    return joined(scene, _scaled(words, scale), ink, beside, place >= 0.92 or place < 0.15, chance)


def joined(scene: Scene, words: ByteArray, ink: Rgb, beside: bool, before: bool, chance: np.random.Generator) -> Scene:
    """The scene with words (coverage uint8 [h, w]) next to it; no pixel of the scene changes.

    `beside` sets them to its right, else below it; `before` exchanges the two sides.
    """
    if not beside:
        turned = Scene(scene.picture.transpose(1, 0, 2), scene.outside, scene.ink)
        done = joined(turned, words.T, ink, True, before, chance)
        return Scene(np.ascontiguousarray(done.picture.transpose(1, 0, 2)), scene.outside, scene.ink)
    height, width = scene.picture.shape[:2]
    tall, wide = words.shape
    gap = round(float(chance.uniform(0.06, 0.22)) * min(height, width)) + 1
    full = max(height, tall)
    picture = even((full, width + gap + wide), scene.outside)
    top, start = (full - height) // 2, wide + gap if before else 0
    picture[top : top + height, start : start + width] = scene.picture
    middle = (full - tall) // 2
    column = 0 if before else width + gap
    area = picture[middle : middle + tall, column : column + wide]
    area[:] = blended(area, even(words.shape, ink), np.ascontiguousarray(words))
    return Scene(picture, scene.outside, scene.ink)


def _across(scene: Scene, words: ByteArray, ink: Rgb, chance: np.random.Generator) -> Scene:
    """Words on a band of the ground's colour over the figure."""
    height, width = scene.picture.shape[:2]
    scale = min(1.1 * width / words.shape[1], 0.2 * height / words.shape[0])
    words = _scaled(words, scale)
    edge = max(1, words.shape[0] // 4)
    words = cv2.copyMakeBorder(words, edge, edge, edge, edge, cv2.BORDER_CONSTANT, value=0)
    tall, wide = words.shape
    full_height, full_width = max(height, tall), max(width, wide)
    picture = even((full_height, full_width), scene.outside)
    top, left = (full_height - height) // 2, (full_width - width) // 2
    picture[top : top + height, left : left + width] = scene.picture
    row = round(float(chance.uniform(0.4, 1.0)) * (full_height - tall))
    column = (full_width - wide) // 2
    band = blended(even(words.shape, scene.outside), even(words.shape, ink), words)
    picture[row : row + tall, column : column + wide] = band
    return Scene(picture, scene.outside, scene.ink)


def _block(lettering: Lettering, chance: np.random.Generator) -> ByteArray:
    """One word, now and then a second, smaller one below it."""
    first = lettering.word(chance)
    if chance.random() < 0.8:
        return first
    second = lettering.word(chance)
    ratio = min(0.6 * first.shape[0] / second.shape[0], first.shape[1] / second.shape[1])
    second = _scaled(second, ratio)
    gap = max(1, first.shape[0] // 4)
    block = np.zeros((first.shape[0] + gap + second.shape[0], first.shape[1]), np.uint8)
    block[: first.shape[0]] = first
    left = (first.shape[1] - second.shape[1]) // 2 if chance.random() < 0.6 else 0
    block[first.shape[0] + gap :, left : left + second.shape[1]] = second
    return block


def _ink(scene: Scene, chance: np.random.Generator) -> Rgb:
    below = luminance(scene.outside)
    kind = chance.random()
    if kind < 0.5 and abs(luminance(scene.ink) - below) >= CONTRAST:
        return scene.ink
    if kind < 0.8:
        return BLACK if below >= 128 else WHITE
    return contrasting(below, chance)


def _scaled(words: ByteArray, scale: float) -> ByteArray:
    size = (max(2, int(words.shape[1] * scale)), max(2, int(words.shape[0] * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(np.ascontiguousarray(words), size, interpolation=method), np.uint8)


def _cased(text: str, chance: np.random.Generator) -> str:
    kind = chance.random()
    return text if kind < 0.5 else text.upper() if kind < 0.75 else text.lower() if kind < 0.9 else text.title()


def _opened(path: Path) -> ImageFont.FreeTypeFont:
    try:
        return ImageFont.truetype(str(path), _PIXELS)
    except OSError as error:
        raise ValueError(f"{path}: not a font that can be opened ({error}); leave it out or replace it") from error
