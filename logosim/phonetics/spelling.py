"""How alike two names are written: the mean of Jaro-Winkler and trigram similarity, over normalised texts.

Jaro-Winkler looks at letters in order and weighs the beginning; trigrams find reversed and contained words. Trigram
similarity equals `similarity()` of the Postgres extension pg_trgm: the set of trigrams of all words, each word with two
spaces before and one after, common trigrams by all trigrams.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import JaroWinkler


def trigrams(normalised: str) -> frozenset[str]:
    """Trigrams of a normalised text (words of [a-z0-9] between spaces), as pg_trgm takes them."""
    padded = "  " + normalised.replace(" ", "   ") + " "
    # Between two words stand three spaces: " " ends one, "  " begins the next; what straddles them belongs to neither.
    return frozenset(
        three for three in map("".join, zip(padded, padded[1:], padded[2:], strict=False)) if not three.endswith("  ")
    )


def trigram_similarity(one: str, other: str) -> float:
    """Common trigrams by all trigrams of two normalised texts, 0..1; 0 where neither has any."""
    return _jaccard(trigrams(one), trigrams(other))


def jaro_winkler_similarity(one: str, other: str) -> float:
    """Jaro-Winkler similarity with a prefix weight of 0.1 over four letters, 0..1."""
    return float(JaroWinkler.similarity(one, other))


def spelling_similarity(one: str, other: str) -> float:
    """Mean of Jaro-Winkler and trigram similarity of two normalised texts, 0..1."""
    return (jaro_winkler_similarity(one, other) + trigram_similarity(one, other)) / 2


def spelling_similarities(query: str, candidates: Sequence[str | None]) -> NDArray[np.float32]:
    """Spelling similarity of a normalised query and each candidate: float32 [N] in 0..1, nan for None."""
    present = [place for place, candidate in enumerate(candidates) if candidate is not None]
    texts = [candidate for candidate in candidates if candidate is not None]
    similarities = np.full(len(candidates), np.nan, dtype=np.float32)
    if texts:
        asked = trigrams(query)
        common = np.array([_jaccard(asked, trigrams(text)) for text in texts])
        letters = process.cdist([query], texts, scorer=JaroWinkler.similarity, dtype=np.float64)[0]
        similarities[present] = (letters + common) / 2
    return similarities


def _jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    common = len(one & other)
    every = len(one) + len(other) - common
    return common / every if every else 0.0
