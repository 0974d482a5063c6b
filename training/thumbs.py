"""Small pictures of what is drawn, to tell copies and to find the logos of excluded brands under other names."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 16
_SAME = 2.5  # mean difference of two thumbs, in grey levels of 255, under which they are copies
_FAINT = 12.0  # what differs from white by no more than this, in grey levels, is not to be seen on white
_RESEMBLING = 0.985  # correlation of two thumbs in grey from which they show one figure, also with colours reversed
_BLOCK = 512  # references compared at a time

Thumb = NDArray[np.uint8]  # [SIDE, SIDE, 3]


def thumb_of(png: bytes) -> Thumb | None:
    """A thumb on white cut to what is drawn, uint8 [SIDE, SIDE, 3], or None if nothing is to be seen on white.

    Raises OSError if the bytes are no picture.
    """
    with Image.open(io.BytesIO(png)) as opened:
        picture = opened.convert("RGBA")
    ground = Image.new("RGBA", picture.size, "white")
    ground.alpha_composite(picture)
    shown = ground.convert("RGB")
    ink = Image.fromarray((255 - np.asarray(shown).min(axis=2) > _FAINT).astype(np.uint8) * 255)
    box = ink.getbbox()
    if box is None:
        return None
    return np.asarray(shown.crop(box).resize((SIDE, SIDE), Image.Resampling.BOX))


def same(one: Thumb, other: Thumb) -> bool:
    """Whether two thumbs are copies: colour counts, margins do not, since thumbs have none."""
    return float(np.abs(one.astype(np.float32) - other).mean()) < _SAME


def resembling(thumbs: Sequence[Thumb], references: Sequence[Thumb]) -> NDArray[np.bool_]:
    """Whether each thumb shows the figure of one of the references, in any colour; bool [len(thumbs)].

    A thumb of one grey level resembles nothing.
    """
    found = np.zeros(len(thumbs), dtype=np.bool_)
    if not thumbs:
        return found
    vectors = _vectors(thumbs)
    for start in range(0, len(references), _BLOCK):
        likeness = vectors @ _vectors(references[start : start + _BLOCK]).T
        found |= (np.abs(likeness) >= _RESEMBLING).any(axis=1)
    return found


def _vectors(thumbs: Sequence[Thumb]) -> NDArray[np.float32]:
    grey = np.stack([thumb.mean(axis=2, dtype=np.float32).ravel() for thumb in thumbs])
    grey -= grey.mean(axis=1, keepdims=True)
    grey /= np.maximum(np.linalg.norm(grey, axis=1, keepdims=True), 1.0)
    return grey
