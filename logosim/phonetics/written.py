"""Sounds in plain letters, for readers who do not know the phonetic alphabet: ʃ is written "sh"."""

from __future__ import annotations

LETTERS: dict[str, str] = {
    "ʔ": "-",
    "ɲ": "ny",
    "ŋ": "ng",
    "ʦ": "ts",
    "ʧ": "ch",
    "ʤ": "dj",
    "θ": "th",
    "ð": "dh",
    "ʃ": "sh",
    "ʒ": "zh",
    "ç": "hy",
    "x": "kh",
    "ɣ": "gh",
    "ʎ": "ly",
    "j": "y",
    "ɥ": "yu",
    "ɪ": "i",
    "y": "ue",
    "ʊ": "u",
    "ɛ": "e",
    "ø": "oe",
    "œ": "oe",
    "ə": "uh",
    "ɜ": "ur",
    "ʌ": "u",
    "ɔ": "o",
    "æ": "a",
    "ɑ": "ah",
}
"""Segments that are written otherwise than in the phonetic alphabet; all others are their own letter."""


def written(sounds: str) -> str:
    """IPA in letters of ASCII, as an English reader would guess at them. Not reversible."""
    return "".join(LETTERS.get(sound, sound) for sound in sounds)
