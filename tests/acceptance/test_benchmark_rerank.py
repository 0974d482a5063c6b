"""`logosim benchmark rerank` on real logos: every part is timed, and nothing is changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from logosim.cli.benchmark_rerank import channel_functions
from logosim.domain.query import Weights
from logosim.runtime import Runtime
from logosim.search.pipeline import NO_FILTER, name_keys, query_of
from logosim.search.rerank import rerank
from logosim.store.search import SearchStore


def test_every_part_of_the_reranking_is_timed(indexed: Any, tmp_path: Path) -> None:
    out = tmp_path / "rerank.json"
    done = indexed.run("benchmark", "rerank", "--queries", "4", "--candidates", "40", "--hits", "5", "--json", out)
    assert done.returncode == 0, done.stderr
    assert "4 of 60 stored marks asked" in done.stdout
    assert "each was compared with 40 candidates" in done.stdout
    written = json.loads(out.read_text())
    assert list(written["timings_ms"]) == [
        "stage 1, with its fetch",
        "fetch",
        "look",
        "shape",
        "sound",
        "spelling",
        "vienna",
        "compose",
        "re-ranking, all of it",
        "explain",
        "fetch, re-ranking and explanation together",
    ]
    assert {row["times"] for row in written["timings_ms"].values()} == {4}
    assert written["most_candidates"] == written["fewest_candidates"] == 40


def test_what_is_timed_is_what_the_reranking_computes(indexed: Any, runtime: Runtime) -> None:
    store = SearchStore(runtime.pool)
    for mark in runtime.marks.drawn(5):
        query = query_of(runtime.marks.get(mark), NO_FILTER, Weights(), 5)
        found = store.candidates(query).candidates
        ranking = rerank(query, name_keys(query.text), found)
        for channel, compare in channel_functions(query, found).items():
            np.testing.assert_array_equal(compare(), ranking.values[:, ranking.channels.index(channel)], channel)


def test_a_database_without_marks_says_what_to_do(logosim: Any) -> None:
    assert logosim("db", "upgrade").returncode == 0
    done = logosim("benchmark", "rerank")
    assert done.returncode == 2
    assert "logosim demo" in done.stderr
