"""The separate figures of a picture: what stands apart from the rest, or within a frame.

An earlier mark may be one figure of a larger logo. As a whole the two look little alike, so a query is also looked at
figure by figure.
"""

from __future__ import annotations

from math import ceil, floor

import cv2
import numpy as np
import numpy.typing as npt

from logosim.domain.features import RgbImage
from logosim.domain.rectangle import Rectangle
from logosim.imaging.canvas import shrink
from logosim.imaging.ground import BoolImage, differs
from logosim.imaging.trim import TOLERANCE, border_colour

PAPER = np.full(3, 255, dtype=np.uint8)
MOST = 3  # figures of a picture
GAP = 0.03  # of the picture's longer side: what lies nearer to each other is one figure
LEAST = 0.05  # of a picture's ink: smaller specks are no figure
FRAME_SPAN = 0.85  # of either side of the picture: what a frame reaches across at least
FRAME_FILL = 0.35  # of the frame's box: what it fills at most
_LONGEST_SIDE = 256  # pixels
_WHOLE = 0.9  # of the picture: a figure that takes up more shows nothing that the whole does not


def figures(image: RgbImage) -> tuple[Rectangle, ...]:
    """Parts of uint8 [height, width, 3] (without its margin) that hold a figure each, the one with most ink first.

    None where the picture is one figure. They stand apart on the colour of the border or, where it has none, on white.
    What a frame encloses comes first, all together. Looked for in a copy of at most 256 pixels a side.
    """
    small = shrink(image, _LONGEST_SIDE)
    height, width = image.shape[:2]
    down, across = height / small.shape[0], width / small.shape[1]
    return tuple(
        Rectangle(
            floor(part.left * across),
            floor(part.top * down),
            min(width, ceil(part.right * across)),
            min(height, ceil(part.bottom * down)),
        )
        for part in _figures(small)
    )


def _figures(image: RgbImage) -> tuple[Rectangle, ...]:
    ground = border_colour(image)  # none where figures run into the border
    ink = differs(image, PAPER if ground is None else ground, TOLERANCE)
    if not ink.any():
        return ()
    framed = _without_frame(ink)
    groups = _groups(ink if framed is None else framed)
    if framed is not None:
        groups = [_box(framed), *(groups if len(groups) > 1 else [])]
    elif len(groups) < 2:
        return ()
    height, width = ink.shape
    return tuple(part for part in groups if part.width * part.height < _WHOLE * width * height)[:MOST]


def _without_frame(ink: BoolImage) -> BoolImage | None:
    """The ink without a line that runs round the rest; None where there is no such line, or nothing in it."""
    height, width = ink.shape
    count, labels, stats, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8), connectivity=8)
    for label in range(1, count):
        _, _, wide, high, area = stats[label].tolist()
        if wide >= FRAME_SPAN * width and high >= FRAME_SPAN * height and area <= FRAME_FILL * wide * high:
            rest = ink & (labels != label)
            return rest if rest.sum() >= LEAST * ink.sum() else None
    return None


def _groups(ink: BoolImage) -> list[Rectangle]:
    """Boxes of pieces of ink that lie near each other, the one with most ink first."""
    reach = max(1, round(GAP * max(ink.shape)))
    grown = cv2.dilate(ink.astype(np.uint8), np.ones((reach, reach), np.uint8))
    count, labels = cv2.connectedComponents(grown, connectivity=8)
    amounts: npt.NDArray[np.intp] = np.bincount(labels[ink], minlength=count)
    enough = [label for label in range(1, count) if amounts[label] >= LEAST * amounts.sum()]
    return [_box(ink & (labels == label)) for label in sorted(enough, key=lambda label: -amounts[label])]


def _box(ink: BoolImage) -> Rectangle:
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return Rectangle(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
