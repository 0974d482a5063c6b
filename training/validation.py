"""What a half-trained model finds: recall on a truth set whose brands it does not learn from."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import torch

from logosim.evaluation import Metrics, evaluate, load_brands
from training.canvases import load_canvas
from training.moco import Moco

_BATCH = 64


class Validation:
    """A truth set in memory at the size that is trained with; its text is left standing."""

    def __init__(self, folder: Path, leave_out: Collection[str], pixels: int) -> None:
        """`leave_out` names brand groups that are not asked about, such as those the model learns from.

        Raises ValueError if nothing is left to ask, and LogosimError or OSError for what cannot be read.
        """
        self.truth = load_brands(folder).restricted(leave_out)
        if not len(self.truth.queries()):
            raise ValueError(f"nothing is left to ask of {folder}: --leave-out names all its groups, or none has two")
        self._canvases = np.stack([load_canvas(file, pixels) for file in self.truth.files])

    @torch.no_grad()
    def measure(self, moco: Moco, device: torch.device, precision: AbstractContextManager[Any]) -> Metrics:
        """Metrics of the key encoder's vectors (projected, as they are trained), computed within `precision`."""
        moco.eval()
        found = []
        with precision:
            for start in range(0, len(self._canvases), _BATCH):
                pictures = torch.from_numpy(self._canvases[start : start + _BATCH]).to(device)
                found.append(moco.keys(moco.lower(pictures)).cpu().numpy())
        moco.train()
        return evaluate(self.truth, np.concatenate(found))
