"""MoCo v3: a query encoder learns to recognise what a slowly following key encoder says of another view.

Chen, Xie and He, "An empirical study of training self-supervised vision transformers" (ICCV 2021): no memory bank, a
prediction head on the query side, a loss that takes both views in both roles, a momentum that grows to 1 by a cosine.

Deviations:
- An optional queue of keys of former steps as further negatives, as in MoCo v1 (He et al., CVPR 2020): published v3
  has none and uses batches of 4,096, which no card of 12 GB holds.
- Pictures that are known to show the same thing are never negatives of one another, and a supervised term can draw
  them together: Khosla et al., "Supervised contrastive learning" (NeurIPS 2020), over the keys of the queue.
- The temperature is a setting; v3 also scales the loss by twice the temperature, which is left out: the learning rate
  does the same.
- The stem keeps its weights (the paper freezes the patch projection, for stability), and so may the first stages;
  this frozen part is run once for both encoders.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from training.backbone import MAP_CHANNELS, Backbone
from training.configuration import ModelSettings
from training.descriptor import POOLED, pooled, unit
from training.whitening import Whitening

_NEVER = -1e4  # a score that adds nothing; not infinite, so that a batch without negatives has a gradient
POOLED_CHANNELS = sum(MAP_CHANNELS[name] for name in POOLED)


class Encoder(nn.Module):
    """The learning part of a backbone, pooling and projector: what `Backbone.lower` gave to vectors [N, d]."""

    def __init__(self, backbone: Backbone, projector: nn.Module, stages: int, *, checkpoints: bool = False) -> None:
        super().__init__()
        self.backbone, self.projector = backbone, projector
        self.stages, self.checkpoints = stages, checkpoints

    def forward(self, lowered: Tensor) -> Tensor:
        """See the class; the vectors are not of unit length."""
        maps = self.backbone.upper(lowered, self.stages, checkpoints=self.checkpoints and self.training)
        return self.projector(pooled({name: maps[name].float() for name in POOLED}, POOLED))


class Residual(nn.Module):
    """A predictor that starts as the identity, for projectors that start as something that already works."""

    def __init__(self, dimensions: int, hidden: int) -> None:
        super().__init__()
        self.rise, self.fall = nn.Linear(dimensions, hidden), nn.Linear(hidden, dimensions)
        nn.init.zeros_(self.fall.weight)
        nn.init.zeros_(self.fall.bias)

    def forward(self, x: Tensor) -> Tensor:
        """[N, d] to [N, d]."""
        return x + self.fall(torch.relu(self.rise(x)))


def mlp(inputs: int, hidden: int, outputs: int, layers: int) -> nn.Sequential:
    """Linear layers with batch norm, ReLU between, the last norm without weights: the heads of MoCo v3."""
    parts: list[nn.Module] = []
    for layer in range(layers):
        last = layer == layers - 1
        width = outputs if last else hidden
        parts += [nn.Linear(inputs, width, bias=False), nn.BatchNorm1d(width, affine=not last)]
        parts += [] if last else [nn.ReLU(inplace=True)]
        inputs = width
    return nn.Sequential(*parts)


class LearningWhitening(nn.Module):
    """A whitening as a layer that can learn on: [N, D] to [N, d].

    The mean is taken away and does not learn: pooled features are all positive and mostly the same, so that steps of
    one sign in the weights would move all pictures together.
    """

    mean: Tensor

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(inputs))
        self.projection = nn.Linear(inputs, outputs, bias=False)

    @classmethod
    def of(cls, whitening: Whitening) -> LearningWhitening:
        """Start as a fitted whitening."""
        layer = cls(*whitening.projection.shape)
        with torch.no_grad():
            layer.mean.copy_(torch.from_numpy(whitening.mean))
            layer.projection.weight.copy_(torch.from_numpy(whitening.projection.T.copy()))
        return layer

    def forward(self, vectors: Tensor) -> Tensor:
        """See the class."""
        return self.projection(vectors - self.mean)


class Moco(nn.Module):
    """Both encoders, the predictor and the queue."""

    queue: Tensor
    queue_labels: Tensor
    queue_filled: Tensor
    queue_next: Tensor

    def __init__(
        self,
        backbone: Backbone,
        projector: nn.Module,
        settings: ModelSettings,
        *,
        queue: int,
        checkpoints: bool = False,
    ) -> None:
        super().__init__()
        self.query = Encoder(backbone, projector, settings.frozen_stages, checkpoints=checkpoints)
        self.key = copy.deepcopy(self.query)
        self.key.requires_grad_(False)
        self.predictor = _predictor(settings)
        self.settings = settings
        self.register_buffer("queue", torch.zeros(queue, settings.dimensions))
        self.register_buffer("queue_labels", torch.full((queue,), -1, dtype=torch.int64))
        self.register_buffer("queue_filled", torch.zeros((), dtype=torch.int64))
        self.register_buffer("queue_next", torch.zeros((), dtype=torch.int64))
        for module in self._frozen():
            module.requires_grad_(False)
        self.train()

    def _frozen(self) -> list[nn.Module]:
        backbone, stages = self.query.backbone, self.settings.frozen_stages
        first, *others = backbone.stages[6]
        unused = [first.conv_dw, first.bn2, first.conv_pwl, first.bn3, *others, backbone.head, backbone.head_norm]
        return [*unused, backbone.stem, backbone.stem_norm, *backbone.stages[:stages]]

    def train(self, mode: bool = True) -> Moco:
        """As always, but frozen parts and, where so set, the batch norms of both backbones keep their statistics."""
        super().train(mode)
        for module in self._frozen():
            module.eval()
        if self.settings.frozen_batch_norm:
            for encoder in (self.query, self.key):
                encoder.backbone.eval()
        return self

    def lower(self, views: Tensor) -> Tensor:
        """The frozen part, which both encoders share: the stem and the first stages."""
        return self.query.backbone.lower(views, self.settings.frozen_stages)

    def queries(self, lowered: Tensor) -> Tensor:
        """Unit vectors float32 [N, d] with a gradient."""
        return nn.functional.normalize(self.predictor(self.query(lowered)).float(), dim=1)

    @torch.no_grad()
    def keys(self, lowered: Tensor) -> Tensor:
        """Unit vectors float32 [N, d] without a gradient."""
        return unit(self.key(lowered).float(), dim=1)

    @torch.no_grad()
    def follow(self, momentum: float) -> None:
        """Move the key encoder's weights towards the query encoder's, by 1 - momentum of the way.

        Its batch norms keep statistics of their own, of what its own weights make.
        """
        for key, query in zip(self.key.parameters(), self.query.parameters(), strict=True):
            if query.requires_grad:
                key.lerp_(query, 1 - momentum)

    @torch.no_grad()
    def remember(self, keys: Tensor, labels: Tensor) -> None:
        """Put keys [M, d] and what they show into the queue in place of the oldest."""
        room = len(self.queue)
        if not room:
            return
        keys, labels = keys[-room:], labels[-room:]
        places = (self.queue_next + torch.arange(len(keys), device=keys.device)) % room
        self.queue[places], self.queue_labels[places] = keys.to(self.queue.dtype), labels
        self.queue_next.copy_((self.queue_next + len(keys)) % room)
        self.queue_filled.copy_((self.queue_filled + len(keys)).clamp(max=room))

    def remembered(self) -> tuple[Tensor, Tensor]:
        """Keys [M, d] in the queue and their labels [M]."""
        filled = int(self.queue_filled)
        return self.queue[:filled], self.queue_labels[:filled]


def _predictor(settings: ModelSettings) -> nn.Module:
    makers: dict[str, Callable[[], nn.Module]] = {
        "mlp": lambda: mlp(settings.dimensions, settings.hidden, settings.dimensions, 2),
        "residual": lambda: Residual(settings.dimensions, settings.hidden),
        "none": nn.Identity,
    }
    return makers[settings.predictor]()


def contrastive_loss(
    queries: Tensor,
    keys: Tensor,
    labels: Tensor,
    remembered: tuple[Tensor, Tensor],
    *,
    temperature: float,
    supervised_weight: float,
) -> Tensor:
    """InfoNCE (van den Oord et al. 2018) of unit queries [N, d] against their own keys [N, d], row by row; a scalar.

    Negatives are the other keys of the batch and the remembered keys ([M, d], labels [M]) that show something else.
    With a weight, remembered keys that show the same thing as a query are positives too: each is set against the same
    negatives, and their mean is added. Natural logarithm; 0 is perfect.
    """
    past, past_labels = remembered
    scores = queries.float() @ torch.cat([keys.float(), past]).T / temperature
    same = labels[:, None] == torch.cat([labels, past_labels])[None, :]
    negatives = torch.logsumexp(scores.masked_fill(same, _NEVER), dim=1)
    own = scores[:, : len(keys)].diagonal()
    loss = (torch.logaddexp(own, negatives) - own).mean()
    if supervised_weight and len(past):
        known = same[:, len(keys) :]
        drawn = scores[:, len(keys) :]
        each = (torch.logaddexp(drawn, negatives[:, None]) - drawn).masked_fill(~known, 0.0)
        counts = known.sum(dim=1)
        some = counts > 0
        if some.any():
            loss = loss + supervised_weight * (each.sum(dim=1)[some] / counts[some]).sum() / len(queries)
    return loss


def key_momentum(start: float, progress: float) -> float:
    """The key encoder's momentum at a progress of 0..1: from `start` to 1 by half a cosine."""
    return 1 - (1 - start) * (math.cos(math.pi * progress) + 1) / 2
