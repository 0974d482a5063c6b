"""Opens training pictures, and keeps those used last in memory."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from logosim.errors import LogosimError
from logosim.imaging import decode

Picture = npt.NDArray[np.uint8]  # [H, W, 3] RGB, or [H, W, 4] RGBA where the ground is transparent


class UnreadablePicture(Exception):
    """A training picture is missing or damaged."""


def read_picture(file: Path) -> Picture:
    """One picture as uint8 [H, W, 3] or, from a PNG with transparency, [H, W, 4]. Raises UnreadablePicture.

    The product's decoder lays pictures on a ground; here the transparency is wanted, as it says what the figure is.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise UnreadablePicture(f"{file}: {error.strerror}") from error
    if file.suffix.lower() == ".png" and data:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        if pixels is not None and pixels.ndim == 3 and pixels.shape[2] == 4 and pixels.dtype == np.uint8:
            return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGBA), dtype=np.uint8)
    try:
        return np.asarray(decode(data), dtype=np.uint8)
    except LogosimError as error:
        raise UnreadablePicture(f"{file}: {error}") from error


class PictureCache:
    """Reads pictures through a cache of at most `megabytes` of decoded pixels; the one used longest ago goes first."""

    def __init__(self, megabytes: float) -> None:
        self._room = megabytes * 2**20
        self._held: OrderedDict[Path, Picture] = OrderedDict()
        self._bytes = 0

    def read(self, file: Path) -> Picture:
        """As `read_picture`. The array is shared: callers do not write into it."""
        found = self._held.get(file)
        if found is not None:
            self._held.move_to_end(file)
            return found
        picture = read_picture(file)
        picture.flags.writeable = False
        self._held[file] = picture
        self._bytes += picture.nbytes
        while self._bytes > self._room and self._held:
            _, dropped = self._held.popitem(last=False)
            self._bytes -= dropped.nbytes
        return picture
