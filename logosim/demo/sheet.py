"""The demo's contact sheet: the query, then the hits with their scores and reasons."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

from logosim.domain.features import RgbImage
from logosim.domain.hit import Answer, Hit
from logosim.errors import PictureError
from logosim.imaging.decode import DecodeLimits, decode
from logosim.imaging.sheet import contact_sheet

ACROSS = 4  # hits in a row
_CELL = 224  # pixels


def answer_sheet(query: bytes, answer: Answer, *, limits: DecodeLimits, title: str = "query", most: int = 12) -> bytes:
    """Draw a query and its best hits as one picture.

    Args:
        query: the query picture.
        answer: what was found.
        limits: limits for decoding the pictures.
        title: second line under the query, such as what was changed about it.
        most: hits shown.

    Returns:
        PNG. The query stands alone in the first row. A hit whose picture cannot be read any more is shown blank.

    Raises:
        PictureError: the query picture cannot be used.
    """
    hits = answer.hits[:most]
    pictures: list[list[RgbImage]] = [[decode(query, limits)]]
    captions = [[f"Query: {answer.query_text or 'no text'}\n{title}"]]
    for start in range(0, len(hits), ACROSS):
        row = hits[start : start + ACROSS]
        pictures.append([_picture(hit, limits) for hit in row])
        captions.append([caption(hit) for hit in row])
    stream = io.BytesIO()
    Image.fromarray(contact_sheet(pictures, captions, cell=_CELL)).save(stream, "PNG")
    return stream.getvalue()


def caption(hit: Hit) -> str:
    """Three lines: rank, score and risk; the mark; what each channel adds to the score."""
    parts = sorted(hit.evidence, key=lambda evidence: -evidence.contribution)
    reasons = ", ".join(f"{part.channel} {part.contribution:.2f}" for part in parts if part.contribution >= 0.005)
    return f"{hit.rank}. {hit.score:.2f} {hit.risk}\n{hit.text or hit.file}\n{reasons}"


def _picture(hit: Hit, limits: DecodeLimits) -> RgbImage:
    try:
        return decode(Path(hit.picture_location).read_bytes(), limits)
    except (OSError, PictureError):
        return RgbImage(np.full((8, 8, 3), 235, np.uint8))
