"""`logosim benchmark rerank` on real logos: every part is timed, and nothing is changed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any


def test_every_part_of_the_reranking_is_timed(indexed: Any, tmp_path: Path) -> None:
    out = tmp_path / "rerank.json"
    done = indexed.run("benchmark", "rerank", "--queries", "4", "--candidates", "40", "--hits", "5", "--json", out)
    assert done.returncode == 0, done.stderr
    asked = re.search(r"4 of (\d+) stored marks asked", done.stdout)
    assert asked is not None
    assert int(asked[1]) >= len(indexed.corpus.marks)  # other tests take in marks as well
    assert "each was compared with 40 candidates" in done.stdout
    written = json.loads(out.read_text())
    assert list(written["timings_ms"]) == [
        "stage 1, with its fetch",
        "fetch of records",
        "look",
        "shape",
        "shape: fetch of patches",
        "sound",
        "spelling",
        "vienna",
        "re-ranking, all of it",
        "explain",
        "fetch of records, re-ranking and explanation together",
    ]
    assert {row["times"] for row in written["timings_ms"].values()} == {4}
    assert written["most_candidates"] == written["fewest_candidates"] == 40
    assert 5 <= written["fewest_matched"] <= written["most_matched"] <= 40
    assert "candidates, by their patches with" in done.stdout
    p50 = {part: row["p50"] for part, row in written["timings_ms"].items()}
    assert 0 < p50["shape: fetch of patches"] < p50["shape"] < p50["re-ranking, all of it"]


def test_a_database_without_marks_says_what_to_do(logosim: Any) -> None:
    assert logosim("db", "upgrade").returncode == 0
    done = logosim("benchmark", "rerank")
    assert done.returncode == 2
    assert "logosim demo" in done.stderr
