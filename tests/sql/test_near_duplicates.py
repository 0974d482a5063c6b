"""Near-duplicates and clusters against all pairs, compared one by one."""

from __future__ import annotations

import itertools
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import psycopg
import pytest

from logosim.domain.mark import Mark

from .conftest import Corpus

THRESHOLD = 0.26  # marks of one cluster of the corpus lie some 0.33 apart, few of them below this


def all_pairs(corpus: Corpus, threshold: float) -> dict[tuple[uuid.UUID, uuid.UUID], float]:
    """The slow twin: every pair; distances near the threshold are left to either side."""
    distances = 1 - corpus.embeddings.astype(np.float64) @ corpus.embeddings.T.astype(np.float64)
    ids = [mark.mark_id for mark in corpus.marks]
    return {
        (min(ids[a], ids[b]), max(ids[a], ids[b])): float(distances[a, b])
        for a, b in np.argwhere(np.triu(distances <= threshold, k=1))
    }


def near(connection: psycopg.Connection[Any], arguments: str, *parameters: object) -> list[tuple[Any, ...]]:
    query = "select mark_id, other_id, look_distance, complete from logosim.near_duplicates({})"
    return connection.execute(query.format(arguments).encode(), parameters).fetchall()


@pytest.fixture(scope="module")
def pairs(corpus: Corpus) -> dict[tuple[uuid.UUID, uuid.UUID], float]:
    found = all_pairs(corpus, THRESHOLD)
    assert 200 < len(found) < 20_000, len(found)
    return found


def test_all_pairs_are_found_once_in_parts(
    corpus: Corpus, corpus_connection: psycopg.Connection[Any], pairs: dict[tuple[uuid.UUID, uuid.UUID], float]
) -> None:
    parts = [near(corpus_connection, "%s, part => %s, parts => 3, k => 100", THRESHOLD, part) for part in (1, 2, 3)]
    rows = list(itertools.chain(*parts))
    found = {(min(row[:2]), max(row[:2])): row[2] for row in rows}
    assert len(found) == len(rows)
    sure = {pair for pair, distance in pairs.items() if distance < THRESHOLD - 1e-4}
    # The index is approximate, and these, a hundred marks all about equally far apart, are its hardest case.
    assert len(sure - set(found)) <= 0.05 * len(sure)
    assert set(found) - set(pairs) == set() or max(found[p] for p in set(found) - set(pairs)) > THRESHOLD - 1e-4
    for pair in sure & set(found):
        assert found[pair] == pytest.approx(pairs[pair], abs=2e-3)
    assert all(row[3] for row in rows)
    for part in parts:
        distances = [row[2] for row in part]
        assert distances == sorted(distances)
    assert min(map(len, parts)) > 0.6 * max(map(len, parts))  # by the smaller id it would be a fifth


def test_a_list_that_is_cut_short_says_so(
    corpus_connection: psycopg.Connection[Any], pairs: dict[tuple[uuid.UUID, uuid.UUID], float]
) -> None:
    others: defaultdict[uuid.UUID, int] = defaultdict(int)
    for pair in pairs:
        for mark in pair:
            others[mark] += 1
    for mark_id, _, _, complete in near(corpus_connection, "%s, k => 1", THRESHOLD):
        assert complete == (others[mark_id] <= 0)


@pytest.mark.parametrize(
    ("arguments", "passing"),
    [
        ("vienna_any => '{26.4}', sources => '{l3d}'", lambda of: of.source == "l3d" and "26.04" in of.vienna_keys),
        ("vienna_none => '{26.4, 03}'", lambda of: not of.vienna_keys & {"26.04", "03"}),
    ],
)
def test_a_filter_says_which_marks_are_gone_over(
    corpus: Corpus,
    corpus_connection: psycopg.Connection[Any],
    pairs: dict[tuple[uuid.UUID, uuid.UUID], float],
    arguments: str,
    passing: Callable[[Mark], bool],
) -> None:
    marks = {mark.mark_id: mark for mark in corpus.marks}
    rows = near(corpus_connection, f"%s, {arguments}, k => 100", THRESHOLD)

    def passes(mark: uuid.UUID) -> bool:
        return passing(marks[mark])

    assert rows
    assert all(passes(row[0]) for row in rows)
    expected = {frozenset(pair) for pair, d in pairs.items() if any(map(passes, pair)) and d < THRESHOLD - 1e-4}
    found = [frozenset(row[:2]) for row in rows]
    assert len(found) == len(set(found))
    assert len(expected - set(found)) <= 0.05 * len(expected)


@pytest.mark.parametrize(
    ("arguments", "state"),
    [("3", "LS006"), ("0.1, k => 0", "LS006"), ("0.1, part => 3, parts => 2", "LS006"), ("0.1, '{x}'", "LS004")],
)
def test_misuse(corpus_connection: psycopg.Connection[Any], arguments: str, state: str) -> None:
    with pytest.raises(psycopg.Error) as raised:
        near(corpus_connection, arguments)
    assert raised.value.sqlstate == state
    assert raised.value.diag.message_hint


def test_blank_pictures_are_left_out(
    connection: psycopg.Connection[Any], corpus: Corpus, registered_model: int
) -> None:
    """Three alike, one of them blank without its text."""
    connection.execute(
        """
        insert into logosim.mark (mark_id, source, file, picture_location, picture_sha256, picture_bytes)
        select logosim.mark_id('s', n || '.png'), 's', n || '.png', '/' || n, repeat(n::text, 64), 1
          from generate_series(1, 3) n
        """
    )
    connection.execute(
        """
        insert into logosim.mark_features (model_id, mark_id, embedding, patches, picture_sha256)
        select %s, m.mark_id, array_fill(0.0625::real, array[256])::vector(256)::halfvec
             , decode(repeat(case m.file when '3.png' then '00' else '07' end, 3136), 'hex'), m.picture_sha256
          from logosim.mark m
        """,
        (registered_model,),
    )
    rows = connection.execute("select file, other_file, complete from logosim.near_duplicates()").fetchall()
    assert [({*row[:2]}, row[2]) for row in rows] == [({"1.png", "2.png"}, True)]


def components(pairs: Iterable[tuple[uuid.UUID, uuid.UUID]]) -> set[frozenset[uuid.UUID]]:
    """The slow twin: sets that share a member are put together until none do."""
    sets: list[set[uuid.UUID]] = []
    for one, other in pairs:
        touching = [found for found in sets if found & {one, other}]
        sets = [found for found in sets if found not in touching]
        sets.append({one, other}.union(*touching))
    return {frozenset(found) for found in sets}


@pytest.mark.parametrize("seed", range(4))
def test_clusters_are_the_connected_components(connection: psycopg.Connection[Any], seed: int) -> None:
    draws = np.random.default_rng(seed)
    ids = [uuid.UUID(bytes=draws.bytes(16)) for _ in range(60)]
    pairs = [(ids[a], ids[b]) for a, b in draws.integers(0, 60, (40, 2))]
    rows = connection.execute(
        "select cluster, mark_id, marks from logosim.clusters(%s::uuid[], %s::uuid[])",
        ([one for one, _ in pairs], [other for _, other in pairs]),
    ).fetchall()
    found: defaultdict[uuid.UUID, set[uuid.UUID]] = defaultdict(set)
    for cluster, mark, marks in rows:
        found[cluster].add(mark)
        assert marks == sum(row[0] == cluster for row in rows)
    assert {frozenset(of) for of in found.values()} == components(pairs)
    assert all(cluster == min(of) for cluster, of in found.items())
    assert [row[2] for row in rows] == sorted((row[2] for row in rows), reverse=True)


def test_a_long_chain_is_one_cluster_and_quick(connection: psycopg.Connection[Any]) -> None:
    """20,000 links, in the order that is worst for sets without halving."""
    row = connection.execute(
        """
        with chain as (select ('00000000-0000-0000-0000-' || lpad(to_hex(n), 12, '0'))::uuid as id, n
                         from generate_series(0, 20000) n)
        select count(*), count(distinct cluster), min(marks)
          from logosim.clusters(
                 (select array_agg(id order by n desc) from chain where n > 0)
               , (select array_agg(id order by n desc) from chain where n < 20000))
        """
    ).fetchone()
    assert row == (20001, 1, 20001)


def test_clusters_of_nothing_and_of_a_mistake(connection: psycopg.Connection[Any]) -> None:
    assert connection.execute("select * from logosim.clusters('{}', '{}')").fetchall() == []
    with pytest.raises(psycopg.Error) as raised:
        connection.execute("select * from logosim.clusters(%s::uuid[], '{}')", ([uuid.uuid4()],))
    assert raised.value.sqlstate == "LS006"
