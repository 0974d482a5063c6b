"""How well a similarity of names finds the partner of a mark that an office or a court held confusable.

Retrieval, the real task: each mark of a positive pair asks, and its partner is ranked among all other marks of the
set. The similarity comes as a callable, because what is measured and what measures do not know each other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from logosim.evaluation.listing import read_rows

Similarities = Callable[[str, Sequence[str]], NDArray[np.floating]]
"""(query, candidates) -> [N], higher is more alike, nan for a candidate that cannot be compared."""


@dataclass(frozen=True, slots=True)
class MarkPair:
    """Two marks and what was decided: confusable or not."""

    one: str
    other: str
    confusable: bool


@dataclass(frozen=True, slots=True)
class NameRetrieval:
    """Result of a retrieval: mean reciprocal rank, and the share of queries whose partner comes first or in 20."""

    queries: int
    mean_reciprocal_rank: float
    recall_at_1: float
    recall_at_20: float


def read_pairs(path: Path) -> tuple[MarkPair, ...]:
    """Pairs of a CSV file with columns mark_a, mark_b and label (1 confusable, 0 not); raises as `read_rows` does."""
    rows = read_rows(path, ("mark_a", "mark_b", "label"))
    return tuple(MarkPair(row["mark_a"], row["mark_b"], row["label"].strip() == "1") for row in rows)


def measure_retrieval(pairs: Sequence[MarkPair], similarities: Similarities) -> NameRetrieval:
    """Rank the partner of every mark of a positive pair among all other marks of `pairs`.

    A partner that ties with others takes the middle of their ranks, so that a measure gains nothing by ties.
    ValueError when no pair is confusable.
    """
    marks = list(dict.fromkeys(mark for pair in pairs for mark in (pair.one, pair.other)))
    asked = [ask for pair in pairs if pair.confusable for ask in ((pair.one, pair.other), (pair.other, pair.one))]
    if not asked:
        raise ValueError("no pair of the set is confusable")
    place = {mark: index for index, mark in enumerate(marks)}
    ranks = np.empty(len(asked))
    for index, (query, partner) in enumerate(asked):
        values = np.nan_to_num(np.asarray(similarities(query, marks), dtype=np.float64), nan=-np.inf)
        wanted = values[place[partner]]
        others = np.delete(values, [place[query], place[partner]])
        ranks[index] = 1 + np.sum(others > wanted) + np.sum(others == wanted) / 2
    return NameRetrieval(
        queries=len(asked),
        mean_reciprocal_rank=float(np.mean(1 / ranks)),
        recall_at_1=float(np.mean(ranks <= 1)),
        recall_at_20=float(np.mean(ranks <= 20)),
    )
