"""Where the right answers of each query came: the one thing that every metric is computed from.

Collections copy one another: counted by picture, a drawing that stands in ten of them would weigh ten times. So a
ranking of pictures becomes a ranking of drawings, each at the place of its best picture. Of drawings that score alike
the wrong ones come first, as in the evaluation of the METU data set (Tursun, Aker and Kalkan 2017): a descriptor gains
nothing by ties.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from logosim.domain.features import FloatArray
from logosim.evaluation.truth import BoolArray, IntArray, TruthSet

DEPTH = 100  # the list an examiner is willing to look through
NOT_FOUND = np.iinfo(np.int64).max  # the place of a right drawing that the ranking does not hold
NOTHING = -1  # in `first`: the list has ended
_BLOCK = 1 << 24  # similarities at a time: 64 MB
_DECIMALS = 6  # similarities that agree to so many are a tie: what is left is rounding of the product


@dataclass(frozen=True, slots=True, eq=False)
class Placings:
    """Per query, in the order of `queries`, what the metrics need and what a contact sheet shows."""

    queries: IntArray  # [Q]: pictures of the truth set
    groups: IntArray  # [Q]: queries of one group depend on one another
    difficulty: tuple[str, ...]  # [Q]: "" where there is none
    places: IntArray  # [Q, most]: of the right drawings, from 1, ascending; NOT_FOUND for the missing and as padding
    wanted: IntArray  # [Q]: how many right drawings there are, at least 1
    ranked: IntArray  # [Q]: how many drawings can be found at all, the right ones included
    first: IntArray  # [Q, DEPTH]: best picture of each of the first drawings, then NOTHING

    def __len__(self) -> int:
        return len(self.queries)


def place_by_cosine(
    truth: TruthSet, embeddings: FloatArray, progress: Callable[[int, int], None] = lambda done, total: None
) -> Placings:
    """Rank every other picture by dot product, exactly, in blocks of 64 MB.

    Args:
        truth: what is asked.
        embeddings: float32 [pictures, dimensions] of unit length, in the order of `truth.files`.
        progress: called with the queries done and their total.

    Raises:
        ValueError: another shape, values that are not finite, or no query has anything to find.
    """
    if embeddings.ndim != 2 or len(embeddings) != len(truth):
        raise ValueError(f"embeddings must be [{len(truth)}, dimensions], not {list(embeddings.shape)}")
    if not np.isfinite(embeddings).all():
        raise ValueError("embeddings hold values that are not finite")
    queries = truth.queries()
    by_drawing = np.argsort(truth.drawings, kind="stable")
    starts = np.flatnonzero(np.diff(truth.drawings[by_drawing], prepend=-1))
    columns = embeddings[by_drawing].T
    rows = max(1, _BLOCK // max(1, len(truth)))
    placed: list[_Placed] = []
    for start in range(0, len(queries), rows):
        chunk = queries[start : start + rows]
        block = np.round(embeddings[chunk] @ columns, _DECIMALS)
        for query, similarities in zip(chunk, block, strict=True):
            positives = truth.positives(int(query))[by_drawing]
            similarities[truth.ignored(int(query))[by_drawing]] = -np.inf
            placed.append(_place(similarities, positives, starts, by_drawing))
        progress(start + len(chunk), len(queries))
    return _placings(truth, queries, placed)


def place_rankings(truth: TruthSet, rankings: Iterable[tuple[int, IntArray]]) -> Placings:
    """The same from given rankings: pairs of a query and the pictures it found, best first, by index into the truth.

    A ranking may hold the query itself and other ignored pictures: they are passed over. Positives that it does not
    hold count as not found. Raises ValueError if there is no query.
    """
    queries: list[int] = []
    placed: list[_Placed] = []
    for query, ranking in rankings:
        positives, ignored = truth.positives(query), truth.ignored(query)
        kept = ranking[~ignored[ranking]]
        listed = _first_of_each(truth.drawings[kept], kept)
        wanted = len(np.unique(truth.drawings[positives]))
        places = np.full(wanted, NOT_FOUND, dtype=np.int64)
        found = np.flatnonzero(positives[listed]) + 1
        places[: len(found)] = found
        queries.append(query)
        placed.append(_Placed(places, len(np.unique(truth.drawings[~ignored])), listed[:DEPTH]))
    return _placings(truth, np.asarray(queries, dtype=np.int64), placed)


@dataclass(frozen=True, slots=True, eq=False)
class _Placed:
    """One query: places of the right drawings, how many drawings can be found, the pictures of the first ones."""

    places: IntArray
    ranked: int
    first: IntArray


def _place(similarities: FloatArray, positives: BoolArray, starts: IntArray, pictures: IntArray) -> _Placed:
    """Place one query. Similarities (-inf: ignored) and positives [pictures] stand in order of drawing."""
    best = np.maximum.reduceat(similarities, starts)
    right = np.logical_or.reduceat(positives, starts)
    ranked = best > -np.inf
    wrong = np.sort(best[ranked & ~right])
    scores = np.sort(best[right])[::-1]
    ahead = len(wrong) - np.searchsorted(wrong, scores, side="left")  # wrong ones that score as much or more
    places = ahead + np.arange(1, len(scores) + 1)
    listed = int(ranked.sum())
    least = np.partition(best, -DEPTH)[-DEPTH] if listed > DEPTH else -np.inf
    near = np.flatnonzero((similarities >= least) & (similarities > -np.inf))
    near = near[np.lexsort((near, positives[near], -similarities[near]))]
    drawings = np.searchsorted(starts, near, side="right")
    return _Placed(places.astype(np.int64), listed, _first_of_each(drawings, pictures[near])[:DEPTH])


def _first_of_each(drawings: IntArray, pictures: IntArray) -> IntArray:
    """The first picture of each drawing, in the order given."""
    _, first = np.unique(drawings, return_index=True)
    return pictures[np.sort(first)]


def _placings(truth: TruthSet, queries: IntArray, placed: Sequence[_Placed]) -> Placings:
    if not placed:
        raise ValueError("no query has anything to find")
    wanted = np.asarray([len(one.places) for one in placed], dtype=np.int64)
    places = np.full((len(placed), int(wanted.max())), NOT_FOUND, dtype=np.int64)
    first = np.full((len(placed), DEPTH), NOTHING, dtype=np.int64)
    for row, one in enumerate(placed):
        places[row, : len(one.places)] = one.places
        first[row, : len(one.first)] = one.first
    return Placings(
        queries=queries,
        groups=truth.groups[queries],
        difficulty=truth.difficulty_of(queries),
        places=places,
        wanted=wanted,
        ranked=np.asarray([one.ranked for one in placed], dtype=np.int64),
        first=first,
    )
