"""How long models take for a picture, side by side on one machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from logosim.embedding.onnx import BATCH
from logosim.embedding.protocol import CanvasArray, Embedder

_UNTIMED = 3  # runs in which the runtime still allocates
_ROUND = 8  # runs of one model before the next one's turn


@dataclass(frozen=True, slots=True)
class Speed:
    """Milliseconds a picture, from canvas to features."""

    alone_p50: float  # of pictures that come one at a time, as queries do
    alone_p99: float
    batch: float  # mean of pictures that come `BATCH` at a time, as in ingestion


def measure_speed(
    embedders: Sequence[Embedder], pictures: int, progress: Callable[[int, int], None] = lambda done, total: None
) -> list[Speed]:
    """Time every model on the same `pictures` random canvases, alone and in batches of `BATCH`.

    What a picture shows does not matter to a convolutional network. The models take turns every few runs, so that what
    else the machine does falls on all of them alike. `progress` is called with the runs done and their total.

    Raises ValueError for fewer than one picture or models of several input sizes: they would see other canvases.
    """
    sizes = {embedder.manifest.input_size for embedder in embedders}
    if pictures < 1 or len(sizes) > 1:
        raise ValueError("at least one picture is needed, and models of one input size")
    size = next(iter(sizes), 1)
    chance = np.random.default_rng(0)
    batch = chance.integers(0, 256, (BATCH, size, size, 3), np.uint8)
    batches = -(-pictures // BATCH)
    alone: list[list[float]] = [[] for _ in embedders]
    together: list[list[float]] = [[] for _ in embedders]
    for times, shown, runs in ((alone, batch[:1], pictures), (together, batch, batches)):
        for embedder in embedders:
            for _ in range(_UNTIMED):
                embedder.embed(shown)
        for start in range(0, runs, _ROUND):
            for embedder, taken in zip(embedders, times, strict=True):
                taken.extend(_milliseconds(embedder, shown) for _ in range(min(_ROUND, runs - start)))
            progress(min(start + _ROUND, runs) + (pictures if times is together else 0), pictures + batches)
    return [
        Speed(float(np.percentile(ones, 50)), float(np.percentile(ones, 99)), float(np.mean(many)) / BATCH)
        for ones, many in zip(alone, together, strict=True)
    ]


def _milliseconds(embedder: Embedder, canvases: CanvasArray) -> float:
    started = time.perf_counter()
    embedder.embed(canvases)
    return 1000 * (time.perf_counter() - started)
