"""What is seen in one picture: the numbers and the text that both stages of the search work on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType

import numpy as np
import numpy.typing as npt

from logosim.domain.rectangle import Rectangle

FloatArray = npt.NDArray[np.float32]
PatchArray = npt.NDArray[np.int8]
RgbImage = NewType("RgbImage", npt.NDArray[np.uint8])  # [height, width, 3], sRGB, no alpha


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line of text found in a picture."""

    text: str
    confidence: float  # 0..1
    quad: tuple[tuple[float, float], ...]  # 4 corners (x, y) in pixels, clockwise from top left


@dataclass(frozen=True, slots=True, eq=False)
class FigureFeatures:
    """One separate figure of a picture that is asked about, looked at by itself."""

    part: Rectangle  # of the picture as it was read: without its margin, shrunk
    embedding: FloatArray  # float32 [dimensions] of unit length
    patches: PatchArray  # int8 [grid, grid, patch_dimensions]


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """Features of one picture under one model.

    `embedding` is float32 [dimensions] of unit length. `patches` is int8 [grid, grid, patch_dimensions]: unit-length
    patch vectors times 127, row by row from the top left; a patch that shows only background is all zeros.
    """

    embedding: FloatArray
    patches: PatchArray
    text: str | None  # what the text reader read, lines joined by a space; None if nothing
    width: int  # of the decoded picture, pixels
    height: int
    sha256: str  # of the picture's bytes, hexadecimal
    model_sha256: str | None = None  # of the model that made them, so that no search mixes two; None: not known
    figures: tuple[FigureFeatures, ...] = ()  # of a picture that asks; stored marks are compared as a whole
