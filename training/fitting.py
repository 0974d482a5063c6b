"""Fits the two linear maps, of the embedding and of the patches, on a folder of drawings.

Drawings of one figure share the file name up to the last hyphen: `acme-plain.png`, `acme-plate.png`. `plain` and
`recoloured` drawings of a figure cover the same pixels, so that their patches can be paired cell by cell.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from training.backbone import Backbone
from training.canvases import load_canvas
from training.descriptor import GRID, PATCHED, POOLED, marked_cells, pooled
from training.whitening import Vectors, Whitening, fit_paired_whitening, fit_whitening

DIMENSIONS = 256
PATCH_DIMENSIONS = 64
SHRINKAGE = 0.03
PCA_EXPONENT = 1.0  # the best of those that training.compare compares
_ALIGNED = ("plain", "recoloured")
_PAIRED_CELLS = 12  # of one figure at most: 2,000 figures give more than enough


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """What was fitted, and on how much."""

    embedding: Whitening
    patches: Whitening
    figures: int
    pictures: int


def figure_of(file: Path) -> str:
    """The figure a drawing shows, from its file name."""
    return file.stem.rpartition("-")[0] or file.stem


def numbered(names: Sequence[str]) -> npt.NDArray[np.int64]:
    """Names as numbers, the same name the same number."""
    return np.unique(np.asarray(names), return_inverse=True)[1].astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Pictures of one thing."""

    pictures: torch.Tensor  # uint8 [n, 224, 224, 3]
    aligned: list[int]  # which of them cover the same pixels, so that their patches can be paired cell by cell


def drawn_groups(files: Sequence[Path]) -> Iterator[Group]:
    """The groups of a folder of drawings by figure, in the order of the figures' names."""
    figures = numbered([figure_of(file) for file in files])
    for figure in np.unique(figures):
        yield with_reversed([files[index] for index in np.flatnonzero(figures == figure)])


def with_reversed(mine: Sequence[Path]) -> Group:
    """The group of one figure's drawings.

    To the drawings the negative of the first aligned one is added: a mark and its contrast-reversed copy should agree.
    """
    pictures = np.stack([load_canvas(file) for file in mine])
    aligned = [index for index, file in enumerate(mine) if file.stem.endswith(_ALIGNED)]
    if aligned:
        pictures = np.concatenate([pictures, 255 - pictures[aligned[:1]]])
        aligned.append(len(mine))
    return Group(torch.from_numpy(pictures), aligned)


def fit(
    backbone: Backbone, groups: Iterable[Group], seed: int, head: str = "pairs", shrinkage: float = SHRINKAGE
) -> Fitted:
    """Run the backbone over all pictures and fit both maps. The same groups and seed give the same result.

    `head` says how the embedding's map is fitted: `pairs` (whitening learned from the groups) or `pca` (PCA with full
    whitening, which does not look at the groups: the baseline). Patches are always fitted on pairs. `shrinkage` is that
    of `fit_paired_whitening`.
    """
    chance = np.random.default_rng(seed)
    vectors, numbers, patches, patch_numbers = [], [], [], []
    for number, group in enumerate(groups):
        with torch.inference_mode():
            maps = backbone(group.pictures)
            vectors.append(pooled(maps, POOLED).numpy())
        numbers.append(np.full(len(group.pictures), number))
        if group.aligned:
            marked = marked_cells(group.pictures[group.aligned])
            found, cells = _paired_patches(maps[PATCHED][group.aligned], marked, chance)
            patches.append(found)
            patch_numbers.append(number * GRID * GRID + cells)
    inputs = np.concatenate(vectors)
    return Fitted(
        embedding=fit_whitening(inputs, DIMENSIONS, PCA_EXPONENT)
        if head == "pca"
        else fit_paired_whitening(inputs, np.concatenate(numbers), DIMENSIONS, shrinkage),
        patches=fit_paired_whitening(
            np.concatenate(patches), np.concatenate(patch_numbers), PATCH_DIMENSIONS, SHRINKAGE
        ),
        figures=len(vectors),
        pictures=sum(map(len, vectors)),
    )


def _paired_patches(
    maps: torch.Tensor, marked: torch.Tensor, chance: np.random.Generator
) -> tuple[Vectors, npt.NDArray[np.int64]]:
    """Patches of cells that are marked in all of one figure's aligned pictures, and the number of the cell of each.

    `maps` is float32 [n, C, GRID, GRID], `marked` [n, GRID, GRID]; returns float32 [n * cells, C], int64 [n * cells].
    """
    shared = np.flatnonzero(marked.amin(dim=0).numpy())
    cells = chance.permutation(shared)[:_PAIRED_CELLS]
    found = maps.flatten(2).permute(0, 2, 1)[:, torch.from_numpy(cells)].numpy()
    return found.reshape(-1, found.shape[2]), np.tile(cells, len(found)).astype(np.int64)
