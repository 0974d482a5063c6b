"""Runs of `training.train` on few pictures, for several test modules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from training.checkpoint import checkpoints, read_checkpoint


def command(config: Path, data: Path, out: Path, *more: str) -> list[str]:
    return ["--config", str(config), "--data", str(data), "--out", str(out), "--threads", "1", "--device", "cpu", *more]


def final_state(out: Path) -> dict[str, Any]:
    return read_checkpoint(checkpoints(out)[-1])
