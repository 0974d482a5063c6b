"""Which filters are measured, and the slow, plain twin that says what is nearest under them."""

from __future__ import annotations

import numpy as np
import pytest

from logosim.cli.benchmark_selectivity import Row, table
from logosim.domain.query import Filter
from logosim.domain.vienna import keys
from logosim.evaluation.register import Register
from logosim.evaluation.selectivity import SHARES, Brute

MARKS, QUERIES = 12_000, 4


@pytest.fixture(scope="module")
def register() -> Register:
    return Register(MARKS, 32)


@pytest.fixture(scope="module")
def brute(register: Register) -> Brute:
    return Brute(register.chunks(), register.queries(QUERIES))


def test_the_nearest_are_the_nearest(register: Register, brute: Brute) -> None:
    embeddings = np.concatenate([of for _, of in register.chunks()]).astype(np.float16).astype(np.float64)
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    passing = brute.passing(Filter(vienna_any=("27.05",), year_from=1999, has_text=True))
    order = [index for index in np.argsort(-(embeddings @ brute.queries[2].astype(np.float64))) if passing[index]]
    assert set(brute.nearest(2, passing, 20)) == {brute.ids[index] for index in order[:20]}
    assert len(brute.nearest(2, passing, MARKS)) == passing.sum()


def test_a_filter_keeps_what_it_should(register: Register, brute: Brute) -> None:
    marks = [mark for batch, _ in register.chunks() for mark in batch]
    wanted = Filter(("27", "29.01.01"), ("26.04",), 1990, 2010, ("synthetic-l3d",), True, ("05.01",))
    expected = [
        mark.mark_id
        for mark in marks
        if {"27", "29.01.01"} & set(keys(mark.vienna_codes))
        and "26.04" in keys(mark.vienna_codes)
        and "05.01" not in keys(mark.vienna_codes)
        and 1990 <= (mark.year or 0) <= 2010
        and mark.source == "synthetic-l3d"
        and mark.text is not None
    ]
    assert expected
    assert [brute.ids[index] for index in np.flatnonzero(brute.passing(wanted))] == expected


def test_cases_reach_from_all_marks_to_single_ones(brute: Brute) -> None:
    cases = {case.name.split(" (")[0]: case.filters for case in brute.cases()}
    shares = {name: np.mean([brute.passing(wanted).mean() for wanted in filters]) for name, filters in cases.items()}
    assert all(len(filters) == QUERIES for filters in cases.values())
    assert shares.pop("100 %") == 1
    assert shares.pop("90 %") == pytest.approx(0.9, abs=0.02)
    assert shares.pop("50 %") == pytest.approx(0.5, abs=0.06)
    assert shares.pop("single marks") == 1 / MARKS
    assert cases["the most frequent division"][0].vienna_any == ("27.05",)
    assert shares.pop("the most frequent division") == pytest.approx(0.28, abs=0.05)
    for share in SHARES:
        assert shares.pop(f"{100 * share:g} %") == pytest.approx(share, rel=0.4)
    assert set(shares) == {
        "the query's neighbours excluded",
        "its neighbours excluded by sections",
        "only what its neighbours lack",
    }


def test_filters_that_are_correlated_with_the_query_exclude_its_neighbours(brute: Brute) -> None:
    for case in brute.cases()[-3:]:
        for query, wanted in enumerate(case.filters):
            near = set(brute.nearest(query, np.ones(MARKS, dtype=bool), 300))
            passing = brute.passing(wanted)
            among = sum(brute.ids[index] in near for index in np.flatnonzero(passing)) / 300
            assert among < 0.5 * passing.mean()


def test_the_table_says_how_many_took_which_route() -> None:
    row = Row("5 %", 10, 20, "logosim", {"exact": 3, "hnsw": 1}, 1.0, 2.0, 0.99512, 0.9, 0)
    printed = table([row], 1000).splitlines()
    assert [cell.strip() for cell in printed[2].split("|")[1:-1]] == [
        *("5 %", "10 to 20", "logosim", "3 exact, 1 hnsw", "1.0", "2.0", "0.9951", "0.900", "0")
    ]
