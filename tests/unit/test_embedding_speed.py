"""Timing of models: who sees what, and what is printed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from logosim.cli.models import measure
from logosim.embedding import CanvasArray, Embedded, Manifest, bundled, load_manifest
from logosim.embedding import speed as speed_module
from logosim.embedding.speed import measure_speed
from logosim.settings import Settings


@dataclass
class SlowEmbedder:
    """Takes so many seconds a picture, by a clock of its own."""

    manifest: Manifest
    seconds: float
    clock: list[float]
    seen: list[int] = field(default_factory=list)

    def embed(self, canvases: CanvasArray) -> Embedded:
        self.seen.append(len(canvases))
        self.clock[0] += self.seconds * len(canvases)
        of = self.manifest
        return Embedded(np.zeros((len(canvases), of.dimensions), np.float32), np.zeros((0,), np.int8))


def test_each_model_is_charged_its_own_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, manifest = [0.0], load_manifest(bundled())
    monkeypatch.setattr(speed_module.time, "perf_counter", lambda: clock[0])
    fast, slow = SlowEmbedder(manifest, 0.001, clock), SlowEmbedder(manifest, 0.003, clock)
    told: list[tuple[int, int]] = []
    first, second = measure_speed([fast, slow], 20, lambda done, total: told.append((done, total)))
    assert (first.alone_p50, first.alone_p99, first.batch) == pytest.approx((1, 1, 1))
    assert (second.alone_p50, second.alone_p99, second.batch) == pytest.approx((3, 3, 3))
    assert fast.seen == slow.seen == [1] * 23 + [16] * 5  # three of each are not timed
    assert told[-1] == (22, 22)
    assert told == sorted(told)


def test_models_of_several_sizes_are_not_compared() -> None:
    manifest = load_manifest(bundled())
    other = SlowEmbedder(replace(manifest, input_size=160), 1, [0.0])
    with pytest.raises(ValueError, match="one input size"):
        measure_speed([SlowEmbedder(manifest, 1, [0.0]), other], 1)


def test_the_command_prints_a_row_for_each_model(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, ocr="none", threads=1)
    names = ["bundled", "efficientnet-lite0-gem-whitened256"]
    done = CliRunner().invoke(measure, [*names, "--pictures", "2"], obj=settings)
    assert done.exit_code == 0, done.output
    rows = [line for line in done.output.splitlines() if line.startswith("| efficientnet")]
    assert len(rows) == 2
    assert rows[0].endswith("| 1.00 |")
    assert "CPUExecutionProvider" in rows[1]
