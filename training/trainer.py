"""One step of training, and the state between steps."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from training.batches import Batch
from training.configuration import Configuration, OptimiserSettings
from training.moco import Moco, contrastive_loss, key_momentum


class LossNotFinite(Exception):
    """The loss or its gradient became infinite or not a number; the weights are as they were before the step."""


@dataclass(frozen=True, slots=True)
class StepResult:
    """What a step came to."""

    step: int
    loss: float
    gradient_norm: float  # before clipping
    learning_rate: float


class Trainer:
    """Holds the model, the optimiser and the step; `take(batch)` makes one step."""

    def __init__(
        self,
        moco: Moco,
        configuration: Configuration,
        device: torch.device,
        *,
        vienna: ViennaHead | None = None,
    ) -> None:
        self.configuration, self.device = configuration, device
        machine = configuration.machine
        layout = torch.channels_last if machine.channels_last else torch.contiguous_format
        self.moco = moco.to(device, memory_format=layout)  # type: ignore[call-overload]
        self.vienna = vienna.to(device) if vienna is not None else None
        self._parts = nn.ModuleList([self.moco, *([self.vienna] if self.vienna else [])])
        self.optimiser = torch.optim.AdamW(_parameter_groups(self._parts, configuration.optimiser.weight_decay))
        self._scaler = torch.amp.GradScaler(device.type, enabled=machine.precision == "fp16")
        self._queries = torch.compile(self.moco.queries) if machine.compile else self.moco.queries
        self.step = 0

    def take(self, batch: Batch) -> StepResult:
        """Learn from a batch. Raises LossNotFinite."""
        settings = self.configuration.optimiser
        rate = learning_rate(settings, self.step)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.moco.train()
        self.optimiser.zero_grad(set_to_none=True)
        loss, keys, labels = self._loss(batch)
        value = float(loss.detach())
        if not math.isfinite(value):
            raise self._not_finite("the loss", value)
        self._scaler.scale(loss).backward()
        self._scaler.unscale_(self.optimiser)
        learning = [p for group in self.optimiser.param_groups for p in group["params"]]
        norm = float(nn.utils.clip_grad_norm_(learning, settings.clip_norm))
        if not math.isfinite(norm) and not self._scaler.is_enabled():  # a scaler passes over such a step
            raise self._not_finite("the gradient's length", norm)
        self._scaler.step(self.optimiser)
        self._scaler.update()
        self.moco.follow(key_momentum(settings.key_momentum, self.step / settings.steps))
        self.moco.remember(keys, labels)
        self.step += 1
        return StepResult(self.step, value, norm, rate)

    def _not_finite(self, what: str, value: float) -> LossNotFinite:
        return LossNotFinite(
            f"{what} is {value} at step {self.step}. The last checkpoint is whole: train on in another folder (--out) "
            "from it (--weights), with a lower optimiser.learning_rate or a higher loss.temperature"
        )

    def _loss(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """The loss, and the keys of both views [2N, d] with what they show [2N]."""
        views = torch.cat([batch.first, batch.second]).to(self.device, non_blocking=True)
        labels = batch.labels.to(self.device, non_blocking=True)
        with torch.no_grad(), self.autocast(gradient=False):
            lowered = self.moco.lower(views)
            keys = self.moco.keys(lowered)
        with self.autocast(gradient=True):
            forward_only = self.configuration.machine.precision == "bf16-forward"
            queries = self._queries(lowered.float() if forward_only else lowered)
        settings, (first, second) = self.configuration.loss, keys.chunk(2)
        own, other = queries.chunk(2)
        remembered = self.moco.remembered()
        temperature, weight = settings.temperature, settings.supervised_weight
        there, back = (
            contrastive_loss(mine, theirs, labels, remembered, temperature=temperature, supervised_weight=weight)
            for mine, theirs in ((own, second), (other, first))
        )
        loss = (there + back) / 2
        if self.vienna is not None:
            loss = loss + settings.vienna_weight * self.vienna.loss(own, batch.pictures)
        return loss, keys, labels.repeat(2)

    def autocast(self, *, gradient: bool) -> contextlib.AbstractContextManager[Any]:
        """The precision of the run, where a gradient flows or where none does."""
        precision = self.configuration.machine.precision
        if precision == "full" or (precision == "bf16-forward" and gradient):
            return contextlib.nullcontext()
        return torch.autocast(self.device.type, torch.float16 if precision == "fp16" else torch.bfloat16)

    def state(self) -> dict[str, Any]:
        """All that changes while training, as tensors and plain values."""
        return {
            "step": self.step,
            "configuration": self.configuration.as_plain(),
            "model": self._parts.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "scaler": self._scaler.state_dict(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` gave."""
        self._parts.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])
        if state["scaler"]:
            self._scaler.load_state_dict(state["scaler"])
        self.step = state["step"]


class ViennaHead(nn.Module):
    """An auxiliary classifier of Vienna divisions: a weak signal, as marks that share one rarely look alike."""

    def __init__(self, dimensions: int, targets: Tensor) -> None:
        """`targets` is bool [pictures, divisions], which a picture has; rows of nothing count nothing.

        They stay in main memory: with all of L3D they are about 100 MB.
        """
        super().__init__()
        self.layer = nn.Linear(dimensions, targets.shape[1])
        self._targets = targets

    def loss(self, vectors: Tensor, pictures: Tensor) -> Tensor:
        """Binary cross-entropy of the pictures that have codes, mean over divisions; 0 if none has."""
        targets = self._targets[pictures.cpu()].to(vectors.device, vectors.dtype)
        coded = targets.any(dim=1)
        if not coded.any():
            return vectors.sum() * 0.0
        return nn.functional.binary_cross_entropy_with_logits(self.layer(vectors[coded]), targets[coded])


def learning_rate(settings: OptimiserSettings, step: int) -> float:
    """Rises in a line over the warm-up, then falls to 0 by half a cosine."""
    if step < settings.warmup_steps:
        return settings.learning_rate * (step + 1) / settings.warmup_steps
    progress = (step - settings.warmup_steps) / max(1, settings.steps - settings.warmup_steps)
    return settings.learning_rate * (1 + math.cos(math.pi * min(1.0, progress))) / 2


def _parameter_groups(model: nn.Module, decay: float) -> list[dict[str, Any]]:
    """Weights decay; biases and norms do not."""
    learning = [parameter for parameter in model.parameters() if parameter.requires_grad]
    return [
        {"params": [p for p in learning if p.ndim > 1], "weight_decay": decay},
        {"params": [p for p in learning if p.ndim <= 1], "weight_decay": 0.0},
    ]
