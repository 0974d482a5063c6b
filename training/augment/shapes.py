"""The outlines of plates and frames."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from training.augment.layer import ByteArray

_FINE = 4  # bits of a pixel's fraction that cv2 draws with
_STEPS = np.linspace(0, 2 * np.pi, 72, endpoint=False)
_SQUIRCLE, _SQUARE = 4.5, 60.0  # exponents of |x|^n + |y|^n = 1; a circle has 2

_SHIELD_SIDE = [(0.5, -0.97), (1, -0.92), (1, 0), (0.93, 0.3), (0.75, 0.58), (0.45, 0.83)]  # from top to point
_SHIELD = np.array([(0, -1), *_SHIELD_SIDE, (0, 1), *((-x, y) for x, y in reversed(_SHIELD_SIDE))])


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """A closed outline in a box of `size` (height, width in pixels), from -1 to 1 along each axis.

    `points` float [n, 2] (x, y); `centre`: where along the height a figure stands, 0..1.
    """

    points: npt.NDArray[np.float64]
    size: tuple[int, int]
    centre: float = 0.5

    def mask(self, inset: float) -> ByteArray:
        """The shape filled, uint8 [height, width], its edges drawn in by `inset` pixels."""
        height, width = self.size
        half = np.array([width - 1, height - 1]) / 2
        corners = half + self.points * np.maximum(half - inset, 0.5)
        filled = np.zeros(self.size, np.uint8)
        fixed = np.round(corners * (1 << _FINE)).astype(np.int32)
        return np.asarray(cv2.fillPoly(filled, [fixed], 255, lineType=cv2.LINE_AA, shift=_FINE), np.uint8)


def any_shape(alpha: ByteArray, chance: np.random.Generator, least: float = 1.08) -> Shape:
    """A shape that holds the box of `alpha` ([H, W]; corners may stick out a little of round ones).

    Circles, rounded and plain squares (rectangles round wide figures) are common; hexagons, octagons, diamonds and
    shields are not. `least` is how much wider than the figure the shape is at least.
    """
    height, width = alpha.shape
    kind = chance.random()
    room = float(chance.uniform(least, least + 0.5))
    long, diagonal = max(height, width), float(np.hypot(height, width))
    if kind < 0.35:
        side = max(long * least, 0.92 * diagonal * (0.5 + room / 2))
        return Shape(_superellipse(2.0), _box(side, side))
    if kind < 0.8:
        power = _SQUARE if kind < 0.5 else float(chance.uniform(3.0, 9.0)) if kind < 0.7 else _SQUIRCLE
        margin = long * (room - 1)
        if chance.random() < 0.7:
            return Shape(_superellipse(power), _box(long + margin, long + margin))
        return Shape(_superellipse(power), _box(height + margin, width + margin))
    if kind < 0.9:
        sides = 6 if chance.random() < 0.6 else 8
        side = max(long * 1.1, 1.02 * diagonal) * (0.5 + room / 2)
        return Shape(_polygon(sides, turned=chance.random() < 0.5), _box(side, side))
    if kind < 0.95:
        side = 1.02 * (height + width) * (0.6 + 0.4 * room)
        return Shape(_polygon(4, turned=True), _box(side, side))
    side = long * max(1.35, room)
    return Shape(_SHIELD, _box(side * 1.1, side), 0.45)


def _superellipse(power: float) -> npt.NDArray[np.float64]:
    cos, sin = np.cos(_STEPS), np.sin(_STEPS)
    if power >= _SQUARE:
        return np.array([(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)])
    # by direction and not by parameter, so that the corners are drawn as finely as the sides
    radius = (np.abs(cos) ** power + np.abs(sin) ** power) ** (-1 / power)
    return np.stack([radius * cos, radius * sin], axis=1)


def _polygon(sides: int, turned: bool) -> npt.NDArray[np.float64]:
    angles = 2 * np.pi * (np.arange(sides) + (0.0 if turned else 0.5)) / sides
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _box(height: float, width: float) -> tuple[int, int]:
    return max(2, round(height)), max(2, round(width))
