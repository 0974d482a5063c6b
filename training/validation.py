"""What a half-trained model finds: recall on a truth set whose brands it does not learn from."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np
import torch

from logosim.evaluation import Metrics, evaluate, load_brands
from training.canvases import load_canvas
from training.moco import Moco, unit

_BATCH = 64


class Validation:
    """A truth set in memory at the size that is trained with; its text is left standing."""

    def __init__(self, folder: Path, leave_out: Collection[str], pixels: int) -> None:
        """`leave_out` names brand groups that are not asked about, such as those the model learns from."""
        self.truth = load_brands(folder).restricted(leave_out)
        self._canvases = np.stack([load_canvas(file, pixels) for file in self.truth.files])

    @torch.no_grad()
    def measure(self, moco: Moco, device: torch.device, *, half: bool) -> Metrics:
        """Metrics of the key encoder's vectors (projected, as they are trained); `half` computes in bfloat16."""
        moco.eval()
        found = []
        with torch.autocast(device.type, torch.bfloat16, enabled=half):
            for start in range(0, len(self._canvases), _BATCH):
                pictures = torch.from_numpy(self._canvases[start : start + _BATCH]).to(device)
                found.append(unit(moco.key(moco.lower(pictures)).float(), dim=1).cpu().numpy())
        moco.train()
        return evaluate(self.truth, np.concatenate(found))
