"""`logosim evaluate search`: real logos through workers, a database of its own and the whole search."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from logosim.demo.corpus import build
from logosim.demo.variations import write_variations

from ..drawn_shapes import draw_shapes


@pytest.mark.parametrize("kind", ["variations", "changed"])
def test_varied_logos_find_the_marks_they_were_drawn_from(
    kind: str,
    logosim_on: Callable[..., Callable[..., subprocess.CompletedProcess[str]]],
    tmp_path: Path,
) -> None:
    corpus = build(tmp_path / "demo", limit=24)
    write_variations(corpus, 5)
    run = logosim_on("postgresql:///nowhere", tmp_path / "data", LOGOSIM_OCR="none")  # it makes its own database
    out = tmp_path / "result.json"
    asking = ("--kind", kind, *(("--copies", "1") if kind == "changed" else ()))
    done = run("evaluate", "search", "--truth", corpus.folder, *asking, "--json", out)
    assert done.returncode == 0, done.stderr
    results = {result["model"]: result for result in json.loads(out.read_text())["results"]}
    assert set(results) == {"whole search", "look", "shape", "look and shape"}  # nothing was read: no names
    queries = 5 if kind == "variations" else 12
    for result in results.values():
        assert result["whole"]["queries"] == queries
        assert result["whole"]["metrics"]["R@100"]["mean"] == 1  # there are but 24 marks
    assert results["look"]["whole"]["metrics"]["hit@1"]["mean"] > 0.5
    assert "all codes" in results["look"]["vienna"]
    assert "candidates" in done.stdout


def test_stored_pictures_ask_for_others_of_their_brand_and_never_for_themselves(
    logosim_on: Callable[..., Callable[..., subprocess.CompletedProcess[str]]], tmp_path: Path
) -> None:
    rows = ["file,brand", *(f"{file},{shape}" for file, shape, _ in draw_shapes(tmp_path))]
    (tmp_path / "index.csv").write_text("\n".join(rows))
    run = logosim_on("postgresql:///nowhere", tmp_path / "data", LOGOSIM_OCR="none")
    out = tmp_path / "result.json"
    done = run("evaluate", "search", "--truth", tmp_path, "--json", out)
    assert done.returncode == 0, done.stderr
    written = json.loads(out.read_text())
    shape = next(result for result in written["results"] if result["model"] == "look and shape")
    assert shape["whole"]["queries"] == 6
    assert shape["whole"]["metrics"]["R@10"]["mean"] == 1
    assert shape["whole"]["metrics"]["hit@1"]["mean"] > 0.6  # of five others one is right
    assert f"look and shape, {written['embedder']}" in done.stdout  # a row of BENCHMARKS.md names the model
