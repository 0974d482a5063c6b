"""The square a model looks at."""

from __future__ import annotations

import cv2
import numpy as np

from logosim.domain.features import RgbImage
from logosim.domain.rectangle import Rectangle


def canvas(image: RgbImage, size: int) -> RgbImage:
    """Centre uint8 [height, width, 3] on a white square and return it at uint8 [size, size, 3].

    The longer side fills the square. Shrinks by area averaging, enlarges by bicubic interpolation. The picture is
    resized first and padded then, so that a long thin picture never becomes a large square.
    """
    part = canvas_box(image, size)
    square = np.full((size, size, 3), 255, dtype=np.uint8)
    square[part.top : part.bottom, part.left : part.right] = _resized(image, part.width, part.height)
    return RgbImage(square)


def canvas_box(image: RgbImage, size: int) -> Rectangle:
    """Which part of its canvas, `size` pixels wide and high, a picture uint8 [height, width, 3] fills."""
    height, width = image.shape[:2]
    scale = size / max(height, width)
    wide, high = max(1, round(width * scale)), max(1, round(height * scale))
    left, top = (size - wide) // 2, (size - high) // 2
    return Rectangle(left, top, left + wide, top + high)


def shrink(image: RgbImage, longest: int) -> RgbImage:
    """Return uint8 [h, w, 3] with its longer side at most `longest` pixels; a smaller picture comes back as it is.

    Text is read and masked at this size: more pixels cost time and show nothing more of a mark.
    """
    height, width = image.shape[:2]
    if max(height, width) <= longest:
        return image
    scale = longest / max(height, width)
    return _resized(image, max(1, round(width * scale)), max(1, round(height * scale)))


def _resized(image: RgbImage, width: int, height: int) -> RgbImage:
    if (height, width) == image.shape[:2]:
        return image
    shrinks = width < image.shape[1] or height < image.shape[0]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return RgbImage(
        np.asarray(cv2.resize(np.ascontiguousarray(image), (width, height), interpolation=method), np.uint8)
    )
