"""Redraws a figure's strokes: areas as outlines, outlines as areas, heavier, lighter."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from training.augment.colour import contrasting, flat, luminance, main_colour, one_ink
from training.augment.layer import ByteArray, Layer, at_least, distance, even, trimmed

_LEAST_LEFT = 0.4  # share of the ink that thinning must leave
_LEAST_ENCLOSED = 0.02  # share of the silhouette that must be enclosed for anything to be filled
_COMPACT = 0.7  # a silhouette that fills this share of its box could be anyone's


def redraw(figure: Layer, changes: frozenset[str], chance: np.random.Generator) -> Layer:
    """Apply those of `unplate`, `outline`, `fill`, `thicken` and `thin` that are among the changes."""
    if "unplate" in changes:
        figure = unplate(figure)
    if "fill" in changes:
        figure = fill(figure, chance)
    if "outline" in changes:
        figure = outline(figure, chance)
    if "thicken" in changes:
        figure = thicken(figure, float(chance.uniform(0.008, 0.03)))
    if "thin" in changes:
        figure = thin(figure, float(chance.uniform(0.15, 0.6)))
    return figure


def outline(figure: Layer, chance: np.random.Generator) -> Layer:
    """Keep the rim of every area, 2 to 5 % of the figure's longer side wide, and drop its inside.

    The rims of a many-coloured figure's darker parts are kept as well. Strokes thinner than two rims stay whole.
    """
    figure = padded(figure, 2)
    width = _pixels(figure, float(chance.uniform(0.02, 0.05)))
    rim = cv2.subtract(figure.alpha, cv2.erode(figure.alpha, disc(width)))
    if not flat(figure):
        parts = one_ink(figure, chance)
        rim = cv2.max(rim, cv2.subtract(parts, cv2.erode(parts, disc(width))))
    return trimmed(Layer(figure.colour, rim, figure.ground))


def fill(figure: Layer, chance: np.random.Generator) -> Layer:
    """Ink what the figure's lines enclose, in one of three ways.

    The plain silhouette, unless it is compact (any framed figure would become the same disc); the silhouette with the
    inner lines knocked out, as solid icons have it; or the lines upon a silhouette in a second colour. A figure that
    encloses nothing keeps its shape.
    """
    whole = silhouette(figure.alpha)
    enclosed = at_least(cv2.subtract(whole, figure.alpha), 200)
    if cv2.countNonZero(enclosed) < _LEAST_ENCLOSED * cv2.countNonZero(whole):
        return figure
    choice = chance.random()
    if choice < 0.4 and flat(figure):
        return _two_tone(figure, whole, chance)
    compact = cv2.countNonZero(whole) > _COMPACT * whole.size
    if choice < 0.6 and not compact:
        return Layer(_spread(figure, whole), whole, figure.ground)
    alpha = padded(Layer(figure.colour, whole), 1).alpha
    core = cv2.erode(alpha, disc(min(stroke_width(figure.alpha) + 1, _pixels(figure, 0.12))))[1:-1, 1:-1]
    lines = cv2.morphologyEx(cv2.min(cv2.min(core, _enclosing(whole, enclosed)), figure.alpha), cv2.MORPH_OPEN, disc(1))
    knocked = cv2.subtract(whole, lines)
    return Layer(_spread(figure, whole), knocked, figure.ground)


def thicken(figure: Layer, share: float) -> Layer:
    """Grow the ink by `share` of the figure's longer side on every edge."""
    width = _pixels(figure, share)
    figure = padded(figure, width)
    alpha = cv2.dilate(figure.alpha, disc(width))
    return trimmed(Layer(_spread(figure, alpha), alpha, figure.ground))


def thin(figure: Layer, share: float) -> Layer:
    """Take `share` of half the strokes' width off every edge; less where too little ink would be left."""
    full = figure.alpha
    edged = padded(figure, 1)
    width = max(1, round(share * stroke_width(full) / 2))
    while width >= 1:
        alpha = cv2.erode(edged.alpha, disc(width))
        if cv2.countNonZero(at_least(alpha, 128)) >= _LEAST_LEFT * cv2.countNonZero(full):
            return trimmed(Layer(edged.colour, alpha, figure.ground))
        width //= 2
    return figure


def unplate(figure: Layer) -> Layer:
    """Take away the plate that the figure stands on, if it does: a full shape with a rim of one colour, and content."""
    solid = at_least(figure.alpha, 200)
    if cv2.countNonZero(solid) < _COMPACT * solid.size or flat(figure):
        return figure
    rim_width = _pixels(figure, 0.04)
    edged = cv2.copyMakeBorder(solid, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    inner = cv2.erode(edged, disc(2))[1:-1, 1:-1]
    core = cv2.erode(edged, disc(2 + rim_width))[1:-1, 1:-1]
    rim = figure.colour[cv2.subtract(inner, core) > 0]
    if rim.shape[0] < 16:
        return figure
    plate = np.median(rim, axis=0).astype(np.uint8)
    if (np.abs(rim.astype(np.int16) - plate).max(axis=1) <= 40).mean() < 0.85:
        return figure
    far = distance(figure.colour, plate)
    content = cv2.min(cv2.LUT(far, _CONTENT), core)
    share = cv2.countNonZero(content) / content.size
    if not 0.04 <= share <= 0.8:
        return figure
    return trimmed(Layer(figure.colour, content, (int(plate[0]), int(plate[1]), int(plate[2]))))


def silhouette(alpha: ByteArray) -> ByteArray:
    """Alpha uint8 [H, W] with everything inked that its ink encloses."""
    inked = at_least(alpha, 128)
    contours, _ = cv2.findContours(inked, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    return np.asarray(cv2.drawContours(alpha.copy(), contours, -1, 255, cv2.FILLED), np.uint8)


def stroke_width(alpha: ByteArray) -> int:
    """Mean width of the strokes in pixels, at least 1: twice their area over the length of their edges."""
    edged = cv2.copyMakeBorder(alpha, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    inked = at_least(edged, 128)
    edge = cv2.countNonZero(inked) - cv2.countNonZero(cv2.erode(inked, disc(1)))
    return max(1, round(2 * cv2.countNonZero(inked) / max(1, edge)))


def padded(figure: Layer, margin: int) -> Layer:
    """The layer with `margin` empty pixels on each side, so that strokes can grow and flat sides have an edge."""
    sides = (margin, margin, margin, margin)
    return Layer(
        cv2.copyMakeBorder(figure.colour, *sides, cv2.BORDER_REPLICATE),
        cv2.copyMakeBorder(figure.alpha, *sides, cv2.BORDER_CONSTANT, value=0),
        figure.ground,
    )


@cache
def disc(radius: int) -> ByteArray:
    """Structuring element of a disc, uint8 [2 radius + 1, 2 radius + 1]."""
    side = 2 * radius + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)


_CONTENT = np.clip((np.arange(256, dtype=np.float32) - 30) * (255 / 50), 0, 255).astype(np.uint8)


def _enclosing(whole: ByteArray, enclosed: ByteArray) -> ByteArray:
    """The parts of a silhouette that have something enclosed in them, 255 or 0: solid parts are not hollowed out."""
    count, labels = cv2.connectedComponents(whole, connectivity=8, ltype=cv2.CV_16U)
    hollow = np.bincount(labels[enclosed > 0], minlength=count) > 0
    hollow[0] = False
    return np.asarray(hollow[labels] * np.uint8(255), np.uint8)


def _two_tone(figure: Layer, whole: ByteArray, chance: np.random.Generator) -> Layer:
    line = main_colour(figure)
    area = contrasting(luminance(line), chance, besides=luminance(figure.ground))
    weight = figure.alpha.astype(np.float32) * (1 / 255)
    lines, areas = even(whole.shape, line), even(whole.shape, area)
    return Layer(cv2.blendLinear(lines, areas, weight, 1 - weight), whole, figure.ground)


def _spread(figure: Layer, wanted: ByteArray) -> ByteArray:
    """The layer's colours, carried on to pixels that are inked in `wanted` but were not in the figure."""
    if flat(figure):
        return even(wanted.shape, main_colour(figure))
    reach = (max(3, figure.alpha.shape[1] // 8), max(3, figure.alpha.shape[0] // 8))
    weight = cv2.merge([figure.alpha] * 3)
    near = cv2.blur(cv2.multiply(figure.colour, weight, scale=1 / 255), reach)
    amount = cv2.blur(weight, reach)
    colour = cv2.divide(near, cv2.max(amount, 1), scale=255)
    bare = cv2.subtract(at_least(wanted, 1), at_least(amount[:, :, 0], 4))
    if cv2.countNonZero(bare):
        colour[bare > 0] = main_colour(figure)
    cv2.copyTo(figure.colour, at_least(figure.alpha, 128), colour)
    return np.asarray(colour, np.uint8)


def _pixels(figure: Layer, share: float) -> int:
    return max(1, round(share * max(figure.alpha.shape)))
