"""Facets of a set of marks, against a plain count over the same marks."""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Iterable
from typing import Any

import psycopg
import pytest

from .conftest import Corpus, CorpusMark

WIDTHS = {"category": 2, "division": 5, "section": 8}


def plain(marks: Iterable[CorpusMark], level: str) -> set[tuple[str, str | None, int]]:
    """The slow twin: one mark after the other."""
    counts: Counter[tuple[str, str | None]] = Counter()
    for mark in marks:
        codes: list[str | None] = [key for key in mark.vienna_keys if len(key) == WIDTHS[level]]
        for code in codes or [None]:
            counts[level, code] += 1
        counts["year", None if mark.year is None else str(mark.year)] += 1
        counts["source", mark.source] += 1
    return {(facet, value, marks) for (facet, value), marks in counts.items()}


@pytest.mark.parametrize("level", WIDTHS)
def test_equal_to_a_plain_count(corpus: Corpus, corpus_connection: psycopg.Connection[Any], level: str) -> None:
    chosen = corpus.marks[100:900]
    ids = [mark.mark_id for mark in chosen]
    rows = corpus_connection.execute(
        "select facet, value, marks from logosim.facets(%s, %s)", ([*ids, ids[0], uuid.uuid4()], level)
    ).fetchall()
    assert set(rows) == plain(chosen, level)
    assert len(rows) == len(set(rows))
    facets = [row[0] for row in rows]
    assert facets == sorted(facets, key=[level, "year", "source"].index)
    for facet in set(facets):
        counts = [row[2] for row in rows if row[0] == facet]
        assert counts == sorted(counts, reverse=True)


def test_of_a_search_with_headings(corpus: Corpus, corpus_connection: psycopg.Connection[Any]) -> None:
    rows = corpus_connection.execute(
        """
        select value, heading, marks
          from logosim.facets(array(select mark_id from logosim.similar(%s, vienna_any => '{26.04}', k => 50)))
         where facet = 'division'
        """,
        (corpus.marks[0].mark_id,),
    ).fetchall()
    assert rows[0][2] == 50
    assert {code: heading for code, heading, _ in rows}["26.04"] == "squares, rectangles and other quadrilaterals"


def test_of_nothing(corpus_connection: psycopg.Connection[Any]) -> None:
    assert corpus_connection.execute("select * from logosim.facets('{}')").fetchall() == []


def test_thousands_in_milliseconds(corpus: Corpus, corpus_connection: psycopg.Connection[Any]) -> None:
    ids = [mark.mark_id for mark in corpus.marks]
    took = []
    for _ in range(3):
        started = time.perf_counter()
        corpus_connection.execute("select * from logosim.facets(%s)", (ids,)).fetchall()
        took.append(time.perf_counter() - started)
    assert min(took) < 0.5  # 5,000 ids; a tenth of that where nothing else runs
