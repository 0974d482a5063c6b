"""What a run writes down about itself: one JSON object a line, and curves drawn from them."""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from logosim.errors import LogosimError
from logosim.evaluation.plots import draw_curves
from training.trainer import StepResult

FILE = "journal.jsonl"
JUDGED_BY = "recall_at_100"
_SMOOTHING = 0.98
_MEANT = 10
_log = logging.getLogger(__name__)


class Journal:
    """Appends to `journal.jsonl` in a run's folder; what was written after the step a run resumes from is dropped."""

    def __init__(self, folder: Path, step: int) -> None:
        self._folder, self._file = folder, folder / FILE
        self._entries = [entry for entry in read_journal(folder) if entry["step"] <= step]
        self._rewrite()
        self._best = max((entry[JUDGED_BY] for entry in self._entries if JUDGED_BY in entry), default=0.0)
        self._since, self._pictures = time.monotonic(), 0
        self._loss: float | None = None  # smoothed
        self._speed = 0.0  # pictures a second since the last entry

    def step(self, result: StepResult, *, pictures: int, every: int) -> None:
        """Take note of a step; every so many are written down."""
        former = result.loss if self._loss is None else self._loss
        self._loss = former * _SMOOTHING + result.loss * (1 - _SMOOTHING)
        self._pictures += pictures
        if result.step % every:
            return
        now = time.monotonic()
        self._speed = self._pictures / max(1e-9, now - self._since)
        self._since, self._pictures = now, 0
        self._append(
            {
                "step": result.step,
                "loss": round(result.loss, 5),
                "gradient_norm": round(result.gradient_norm, 4) if math.isfinite(result.gradient_norm) else None,
                "learning_rate": result.learning_rate,
                "pictures_per_second": round(self._speed, 1),
            }
        )

    @property
    def now(self) -> str:
        """How the run fares, for a progress bar."""
        return "" if self._loss is None else f", loss {self._loss:.3f}, {self._speed:.0f} pictures/s"

    def validated(self, step: int, metrics: Mapping[str, Any]) -> bool:
        """Write metrics down; tells whether they are the best so far."""
        numbers = {name: round(value, 5) for name, value in metrics.items() if isinstance(value, (int, float))}
        self._append({"step": step, **numbers})
        self._since, self._pictures = time.monotonic(), 0
        better = numbers[JUDGED_BY] > self._best
        self._best = max(self._best, numbers[JUDGED_BY])
        return better

    def draw(self) -> None:
        """Draw `loss.png` and `recall.png` anew; what keeps a curve from being drawn is logged and stops nothing."""
        for name, key, label in (("loss", "loss", "loss"), ("recall", JUDGED_BY, "recall@100 on the validation set")):
            points = [(entry["step"], entry[key]) for entry in self._entries if key in entry]
            if not points:
                continue
            steps, values = zip(*points, strict=True)
            curves = {label: (steps, values)}
            if len(points) >= 2 * _MEANT and name == "loss":  # a step's loss depends much on its pictures
                means = np.convolve(values, np.full(_MEANT, 1 / _MEANT), "valid")
                curves[f"mean of {_MEANT} entries"] = (steps[_MEANT - 1 :], tuple(means.tolist()))
            file = self._folder / f"{name}.png"
            try:
                draw_curves(curves, title=label, x_label="step", y_label=label, file=file)
            except LogosimError as error:  # no matplotlib, a full disk
                _log.warning("a curve was not drawn", extra={"action": "curve_not_drawn", "reason": str(error)})

    def _append(self, entry: dict[str, Any]) -> None:
        self._entries.append(entry)
        with self._file.open("a", encoding="utf-8") as out:
            out.write(json.dumps(entry) + "\n")

    def _rewrite(self) -> None:
        scratch = self._file.with_suffix(".tmp")
        scratch.write_text("".join(json.dumps(entry) + "\n" for entry in self._entries), encoding="utf-8")
        scratch.replace(self._file)


def read_journal(folder: Path) -> list[dict[str, Any]]:
    """The entries of a run's journal, in order; a line cut short by a kill is passed over."""
    try:
        lines = (folder / FILE).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    entries = []
    for line in lines:
        try:
            entries.append(json.loads(line))
        except ValueError:
            continue
    return entries
