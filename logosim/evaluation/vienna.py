"""Shared Vienna codes among what was found, beside how often they are shared anyway.

Two random marks of a register share a division about once in six times, for most carry codes for letters and colours
alone. So a share of codes is never reported without the rate of random pairs of the same corpus, nor without the same
for the figurative categories 01 to 24: 25 to 29 are ornaments, writing, numerals and colours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from logosim.evaluation.placing import NOTHING, Placings
from logosim.evaluation.truth import BoolArray, TruthSet

_NOT_FIGURATIVE = ("25", "26", "27", "28", "29")
_LARGEST = 20_000  # different sets of divisions that are compared with one another exactly


@dataclass(frozen=True, slots=True)
class SharedCodes:
    """How often two marks share a division (the second level of the classification), each 0..1."""

    k: int
    queries: int  # that carry a code of the categories counted
    found: float  # share of the wrong ones among the first k that share a division with their query
    same_queries: float  # the same for pictures drawn at random in place of those found
    random_pairs: float  # share of random pairs of the corpus that do; the rate that `found` is held against


def shared_codes(
    truth: TruthSet, placings: Placings, k: int = 10, *, figurative_only: bool = False
) -> SharedCodes | None:
    """Shared divisions among the first k pictures of each query, and by chance.

    What the query should find is passed over: a copy of a mark carries the mark's codes whatever a model sees.

    Args:
        truth: pictures with their codes; codes of a category alone do not count.
        placings: what was found.
        k: length of the list, at most `placing.DEPTH`.
        figurative_only: leave out categories 25 to 29.

    Returns:
        None where the set has no codes, no query carries one that counts, or there are no two pictures to be found.
    """
    if truth.codes is None:
        return None
    carried = _divisions(truth.codes, figurative_only)
    asking = carried[placings.queries].any(axis=1)
    gallery = carried if truth.hidden is None else carried[~truth.hidden]
    if not asking.any() or len(gallery) < 2:
        return None
    queries, found = placings.queries[asking], placings.first[asking, :k]
    shares = np.zeros(found.shape, dtype=np.bool_)
    listed = found != NOTHING
    for row, (query, pictures) in enumerate(zip(queries, found, strict=True)):
        shares[row] = (carried[pictures] & carried[query]).any(axis=1)
        listed[row] &= ~truth.positives(int(query))[pictures]
    return SharedCodes(
        k=k,
        queries=len(queries),
        found=float((shares & listed).sum() / max(1, listed.sum())),
        same_queries=_rate_of_queries(gallery, carried[queries]),
        random_pairs=_rate_of_pairs(gallery),
    )


def _divisions(codes: Sequence[tuple[str, ...]], figurative_only: bool) -> BoolArray:
    """[pictures, divisions]: which division a picture carries."""
    by_picture = [
        {code[:5] for code in carried if len(code) >= 5 and not (figurative_only and code[:2] in _NOT_FIGURATIVE)}
        for carried in codes
    ]
    names = {name: number for number, name in enumerate(sorted(set().union(*by_picture)))}
    matrix = np.zeros((len(codes), len(names)), dtype=np.bool_)
    for row, found in enumerate(by_picture):
        matrix[row, [names[name] for name in found]] = True
    return matrix


def _rate_of_queries(gallery: BoolArray, queries: BoolArray) -> float:
    """Share of all pairs of a query and a picture of the gallery that share a division; exact.

    A query that stands in the gallery itself is left out once, as is a picture with the very same divisions where it
    does not: of thousands, that is of no weight.
    """
    total = sum(int(gallery[:, query].any(axis=1).sum()) - 1 for query in queries)
    return max(0.0, total / (len(queries) * (len(gallery) - 1)))


def _rate_of_pairs(carried: BoolArray) -> float:
    """Share of all pairs of different pictures that share a division.

    Exact: pictures with the same divisions are counted together. With more than `_LARGEST` different sets, over a
    sample of that many pictures.
    """
    if len(carried) > _LARGEST and len(np.unique(carried, axis=0)) > _LARGEST:
        carried = carried[np.random.default_rng(0).choice(len(carried), _LARGEST, replace=False)]
    sets, counts = np.unique(carried, axis=0, return_counts=True)
    wide: npt.NDArray[np.float32] = sets.astype(np.float32)
    total = 0.0
    for start in range(0, len(sets), 1024):
        alike = wide[start : start + 1024] @ wide.T > 0
        total += float(counts[start : start + 1024] @ (alike @ counts.astype(np.float64)))
    itself = int(counts[sets.any(axis=1)].sum())
    return (total - itself) / (len(carried) * (len(carried) - 1))
