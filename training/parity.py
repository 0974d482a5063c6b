"""Holds an exported graph against the torch model it came from, on real logos and not on noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from logosim.embedding import CanvasArray, Embedder

LEAST_COSINE = 0.9995
MOST_PATCH_DIFFERENCE = 4  # of 127, in any number of any patch
_BATCH = 32


class ParityError(Exception):
    """The exported graph does not give what the torch model gives."""


@dataclass(frozen=True, slots=True)
class Parity:
    """The worst that was seen over all pictures."""

    pictures: int
    least_cosine: float  # between the two embeddings of one picture
    most_patch_difference: int  # between the two values of one number, of 127
    blank_agree: bool  # the same patches are blank


def run_torch(model: nn.Module, canvases: CanvasArray) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings float32 [N, d] and patches int8 [N, 7, 7, p] of the torch model, in batches."""
    with torch.inference_mode():
        starts = range(0, len(canvases), _BATCH)
        found = [model(torch.from_numpy(canvases[start : start + _BATCH])) for start in starts]
    embeddings, patches = (torch.cat(part).numpy() for part in zip(*found, strict=True))
    return embeddings, patches


def check_parity(model: nn.Module, embedder: Embedder, canvases: CanvasArray) -> Parity:
    """Compare both on the same canvases. Raises ParityError if they differ by more than this module allows."""
    embeddings, patches = run_torch(model, canvases)
    exported = embedder.embed(canvases)
    difference = np.abs(patches.astype(np.int16) - exported.patches.astype(np.int16))
    parity = Parity(
        pictures=len(canvases),
        least_cosine=float((embeddings * exported.embeddings).sum(axis=1).min()),
        most_patch_difference=int(difference.max()),
        blank_agree=bool((patches.any(axis=-1) == exported.patches.any(axis=-1)).all()),
    )
    good = parity.least_cosine >= LEAST_COSINE and parity.most_patch_difference <= MOST_PATCH_DIFFERENCE
    if not (good and parity.blank_agree):
        raise ParityError(f"the exported graph differs from the torch model: {parity}")
    return parity
