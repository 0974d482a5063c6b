"""Fits the two linear maps, of the embedding and of the patches, on a folder of drawings.

Drawings of one figure share the file name up to the last hyphen: `acme-plain.png`, `acme-plate.png`. `plain` and
`recoloured` drawings of a figure cover the same pixels, so that their patches can be paired cell by cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from training.backbone import Backbone
from training.canvases import load_canvas
from training.descriptor import GRID, PATCHED, POOLED, marked_cells, pooled
from training.whitening import Vectors, Whitening, fit_paired_whitening

DIMENSIONS = 256
PATCH_DIMENSIONS = 64
SHRINKAGE = 0.03
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


def with_reversed(mine: Sequence[Path]) -> tuple[torch.Tensor, list[int]]:
    """A figure's pictures, uint8 [n, 224, 224, 3], and which of them cover the same pixels.

    To the drawings the negative of the first aligned one is added: a mark and its contrast-reversed copy should agree.
    """
    pictures = np.stack([load_canvas(file) for file in mine])
    aligned = [index for index, file in enumerate(mine) if file.stem.endswith(_ALIGNED)]
    if aligned:
        pictures = np.concatenate([pictures, 255 - pictures[aligned[:1]]])
        aligned.append(len(mine))
    return torch.from_numpy(pictures), aligned


def fit(backbone: Backbone, files: Sequence[Path], seed: int) -> Fitted:
    """Run the backbone over all pictures and fit both maps. The same files and seed give the same result."""
    chance = np.random.default_rng(seed)
    figures = numbered([figure_of(file) for file in files])
    vectors, groups, patches, patch_groups = [], [], [], []
    with torch.inference_mode():
        for figure in np.unique(figures):
            pictures, aligned = with_reversed([files[index] for index in np.flatnonzero(figures == figure)])
            maps = backbone(pictures)
            vectors.append(pooled(maps, POOLED).numpy())
            groups.append(np.full(len(pictures), figure))
            if aligned:
                found, cells = _paired_patches(maps[PATCHED][aligned], marked_cells(pictures[aligned]), chance)
                patches.append(found)
                patch_groups.append(figure * GRID * GRID + cells)
    return Fitted(
        embedding=fit_paired_whitening(np.concatenate(vectors), np.concatenate(groups), DIMENSIONS, SHRINKAGE),
        patches=fit_paired_whitening(
            np.concatenate(patches), np.concatenate(patch_groups), PATCH_DIMENSIONS, SHRINKAGE
        ),
        figures=len(vectors),
        pictures=len(files),
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
