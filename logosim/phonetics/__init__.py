"""Names: how they are normalised, what they may sound like, and how alike two of them sound and are written."""

from __future__ import annotations

from logosim.phonetics.alignment import AlignedPair, aline_alignment, whole_alignment
from logosim.phonetics.aline import aline_similarities, aline_similarity
from logosim.phonetics.normalise import normalise
from logosim.phonetics.protocol import Transcriber
from logosim.phonetics.rules import PROFILES
from logosim.phonetics.spelling import spelling_similarities, spelling_similarity
from logosim.phonetics.transcribe import PROFILE_SEPARATOR, RuleTranscriber, phonemes
from logosim.phonetics.written import written

__all__ = [
    "PROFILES",
    "PROFILE_SEPARATOR",
    "AlignedPair",
    "RuleTranscriber",
    "Transcriber",
    "aline_alignment",
    "aline_similarities",
    "aline_similarity",
    "normalise",
    "phonemes",
    "spelling_similarities",
    "spelling_similarity",
    "whole_alignment",
    "written",
]
