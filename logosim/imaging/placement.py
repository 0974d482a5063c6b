"""Where the square that a model looks at lies in the picture it was made from.

On its way to the model a picture is trimmed, shrunk, trimmed again and laid on a square. Each step moves and stretches
by rows and columns alone, so that all of them together are one stretched rectangle.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor

from logosim.domain.features import RgbImage
from logosim.domain.rectangle import Rectangle
from logosim.imaging.canvas import canvas_box
from logosim.imaging.trim import cut

_EXACT = 6  # decimals of a pixel; what lies beyond is rounding of floats


@dataclass(frozen=True, slots=True)
class Placement:
    """A model's square in the coordinates of the whole picture, pixels; where it is padded it sticks out."""

    left: float
    top: float
    right: float
    bottom: float
    picture_width: int
    picture_height: int

    def cell(self, row: int, column: int, grid: int) -> Rectangle:
        """The part of the picture that a cell of the square's `grid` x `grid` cells shows, at least one pixel.

        Every pixel that the cell shows in part is in it; padding is not.
        """
        wide, high = (self.right - self.left) / grid, (self.bottom - self.top) / grid
        left, right = _pixels(self.left + column * wide, self.left + (column + 1) * wide, self.picture_width)
        top, bottom = _pixels(self.top + row * high, self.top + (row + 1) * high, self.picture_height)
        return Rectangle(left, top, right, bottom)


def placement(whole: RgbImage, kept: Rectangle, read: RgbImage, figure: Rectangle, size: int) -> Placement:
    """Trace a square back to the picture.

    Args:
        whole: the picture, uint8 [height, width, 3].
        kept: the part of it that was left by the first trimming.
        read: that part as text was read in it, perhaps shrunk.
        figure: the part of `read` that was left by the second trimming.
        size: side of the square, pixels.
    """
    part = canvas_box(cut(read, figure), size)
    left, right = (
        kept.left + kept.width / read.shape[1] * (figure.left + figure.width / part.width * (edge - part.left))
        for edge in (0, size)
    )
    top, bottom = (
        kept.top + kept.height / read.shape[0] * (figure.top + figure.height / part.height * (edge - part.top))
        for edge in (0, size)
    )
    return Placement(left, top, right, bottom, whole.shape[1], whole.shape[0])


def _pixels(start: float, end: float, length: int) -> tuple[int, int]:
    first = min(max(floor(round(start, _EXACT)), 0), length - 1)
    return first, min(max(ceil(round(end, _EXACT)), first + 1), length)
