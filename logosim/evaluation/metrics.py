"""Retrieval metrics over a truth set, counted by drawing and not by picture; see `logosim.evaluation.placing`.

Each metric is a function of `Placings` that gives one float64 per query, so that means by difficulty and intervals
follow from the same numbers. The query itself and its own drawing never count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from logosim.domain.features import FloatArray
from logosim.evaluation.placing import NOT_FOUND, Placings, place_by_cosine, place_rankings
from logosim.evaluation.truth import IntArray, TruthSet

Values = npt.NDArray[np.float64]  # [Q]


def hit(placings: Placings, k: int = 1) -> Values:
    """1 where a right drawing is among the first k, else 0."""
    return (placings.places[:, 0] <= k).astype(np.float64)


def recall(placings: Placings, k: int) -> Values:
    """Share of the right drawings that are among the first k, 0..1."""
    return np.asarray((placings.places <= k).sum(axis=1) / placings.wanted)


def precision(placings: Placings, k: int) -> Values:
    """Share of the first k that are right, 0..1. With fewer than k right drawings in the set it cannot reach 1."""
    return np.asarray((placings.places <= k).sum(axis=1) / k)


def average_precision(placings: Placings, k: int) -> Values:
    """Average precision of the first k, 0..1: the precision at each right drawing, over the most that k can hold.

    The divisor is min(right drawings, k). The METU data set's script divides by all right ones and counts the query
    itself as one of them, which lifts its figures; see `logosim.evaluation.metu`.
    """
    within = placings.places <= k
    order = np.arange(1, placings.places.shape[1] + 1)
    precisions = np.where(within, order / placings.places, 0.0)
    return np.asarray(precisions.sum(axis=1) / np.minimum(placings.wanted, k))


def normalised_average_rank(placings: Placings) -> Values:
    """NAR: 0 where the right drawings come first, 0.5 on average for a random order, towards 1 where they come last.

    (sum of places - R(R + 1) / 2) / (N R) with R right drawings of N that can be found: Müller, Marchand-Maillet and
    Pun, "The truth about Corel" (2002), as used with METU. Deviation: the query is not one of the R. What a ranking
    does not hold counts as coming last of all.
    """
    most = placings.places.shape[1]
    order = np.arange(1, most + 1)
    at_the_end = placings.ranked[:, None] - placings.wanted[:, None] + order
    places = np.where(placings.places == NOT_FOUND, at_the_end, placings.places)
    total = np.where(order <= placings.wanted[:, None], places, 0).sum(axis=1)
    least = placings.wanted * (placings.wanted + 1) / 2
    return np.asarray((total - least) / (placings.ranked * placings.wanted))


def pres(placings: Placings, k: int) -> Values:
    """PRES, 0..1: how much of what there is to find comes among the first k, and how early.

    Magdy and Jones, "PRES: a score metric for evaluating recall-oriented information retrieval applications" (SIGIR
    2010): 1 - (mean place - (R + 1) / 2) / k, where right drawings beyond the first k are taken to stand at the end
    of a list of k + R.
    """
    order = np.arange(1, placings.places.shape[1] + 1)
    places = np.where(placings.places <= k, placings.places, k + order)
    total = np.where(order <= placings.wanted[:, None], places, 0).sum(axis=1)
    return np.asarray(1 - (total / placings.wanted - (placings.wanted + 1) / 2) / k)


METRICS: Mapping[str, Callable[[Placings], Values]] = MappingProxyType(
    {
        "hit@1": hit,
        "P@10": partial(precision, k=10),
        "R@10": partial(recall, k=10),
        "R@100": partial(recall, k=100),
        "R@1000": partial(recall, k=1000),
        "MAP@100": partial(average_precision, k=100),
        "PRES@100": partial(pres, k=100),
        "NAR": normalised_average_rank,
    }
)
"""Metrics by the name they have in tables. Higher is better, but for NAR."""


@dataclass(frozen=True, slots=True)
class Metrics:
    """Means over all queries, each 0..1."""

    queries: int
    hit_at_1: float  # share of queries whose first answer is right
    precision_at_10: float  # share of the first 10 that are right
    recall_at_10: float  # share of the right drawings among the first 10
    recall_at_100: float  # and among the first 100
    recall_at_1000: float
    map_at_100: float  # mean average precision of the first 100
    pres_at_100: float
    nar: float  # normalised average rank: 0 is perfect, 0.5 random

    @classmethod
    def of(cls, placings: Placings) -> Metrics:
        """Means over the queries of `placings`."""
        return cls(len(placings), *(float(metric(placings).mean()) for metric in METRICS.values()))


def evaluate(truth: TruthSet, embeddings: FloatArray) -> Metrics:
    """Metrics of ranking by cosine; `embeddings` is float32 [pictures, dimensions] of unit length, in truth order.

    Raises ValueError as `place_by_cosine` does.
    """
    return Metrics.of(place_by_cosine(truth, embeddings))


def evaluate_rankings(truth: TruthSet, rankings: Iterable[tuple[int, IntArray]]) -> Metrics:
    """Metrics of given rankings; see `place_rankings`, which raises ValueError if there is no query."""
    return Metrics.of(place_rankings(truth, rankings))
