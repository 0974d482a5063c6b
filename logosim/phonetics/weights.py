"""How distinctive a word is: the rarer in the register, the more.

The weight is the inverse document frequency, log((N + 1) / (n + 1)) / log(N + 1), for a word that stands in n of N
names: 1 for a word that no name has, and 0 for one that all have. A word of one or two characters has a third of that
for each: a letter or a figure that stands in a long name makes no conflict with the mark that is this letter. A floor
keeps the weight above 0, for a name of nothing but generic words is still a name.

Words that distinguish nothing in any register (legal forms, articles, conjunctions, prepositions, "www") have the
floor, so that a small database knows them too; they are packaged as `data/generic_words.csv`. For the same reason a
register counts as one of 1,000 names at least: of two marks, one that bears a word says nothing of how common it is.
"""

from __future__ import annotations

import csv
import functools
from collections.abc import Sequence
from importlib import resources
from math import log

import numpy as np
from numpy.typing import NDArray

from logosim.domain.words import WordCounts

FLOOR = 0.1
LEAST_NAMES = 1000
FULL_LENGTH = 3  # characters from which on a word is weighed by its frequency alone


def word_weights(words: Sequence[str], counts: WordCounts) -> NDArray[np.float64]:
    """Weights of words of normalised names: float64 [N] in FLOOR..1."""
    names = max(counts.names, LEAST_NAMES) + 1
    generic = generic_words()
    found = counts.marks
    frequency = np.array([names if word in generic else found.get(word, 0) + 1 for word in words], dtype=np.float64)
    length = np.array([min(len(word), FULL_LENGTH) / FULL_LENGTH for word in words], dtype=np.float64)
    return np.clip(length * np.log(names / frequency) / log(names), FLOOR, 1.0)


@functools.cache
def generic_words() -> frozenset[str]:
    """Words that distinguish nothing in any register, normalised."""
    table = resources.files("logosim.phonetics") / "data" / "generic_words.csv"
    with table.open(encoding="utf-8") as lines:
        return frozenset(row["word"] for row in csv.DictReader(lines))
