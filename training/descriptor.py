"""From feature maps to what is stored: the embedding of a picture and the features of its patches.

Generalised-mean pooling: Radenović, Tolias and Chum, "Fine-tuning CNN image retrieval with no human annotation" (PAMI
2019), with a fixed exponent. Deviation: maps of two depths are pooled, each is scaled to unit length and the two are
joined before whitening. Middle layers see strokes and corners where the last sees ImageNet's objects; for drawn logos
both count.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from training.backbone import INPUT_SIZE, MAP_CHANNELS, Backbone
from training.whitening import Whitening

POOLED = ("middle", "last")  # maps that the embedding is pooled from
PATCHED = "high"  # map that patch features are read from
POWER = 3
GRID = 7
EVEN_LEVELS = 20  # levels of 255: a cell whose pixels differ by no more than this shows an even ground
RAW_DIMENSIONS = sum(MAP_CHANNELS[name] for name in POOLED)
_SMALLEST = 1e-6


def gem(feature_map: Tensor, power: int = POWER) -> Tensor:
    """Generalised mean over the area: [N, C, H, W] to [N, C], (mean of x**power) ** (1 / power).

    Power 1 is the mean, a growing power nears the maximum. Values below 1e-6 count as 1e-6.
    """
    return feature_map.clamp(min=_SMALLEST).pow(power).mean(dim=(2, 3)).pow(1.0 / power)


def unit(vectors: Tensor, dim: int) -> Tensor:
    """Scale to unit length along an axis; a zero vector stays zero."""
    return vectors / vectors.square().sum(dim=dim, keepdim=True).sqrt().clamp(min=1e-12)


def pooled(maps: dict[str, Tensor]) -> Tensor:
    """The embedding before whitening: [N, RAW_DIMENSIONS], each map's part of unit length."""
    return torch.cat([unit(gem(maps[name]), dim=1) for name in POOLED], dim=1)


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
        return self.embedding(pooled(maps)), (patches * 127).round().to(torch.int8)
