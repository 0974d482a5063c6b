"""How often words stand in names: counted by the database as a plain count does, and handed to the search."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from logosim.database.upgrade import upgrade
from logosim.domain.ingest import IngestReport
from logosim.domain.mark import Mark, Picture, mark_id
from logosim.domain.query import Query
from logosim.domain.words import WordCounts
from logosim.phonetics import normalise
from logosim.store.ingest import WORD_TOLERANCE, IngestStore
from logosim.store.pool import Pool, open_pool
from logosim.store.search import SearchStore

NAMES = ("GOLDEN STORK", "Stork", "Stork & Stork", "Hôtel Fildor", "HOTEL MIRANO", None, "★")


def mark(number: int, text: str | None) -> Mark:
    return Mark("l3d", f"{number}.png", text, (), 2010, Picture(f"/{number}.png", "ab" * 32, 10))


def take_in(pool: Pool, *marks: Mark) -> None:
    store = IngestStore(pool)
    batch = store.begin("l3d", "/data")
    store.stage(batch, marks)
    store.merge(batch)
    store.finish(batch, IngestReport(len(marks), 0, 0, 0, 0))


def counts(connection: psycopg.Connection[Any]) -> dict[str, int]:
    return dict(connection.execute("select word, marks from logosim.word").fetchall())


def plain(*names: str | None) -> dict[str, int]:
    """The slow twin: every name, and each of its words once."""
    found: Counter[str] = Counter()
    for name in names:
        if name and (normalised := normalise(name)):
            found.update(set(normalised.split()))
    return dict(found)


def test_an_ingest_counts_the_words_of_all_names(pool: Pool, connection: psycopg.Connection[Any]) -> None:
    take_in(pool, *(mark(number, name) for number, name in enumerate(NAMES)))
    assert counts(connection) == plain(*NAMES)
    assert counts(connection)["stork"] == 3
    assert connection.execute("select names from logosim.word_census").fetchone() == (5,)
    assert connection.execute("select logosim.count_words()").fetchone() == (0,)


def test_changed_and_deleted_names_are_counted_anew(pool: Pool, connection: psycopg.Connection[Any]) -> None:
    take_in(pool, *(mark(number, name) for number, name in enumerate(NAMES)))
    take_in(pool, mark(0, "SILVER STORK"), mark(3, None))
    assert counts(connection) == plain("SILVER STORK", *NAMES[1:3], NAMES[4])
    connection.execute("delete from logosim.mark where mark_id = %s", (mark_id("l3d", "4.png"),))
    assert connection.execute("select logosim.count_words()").fetchone() is not None
    assert counts(connection) == plain("SILVER STORK", *NAMES[1:3])


def test_a_few_marks_among_many_are_not_worth_a_count(pool: Pool, connection: psycopg.Connection[Any]) -> None:
    many = round(2 / WORD_TOLERANCE)
    take_in(pool, *(mark(number, "Zebra") for number in range(many)))
    take_in(pool, mark(many, "Okapi"))
    assert counts(connection) == {"zebra": many}
    take_in(pool, mark(many + 1, "Okapi"))
    take_in(pool, mark(many + 2, "Okapi"))  # three changes of 200 names: above one in a hundred
    assert counts(connection) == {"zebra": many, "okapi": 3}


def test_batches_at_once_leave_the_same_counts(database_url: str, connection: psycopg.Connection[Any]) -> None:
    names = [f"{word} {number}" for number in range(12) for word in ("alpha", "beta")]
    with open_pool(database_url, role="logosim_worker") as pool, ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda at: take_in(pool, mark(at, names[at])), range(len(names))))
    assert counts(connection) == plain(*names)


def test_a_database_from_before_is_counted_by_the_upgrade(
    connection: psycopg.Connection[Any], database_url: str
) -> None:
    connection.execute(
        """
        insert into logosim.mark (mark_id, source, file, brand_text, normalised_text, picture_location, picture_sha256
                                , picture_bytes)
        values (gen_random_uuid(), 't', 'a', 'Okapi', 'okapi', '/a', repeat('a', 64), 1);
        delete from logosim.word_census;
        """
    )
    upgrade(database_url)
    assert counts(connection) == {"okapi": 1}
    connection.execute("update logosim.sql_file set sha256 = 'older' where name = 'data/transliteration.csv'")
    connection.execute("update logosim.mark set normalised_text = 'stale', brand_text = 'Zebra'")
    upgrade(database_url)
    assert counts(connection) == {"zebra": 1}


def test_counts_of_words_that_are_asked_for(pool: Pool, connection: psycopg.Connection[Any]) -> None:
    connection.execute("set role logosim_analyst")
    asked = "select * from logosim.word_counts('{stork,okapi}')"
    assert connection.execute(asked).fetchall() == [("stork", 0, 0), ("okapi", 0, 0)]
    take_in(pool, *(mark(number, name) for number, name in enumerate(NAMES)))
    assert connection.execute(asked).fetchall() == [("stork", 3, 5), ("okapi", 0, 5)]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("select logosim.count_words()")


def test_a_search_brings_the_counts_of_all_its_words(pool: Pool) -> None:
    take_in(pool, *(mark(number, name) for number, name in enumerate(NAMES)))
    store = SearchStore(pool)
    found = store.candidates(Query(text="Hôtel Stork"))
    words = {word for candidate in found.candidates for word in (candidate.normalised_text or "").split()}
    assert words >= {"hotel", "stork", "golden"}
    assert found.words == WordCounts(5, {word: count for word, count in plain(*NAMES).items() if word in words})
    single = store.candidate(Query(text="Hôtel Stork"), mark_id("l3d", "0.png"))
    assert single.words == WordCounts(5, {"hotel": 2, "stork": 3, "golden": 1})
    assert store.candidate(Query(text="★"), mark_id("l3d", "1.png")).words.marks == {"stork": 3}
