"""Articulatory features of speech sounds and the integer tables ALINE reads.

Feature values, saliences and constants are those of G. Kondrak, "A new algorithm for the alignment of phonetic
sequences" (NAACL 2000) and his thesis "Algorithms for language reconstruction" (Toronto, 2002). Vowels have a place
(front: palatal, others: velar) and a manner by their height; the glides j and w are vowel-like.

Deviations: w counts at the nearer of its two places, velar and bilabial; r is a retroflex approximant whatever the
accent; ʎ is a palatal lateral, ʦ ʧ ʤ are affricates of manner 0.9; lax vowels share the height of their tense partner
(ɪ is i), so that two transcriptions that differ in that habit alone are the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SCALE = 2
"""All differences are multiples of 1/2, so that tables of integers are exact, and small enough for 16 bits."""

SKIP, SUBSTITUTION, EXPANSION, VOWEL = -10, 35, 45, 10
"""Kondrak's constants: C_skip, C_sub, C_exp and C_vwl."""

CONSONANT_FEATURES = ("syllabic", "manner", "voice", "nasal", "retroflex", "lateral", "aspirated", "place")
VOWEL_FEATURES = ("syllabic", "nasal", "retroflex", "high", "back", "round", "long")
SALIENCE = {
    "syllabic": 5,
    "place": 40,
    "manner": 50,
    "voice": 10,
    "nasal": 10,
    "retroflex": 10,
    "lateral": 10,
    "aspirated": 5,
    "long": 1,
    "high": 5,
    "back": 5,
    "round": 5,
}
PLACE = {
    "bilabial": 1.0,
    "labiodental": 0.95,
    "dental": 0.9,
    "alveolar": 0.85,
    "retroflex": 0.8,
    "palato-alveolar": 0.75,
    "palatal": 0.7,
    "velar": 0.6,
    "uvular": 0.5,
    "pharyngeal": 0.3,
    "glottal": 0.1,
}
STOP, AFFRICATE, FRICATIVE, APPROXIMANT, HIGH_VOWEL, MID_VOWEL, LOW_VOWEL = 1.0, 0.9, 0.8, 0.6, 0.4, 0.2, 0.0


@dataclass(frozen=True, slots=True)
class Segment:
    """One speech sound; features in 0..1 as Kondrak values them. `places` are two for a double articulation."""

    places: tuple[float, ...]
    manner: float
    syllabic: float = 0.0
    voice: float = 0.0
    nasal: float = 0.0
    retroflex: float = 0.0
    lateral: float = 0.0
    aspirated: float = 0.0
    high: float = 0.0
    back: float = 0.0
    round: float = 0.0
    long: float = 0.0

    @property
    def vowel_like(self) -> bool:
        """Vowels and glides: as open as a high vowel or more."""
        return self.manner <= HIGH_VOWEL


def _consonant(place: str, manner: float, *marks: str) -> Segment:
    return Segment((PLACE[place],), manner, **dict.fromkeys(marks, 1.0))


def _vowel(high: float, back: float, rounded: float, *, syllabic: float = 1.0, places: tuple[str, ...] = ()) -> Segment:
    """A vowel by height (1 high, 0.5 mid, 0 low) and backness (1 front, 0.5 central, 0 back, as Kondrak counts)."""
    where = places or (("palatal",) if back == 1.0 else ("velar",))
    manner = {1.0: HIGH_VOWEL, 0.5: MID_VOWEL, 0.0: LOW_VOWEL}[high]
    return Segment(
        tuple(PLACE[place] for place in where),
        manner,
        syllabic=syllabic,
        voice=1.0,
        high=high,
        back=back,
        round=rounded,
    )


SEGMENTS: dict[str, Segment] = {
    "p": _consonant("bilabial", STOP),
    "b": _consonant("bilabial", STOP, "voice"),
    "t": _consonant("alveolar", STOP),
    "d": _consonant("alveolar", STOP, "voice"),
    "k": _consonant("velar", STOP),
    "g": _consonant("velar", STOP, "voice"),
    "ʔ": _consonant("glottal", STOP),
    "m": _consonant("bilabial", STOP, "voice", "nasal"),
    "n": _consonant("alveolar", STOP, "voice", "nasal"),
    "ɲ": _consonant("palatal", STOP, "voice", "nasal"),
    "ŋ": _consonant("velar", STOP, "voice", "nasal"),
    "ʦ": _consonant("alveolar", AFFRICATE),
    "ʧ": _consonant("palato-alveolar", AFFRICATE),
    "ʤ": _consonant("palato-alveolar", AFFRICATE, "voice"),
    "f": _consonant("labiodental", FRICATIVE),
    "v": _consonant("labiodental", FRICATIVE, "voice"),
    "θ": _consonant("dental", FRICATIVE),
    "ð": _consonant("dental", FRICATIVE, "voice"),
    "s": _consonant("alveolar", FRICATIVE),
    "z": _consonant("alveolar", FRICATIVE, "voice"),
    "ʃ": _consonant("palato-alveolar", FRICATIVE),
    "ʒ": _consonant("palato-alveolar", FRICATIVE, "voice"),
    "ç": _consonant("palatal", FRICATIVE),
    "x": _consonant("velar", FRICATIVE),
    "ɣ": _consonant("velar", FRICATIVE, "voice"),
    "h": _consonant("glottal", FRICATIVE),
    "r": _consonant("retroflex", APPROXIMANT, "voice", "retroflex"),
    "l": _consonant("alveolar", APPROXIMANT, "voice", "lateral"),
    "ʎ": _consonant("palatal", APPROXIMANT, "voice", "lateral"),
    "j": _vowel(1.0, 1.0, 0.0, syllabic=0.0),
    "ɥ": _vowel(1.0, 1.0, 1.0, syllabic=0.0),
    "w": _vowel(1.0, 0.0, 1.0, syllabic=0.0, places=("velar", "bilabial")),
    "i": _vowel(1.0, 1.0, 0.0),
    "ɪ": _vowel(1.0, 1.0, 0.0),
    "y": _vowel(1.0, 1.0, 1.0),
    "ʊ": _vowel(1.0, 0.0, 1.0),
    "u": _vowel(1.0, 0.0, 1.0),
    "e": _vowel(0.5, 1.0, 0.0),
    "ɛ": _vowel(0.5, 1.0, 0.0),
    "ø": _vowel(0.5, 1.0, 1.0),
    "œ": _vowel(0.5, 1.0, 1.0),
    "ə": _vowel(0.5, 0.5, 0.0),
    "ɜ": _vowel(0.5, 0.5, 0.0),
    "ʌ": _vowel(0.5, 0.0, 0.0),
    "o": _vowel(0.5, 0.0, 1.0),
    "ɔ": _vowel(0.5, 0.0, 1.0),
    "æ": _vowel(0.0, 1.0, 0.0),
    "a": _vowel(0.0, 0.5, 0.0),
    "ɑ": _vowel(0.0, 0.0, 0.0),
}
"""Every segment ALINE knows. Other characters are passed over."""


def difference(one: Segment, other: Segment) -> float:
    """Kondrak's delta: salience-weighted distance over the features that matter for the pair. 0 and upwards."""
    both_vowels = one.vowel_like and other.vowel_like
    total = 0.0
    for feature in VOWEL_FEATURES if both_vowels else CONSONANT_FEATURES:
        if feature == "place":
            apart = min(abs(here - there) for here in one.places for there in other.places)
        else:
            apart = abs(getattr(one, feature) - getattr(other, feature))
        total += SALIENCE[feature] * apart
    return total


@dataclass(frozen=True, slots=True)
class SegmentTables:
    """What ALINE looks up, for segments coded 1..S in the order of SEGMENTS; 0 is no segment. All times SCALE."""

    delta: NDArray[np.int32]
    """[S+1, S+1] differences."""
    vowel: NDArray[np.int32]
    """[S+1] C_vwl for vowel-like segments, else 0."""


def build_tables() -> SegmentTables:
    """Tables of all segments, exact: a value that is no multiple of 1/SCALE is a ValueError."""
    segments = list(SEGMENTS.values())
    delta = np.zeros((len(segments) + 1, len(segments) + 1))
    for row, one in enumerate(segments, start=1):
        for column, other in enumerate(segments, start=1):
            delta[row, column] = SCALE * difference(one, other)
    whole = np.rint(delta)
    if np.abs(delta - whole).max() > 1e-6:
        raise ValueError("a difference between two segments is not a multiple of 1/2")
    vowel = [0, *(SCALE * VOWEL * segment.vowel_like for segment in segments)]
    return SegmentTables(whole.astype(np.int32), np.array(vowel, dtype=np.int32))
