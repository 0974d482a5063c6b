"""Retrieval metrics over a truth set, counted by drawing and not by picture.

Collections copy one another: counted by picture, a drawing that stands in ten of them would weigh ten times. So a
ranking of pictures becomes a ranking of drawings, each at the place of its best picture.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from logosim.domain.features import FloatArray
from logosim.evaluation.brands import TruthSet

DEPTH = 100  # the list an examiner is willing to look through


@dataclass(frozen=True, slots=True)
class Metrics:
    """Means over all queries, each 0..1."""

    queries: int
    hit_at_1: float  # share of queries whose first answer is right
    recall_at_10: float  # share of the right drawings among the first 10
    recall_at_100: float  # and among the first 100
    map_at_100: float  # mean average precision of the first 100


def evaluate(truth: TruthSet, embeddings: FloatArray) -> Metrics:
    """Metrics of ranking by cosine; `embeddings` is float32 [pictures, dimensions] of unit length, in truth order."""
    if embeddings.ndim != 2 or len(embeddings) != len(truth):
        raise ValueError(f"embeddings must be [{len(truth)}, dimensions], not {list(embeddings.shape)}")
    return evaluate_rankings(truth, _rankings(truth, embeddings))


def evaluate_rankings(truth: TruthSet, rankings: Iterable[tuple[int, npt.NDArray[np.int64]]]) -> Metrics:
    """Metrics of given rankings: pairs of a query and the pictures it found, best first, by index into the truth.

    A ranking may hold the query itself and other ignored pictures: they are passed over. Positives that it does not
    hold count as not found. Raises ValueError if there is no query.
    """
    rows = [_one(truth, query, ranking) for query, ranking in rankings]
    if not rows:
        raise ValueError("no query has anything to find")
    hit, recall_10, recall_100, precision = np.mean(np.asarray(rows, dtype=np.float64), axis=0).tolist()
    return Metrics(len(rows), hit, recall_10, recall_100, precision)


def _rankings(truth: TruthSet, embeddings: FloatArray) -> Iterator[tuple[int, npt.NDArray[np.int64]]]:
    queries = truth.queries()
    for start in range(0, len(queries), 256):
        chunk = queries[start : start + 256]
        similarities = embeddings[chunk] @ embeddings.T
        for query, row in zip(chunk, similarities, strict=True):
            yield int(query), np.argsort(-row, kind="stable").astype(np.int64)


def _one(truth: TruthSet, query: int, ranking: npt.NDArray[np.int64]) -> tuple[float, float, float, float]:
    positives, ignored = truth.positives(query), truth.ignored(query)
    wanted = len(np.unique(truth.drawings[positives]))
    kept = ranking[~ignored[ranking]]
    _, first = np.unique(truth.drawings[kept], return_index=True)
    drawings_at = kept[np.sort(first)][:DEPTH]  # one picture per drawing, at the drawing's best rank
    right = positives[drawings_at]
    found = np.cumsum(right)
    precisions = found[right] / (np.flatnonzero(right) + 1)
    return (
        float(right[0]) if len(right) else 0.0,
        float(right[:10].sum()) / wanted,
        float(right.sum()) / wanted,
        float(precisions.sum()) / min(wanted, DEPTH),
    )
