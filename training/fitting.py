"""Fits the two whitenings, of the embedding and of the patches, on a folder of pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from training.backbone import Backbone
from training.canvases import batches
from training.descriptor import PATCHED, marked_cells, pooled
from training.whitening import Whitening, fit_whitening

DIMENSIONS = 256
PATCH_DIMENSIONS = 64
EXPONENT = 0.5
PATCH_EXPONENT = 0.5
_PATCHES_A_PICTURE = 10  # enough: 20,000 pictures' patches would not make other axes


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """What was fitted, and on how much."""

    embedding: Whitening
    patches: Whitening
    pictures: int


def fit(backbone: Backbone, files: Sequence[Path], seed: int) -> Fitted:
    """Run the backbone over all pictures and fit both whitenings. The same files and seed give the same result."""
    chance = np.random.default_rng(seed)
    vectors, patches = [], []
    with torch.inference_mode():
        for canvases in batches(files):
            pictures = torch.from_numpy(canvases)
            maps = backbone(pictures)
            vectors.append(pooled(maps).numpy())
            marked = maps[PATCHED].permute(0, 2, 3, 1)[marked_cells(pictures) > 0].numpy()
            keep = min(len(marked), _PATCHES_A_PICTURE * len(canvases))
            patches.append(marked[chance.choice(len(marked), keep, replace=False)])
    return Fitted(
        embedding=fit_whitening(np.concatenate(vectors), DIMENSIONS, EXPONENT),
        patches=fit_whitening(np.concatenate(patches), PATCH_DIMENSIONS, PATCH_EXPONENT),
        pictures=len(files),
    )
