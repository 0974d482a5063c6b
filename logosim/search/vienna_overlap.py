"""How many Vienna codes two marks share, and which."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache

import numpy as np

from logosim.domain.features import FloatArray
from logosim.domain.vienna import ViennaLevel, keys

LEVEL_WEIGHTS = {ViennaLevel.CATEGORY: 1.0, ViennaLevel.DIVISION: 2.0, ViennaLevel.SECTION: 4.0}
"""The finer the code, the more it says. A shared section brings its division and category with it."""

FORMAL_CATEGORIES = frozenset({"26", "27", "29"})
"""Geometrical figures, forms of writing, colours: half of all marks carry no other codes."""

FORMAL_WEIGHT = 0.25
"""What a code of the formal categories weighs against one that names a thing. Set by judgement, not calibrated."""


_CODE_WEIGHTS = {
    (length, formal): weight * (FORMAL_WEIGHT if formal else 1.0)
    for length, weight in zip((2, 5, 8), LEVEL_WEIGHTS.values(), strict=True)
    for formal in (False, True)
}  # by the length of a canonical code; sums of quarters are exact in any order


def vienna_similarities(query: Sequence[str], candidates: Sequence[Sequence[str]]) -> FloatArray:
    """Weighted Jaccard similarity of the codes with their ancestors: float32 [N] in 0..1, nan where a side has none.

    1 only for equal codes: what one mark shows and the other does not counts against the likeness.
    """
    values = np.full(len(candidates), np.nan, dtype=np.float32)
    if not query:
        return values
    asked, asked_weight = _weighed(tuple(query))
    for place, codes in enumerate(candidates):
        if codes:
            given, given_weight = _weighed(tuple(codes))
            common = _weight(asked & given)
            values[place] = common / (asked_weight + given_weight - common)
    return values


@lru_cache(maxsize=1 << 15)
def _weighed(codes: tuple[str, ...]) -> tuple[frozenset[str], float]:
    """Codes with their ancestors, and their weight: half of all marks bear one of a few thousand sets of codes."""
    every = frozenset(keys(codes))
    return every, _weight(every)


def shared_codes(query: Sequence[str], candidate: Sequence[str]) -> tuple[str, ...]:
    """The finest codes that both carry, those of things before the formal ones, then in numerical order."""
    common = set(keys(query)) & set(keys(candidate))
    finest = [code for code in common if not any(other.startswith(code + ".") for other in common)]
    return tuple(sorted(finest, key=lambda code: (code[:2] in FORMAL_CATEGORIES, code)))


def _weight(codes: AbstractSet[str]) -> float:
    return sum(_CODE_WEIGHTS[len(code), code[:2] in FORMAL_CATEGORIES] for code in codes)
