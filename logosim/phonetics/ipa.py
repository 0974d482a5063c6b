"""One way of writing sounds for all engines: IPA of any habit, brought to the segments that ALINE knows.

One character is one segment. Affricates that a tie bar joins become the ligatures ʦ ʧ ʤ; length, stress, tone and other
diacritics are dropped, except three that are sounds of their own: a syllabic consonant gets the ə that it stands for, a
nasalised vowel its n, and the vocalised r (ɐ̯) is an r again. Sounds that `segments` has no features for become the
nearest that it has. All else is dropped. What the rules say is written so already and passes unchanged.
"""

from __future__ import annotations

import functools
import re
import unicodedata

from logosim.phonetics.segments import SEGMENTS

NEAREST: dict[str, str] = {
    "ɡ": "g", "ɢ": "g", "ɠ": "g", "ɟ": "g", "c": "k", "q": "k", "ʈ": "t", "ɖ": "d", "ɗ": "d", "ɓ": "b",
    "ɱ": "m", "ɳ": "n", "ɴ": "ŋ",
    "ʣ": "dz", "ʨ": "ʧ", "ʥ": "ʤ",
    "ɸ": "f", "β": "v", "ʋ": "v", "ʂ": "ʃ", "ɕ": "ʃ", "ʐ": "ʒ", "ʑ": "ʒ", "ʝ": "j", "χ": "x", "ħ": "h", "ɦ": "h",
    "ʕ": "ʔ",
    "ɹ": "r", "ɻ": "r", "ɾ": "r", "ɽ": "r", "ɺ": "r", "ʀ": "r", "ʁ": "r",
    "ɫ": "l", "ɬ": "l", "ɭ": "l", "ʟ": "l",
    "ɰ": "w", "ʍ": "w", "ʷ": "w",
    "ʏ": "y", "ɨ": "i", "ʉ": "u", "ɯ": "u", "ɘ": "ə", "ɵ": "ø", "ɤ": "ʌ", "ɐ": "ə", "ɚ": "ə", "ɝ": "ɜ", "ɞ": "ɜ",
    "ɶ": "œ", "ɒ": "ɔ",
}  # fmt: skip
"""Sounds without features of their own, with the nearest that have them."""

_TIED = {"t͡s": "ʦ", "t͡ʃ": "ʧ", "d͡ʒ": "ʤ", "t͡ɕ": "ʧ", "d͡ʑ": "ʤ", "t͡ʂ": "ʧ", "d͡ʐ": "ʤ", "ɐ̯": "r"}
_SYLLABIC, _NASALISED = "\u0329", "\u0303"
_TIE_BELOW, _TIE_ABOVE = "\u035c", "\u0361"
_JOINED = re.compile("|".join(_TIED))
_SOUND = re.compile("([^\u0300-\u036f]|^)([\u0300-\u036f]*)")
_SPACES = re.compile(r"\s+")


@functools.lru_cache(maxsize=1 << 16)
def segments_of(ipa: str) -> str:
    """`ipa` in the segments of `SEGMENTS`, words joined with one space; "" where nothing is left. Never raises."""
    decomposed = unicodedata.normalize("NFD", ipa).replace(_TIE_BELOW, _TIE_ABOVE)
    joined = _JOINED.sub(lambda found: _TIED[found[0]], decomposed)
    return _SPACES.sub(" ", _SOUND.sub(_segment, joined)).strip()


def _segment(found: re.Match[str]) -> str:
    letter, marks = found.groups()
    whole = unicodedata.normalize("NFC", letter + marks)[:1]  # ç is one sound, and not a c with a cedilla
    sound = _known(whole) or _known(letter)
    if sound and _SYLLABIC in marks:
        return "ə" + sound
    if sound and _NASALISED in marks and SEGMENTS[sound[0]].syllabic:
        return sound + "n"
    return sound


def _known(letter: str) -> str:
    return letter if letter in SEGMENTS or letter.isspace() else NEAREST.get(letter, "")
