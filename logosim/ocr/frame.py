"""Sets a picture into a frame that text detectors work well on, and finds the way back.

Detectors miss letters that touch the edge and lines a few pixels high, and take time for pixels that show nothing
new. So small pictures are enlarged, large ones reduced, and all get a border in their own ground colour.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from logosim.domain.features import RgbImage, TextLine

_LEAST_SIDE, _GREATEST_SIDE = 320, 960  # of the longer side, pixels
_BORDER = 1 / 16  # of the longer side, on each side
_LEAST_RATIO = 1 / 4  # of shorter to longer side, after the border


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A picture set into its border. `bgr` is uint8 [h, w, 3] with blue first, as both engines want it."""

    bgr: npt.NDArray[np.uint8]
    scale: float
    left: int
    top: int
    width: int  # of the picture before it was set
    height: int

    def line(self, text: str, confidence: float, corners: npt.ArrayLike) -> TextLine:
        """Make a line from `corners` [4, 2] (x, y) in the frame, taken back to the picture and clipped to it."""
        points = (np.asarray(corners, dtype=np.float64).reshape(4, 2) - (self.left, self.top)) / self.scale
        points = np.clip(points, 0, (self.width, self.height))
        return TextLine(text, float(confidence), tuple((float(x), float(y)) for x, y in points))


def set_in_frame(image: RgbImage) -> Frame:
    """Scale uint8 [h, w, 3] to a longer side of 320 to 960 pixels and put a border in its ground colour round it."""
    height, width = image.shape[:2]
    longest = max(height, width)
    scale = min(max(longest, _LEAST_SIDE), _GREATEST_SIDE) / longest
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    scaled = cv2.resize(np.ascontiguousarray(image[:, :, ::-1]), size, interpolation=method)
    across = down = round(_BORDER * max(size))
    least = round(_LEAST_RATIO * (max(size) + 2 * across))
    across += max(0, (least - size[0] - 2 * across + 1) // 2)
    down += max(0, (least - size[1] - 2 * down + 1) // 2)
    ground = np.median(np.concatenate([scaled[0], scaled[-1], scaled[:, 0], scaled[:, -1]]), axis=0)
    framed = cv2.copyMakeBorder(
        scaled, down, down, across, across, cv2.BORDER_CONSTANT, value=[float(level) for level in ground]
    )
    return Frame(np.asarray(framed, np.uint8), scale, across, down, width, height)


def in_reading_order(lines: list[TextLine]) -> tuple[TextLine, ...]:
    """Sort lines into rows from the top, and from the left within a row.

    A line belongs to the row above it if its centre lies within half the height of that row's first line.
    """
    rows: list[list[TextLine]] = []
    for line in sorted(lines, key=_centre):
        if rows and _centre(line) - _centre(rows[-1][0]) <= _height(rows[-1][0]) / 2:
            rows[-1].append(line)
        else:
            rows.append([line])
    return tuple(line for row in rows for line in sorted(row, key=lambda line: min(x for x, _ in line.quad)))


def _centre(line: TextLine) -> float:
    return sum(y for _, y in line.quad) / len(line.quad)


def _height(line: TextLine) -> float:
    ordinates = [y for _, y in line.quad]
    return max(ordinates) - min(ordinates)
