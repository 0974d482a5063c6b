"""Cuts away the margin round a mark, so that a mark is compared and not the paper round it.

Registers pad pictures to squares and wide word marks arrive tiny in them; the query and the index are both trimmed.
"""

from __future__ import annotations

import numpy as np

from logosim.domain.features import RgbImage
from logosim.domain.rectangle import Rectangle
from logosim.imaging.ground import Colour, differs

TOLERANCE = 20  # levels of 255, per channel: what JPEG noise on a plain ground stays below
PAPER = 224  # a ground whose every channel is at least this reads as paper, not as part of the mark
PLATE_MARGIN = 0.25  # of the content's longer side: how much of a coloured ground is kept round the content
_AGREEING = 0.6  # share of the border that must agree for it to have a colour


def border_colour(image: RgbImage) -> Colour | None:
    """Colour of the picture's border, uint8 [3], or None where the border has no single colour.

    The median of the outermost pixels, accepted if 60 % of them lie within `TOLERANCE` of it: ink that runs into the
    border and JPEG noise do not move it.
    """
    border = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    median = np.median(border, axis=0).astype(np.uint8)
    distance = np.abs(border.astype(np.int16) - median.astype(np.int16)).max(axis=1)
    return median if float((distance <= TOLERANCE).mean()) >= _AGREEING else None


def is_paper(colour: Colour) -> bool:
    """Whether a ground of this colour (uint8 [3]) is white or nearly so."""
    return int(colour.min()) >= PAPER


def trim(image: RgbImage) -> RgbImage:
    """Cut the uniform margin off uint8 [height, width, 3]; returns a view, never empty.

    White or nearly white margins are cut tight. A coloured one may be the plate the mark stands on: of it a quarter
    of the content's longer side is kept on each side where there is as much. So it is with paper round a plain
    rectangle, which without it would show nothing at all. A picture that is uniform, or whose
    border has no single colour, comes back as it is. Trimming is repeated until nothing changes, so that a plate
    gives the same picture with and without paper round it, and trimming twice is trimming once.
    """
    return cut(image, content_box(image))


def content_box(image: RgbImage) -> Rectangle:
    """Which part of uint8 [height, width, 3] `trim` keeps."""
    box = Rectangle(0, 0, image.shape[1], image.shape[0])
    while True:
        tighter = _trimmed_once(cut(image, box)).within(box)
        if tighter == box:
            return box
        box = tighter


def cut(image: RgbImage, part: Rectangle) -> RgbImage:
    """A part of uint8 [height, width, 3], as a view."""
    return RgbImage(image[part.top : part.bottom, part.left : part.right])


def _trimmed_once(image: RgbImage) -> Rectangle:
    height, width = image.shape[:2]
    whole = Rectangle(0, 0, width, height)
    ground = border_colour(image)
    if ground is None:
        return whole
    drawn = differs(image, ground, TOLERANCE)
    rows, columns = np.flatnonzero(drawn.any(axis=1)), np.flatnonzero(drawn.any(axis=0))
    if rows.size == 0:
        return whole
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    left, right = int(columns[0]), int(columns[-1]) + 1
    content = RgbImage(image[top:bottom, left:right])
    if not is_paper(ground) or not differs(content, image[top, left], TOLERANCE).any():
        keep = round(PLATE_MARGIN * max(bottom - top, right - left))
        top, left = max(0, top - keep), max(0, left - keep)
        bottom, right = min(height, bottom + keep), min(width, right + keep)
    return Rectangle(left, top, right, bottom)
