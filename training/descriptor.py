"""From feature maps to what is stored: the embedding of a picture and the features of its patches.

Generalised-mean pooling: Radenović, Tolias and Chum, "Fine-tuning CNN image retrieval with no human annotation" (PAMI
2019), with a fixed exponent. Deviation: maps of two depths are pooled, each is scaled to unit length and the two are
joined before whitening. Both lie before the last map: middle layers see strokes and corners where the last sees
ImageNet's objects, and on drawn logos the last one only does harm (`training.compare` shows it).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from training.backbone import INPUT_SIZE, Backbone
from training.whitening import Whitening

POOLED = ("middle", "high")  # maps that the embedding is pooled from
PATCHED = "high"  # map that patch features are read from
POWER = 3
GRID = 7
EVEN_LEVELS = 20  # levels of 255: a cell whose pixels differ by no more than this shows an even ground
_SMALLEST = 1e-6


def gem(feature_map: Tensor, power: int = POWER) -> Tensor:
    """Generalised mean over the area: [N, C, H, W] to [N, C], (mean of x**power) ** (1 / power).

    Power 1 is the mean, a growing power nears the maximum. Values below 1e-6 count as 1e-6.
    """
    return feature_map.clamp(min=_SMALLEST).pow(power).mean(dim=(2, 3)).pow(1.0 / power)


def unit(vectors: Tensor, dim: int) -> Tensor:
    """Scale to unit length along an axis; a zero vector stays zero."""
    return vectors / vectors.square().sum(dim=dim, keepdim=True).sqrt().clamp(min=1e-12)


def pooled(maps: Mapping[str, Tensor], names: Sequence[str]) -> Tensor:
    """The embedding before whitening: the named maps pooled, each scaled to unit length, and joined: [N, channels]."""
    return torch.cat([unit(gem(maps[name]), dim=1) for name in names], dim=1)


def marked_cells(pictures: Tensor) -> Tensor:
    """Which cells of the grid show something: float32 [N, GRID, GRID], 1 or 0, from uint8 [N, S, S, 3].

    A cell (32 x 32 pixels) is even if in no colour its brightest and darkest pixel lie more than `EVEN_LEVELS` apart.
    Even cells inside a figure are left out like those of the paper: they hold no line to match, and a mark and its
    contrast-reversed copy keep the same cells.
    """
    side = INPUT_SIZE // GRID
    cells = pictures.permute(0, 3, 1, 2).to(torch.float32)
    brightest = nn.functional.max_pool2d(cells, side)
    darkest = -nn.functional.max_pool2d(-cells, side)
    return ((brightest - darkest).amax(dim=1) > EVEN_LEVELS).to(torch.float32)


class Projection(nn.Module):
    """A fitted `Whitening` as a layer: [..., D] to unit vectors [..., d]."""

    def __init__(self, whitening: Whitening) -> None:
        super().__init__()
        self.register_buffer("mean", torch.from_numpy(whitening.mean))
        self.register_buffer("projection", torch.from_numpy(whitening.projection))

    def forward(self, vectors: Tensor) -> Tensor:
        """See the class."""
        return unit((vectors - self.mean) @ self.projection, dim=-1)


class Descriptor(nn.Module):
    """The whole model: uint8 [N, 224, 224, 3] to embeddings float32 [N, d] and patches int8 [N, 7, 7, p]."""

    def __init__(self, backbone: Backbone, embedding: Whitening, patches: Whitening) -> None:
        super().__init__()
        self.backbone = backbone
        self.embedding = Projection(embedding)
        self.patches = Projection(patches)
        self.eval()

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """See the class."""
        maps = self.backbone(pictures)
        patches = self.patches(maps[PATCHED].permute(0, 2, 3, 1)) * marked_cells(pictures).unsqueeze(-1)
        return self.embedding(pooled(maps, POOLED)), (patches * 127).round().to(torch.int8)
