"""How far a mean could be off, given that queries of one brand are not independent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from logosim.evaluation.truth import IntArray

RESAMPLES = 1000
LEVEL = 0.95
_BLOCK = 1 << 22  # drawn groups at a time


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and the bounds of its bootstrap interval."""

    mean: float
    low: float
    high: float


def bootstrap(
    values: npt.NDArray[np.float64],
    groups: IntArray,
    *,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
    seed: int = 0,
) -> Interval:
    """Percentile interval of the mean of `values` [Q], drawing whole groups [Q] with replacement.

    Efron and Tibshirani, "An Introduction to the Bootstrap" (1993), chapter 13; by groups, because queries of one
    brand succeed and fail together: drawn one by one they would promise more certainty than there is. With a single
    group nothing can be said, and the bounds are those of no resampling at all: the mean.

    Raises:
        ValueError: no values, or values and groups of different length.
    """
    if len(values) == 0 or len(values) != len(groups):
        raise ValueError(f"{len(values)} values cannot be resampled by {len(groups)} groups")
    _, numbers = np.unique(groups, return_inverse=True)
    sums, counts = np.bincount(numbers, weights=values), np.bincount(numbers).astype(np.float64)
    rng = np.random.default_rng(seed)
    rows = max(1, _BLOCK // len(sums))
    means = []
    for start in range(0, resamples, rows):
        drawn = rng.integers(len(sums), size=(min(rows, resamples - start), len(sums)))
        means.append(sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1))
    low, high = np.quantile(np.concatenate(means), [(1 - level) / 2, (1 + level) / 2]).tolist()
    return Interval(float(values.mean()), low, high)
