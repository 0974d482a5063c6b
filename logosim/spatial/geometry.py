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

SCALES: tuple[float, ...] = (1.0, 0.7, 1.4, 0.5, 2.0)  # candidate cells per query cell
SHIFT_LIMIT = 6  # cells; further out, two 7 x 7 grids hardly overlap
REACH = 1.5  # cells; a match this far from where it should be counts nothing, one half as far counts half


@dataclass(frozen=True, slots=True)
class Transformation:
    """Where the query's figure lies in the candidate's picture."""

    scale: float  # candidate size over query size: 0.5 = the query's figure appears at half its size
    mirrored: bool  # left and right exchanged
    down: int  # cells; a cell is 1/grid of the picture's side
    right: int


@dataclass(frozen=True, slots=True, eq=False)
class VoteTable:
    """For each pair of cells, the transformations that it speaks for and how strongly.

    The pair of query cell q and candidate cell c, both row by row from the top left, stands in row q * cells + c.
    """

    transformations: tuple[Transformation, ...]  # T of them, the plainest first, so that ties go to the plainest
    indices: npt.NDArray[np.int32]  # [cells * cells, K], index of a transformation
    fits: npt.NDArray[np.float32]  # [cells * cells, K], 0..1; 0 also pads
    scales: npt.NDArray[np.float32]  # [T]


@lru_cache(maxsize=4)
def vote_table(grid: int) -> VoteTable:
    """The table for a grid of `grid` x `grid` cells. Built once per process and grid size (some 20 ms)."""
    transformations = _transformations()
    middle = (grid - 1) / 2
    y, x = (axis.ravel() - middle for axis in np.mgrid[0:grid, 0:grid].astype(np.float32))
    fits = np.empty((y.size * y.size, len(transformations)), dtype=np.float32)
    for index, t in enumerate(transformations):
        to_y = t.scale * y + t.down
        to_x = t.scale * (-x if t.mirrored else x) + t.right
        fit = _fit(y[None, :] - to_y[:, None]) * _fit(x[None, :] - to_x[:, None])
        fits[:, index] = fit.ravel()
    most = int((fits > 0).sum(axis=1).max())
    indices = np.argsort(-fits, axis=1, kind="stable")[:, :most].astype(np.int32)
    kept = np.take_along_axis(fits, indices, axis=1)
    scales = np.array([t.scale for t in transformations], dtype=np.float32)
    return VoteTable(transformations, indices, kept, scales)


def _transformations() -> tuple[Transformation, ...]:
    """All that are considered, plainest first: least change of size, unmirrored, least shift."""
    shifts = range(-SHIFT_LIMIT, SHIFT_LIMIT + 1)
    every = [
        Transformation(scale, mirrored, down, right)
        for scale in SCALES
        for mirrored in (False, True)
        for down in shifts
        for right in shifts
    ]
    return tuple(sorted(every, key=lambda t: (abs(np.log(t.scale)), t.mirrored, t.down**2 + t.right**2)))


def _fit(offset: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """1 where a cell lies just where it should, falling straight to 0 at `REACH` cells."""
    fit: npt.NDArray[np.float32] = np.maximum(0, 1 - np.abs(offset) / np.float32(REACH))
    return fit
