"""A small collection of training pictures and the settings of a small run."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest

FIGURES = 12
CONFIG = """
seed = 3
[model]
frozen_stages = 5
frozen_batch_norm = true
projector = "mlp"
predictor = "residual"
hidden = 16
dimensions = 8
[loss]
queue = 24
supervised_weight = 0.5
[optimiser]
pairs = 4
steps = 6
warmup_steps = 2
learning_rate = 1e-3
[data]
pixels = 64
[machine]
workers = 0
[keeping]
log_every = 1
validate_every = 3
checkpoint_every = 2
keep_last = 2
"""


def figure(number: int, side: int = 80) -> np.ndarray:
    """An RGBA figure: a polygon of so many corners, drawn in two ways by odd and even numbers."""
    picture = np.zeros((side, side, 4), dtype=np.uint8)
    angles = np.linspace(0, 2 * np.pi, 3 + number // 2, endpoint=False)
    corners = np.stack([np.cos(angles), np.sin(angles)], axis=1) * side * 0.45 + side / 2
    thickness = -1 if number % 2 else 5
    if thickness < 0:
        cv2.fillPoly(picture, [corners.astype(np.int32)], (0, 40 * (number % 5), 90, 255))
    else:
        cv2.polylines(picture, [corners.astype(np.int32)], True, (10, 10, 10, 255), thickness)
    return picture


@pytest.fixture(scope="module")
def one_thread() -> None:
    """Torch computes in one thread: tests run beside one another."""
    pytest.importorskip("torch").set_num_threads(1)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    with (folder / "index.csv").open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["file", "concept", "source"])
        for number in range(FIGURES):
            cv2.imwrite(str(folder / f"shape-{number}.png"), figure(number))
            writer.writerow([f"shape-{number}.png", f"corners-{number // 2}", f"hand-{number % 2}"])
    return folder


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "config.toml"
    file.write_text(CONFIG)
    return file
