"""What a figure stands on and in: paper, a coloured ground, a plate, a frame."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from training.augment.colour import (
    CONTRAST,
    any_colour,
    contrasting,
    luminance,
    main_colour,
    one_ink,
    painted,
    tones,
    visible_share,
)
from training.augment.layer import BLACK, WHITE, ByteArray, Layer, Rgb, even
from training.augment.shapes import Shape, any_shape

_BLEED = 0.5  # share of the reversed figures whose ground fills the picture
_DARK = 150.0  # luminance up to which a ground carries light ink
_BARELY = 22.0  # levels: what differs less from its ground cannot be seen
_ENOUGH = 0.6  # share of the ink that must be visible upon a chosen ground


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A composed picture, uint8 [H, W, 3]; the colour `outside` it, and the main `ink` of its figure."""

    picture: ByteArray
    outside: Rgb
    ink: Rgb


def place(figure: Layer, changes: frozenset[str], chance: np.random.Generator) -> Scene:
    """Put the figure on its ground; apply those of `reverse`, `plate` and `frame` that are among the changes.

    Without `reverse` and `plate` the figure stands on the ground it was drawn on, or on white if it was recoloured.
    """
    bleeds = False
    if "reverse" in changes:
        figure, plate = reversed_figure(figure, chance)
        bleeds = "plate" not in changes and chance.random() < _BLEED
    elif "plate" in changes:
        plate = plate_colour(figure, chance)
    else:
        outside = WHITE if changes & {"recolour", "binary"} and chance.random() < 0.7 else figure.ground
        figure, outside = seen(figure, outside, bool(changes & {"recolour", "binary"}), chance)
        scene = _open(figure, outside, chance)
        return framed(scene, chance) if "frame" in changes else scene
    if bleeds:
        scene = _open(figure, plate, chance)
        return framed(scene, chance) if "frame" in changes else scene
    scene = on_plate(figure, any_shape(figure.alpha, chance), _tint(plate, chance), chance)
    return framed(scene, chance, gap=0.04) if "frame" in changes else scene


def reversed_figure(figure: Layer, chance: np.random.Generator) -> tuple[Layer, Rgb]:
    """The figure in light ink, and a darker ground for it.

    Mostly one light ink with the former lighter parts cut out, else the brightness of all its colours turned round.
    The ground is often the figure's own colour, as on an app's icon.
    """
    own = main_colour(figure)
    ground = own if luminance(own) <= _DARK and chance.random() < 0.5 else _dark_colour(chance)
    below = luminance(ground)
    if chance.random() < 0.25:
        turned = Layer(cv2.bitwise_not(figure.colour), figure.alpha, figure.ground)
        spread = tones(turned)
        if float(spread[min(255, int(below + CONTRAST)) :].sum()) >= _ENOUGH:
            return turned, ground
    ink = WHITE if chance.random() < 0.75 else _light_colour(below, chance)
    return painted(figure, one_ink(figure, chance), ink), ground


def plate_colour(figure: Layer, chance: np.random.Generator) -> Rgb:
    """A colour upon which most of the figure is visible; the best of several where none is quite."""
    spread = tones(figure)
    tried = [any_colour(chance) for _ in range(8)] + [WHITE, BLACK]
    shares = [visible_share(spread, luminance(colour)) for colour in tried]
    return next(
        (colour for colour, share in zip(tried, shares, strict=True) if share >= _ENOUGH),
        tried[int(np.argmax(shares))],
    )


def seen(figure: Layer, outside: Rgb, chosen: bool, chance: np.random.Generator) -> tuple[Layer, Rgb]:
    """The figure and the ground, changed where the one could not be told from the other.

    Colours that were chosen here must contrast. A figure in its own colours is left unless it is all but invisible;
    white ink then gets a black ground, as at run time.
    """
    spread, below = tones(figure), luminance(outside)
    if chosen:
        if visible_share(spread, below) < _ENOUGH / 2:
            return painted(figure, figure.alpha, contrasting(below, chance)), outside
    elif visible_share(spread, below, _BARELY) < 0.1 and not _differs(figure, outside):
        return figure, BLACK if below >= 128 else WHITE
    return figure, outside


def on_plate(figure: Layer, shape: Shape, tint: ByteArray, chance: np.random.Generator) -> Scene:
    """The figure centred on a filled shape; outside the shape is white. `tint` is uint8 [2, 2, 3], its corners."""
    height, width = shape.size
    mask = shape.mask(0.0)
    plate = np.asarray(cv2.resize(tint, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)
    top, left = _centred(figure.alpha.shape, shape)
    rows, columns = slice(top, top + figure.alpha.shape[0]), slice(left, left + figure.alpha.shape[1])
    plate[rows, columns] = blended(plate[rows, columns], figure.colour, figure.alpha)
    paper = np.full((height, width, 3), 255, np.uint8)
    ink = main_colour(figure)
    middle = (int(tint[0, 0, 0]), int(tint[0, 0, 1]), int(tint[0, 0, 2]))
    visible = ink if abs(luminance(ink) - 255) >= CONTRAST else middle
    return Scene(blended(paper, plate, mask), WHITE, visible)


def framed(scene: Scene, chance: np.random.Generator, gap: float = 0.1) -> Scene:
    """A stroke around the scene, one line or two, in its ink or another colour; `gap` is a share of its size."""
    height, width = scene.picture.shape[:2]
    below = luminance(scene.outside)
    shape = any_shape(np.empty((height, width), np.uint8), chance, least=1.0 + gap)
    ink = scene.ink
    if chance.random() < 0.35 or abs(luminance(ink) - below) < CONTRAST:
        ink = contrasting(below, chance)
    stroke = float(chance.uniform(0.015, 0.06)) * min(shape.size)
    line = cv2.subtract(shape.mask(0.0), shape.mask(stroke))
    if chance.random() < 0.25:
        inner = cv2.subtract(shape.mask(1.8 * stroke), shape.mask(2.3 * stroke))
        line = cv2.max(line, inner)
    picture = even(shape.size, scene.outside)
    top, left = _centred((height, width), shape)
    picture[top : top + height, left : left + width] = scene.picture
    return Scene(blended(picture, even(shape.size, ink), line), scene.outside, scene.ink)


def blended(below: ByteArray, above: ByteArray, alpha: ByteArray) -> ByteArray:
    """`above` over `below`, both uint8 [H, W, 3], by `alpha` uint8 [H, W]."""
    weight = alpha.astype(np.float32) * (1 / 255)
    return np.asarray(cv2.blendLinear(np.ascontiguousarray(above), np.ascontiguousarray(below), weight, 1 - weight))


def _open(figure: Layer, outside: Rgb, chance: np.random.Generator) -> Scene:
    """The figure on a ground without edges: on colour with the margin that trimming would keep, or less."""
    height, width = figure.alpha.shape
    margin = 0
    if outside != WHITE:
        margin = round(float(chance.uniform(0.06, 0.3)) * max(height, width))
    picture = even((height + 2 * margin, width + 2 * margin), outside)
    rows, columns = slice(margin, margin + height), slice(margin, margin + width)
    picture[rows, columns] = blended(picture[rows, columns], figure.colour, figure.alpha)
    return Scene(picture, outside, main_colour(figure))


def _centred(inner: tuple[int, ...], shape: Shape) -> tuple[int, int]:
    """Top and left of a box of `inner` height and width at the shape's centre."""
    height, width = shape.size
    top = round(shape.centre * height - inner[0] / 2)
    left = (width - inner[1]) // 2
    return min(max(0, top), height - inner[0]), left


def _differs(figure: Layer, outside: Rgb) -> bool:
    """Whether hue tells the figure from its ground where luminance does not."""
    return max(abs(a - b) for a, b in zip(main_colour(figure), outside, strict=True)) >= 2 * _BARELY


def _tint(colour: Rgb, chance: np.random.Generator) -> ByteArray:
    """The plate's colour at its corners, uint8 [2, 2, 3]: even, or with a gradient of up to 30 levels."""
    tint = np.empty((2, 2, 3), np.int16)
    tint[:] = colour
    if chance.random() < 0.3:
        step = chance.integers(-30, 31, 3)
        tint[1] += step.astype(np.int16)
        if chance.random() < 0.5:
            tint = tint.transpose(1, 0, 2)
    return np.ascontiguousarray(np.clip(tint, 0, 255).astype(np.uint8))


def _dark_colour(chance: np.random.Generator) -> Rgb:
    for _ in range(12):
        colour = any_colour(chance)
        if luminance(colour) <= _DARK:
            return colour
    return BLACK


def _light_colour(below: float, chance: np.random.Generator) -> Rgb:
    for _ in range(12):
        colour = any_colour(chance)
        if luminance(colour) >= below + CONTRAST:
            return colour
    return WHITE
