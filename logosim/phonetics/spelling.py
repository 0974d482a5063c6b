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

_TWO_SPACES = 0x2020


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
    similarities[present] = spelling_table([query], texts)[0]
    return similarities


def spelling_table(queries: Sequence[str], texts: Sequence[str]) -> NDArray[np.float64]:
    """Spelling similarity of each of M normalised queries and each of N normalised texts: float64 [M, N] in 0..1."""
    if not texts:
        return np.zeros((len(queries), 0))
    letters = process.cdist(queries, texts, scorer=JaroWinkler.similarity, dtype=np.float64)
    return (letters + _trigram_table(queries, texts)) / 2


def _trigram_table(queries: Sequence[str], texts: Sequence[str]) -> NDArray[np.float64]:
    """`trigram_similarity` of each query and each text, [M, N]: the trigrams of all texts as sorted numbers."""
    owners, codes = _coded(texts)
    sizes = np.bincount(owners, minlength=len(texts))
    table = np.zeros((len(queries), len(texts)))
    for row, query in enumerate(queries):
        _, asked = _coded([query])
        common = np.bincount(owners[np.isin(codes, asked)], minlength=len(texts))
        every = sizes + asked.size - common
        np.divide(common, every, out=table[row], where=every > 0)
    return table


def _coded(texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Which text has which trigram, each once: two int64 [T], a trigram as its three letters of 8 bits."""
    padded = ["  " + text.replace(" ", "   ") + " " for text in texts]
    letters = np.frombuffer("".join(padded).encode("ascii", "replace") + b"  ", dtype=np.uint8).astype(np.int64)
    codes = letters[:-2] << 16 | letters[1:-1] << 8 | letters[2:]
    owners = np.repeat(np.arange(len(texts)), [len(text) for text in padded])
    # Texts stand behind each other as words do: what ends in two spaces straddles two of them.
    keys = (owners << 24 | codes)[codes & 0xFFFF != _TWO_SPACES]
    keys = np.unique(keys)
    return keys >> 24, keys & 0xFFFFFF


def _jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    common = len(one & other)
    every = len(one) + len(other) - common
    return common / every if every else 0.0
