"""The ways in which one picture's figure can lie in another's: scale, reflection and translation on the patch grid.

Positions are cells counted from the middle of the grid. A transformation takes the query's cell (y, x) to
(scale * y + down, scale * x + right) in the candidate's grid, x with its sign turned when mirrored. A reflection with
its axis upright is enough: marks are seldom shown upside down, and each further family costs votes and false alarms.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

SCALES: tuple[float, ...] = (1.0, 2**-0.5, 2**0.5, 0.5, 2.0)
"""Candidate cells per query cell, plainest first; closed under inversion, so that query and candidate may change
places."""

REACH = 1.5
"""Cells. A match this far from where it should lie counts nothing; between, it counts in proportion."""


@dataclass(frozen=True, slots=True)
class Transformation:
    """Where the query's figure lies in the candidate's picture."""

    scale: float  # 0.5: the query's figure appears at half its size
    mirrored: bool  # left and right exchanged
    down: int  # cells; a cell is 1/grid of the picture's side
    right: int


@dataclass(frozen=True, slots=True, eq=False)
class VoteTable:
    """For each pair of cells, the transformations that it speaks for and how strongly.

    The pair of query cell q and candidate cell c, both row by row from the top left, stands in row q * cells + c.
    """

    transformations: tuple[Transformation, ...]  # T of them, by scale; ties go to the first, which is the plainest
    groups: tuple[tuple[float, slice], ...]  # each scale with its run of transformations
    indices: npt.NDArray[np.int32]  # [cells * cells, K], index of a transformation
    fits: npt.NDArray[np.float32]  # [cells * cells, K], 0..1; 0 also pads


@lru_cache(maxsize=4)
def vote_table(grid: int) -> VoteTable:
    """The table for a grid of `grid` x `grid` cells. Built once per process and grid size."""
    by_scale = [_transformations(scale) for scale in SCALES]
    transformations = tuple(t for group in by_scale for t in group)
    ends = np.cumsum([0, *map(len, by_scale)]).tolist()
    groups = tuple((scale, slice(ends[i], ends[i + 1])) for i, scale in enumerate(SCALES))
    middle = (grid - 1) / 2
    y, x = (axis.ravel().astype(np.float32) - np.float32(middle) for axis in np.mgrid[0:grid, 0:grid])
    fits = np.empty((y.size * y.size, len(transformations)), dtype=np.float32)
    for index, t in enumerate(transformations):
        to_y = np.float32(t.scale) * y + t.down
        to_x = np.float32(t.scale) * (-x if t.mirrored else x) + t.right
        fits[:, index] = (_fit(y[None, :] - to_y[:, None]) * _fit(x[None, :] - to_x[:, None])).ravel()
    most = int((fits > 0).sum(axis=1).max())
    indices = np.argpartition(-fits, most - 1, axis=1)[:, :most].astype(np.int32)
    return VoteTable(transformations, groups, indices, np.take_along_axis(fits, indices, axis=1))


def _transformations(scale: float) -> list[Transformation]:
    """All that are considered at one scale: unmirrored before mirrored, then by shift.

    The smaller picture may lie anywhere inside the larger one, or stick out of it by about three cells of the seven.
    """
    limit = min(6, 4 + round(3.5 * abs(min(scale, 2.0) - 1)))
    shifts = range(-limit, limit + 1)
    every = [
        Transformation(scale, mirrored, down, right)
        for mirrored in (False, True)
        for down in shifts
        for right in shifts
    ]
    return sorted(every, key=lambda t: (t.mirrored, t.down**2 + t.right**2))


def _fit(offset: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """1 where a cell lies just where it should, falling straight to 0 at `REACH` cells."""
    fit: npt.NDArray[np.float32] = np.maximum(0, 1 - np.abs(offset) / np.float32(REACH))
    return fit
