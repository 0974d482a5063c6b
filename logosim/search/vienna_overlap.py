"""How many Vienna codes two marks share, and which."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from logosim.domain.features import FloatArray
from logosim.domain.vienna import ViennaLevel, keys, level

LEVEL_WEIGHTS = {ViennaLevel.CATEGORY: 1.0, ViennaLevel.DIVISION: 2.0, ViennaLevel.SECTION: 4.0}
"""The finer the code, the more it says. A shared section brings its division and category with it."""

FORMAL_CATEGORIES = frozenset({"26", "27", "29"})
"""Geometrical figures, forms of writing, colours: half of all marks carry no other codes."""

FORMAL_WEIGHT = 0.25
"""What a code of the formal categories weighs against one that names a thing. Set by judgement, not calibrated."""


def vienna_similarities(query: Sequence[str], candidates: Sequence[Sequence[str]]) -> FloatArray:
    """Weighted Jaccard similarity of the codes with their ancestors: float32 [N] in 0..1, nan where a side has none.

    1 only for equal codes: what one mark shows and the other does not counts against the likeness.
    """
    asked = set(keys(query))
    values = np.full(len(candidates), np.nan, dtype=np.float32)
    if not asked:
        return values
    for place, codes in enumerate(candidates):
        if codes:
            given = set(keys(codes))
            values[place] = _weight(asked & given) / _weight(asked | given)
    return values


def shared_codes(query: Sequence[str], candidate: Sequence[str]) -> tuple[str, ...]:
    """The finest codes that both carry, those of things before the formal ones, then in numerical order."""
    common = set(keys(query)) & set(keys(candidate))
    finest = [code for code in common if not any(other.startswith(code + ".") for other in common)]
    return tuple(sorted(finest, key=lambda code: (code[:2] in FORMAL_CATEGORIES, code)))


def _weight(codes: set[str]) -> float:
    # In sorted order, so that the sum does not depend on the order of a set.
    return sum(
        LEVEL_WEIGHTS[level(code)] * (FORMAL_WEIGHT if code[:2] in FORMAL_CATEGORIES else 1.0) for code in sorted(codes)
    )
