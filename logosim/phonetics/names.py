"""The channels of names: how alike two whole names are, corrected by what their words say (see `words`).

Names of one word each are compared as a whole and nothing else.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from logosim.domain.words import WordCounts
from logosim.phonetics.aline import aline_similarities, aline_table
from logosim.phonetics.spelling import spelling_similarities, spelling_table
from logosim.phonetics.transcribe import PROFILE_SEPARATOR
from logosim.phonetics.words import NameWords, Scores, by_words

Similarities = NDArray[np.float32]

_SAID = re.compile(r"[a-z]+|[0-9]")  # what of a normalised word is said as a word


def spelling_of_names(query: str, names: Sequence[str | None], counts: WordCounts) -> Similarities:
    """How alike a normalised name and others are written: float32 [N] in 0..1, nan for None."""
    whole = spelling_similarities(query, names)
    places = _of_several_words(query, names)
    if not places:
        return whole
    asked, given = NameWords.of([query], counts), NameWords.of([names[place] or "" for place in places], counts)
    table = spelling_table(query.split(" "), given.unique)
    return _corrected(whole, places, asked, given, table[:, given.which])


def sound_of_names(
    query: str, spoken: str, names: Sequence[str | None], spoken_names: Sequence[str | None], counts: WordCounts
) -> Similarities:
    """How alike a name and others sound.

    Args:
        query: normalised name.
        spoken: its transcription, as of `phonemes`.
        names: N normalised names, None where there is none.
        spoken_names: their transcriptions, None where there is none.
        counts: of the words in the register.

    Returns:
        float32 [N] in 0..1, nan where there is nothing to compare. Where a transcription has not as many words as the
        normalised name (L'AMI is spelt as two words and said as one), the names are compared as a whole only.
    """
    whole = aline_similarities(spoken, spoken_names)
    asked_sounds = spoken_words(query, spoken)
    if asked_sounds is None:
        return whole
    heard = {place: spoken_words(names[place], spoken_names[place]) for place in _of_several_words(query, names)}
    sounds = {place: words for place, words in heard.items() if words is not None}
    if not sounds:
        return whole
    unique: dict[str, int] = {}
    which = [unique.setdefault(word, len(unique)) for words in sounds.values() for word in words]
    asked, given = NameWords.of([query], counts), NameWords.of([names[place] or "" for place in sounds], counts)
    table = np.nan_to_num(aline_table(asked_sounds, list(unique)), nan=0.0).astype(np.float64)
    return _corrected(whole, list(sounds), asked, given, table[:, which])


def spoken_words(name: str | None, spoken: str | None) -> tuple[str, ...] | None:
    """The transcription of each word of a normalised name, a number read digit by digit.

    None where it has not as many words as the name in every profile.
    """
    if name is None or spoken is None:
        return None
    if name.isalpha():
        return None if " " in spoken else (spoken,)
    lengths = [1 if word.isalpha() else len(_SAID.findall(word)) for word in name.split(" ")]
    profiles = [profile.split(" ") for profile in spoken.split(PROFILE_SEPARATOR)]
    if {len(words) for words in profiles} != {sum(lengths)}:
        return None
    if len(lengths) < sum(lengths):
        ends = list(itertools.accumulate(lengths))
        profiles = [
            [" ".join(words[end - length : end]) for end, length in zip(ends, lengths, strict=True)]
            for words in profiles
        ]
    return tuple(map(PROFILE_SEPARATOR.join, zip(*profiles, strict=True)))


def _of_several_words(query: str, names: Sequence[str | None]) -> list[int]:
    """Places of the names to be compared by words: of several words, or all if the query is."""
    several = " " in query
    return [place for place, name in enumerate(names) if name is not None and (several or " " in name)]


def _corrected(
    whole: Similarities, places: Sequence[int], asked: NameWords, given: NameWords, similarities: Scores
) -> Similarities:
    scores = by_words(asked, given, similarities)
    corrected = whole.copy()
    corrected[places] = np.maximum(whole[places] - scores.excess, scores.words)
    return corrected
