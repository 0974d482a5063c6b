"""`logosim demo` from nothing: its own server, its own data folder."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image


def test_the_demo_runs_from_nothing_and_again(logosim_on: Any, tmp_path: Path) -> None:
    run = logosim_on("", tmp_path / "data")
    try:
        done = run("demo", "--logos", "40")
        assert done.returncode == 0, done.stderr
        assert "40 new" in done.stdout
        assert re.search(r"^1 +0\.\d{3}", done.stdout, re.MULTILINE)
        for promised in ("logosim search", "logosim serve", str(tmp_path / "data"), "look", "shape", "sound"):
            assert promised in done.stdout
        sheet = Image.open(io.BytesIO((tmp_path / "data" / "demo" / "answer.png").read_bytes()))
        assert min(sheet.size) > 400
        assert np.asarray(sheet.convert("L")).std() > 10
        assert "marks      40" in run("db", "status").stdout
        again = run("demo", "--logos", "40", "--seed", "2")
        assert "40 unchanged" in again.stdout, again.stderr
        counted = run("db", "psql", "-Atc", "select count(*) from logosim.mark_features")
        assert counted.stdout.strip() == "40", counted.stderr
    finally:
        stopped = run("db", "stop")
        assert stopped.returncode == 0, stopped.stderr
    assert "not running" in run("db", "status").stdout
