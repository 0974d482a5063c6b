"""Grapheme to phoneme: what a name may sound like to English, German and Romance ears.

`phonemes("H&M")` is one IPA string per profile, joined with "|"; words inside are joined with a space. One character is
one segment: affricates are the ligatures ʧ ʤ ʦ. Brands are pronounced by rule, not by dictionary: the profiles stand
for habits of reading, not for languages. The same algorithm stands in SQL as `logosim.phonemes`; a test holds the two
equal.
"""

from __future__ import annotations

import functools
import re
import unicodedata

from logosim.phonetics.normalise import NOT_LETTERS, fold
from logosim.phonetics.rules import BOUNDARY, PROFILES, SPELLED, Pronunciation, read_rules

PROFILE_SEPARATOR = "|"
RULES = "rules"
"""Name of this engine, under which a database keeps its transcriptions and the SQL function's."""

LONGEST = 100
"""Characters of a prepared name that are pronounced; a slogan beyond them adds nothing to a comparison of names."""

LETTERS = "äöüåæøœłßçñéšžčćśńżźşğ"
"""Letters beside a to z that have rules of their own; all others are transliterated first."""

_APOSTROPHES = dict.fromkeys(map(ord, "'’‘ʼ"), "")
_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZÆØŒŁẞ", "abcdefghijklmnopqrstuvwxyzæøœłß")
_SILENT = re.compile(rf"[^a-z0-9&+@{LETTERS}]+")
_SIGN = re.compile(r"([0-9&+@])")
_SPACES = re.compile(r" +")
_LETTER = re.compile(rf"([a-z{LETTERS}])")

# Words that nobody can read aloud are spelled: single letters, and up to four letters without a vowel (BMW) or with
# a beginning that no profile has (QLED). The same expression stands in logosim.phonemes.
_UNREADABLE = re.compile(
    rf"^(?:[a-z]|[bcdfghjklmnpqrstvwxz{LETTERS.translate(str.maketrans('', '', 'äöüåæøœé'))}]{{2,4}}"
    r"|(?=.{2,4}$)(?:b[cdfgkmnpqstvwxz]|c[bcdfgjkmnpqstvwx]|d[bcdfgklmnpqstvx]|f[bcdfghkmnpqstvwxz]"
    r"|g[bcdfgkmpqstvxz]|h[bcdfghkmnpqstvxz]|j[bcdfghjklmnpqrstvwxz]|k[bcdfgkmpqtxz]|l[bcdfgjkmnpqrstvwxz]"
    r"|m[bdfghklmpqrstvwxz]|n[bcdfhjklmnpqrstvwxz]|p[bcdgkmpqvwxz]|q[bcdfghjklmnpqrstvwxz]|r[bcdfgjklmnpqrstvwxz]"
    r"|t[bdfgklmnpqtvx]|v[bcdfghkmnpqstvwxz]|w[bcdfgjklmnpqstvwxz]|z[cfgjkpqstxz]).*)$"
)


def phonemes(text: str) -> str | None:
    """IPA of `text` by profile, "en|de|ro", or None where nothing in it is pronounceable. Never raises."""
    prepared = prepare(text)
    if prepared is None:
        return None
    sounds = [_said(profile.pronounce(prepared, 1, len(prepared) - 3)) for profile in pronunciations()]
    return PROFILE_SEPARATOR.join(sounds) if any(sounds) else None


class RuleTranscriber:
    """`phonemes` as an engine. Its name has no version: an upgrade that brings other rules pronounces all anew."""

    name = RULES

    def phonemes(self, text: str) -> str | None:
        """IPA of `text` by profile, "en|de|ro", or None where nothing in it is pronounceable. Never raises."""
        return phonemes(text)


def prepare(text: str) -> str | None:
    """`text` as the rules read it, or None where nothing is left.

    Lower-case words with "_" before, between and (three times) after them; digits and the signs & + @ as words of their
    own; letters to be spelled marked with "=".
    """
    if text.isascii():
        letters = text.translate(_APOSTROPHES).lower()
    else:
        composed = unicodedata.normalize("NFKD", text.translate(NOT_LETTERS).translate(_APOSTROPHES)).translate(_LOWER)
        letters = "".join(_letter(character) for character in unicodedata.normalize("NFC", composed))
    if not letters.isalpha():
        letters = _SPACES.sub(" ", _SIGN.sub(r" \1 ", _SILENT.sub(" ", letters))).strip()
    letters = letters[:LONGEST].rstrip()
    if not letters:
        return None
    words = (_LETTER.sub(rf"{SPELLED}\1", word) if _UNREADABLE.match(word) else word for word in letters.split(" "))
    return BOUNDARY + BOUNDARY.join(words) + 3 * BOUNDARY


def _letter(character: str) -> str:
    if character.isascii() or character in LETTERS:
        return character
    return fold(character, words_for_signs=False)


def _said(sounds: str) -> str:
    return _SPACES.sub(" ", sounds).strip(" ")


@functools.cache
def pronunciations() -> tuple[Pronunciation, ...]:
    """The compiled rules of each of `PROFILES`."""
    rules = read_rules()
    return tuple(Pronunciation(rule for rule in rules if rule.profile == profile) for profile in PROFILES)
