"""What scanning, shrinking and compression do to a picture."""

from __future__ import annotations

import cv2
import numpy as np

from training.augment.layer import ByteArray

_LEAST_LIKENESS = 24  # levels between the darkest and the brightest pixel that must be left


def degrade(picture: ByteArray, changes: frozenset[str], chance: np.random.Generator) -> ByteArray:
    """Apply those of `grey`, `shrink`, `blur`, `noise` and `jpeg` that are among the changes to uint8 [S, S, 3]."""
    if "grey" in changes:
        picture = grey(picture)
    if "shrink" in changes:
        picture = shrunk(picture, float(chance.uniform(0.2, 0.55)))
    if "blur" in changes:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), float(chance.uniform(0.5, 1.4))), np.uint8)
    if "noise" in changes:
        picture = grained(picture, int(chance.integers(4, 18)), chance)
    if "jpeg" in changes:
        picture = compressed(picture, int(chance.integers(15, 75)))
    return picture


def grey(picture: ByteArray) -> ByteArray:
    """The picture's luminance in all three channels; its channels' mean where luminance alone shows next to nothing."""
    tone = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    if int(tone.max()) - int(tone.min()) < _LEAST_LIKENESS:
        tone = cv2.transform(picture, np.full((1, 3), 1 / 3, np.float32))
    return np.asarray(cv2.cvtColor(tone, cv2.COLOR_GRAY2RGB), np.uint8)


def shrunk(picture: ByteArray, share: float) -> ByteArray:
    """The picture made `share` of its size and enlarged again."""
    height, width = picture.shape[:2]
    small = (max(8, round(width * share)), max(8, round(height * share)))
    tiny = cv2.resize(picture, small, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(tiny, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def grained(picture: ByteArray, reach: int, chance: np.random.Generator) -> ByteArray:
    """The picture with up to `reach` levels added to or taken from each pixel, alike in all channels."""
    grain = chance.integers(0, 2 * reach + 1, picture.shape[:2], dtype=np.uint8)
    lighter, darker = cv2.subtract(grain, reach), cv2.subtract(reach, grain)
    return np.asarray(cv2.subtract(cv2.add(picture, cv2.merge([lighter] * 3)), cv2.merge([darker] * 3)), np.uint8)


def compressed(picture: ByteArray, quality: int) -> ByteArray:
    """The picture after JPEG compression at a quality of 1 to 100."""
    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError(f"JPEG compression of a picture {list(picture.shape)} failed")
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
