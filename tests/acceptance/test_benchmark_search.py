"""`logosim benchmark search` on a small register: whole searches are timed, and the folder serves other benchmarks."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from logosim.cli.benchmark_search import FILTERS, NAME_ALONE

STAGES = ("extract", "candidates", "rerank", "explain", "total")


def test_whole_searches_are_timed(
    logosim_on: Callable[..., Any], database_url: str, tmp_path: Path, register_folder: Path
) -> None:
    logosim = logosim_on(database_url, tmp_path / "data", LOGOSIM_OCR="none")
    small = ("--marks", "1000", "--folder", register_folder)
    out = tmp_path / "search.json"
    names = tmp_path / "names.txt"
    names.write_text("GOLDEN STORK\nGOLDEN OAK\nHOTEL FILDOR\nPHILDAR\n")
    done = logosim("benchmark", "search", *small, "--queries", "3", "--names", names, "--json", out)
    assert done.returncode == 0, done.stderr
    assert "| the name alone: total " in done.stdout
    written = json.loads(out.read_text())
    assert (written["marks"], written["queries"], written["hits"]) == (1000, 3, 20)
    ways = {f"{name}: {stage}" for name in FILTERS for stage in STAGES}
    assert set(written["timings_ms"]) == {*ways, f"{NAME_ALONE}: total"}
    assert all(0 < row["p50"] <= row["p99"] for row in written["timings_ms"].values())
    assert {written["timings_ms"][way]["times"] for way in ways} == {3}

    again = logosim("benchmark", "selectivity", *small, "--queries", "1", "--candidates", "10", "--way", "logosim")
    assert again.returncode == 0, again.stderr
    assert "Building" not in again.stderr


def test_a_register_without_names_is_refused(
    logosim_on: Callable[..., Any], database_url: str, tmp_path: Path, register_folder: Path
) -> None:
    logosim = logosim_on(database_url, tmp_path / "data", LOGOSIM_OCR="none")
    small = ("--marks", "1000", "--folder", register_folder, "--queries", "1")
    assert logosim("benchmark", "selectivity", *small, "--candidates", "10", "--way", "logosim").returncode == 0
    done = logosim("benchmark", "search", *small)
    assert done.returncode == 2
    assert "have no names and patches" in done.stderr
    assert "Choose another folder" in done.stderr
