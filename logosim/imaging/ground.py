"""Which colours lie under a drawing."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from logosim.domain.features import RgbImage

Colour = npt.NDArray[np.uint8]  # [3]
BoolImage = npt.NDArray[np.bool_]  # [height, width]


def differs(image: RgbImage, colour: Colour, tolerance: int) -> BoolImage:
    """Which pixels of uint8 [h, w, 3] differ from `colour` by more than `tolerance` levels in some channel."""
    low, high = (
        np.clip(colour.astype(np.int16) - tolerance, 0, 255),
        np.clip(colour.astype(np.int16) + tolerance, 0, 255),
    )
    within = cv2.inRange(np.ascontiguousarray(image), low, high)
    return np.asarray(within == 0)


def main_colours(pixels: npt.NDArray[np.uint8], tolerance: int, at_most: int, least_share: float) -> list[Colour]:
    """Colours that make up most of `pixels` (uint8 [n, 3]), the commonest first.

    Each is the median of the pixels within `tolerance` of the fullest cell of a 16-level colour grid; found one after
    another among what is left, until one holds less than `least_share` of all pixels or there are `at_most`.
    """
    colours: list[Colour] = []
    left = pixels
    while len(colours) < at_most and left.shape[0]:
        cells = (left >> 4).astype(np.int32) @ np.array([256, 16, 1], dtype=np.int32)
        fullest = int(np.bincount(cells, minlength=4096).argmax())
        seed = np.median(left[cells == fullest], axis=0)
        near = np.abs(left.astype(np.int16) - seed.astype(np.int16)).max(axis=1) <= tolerance
        if float(near.sum()) < least_share * pixels.shape[0]:
            break
        colours.append(np.median(left[near], axis=0).astype(np.uint8))
        left = left[~near]
    return colours
