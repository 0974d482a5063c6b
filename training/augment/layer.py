"""A figure lifted off its ground: colours and coverage, the form in which a logo can be redrawn."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from logosim.domain.features import RgbImage
from logosim.imaging.ground import Colour
from logosim.imaging.trim import border_colour, is_paper

ByteArray = npt.NDArray[np.uint8]
Rgb = tuple[int, int, int]  # red, green, blue, 0..255
BLACK: Rgb = (0, 0, 0)
WHITE: Rgb = (255, 255, 255)

INKED = 24  # alpha of 255 from which a pixel counts as ink
_OPAQUE = 250  # alpha of 255 from which a pixel shows nothing of its ground
_CLEAR_SHARE = 0.002  # share of not opaque pixels from which a picture's alpha channel is meant
_NOISE = 14  # levels of distance from the ground that JPEG alone makes
_FULL = (40.0, 230.0)  # bounds of the distance from the ground at which a pixel is all ink


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """A figure without its ground, trimmed to its ink.

    `colour` uint8 [H, W, 3] RGB, not multiplied by `alpha`, uint8 [H, W] (255: all ink). `ground` is the colour that
    the figure stood on; white where it stood on nothing.
    """

    colour: ByteArray
    alpha: ByteArray
    ground: Rgb = WHITE


def layer(picture: np.ndarray) -> Layer:
    """Lift the figure of uint8 [H, W, 4] RGBA, [H, W, 3] RGB or [H, W] grey off its ground and trim it to its ink.

    Transparency is taken as it is. An opaque picture on a plain ground gets its alpha from each pixel's distance to
    the border's colour, and colours from which that ground is taken out again, so that a register's JPEG can be
    redrawn like a cut-out. A picture whose border has no single colour is all ink, and so is one that is nothing but
    one colour other than paper: a black square is a mark.

    Raises ValueError if the array is none of these or nothing is inked (all transparent, or white paper only).
    """
    if (
        picture.dtype != np.uint8
        or picture.size == 0
        or not (picture.ndim == 2 or (picture.ndim == 3 and picture.shape[2] in (3, 4)))
    ):
        raise ValueError(
            f"a picture is uint8 [H, W], [H, W, 3] or [H, W, 4] and not empty; got {picture.dtype} "
            f"{list(picture.shape)}"
        )
    if picture.ndim == 3 and picture.shape[2] == 4:
        alpha = np.ascontiguousarray(picture[:, :, 3])
        if np.count_nonzero(alpha < _OPAQUE) >= max(1.0, _CLEAR_SHARE * alpha.size):
            return trimmed(Layer(np.ascontiguousarray(picture[:, :, :3]), alpha))
        picture = picture[:, :, :3]
    colour = np.ascontiguousarray(picture) if picture.ndim == 3 else cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB)
    return _lifted(np.asarray(colour, np.uint8))


def trimmed(figure: Layer) -> Layer:
    """The layer cut to the box of its ink. Raises ValueError if nothing is inked."""
    left, top, width, height = cv2.boundingRect(at_least(figure.alpha, INKED))
    if width == 0 or height == 0:
        raise ValueError("the picture is empty: nothing in it is inked; leave it out of the training data")
    if (height, width) == figure.alpha.shape:
        return figure
    rows, columns = slice(top, top + height), slice(left, left + width)
    return Layer(
        np.ascontiguousarray(figure.colour[rows, columns]),
        np.ascontiguousarray(figure.alpha[rows, columns]),
        figure.ground,
    )


def at_least(values: ByteArray, level: float) -> ByteArray:
    """255 where uint8 [H, W] reaches `level`, else 0.

    Not by `cv2.compare`, which takes an array of four numbers or fewer for a scalar.
    """
    return np.asarray(cv2.threshold(values, level - 0.5, 255, cv2.THRESH_BINARY)[1], np.uint8)


def even(shape: tuple[int, ...], colour: Colour | Rgb) -> ByteArray:
    """An area of one colour, uint8 [height, width, 3]."""
    channels = [np.full(shape[:2], int(channel), np.uint8) for channel in colour]  # far quicker than by pixel
    return np.asarray(cv2.merge(channels), np.uint8)


def distance(colour: ByteArray, ground: Colour | Rgb) -> ByteArray:
    """How far each pixel of uint8 [H, W, 3] is from a colour: the greatest difference of a channel, uint8 [H, W]."""
    red, green, blue = cv2.split(cv2.absdiff(colour, even(colour.shape, ground)))
    return np.asarray(cv2.max(cv2.max(red, green), blue), np.uint8)


def coverage(far: ByteArray) -> ByteArray:
    """Alpha uint8 [H, W] from distances to the ground: soft from noise up to the distance at which ink is full.

    That is nine tenths of the distance below which nine tenths of the marked pixels lie, within `_FULL`: pale ink is
    ink too, and the edges of dark ink stay soft. Pale parts of a darker figure come out as a thin coat of its ink.
    """
    marked = np.cumsum(cv2.calcHist([far], [0], None, [256], [0, 256]).ravel()[_NOISE + 1 :])
    reach = 0.9 * (_NOISE + 1 + int(np.searchsorted(marked, 0.9 * marked[-1])))
    full = min(max(reach, _FULL[0]), _FULL[1])
    ramp = (np.arange(256, dtype=np.float32) - _NOISE) * (255.0 / (full - _NOISE))
    return np.asarray(cv2.LUT(far, np.clip(ramp, 0, 255).astype(np.uint8)), np.uint8)


def resized(figure: Layer, longest: int) -> Layer:
    """The layer at a longer side of `longest` pixels. Colours are weighed by their alpha, so that no edge darkens."""
    height, width = figure.alpha.shape
    scale = longest / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if size == (width, height):
        return figure
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    weight = cv2.merge([figure.alpha] * 3)
    inked = cv2.resize(cv2.multiply(figure.colour, weight, scale=1 / 255), size, interpolation=method)
    alpha = cv2.resize(figure.alpha, size, interpolation=method)
    return Layer(cv2.divide(inked, cv2.merge([alpha] * 3), scale=255), alpha, figure.ground)


def _lifted(colour: ByteArray) -> Layer:
    ground = border_colour(RgbImage(colour))
    if ground is None:
        return Layer(colour, np.full(colour.shape[:2], 255, np.uint8))
    alpha = coverage(distance(colour, ground))
    if not alpha.any():
        if is_paper(ground):
            raise ValueError("the picture is empty: white paper and nothing else; leave it out of the training data")
        return Layer(colour, np.full(colour.shape[:2], 255, np.uint8))
    pure, partly = colour.copy(), (alpha > 0) & (alpha < 255)
    base = ground.astype(np.float32)
    pure[partly] = np.clip(base + (colour[partly] - base) * (255.0 / alpha[partly])[:, None], 0, 255).astype(np.uint8)
    stood_on = WHITE if is_paper(ground) else (int(ground[0]), int(ground[1]), int(ground[2]))
    return trimmed(Layer(pure, alpha, stood_on))
