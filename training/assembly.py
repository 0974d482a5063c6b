"""Puts a run's model together from its configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from training.backbone import Backbone, imagenet_weights
from training.batches import Batches, batch_loader
from training.collection import Collection
from training.configuration import Configuration
from training.descriptor import POOLED, pooled
from training.moco import POOLED_CHANNELS, LearningWhitening, Moco, mlp
from training.trainer import Trainer, ViennaHead
from training.whitening import Whitening, fit_paired_whitening

_WHITENED_PAIRS = 4_000  # views that a projector's whitening is fitted on
_BEYOND = 10**9  # step
_SHRINKAGE = 0.03


def assemble(
    configuration: Configuration, batches: Batches, device: torch.device, weights: Mapping[str, Any] | None = None
) -> Trainer:
    """A trainer at step 0.

    Its backbone is ImageNet's, its heads are random or fitted on views; or both encoders are the key encoder
    of `weights`, the state of a former run's checkpoint. Raises ValueError if that has other heads.
    """
    torch.manual_seed(configuration.seed)
    model = configuration.model
    backbone = Backbone(imagenet_weights()).to(device)
    projector: torch.nn.Module
    if model.projector == "mlp":
        projector = mlp(POOLED_CHANNELS, model.hidden, model.dimensions, 3)
    elif weights is not None:
        projector = LearningWhitening(POOLED_CHANNELS, model.dimensions)
    else:
        whitening = fit_on_views(backbone, batches, device, model.dimensions, configuration.machine.workers)
        projector = LearningWhitening.of(whitening)
    moco = Moco(
        backbone,
        projector,
        model,
        queue=configuration.loss.queue,
        checkpoints=configuration.machine.gradient_checkpoints,
    )
    if weights is not None:
        former = key_encoder(weights)
        try:
            moco.query.load_state_dict(former)
            moco.key.load_state_dict(former)
        except RuntimeError as error:
            raise ValueError(f"the weights to start from are of a model with other heads: {error}") from error
    vienna = vienna_head(batches.collection, model.dimensions) if configuration.loss.vienna_weight else None
    return Trainer(moco, configuration, device, vienna=vienna)


def key_encoder(state: Mapping[str, Any]) -> dict[str, torch.Tensor]:
    """The key encoder's weights in a checkpoint's state: the mean of the query encoder's over its last steps."""
    prefix = "0.key."
    return {name.removeprefix(prefix): value for name, value in state["model"].items() if name.startswith(prefix)}


def fit_on_views(
    backbone: Backbone, batches: Batches, device: torch.device, dimensions: int, workers: int
) -> Whitening:
    """A whitening learned from pairs of views as the run draws them, at steps that no run comes to.

    Views that the whitening was fitted on would teach a run next to nothing, nor one that starts from its weights.
    """
    steps = range(_BEYOND, _BEYOND + -(-_WHITENED_PAIRS // batches.pairs))
    vectors, groups = [], []
    with torch.inference_mode():
        for batch in batch_loader(batches, steps, workers):
            for views in (batch.first, batch.second):
                maps = backbone.upper(backbone.lower(views.to(device), 0), 0)
                vectors.append(pooled(maps, POOLED).cpu().numpy())
                groups.append(batch.labels.numpy())
    return fit_paired_whitening(np.concatenate(vectors), np.concatenate(groups), dimensions, _SHRINKAGE)


def vienna_head(collection: Collection, dimensions: int) -> ViennaHead:
    """The auxiliary classifier over the divisions ("01.15") that the collection's codes name."""
    divisions = [sorted({".".join(code.split(".")[:2]) for code in codes}) for codes in collection.codes]
    known = {name: number for number, name in enumerate(sorted({name for row in divisions for name in row}))}
    if not known:
        raise ValueError("loss.vienna_weight needs pictures with codes: no index.csv has a column codes with any")
    targets = torch.zeros(len(collection), len(known), dtype=torch.bool)
    for picture, row in enumerate(divisions):
        targets[picture, [known[name] for name in row]] = True
    return ViennaHead(dimensions, targets)
