"""`logosim evaluate search`: real logos through workers, a database of its own and the whole search."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from logosim.demo.corpus import build
from logosim.demo.variations import write_variations


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
    asking = ("--kind", kind, "--copies", "1")
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
