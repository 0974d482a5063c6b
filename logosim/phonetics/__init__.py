"""Names: how they are normalised, what they may sound like, and how alike two of them sound and are written."""

from __future__ import annotations

from logosim.phonetics.alignment import AlignedPair, aline_alignment
from logosim.phonetics.aline import aline_similarities, aline_similarity
from logosim.phonetics.normalise import normalise
from logosim.phonetics.spelling import spelling_similarities, spelling_similarity
from logosim.phonetics.transcribe import PROFILE_SEPARATOR, phonemes

__all__ = [
    "PROFILE_SEPARATOR",
    "AlignedPair",
    "aline_alignment",
    "aline_similarities",
    "aline_similarity",
    "normalise",
    "phonemes",
    "spelling_similarities",
    "spelling_similarity",
]
