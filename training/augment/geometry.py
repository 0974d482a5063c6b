"""Where things are: mirrored, cropped, turned, stretched, seen at an angle, bent."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from training.augment.ground import Scene
from training.augment.layer import INKED, Layer, trimmed

Matrix = npt.NDArray[np.float64]

_KEPT_INK = 0.45  # share of the ink that a crop must keep
_KEPT_SCENE = 0.35  # share of what stands out from the outside colour that a window must keep
_STANDS_OUT = 24  # levels in some channel by which a pixel stands out
_NODES = 4  # cells along each side of the elastic change


def mirrored(figure: Layer) -> Layer:
    """The figure with left and right exchanged."""
    return Layer(cv2.flip(figure.colour, 1), cv2.flip(figure.alpha, 1), figure.ground)


def cropped(figure: Layer, chance: np.random.Generator) -> Layer:
    """A part of the figure: 60 to 95 % of each side, with at least 45 % of the ink; else the whole."""
    height, width = figure.alpha.shape
    total = float(figure.alpha.sum(dtype=np.int64))
    for _ in range(5):
        tall = max(1, round(float(chance.uniform(0.6, 0.95)) * height))
        wide = max(1, round(float(chance.uniform(0.6, 0.95)) * width))
        top, left = int(chance.integers(height - tall + 1)), int(chance.integers(width - wide + 1))
        alpha = figure.alpha[top : top + tall, left : left + wide]
        if float(alpha.sum(dtype=np.int64)) >= _KEPT_INK * total and int(alpha.max()) >= INKED:
            colour = np.ascontiguousarray(figure.colour[top : top + tall, left : left + wide])
            return trimmed(Layer(colour, np.ascontiguousarray(alpha), figure.ground))
    return figure


def windowed(scene: Scene, chance: np.random.Generator) -> Scene:
    """A window upon the whole scene, its lettering and ground included: 35 to 95 % of its area, at any place.

    At least 35 % of what stands out from the outside colour stays in it; where no such window is drawn, the whole.
    """
    height, width = scene.picture.shape[:2]
    seen = np.abs(scene.picture.astype(np.int16) - np.asarray(scene.outside, np.int16)).max(axis=2) > _STANDS_OUT
    for _ in range(5):
        area, stretch = float(chance.uniform(0.35, 0.95)), float(np.exp(chance.uniform(-0.25, 0.25)))
        tall = max(1, round(min(1.0, area**0.5 * stretch) * height))
        wide = max(1, round(min(1.0, area**0.5 / stretch) * width))
        top, left = int(chance.integers(height - tall + 1)), int(chance.integers(width - wide + 1))
        part = seen[top : top + tall, left : left + wide]
        if part.any() and int(part.sum()) >= _KEPT_SCENE * int(seen.sum()):
            picture = np.ascontiguousarray(scene.picture[top : top + tall, left : left + wide])
            return Scene(picture, scene.outside, scene.ink)
    return scene


def bent(scene: Scene, changes: frozenset[str], chance: np.random.Generator, longest: int) -> Scene:
    """Apply those of `rotate` and `warp` that are among the changes, all in one resampling.

    The result holds the whole scene, on its outside colour, with a longer side of `longest` pixels.
    """
    if not changes & {"rotate", "warp"}:
        return scene
    height, width = scene.picture.shape[:2]
    picture = scene.picture
    shrinking = longest / max(height, width)
    if shrinking < 0.7:
        size = (max(2, round(width * shrinking)), max(2, round(height * shrinking)))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        height, width = picture.shape[:2]
    matrix = np.array([[1, 0, -(width - 1) / 2], [0, 1, -(height - 1) / 2], [0, 0, 1]], np.float64)
    if "warp" in changes:
        matrix = _stretch(chance) @ matrix
        matrix = _perspective(chance, max(height, width)) @ matrix
    if "rotate" in changes:
        matrix = _turn(chance) @ matrix
    matrix, size = _fitted(matrix, (height, width), longest)
    if "warp" in changes and chance.random() < 0.6:
        across, down = _elastic(matrix, size, chance)
        moved = cv2.remap(
            picture, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=scene.outside
        )
    else:
        moved = cv2.warpPerspective(
            picture, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=scene.outside
        )
    return Scene(np.asarray(moved, np.uint8), scene.outside, scene.ink)


def _stretch(chance: np.random.Generator) -> Matrix:
    stretch = float(np.exp(chance.uniform(-0.16, 0.16)))
    shear = float(chance.uniform(-0.1, 0.1)) if chance.random() < 0.5 else 0.0
    return np.array([[stretch, shear, 0], [0, 1 / stretch, 0], [0, 0, 1]], np.float64)


def _perspective(chance: np.random.Generator, longest: int) -> Matrix:
    tilt = chance.uniform(-0.18, 0.18, 2) / longest
    return np.array([[1, 0, 0], [0, 1, 0], [tilt[0], tilt[1], 1]], np.float64)


def _turn(chance: np.random.Generator) -> Matrix:
    reach = 15.0 if chance.random() < 0.85 else 50.0
    angle = np.deg2rad(float(chance.uniform(-reach, reach)))
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]], np.float64)


def _fitted(matrix: Matrix, source: tuple[int, int], longest: int) -> tuple[Matrix, tuple[int, int]]:
    """The matrix scaled and moved so that the source's corners just fit a box; that box's width and height."""
    height, width = source
    edge = np.array([[[0, 0]], [[width - 1, 0]], [[width - 1, height - 1]], [[0, height - 1]]], np.float64)
    corners = cv2.perspectiveTransform(edge, matrix)[:, 0]
    low, high = corners.min(axis=0), corners.max(axis=0)
    scale = longest / max(2.0, float((high - low).max()) + 3)
    fit = np.array([[scale, 0, (1 - low[0]) * scale], [0, scale, (1 - low[1]) * scale], [0, 0, 1]], np.float64)
    size = np.ceil((high - low + 3) * scale).astype(int)
    return fit @ matrix, (max(2, int(size[0])), max(2, int(size[1])))


def _elastic(
    matrix: Matrix, size: tuple[int, int], chance: np.random.Generator
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Where each pixel of the result comes from: the matrix backwards, and a smooth shift of up to 2.5 %.

    Both are worked out at a coarse grid one cell wider than the result and enlarged from there.
    """
    width, height = size
    cell_x, cell_y = -(-width // _NODES), -(-height // _NODES)
    nodes = np.arange(_NODES + 2)
    grid = np.empty((_NODES + 2, _NODES + 2, 2), np.float64)
    grid[:, :, 0] = ((nodes - 0.5) * cell_x - 0.5)[None, :]
    grid[:, :, 1] = ((nodes - 0.5) * cell_y - 0.5)[:, None]
    grid += chance.uniform(-0.025, 0.025, grid.shape) * max(width, height)
    source = cv2.perspectiveTransform(grid, np.linalg.inv(matrix)).astype(np.float32)
    whole = (cell_x * (_NODES + 2), cell_y * (_NODES + 2))
    fine = cv2.resize(source, whole, interpolation=cv2.INTER_CUBIC)
    inner = fine[cell_y : cell_y + height, cell_x : cell_x + width]
    across, down = cv2.split(np.ascontiguousarray(inner))
    return np.asarray(across, np.float32), np.asarray(down, np.float32)
