"""What searches by look read are copies, and stay equal to their sources whatever happens to them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import psycopg
import pytest

from logosim.database import sources
from logosim.database.upgrade import upgrade
from logosim.domain.mark import Mark
from logosim.store.ingest import IngestStore
from logosim.store.pool import Pool
from logosim.store.work import WorkStore

from .queued_work import MINUTE, done, mark, sha

COPY = """
select model_id, mark_id, embedding::text, year, has_text, source, vienna_numbers from logosim.mark_look order by 1, 2
"""
SOURCES = """
select f.model_id, f.mark_id, f.embedding::text, m.year, m.brand_text is not null, m.source
     , array(select ('1' || replace(key, '.', ''))::integer from unnest(m.vienna_keys) as key)
  from logosim.mark_features f
  join logosim.mark m on m.mark_id = f.mark_id
 order by 1, 2
"""
COARSE = """
select c.prefix::text, l.embedding::text
     , (c.year, c.has_text, c.source) is not distinct from (l.year, l.has_text, l.source)
     , c.look_at = l.ctid
     , array[c.codes_1, c.codes_2, c.codes_3]
     , array[c.section_1, c.section_2, c.section_3, c.section_4, c.section_5, c.section_6], l.vienna_numbers
  from logosim.mark_look l
  left join logosim.mark_coarse c on c.model_id = l.model_id and c.mark_id = l.mark_id
"""


def in_step(connection: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    """The rows of the copy, once they and those of the short copy are found equal to the sources."""
    copied = connection.execute(COPY).fetchall()
    assert copied == connection.execute(SOURCES).fetchall()
    assert connection.execute("select count(*) from logosim.mark_coarse").fetchone() == (len(copied),)
    row = connection.execute("select logosim._coarse_codes()").fetchone()
    place = {number: place for place, number in enumerate(row[0])} if row else {}
    for prefix, embedding, *equal, words, sections, numbers in connection.execute(COARSE).fetchall():
        bits = sum((word % 2**64) << (64 * index) for index, word in enumerate(words))
        assert bits == sum(1 << place[number] for number in numbers if number in place)
        assert sections == six_sections([number for number in numbers if number not in place], place)
        beginning = np.array(json.loads(embedding)[:64])
        assert np.allclose(json.loads(prefix), beginning / np.linalg.norm(beginning), atol=1e-3)
        assert equal == [True, True]
    return copied


def six_sections(numbers: list[int], place: dict[int, int]) -> list[int]:
    """The plain twin of logosim._coarse_sections."""
    told = [100 * (place[number // 100] + 1) + number % 100 for number in numbers if number // 100 in place]
    are_all = len(told) == len(numbers) <= 6
    filled = [*told, 0, 0, 0, 0, 0, 0]
    return [*filled[:5], filled[5] if are_all else -1]


def merge(pool: Pool, *marks: Mark) -> None:
    store = IngestStore(pool)
    batch = store.begin("t", "/t")
    store.stage(batch, marks)
    store.merge(batch)


def look_at_all(queue: WorkStore) -> int:
    """What a worker does: claims everything and finishes it."""
    claim = queue.claim("w", 100, MINUTE)
    assert claim is not None
    queue.finish(claim, done(claim))
    return len(claim.marks)


REVISIONS = [
    sources.sql_dir().parent / "migrations" / "versions" / name
    for name in (
        "0006_mark_look.sql",
        "0012_look_index.sql",
        "0014_mark_coarse.sql",
        "0016_index_parts.sql",
        "0017_coarse_bits.sql",
    )
]
MARKS = (
    replace(mark(1), text="Kalomi", vienna_codes=("27.05.01", "26.04.05"), year=2001),
    replace(mark(2), vienna_codes=("98.01",), year=None),
    mark(3),
    replace(mark(4), vienna_codes=("01.01.01", "02.01.01", "03.01.01", "26.04.99", "27.05.00", "99.99.99")),
    replace(mark(5), vienna_codes=("01.01.01", "02.01.01", "03.01.01", "26.04.99", "27.05.00", "98.10.01", "99.99.99")),
    replace(mark(6), vienna_codes=("26.04.01", "77.07.01")),
)


def test_it_follows_the_life_of_marks(
    connection: psycopg.Connection[Any], pool: Pool, queue: WorkStore, registered_model: int
) -> None:
    merge(pool, *MARKS)
    assert in_step(connection) == []  # nothing has been looked at
    assert look_at_all(queue) == 6
    by_id = {row[1]: row for row in in_step(connection)}
    assert by_id[MARKS[0].mark_id][3:] == (2001, True, "t", [126, 12604, 1260405, 127, 12705, 1270501])
    assert by_id[MARKS[1].mark_id][3:] == (None, False, "t", [198, 19801])
    assert by_id[MARKS[2].mark_id][3:] == (None, False, "t", [])

    merge(pool, replace(MARKS[0], text=None, year=1999, vienna_codes=("03",)), replace(MARKS[2], text="Other"))
    by_id = {row[1]: row for row in in_step(connection)}
    assert by_id[MARKS[0].mark_id][3:] == (1999, False, "t", [103])
    assert by_id[MARKS[2].mark_id][3:] == (None, True, "t", [])

    other = replace(MARKS[1].picture, sha256=sha("another picture"))
    before = by_id[MARKS[1].mark_id][2]
    merge(pool, replace(MARKS[1], picture=other, year=2020))
    assert MARKS[1].mark_id not in {row[1] for row in in_step(connection)}  # its features are outdated
    assert look_at_all(queue) == 1
    row = next(row for row in in_step(connection) if row[1] == MARKS[1].mark_id)
    assert row[3] == 2020
    assert row[2] != before

    connection.execute("delete from logosim.mark where mark_id = %s", (MARKS[0].mark_id,))
    assert len(in_step(connection)) == 5


def test_it_follows_whoever_writes(
    connection: psycopg.Connection[Any], pool: Pool, queue: WorkStore, registered_model: int
) -> None:
    merge(pool, *MARKS)
    look_at_all(queue)
    connection.execute("update logosim.mark set source = 'u', brand_text = file where year is null")
    assert {row[5] for row in in_step(connection)} == {"t", "u"}
    connection.execute(
        "update logosim.mark_features f set embedding = (select g.embedding from logosim.mark_features g limit 1)"
    )
    assert len({row[2] for row in in_step(connection)}) == 1
    connection.execute("delete from logosim.mark_features where mark_id = %s", (MARKS[0].mark_id,))
    assert len(in_step(connection)) == 5


def test_a_change_that_nobody_filters_by_rewrites_nothing(
    connection: psycopg.Connection[Any], pool: Pool, queue: WorkStore, registered_model: int
) -> None:
    merge(pool, *MARKS)
    look_at_all(queue)
    rows = "select ctid::text, xmin::text from logosim.mark_look order by mark_id"
    before = connection.execute(rows).fetchall()
    connection.execute("update logosim.mark set picture_location = '/elsewhere' || file, updated_at = now()")
    connection.execute("update logosim.mark_features set extracted_at = now()")
    assert connection.execute(rows).fetchall() == before


def test_the_upgrade_fills_it_from_what_is_there(
    connection: psycopg.Connection[Any], database_url: str, pool: Pool, queue: WorkStore, registered_model: int
) -> None:
    merge(pool, *MARKS)
    look_at_all(queue)
    filled = in_step(connection)
    indexes = "select indexname, indexdef from pg_indexes where tablename in ('mark_look', 'mark_features') order by 1"
    made = connection.execute(indexes).fetchall()
    connection.execute(
        f"""
        create index mark_features_hnsw_{registered_model} on logosim.mark_features
         using hnsw ((embedding::public.halfvec(256)) public.halfvec_cosine_ops) where model_id = {registered_model}
        """.encode()
    )
    connection.execute(
        """
        drop table logosim.mark_coarse, logosim.mark_look;
        drop function logosim._look_follows_features() cascade;
        drop function logosim._look_follows_marks() cascade;
        delete from logosim.sql_file where name in ('functions/033_mark_look.sql', 'functions/034_mark_coarse.sql');
        """
    )
    for revision in REVISIONS:
        connection.execute(revision.read_bytes())
    upgrade(database_url)  # makes the triggers
    assert in_step(connection) == filled
    assert connection.execute(indexes).fetchall() == made
    connection.execute("update logosim.mark set year = 1900")
    assert {row[3] for row in in_step(connection)} == {1900}


def test_indexes_of_a_model_are_made_and_dropped(connection: psycopg.Connection[Any], registered_model: int) -> None:
    names = "select array_agg(indexname::text order by indexname) from pg_indexes where indexname ~ '_[0-9]+$'"
    kinds = ("embedding_{}_1", "embedding_{}_2", "facts_{}", "vienna_{}")
    expected = [f"mark_look_{kind.format(registered_model)}" for kind in kinds]
    assert connection.execute(names).fetchone() == (expected,)
    connection.execute("select logosim._drop_model_indexes(%s::smallint)", (registered_model,))
    assert connection.execute(names).fetchone() == (None,)
    for _ in range(2):
        connection.execute("select logosim._make_model_indexes(m.model_id) from logosim.model m")
    assert connection.execute(names).fetchone() == (expected,)
    row = connection.execute(
        "select count(obj_description(c.oid, 'pg_class')) from pg_class c where relname ~ '_[0-9]+$'"
    )
    assert row.fetchone() == (4,)


def test_every_category_and_division_has_a_bit(connection: psycopg.Connection[Any]) -> None:
    row = connection.execute(
        """
        select logosim._coarse_codes()
             , (select logosim._vienna_numbers(array_agg(v.code)) from logosim.vienna v where v.level <> 'section')
        """
    ).fetchone()
    assert row is not None
    known, classified = row
    assert len(set(known)) == len(known) <= 3 * 64
    assert set(known) > set(classified)
    assert 19804 in known  # of EUIPO data, outside the classification


@pytest.mark.parametrize(
    ("codes", "numbers"), [([], None), (["03", "03.07", "00.03", "03.07.01"], [103, 10307, 10003, 1030701])]
)
def test_codes_of_different_levels_have_different_numbers(
    connection: psycopg.Connection[Any], codes: list[str], numbers: list[int] | None
) -> None:
    assert connection.execute("select logosim._vienna_numbers(%s::text[])", (codes,)).fetchone() == (numbers,)
