"""Does the figure of one picture appear in another? All candidates at once, by patches that match where they should.

Three steps: every query patch is compared with every candidate patch (cosine); the pairs that are each other's best
are the matches; the matches vote for the scale, reflection and translation that would bring them together (a
generalised Hough transform: D. H. Ballard, 1981, and the pose clustering of D. Lowe, 2004, on a coarse grid). The
similarity is the weight of the matches that agree with the winner, over the weight a perfect match would have.

Deviations: patches have one size and no orientation of their own, so a match votes for every scale and reflection
rather than for one; votes fall off linearly with the distance, in place of bins.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from logosim.domain.features import FloatArray, PatchArray
from logosim.spatial.geometry import Transformation, VoteTable, vote_table

FLOOR = 0.3
"""Cosine from which two patches may match; unrelated patches of a whitened model seldom reach it. The strength of a
match grows from 0 there to 1 at cosine 1."""

FEWEST = 12
"""Matches wanted before a small figure inside a large picture counts in full: a few patches always match somewhere.
Pictures that are both smaller than this are measured by their own size."""

_CHUNK = 128  # candidates whose cosines fit in the processor's cache together (1.2 MB)
_NEARNESS = 128  # a step of the scalar product outweighs every squared distance on a grid of up to 8 x 8 cells

Places = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class PatchPair:
    """A patch of the query and the patch of the candidate that shows the same, as the geometry confirms."""

    query_cell: tuple[int, int]  # row, column from the top left
    candidate_cell: tuple[int, int]
    strength: float  # 0..1, of the match and its place together


@dataclass(frozen=True, slots=True, eq=False)
class PatchMatches:
    """How well the query's figure is found in each candidate, and by which patches.

    `similarity` is float32 [N] in 0..1. The matches of all candidates stand side by side in four arrays.
    """

    similarity: FloatArray
    winners: npt.NDArray[np.int32]  # [N], index of the winning transformation
    grid: int
    query_patches: int  # patches of the query that are not blank
    candidates: Places  # [M], ascending
    query_cells: Places  # [M], row by row from the top left
    candidate_cells: Places  # [M]
    strengths: FloatArray  # [M], 0..1

    def transformation(self, candidate: int) -> Transformation | None:
        """Where the query's figure lies in this candidate; None if nothing matched."""
        if self.similarity[candidate] == 0:
            return None
        return vote_table(self.grid).transformations[int(self.winners[candidate])]

    def pairs(self, candidate: int) -> tuple[PatchPair, ...]:
        """The matches of one candidate that agree with its transformation, strongest first."""
        table = vote_table(self.grid)
        start, end = np.searchsorted(self.candidates, [candidate, candidate + 1])
        found = []
        for q, c, strength in zip(
            self.query_cells[start:end], self.candidate_cells[start:end], self.strengths[start:end], strict=True
        ):
            row = q * self.grid**2 + c
            fit = float(table.fits[row] @ (table.indices[row] == self.winners[candidate]))
            if fit > 0:
                found.append(PatchPair(divmod(int(q), self.grid), divmod(int(c), self.grid), float(strength) * fit))
        return tuple(sorted(found, key=lambda pair: (-pair.strength, pair.query_cell)))


def match_patches(query: PatchArray, candidates: PatchArray) -> PatchMatches:
    """Match the patches of one picture with those of many.

    The similarity of a picture with itself is 1, whatever its size; of a blank picture with anything 0. A figure is
    found when moved, mirrored, or half to twice its size; the smaller of the two pictures is what has to be found, so
    that a crop matches the whole and the whole its crop. Exchanging query and candidate changes the value little, not
    nothing: translations are whole cells of the candidate.

    Args:
        query: int8 [grid, grid, dimensions], grid up to 8; unit vectors times 127, a blank patch all zeros.
        candidates: int8 [N, grid, grid, dimensions].

    Raises:
        ValueError: the shapes do not fit each other.
    """
    grid, dimensions = query.shape[0], query.shape[-1]
    if query.shape != (grid, grid, dimensions) or grid > 8 or candidates.shape[1:] != query.shape:
        raise ValueError(f"query {query.shape} and candidates {candidates.shape} are not square grids of one kind")
    cells, table = grid * grid, vote_table(grid)
    vectors = query.reshape(cells, dimensions).astype(np.float32)
    starts = range(0, max(len(candidates), 1), _CHUNK)
    chunks = [
        _match_chunk(vectors, candidates[start : start + _CHUNK].reshape(-1, cells, dimensions), table)
        for start in starts
    ]
    similarity, winners, owners, query_cells, candidate_cells, strengths = zip(*chunks, strict=True)
    return PatchMatches(
        similarity=np.concatenate(similarity),
        winners=np.concatenate(winners),
        grid=grid,
        query_patches=int(query.any(axis=-1).sum()),
        candidates=np.concatenate([owner + start for start, owner in zip(starts, owners, strict=True)]),
        query_cells=np.concatenate(query_cells),
        candidate_cells=np.concatenate(candidate_cells),
        strengths=np.concatenate(strengths),
    )


def _match_chunk(
    query: FloatArray, candidates: PatchArray, table: VoteTable
) -> tuple[FloatArray, npt.NDArray[np.int32], Places, Places, Places, FloatArray]:
    """Similarity, winners and the matches of a run of candidates int8 [N, cells, dimensions]."""
    vectors = candidates.astype(np.float32)
    query_norms = np.sqrt(np.einsum("qd,qd->q", query, query))
    norms = np.sqrt(np.einsum("ncd,ncd->nc", vectors, vectors))
    owners, query_cells, candidate_cells, products = _mutual_best(query, vectors)
    cosines = products / (query_norms[query_cells] * norms[owners, candidate_cells])
    kept = cosines > FLOOR
    owners, query_cells, candidate_cells = owners[kept], query_cells[kept], candidate_cells[kept]
    strengths = np.minimum((cosines[kept] - FLOOR) / (1 - FLOOR), 1).astype(np.float32)
    votes = _votes(owners, query_cells * len(query) + candidate_cells, strengths, len(candidates), table)
    masses = np.count_nonzero(norms, axis=1)
    similarity, winners = _winners(votes, int(np.count_nonzero(query_norms)), masses, table)
    return similarity, winners, owners, query_cells, candidate_cells, strengths


def _mutual_best(query: FloatArray, candidates: FloatArray) -> tuple[Places, Places, Places, FloatArray]:
    """Pairs of patches that are each other's best: candidate, query cell, candidate cell, scalar product; by candidate.

    Products of int8 vectors are whole numbers and stay below 2 ** 24 when multiplied by 128, so they are exact in
    float32: the same on every machine. Equal ones (flat areas repeat themselves) are decided by the smaller distance
    on the grid.
    """
    distances = _squared_distances(len(query))
    # One small product a candidate: too small for the BLAS to share among threads, which costs a tick of the scheduler
    # a call whenever the cores are busy with something else.
    ranked = np.matmul(query * _NEARNESS, candidates.transpose(0, 2, 1))  # [N, cells of the query, of the candidate]
    ranked -= distances
    places = ranked.argmax(axis=2)
    best = np.take_along_axis(ranked, places[:, :, None], axis=2)[:, :, 0]
    best_of_candidate = ranked.max(axis=1)
    mutual = (best > 0) & (best == np.take_along_axis(best_of_candidate, places, axis=1))
    owners, query_cells = np.nonzero(mutual)
    candidate_cells = places[owners, query_cells]
    products = (best[owners, query_cells] + distances[query_cells, candidate_cells]) / _NEARNESS
    return owners, query_cells, candidate_cells, products


def _squared_distances(cells: int) -> FloatArray:
    """Squared distance of every two cells of the grid: float32 [cells, cells]."""
    row, column = np.divmod(np.arange(cells), round(cells**0.5))
    squared: FloatArray = ((row[:, None] - row) ** 2 + (column[:, None] - column) ** 2).astype(np.float32)
    return squared


def _votes(
    owners: Places, rows: Places, strengths: FloatArray, count: int, table: VoteTable
) -> npt.NDArray[np.float64]:
    """Weight of the matches that speak for each transformation: float64 [count, T]."""
    total = len(table.transformations)
    ballots = table.indices[rows] + (owners * total)[:, None]
    weights = table.fits[rows] * strengths[:, None]
    counted = np.bincount(ballots.ravel(), weights.ravel(), minlength=count * total)
    return counted.astype(np.float64, copy=False).reshape(count, total)


def _winners(
    votes: npt.NDArray[np.float64], query_mass: int, masses: Places, table: VoteTable
) -> tuple[FloatArray, npt.NDArray[np.int32]]:
    """The winning transformation of each candidate and the share of a perfect match that it reaches.

    At scale s the query covers s * s as many cells of the candidate, and one match stands for one cell of the coarser
    of the two: so many matches at most can be had from the query, so many from the candidate; the smaller is perfect.
    The winner has the largest share times the root of the perfect weight: by the share alone the scales would win at
    which little can be had, by the weight alone those at which much can be had by chance.
    """
    every = np.arange(len(votes))
    share = np.zeros(len(votes), dtype=np.float64)
    winners = np.zeros(len(votes), dtype=np.int32)
    highest = np.zeros(len(votes), dtype=np.float64)
    fewest = np.maximum(np.minimum(FEWEST, np.maximum(query_mass, masses)), 1)
    for scale, group in table.groups:
        perfect = np.maximum(np.minimum(query_mass * min(1.0, scale**2), masses * min(1.0, scale**-2)), fewest)
        best = votes[:, group].argmax(axis=1)
        reached = np.minimum(votes[every, best + group.start] / perfect, 1)
        rated = reached * np.sqrt(perfect)
        better = rated > highest + 1e-9  # so that rounding does not decide between equals
        highest[better], share[better], winners[better] = rated[better], reached[better], best[better] + group.start
    return share.astype(np.float32), winners
