"""Two names word by word: which words answer each other, for the reasons of a similarity (see `words`)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from logosim.domain.words import WordCounts
from logosim.phonetics.aline import aline_similarity, aline_table
from logosim.phonetics.names import spoken_words
from logosim.phonetics.spelling import spelling_similarity, spelling_table
from logosim.phonetics.words import NameWords, Scores, by_words


@dataclass(frozen=True, slots=True, eq=False)
class WordPair:
    """Two names of M and N words, of which at least one is several."""

    one: tuple[str, ...]  # words of the normalised names
    other: tuple[str, ...]
    weights: Scores  # [M]
    other_weights: Scores  # [N]
    similarities: Scores  # [M, N]
    whole: float  # similarity of the whole names
    words: float  # similarity by words
    excess: float  # what the whole owes to generic words

    @property
    def words_decide(self) -> bool:
        """Whether the similarity by words is above what is left of that of the whole names."""
        return self.words > self.whole - self.excess

    @property
    def closest(self) -> tuple[int, int]:
        """The words that say most: by both weights and similarity."""
        said = self.weights[:, None] * self.other_weights[None, :] * self.similarities
        row, column = np.unravel_index(int(np.argmax(said)), said.shape)
        return int(row), int(column)

    def counterpart(self, row: int) -> int:
        """The word of the other name that a word of the first is most like."""
        return int(np.argmax(self.similarities[row]))


def spelled_pair(one: str | None, other: str | None, counts: WordCounts) -> WordPair | None:
    """Two normalised names as they are written; None where there is no name, or none of several words."""
    if one is None or other is None or not (" " in one or " " in other):
        return None
    table = spelling_table(one.split(" "), other.split(" "))
    return _pair(one, other, table, spelling_similarity(one, other), counts)


def spoken_pair(
    one: str | None, spoken: str | None, other: str | None, other_spoken: str | None, counts: WordCounts
) -> WordPair | None:
    """Two normalised names with their transcriptions; None as above, or where they have not as many words."""
    if one is None or other is None or not (" " in one or " " in other):
        return None
    said, heard = spoken_words(one, spoken), spoken_words(other, other_spoken)
    if said is None or heard is None or spoken is None or other_spoken is None:
        return None
    table = np.nan_to_num(aline_table(said, heard), nan=0.0).astype(np.float64)
    return _pair(one, other, table, aline_similarity(spoken, other_spoken), counts)


def _pair(one: str, other: str, table: Scores, whole: float, counts: WordCounts) -> WordPair:
    asked, given = NameWords.of([one], counts), NameWords.of([other], counts)
    scores = by_words(asked, given, table)
    return WordPair(
        one=tuple(one.split(" ")),
        other=tuple(other.split(" ")),
        weights=asked.weights,
        other_weights=given.weights,
        similarities=table,
        whole=whole,
        words=float(scores.words[0]),
        excess=float(scores.excess[0]),
    )
