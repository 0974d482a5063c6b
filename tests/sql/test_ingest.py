"""Taking marks in: by stable id, as often as one likes, with work queued for what is new."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from logosim.domain import vienna
from logosim.domain.ingest import IngestReport, MergeCounts
from logosim.domain.mark import Mark, Picture, Rejection, mark_id
from logosim.errors import FilterError, InputError
from logosim.store.ingest import IngestStore
from logosim.store.pool import Pool, open_pool

SHA = "ab" * 32


@dataclass(frozen=True)
class Hearing:
    """A client that pronounces by a pattern of its own and calls that the rules."""

    pattern: str
    name: str = "rules"

    def phonemes(self, text: str) -> str | None:
        return self.pattern.format(text)


def mark(number: int, **more: Any) -> Mark:
    plain = Mark("l3d", f"{number:05}.JPG", f"Brand {number}", ("26.04.05",), 2010, Picture(f"/{number}.jpg", SHA, 10))
    return replace(plain, **more)


def take_in(pool: Pool, *marks: Mark) -> MergeCounts:
    store = IngestStore(pool)
    batch = store.begin("l3d", "/data")
    store.stage(batch, marks)
    return store.merge(batch)


def rows(connection: psycopg.Connection[Any]) -> list[Any]:
    return connection.execute("select m.* from logosim.mark m order by mark_id").fetchall()


def test_marks_are_stored_as_they_came(pool: Pool, connection: psycopg.Connection[Any]) -> None:
    given_mark = mark(1, text="Straße & Søn", vienna_codes=("26.04.05", "03.07.01"), year=None)
    assert take_in(pool, given_mark) == MergeCounts(inserted=1)
    row = connection.execute(
        """
        select mark_id, source, file, brand_text, normalised_text, phonemes = logosim.phonemes(brand_text)
             , vienna_codes, vienna_keys, vienna_divisions, year, picture_location, picture_sha256, picture_bytes
          from logosim.mark
        """
    ).fetchone()
    assert row == (
        given_mark.mark_id,
        "l3d",
        "00001.JPG",
        "Straße & Søn",
        "strasse and son",
        True,
        ["26.04.05", "03.07.01"],
        ["03", "03.07", "03.07.01", "26", "26.04", "26.04.05"],
        ["03.07", "26.04"],
        None,
        "/1.jpg",
        SHA,
        10,
    )


def test_taking_in_twice_changes_nothing(
    pool: Pool, connection: psycopg.Connection[Any], registered_model: int
) -> None:
    marks = [mark(number) for number in range(20)]
    assert take_in(pool, *marks) == MergeCounts(inserted=20, queued=20)
    before = rows(connection)
    assert take_in(pool, *marks) == MergeCounts(unchanged=20)
    assert rows(connection) == before
    assert connection.execute("select count(*) from logosim.mark_staging").fetchone() == (0,)


def test_changes_are_taken_over(pool: Pool, connection: psycopg.Connection[Any], registered_model: int) -> None:
    take_in(pool, mark(1), mark(2), mark(3))
    connection.execute("update logosim.work set state = 'dead', attempts = 5")
    counts = take_in(pool, mark(1, text="Other"), mark(2, picture=Picture("/2.jpg", "cd" * 32, 11)), mark(3))
    assert counts == MergeCounts(updated=2, unchanged=1, queued=3)
    revived = connection.execute("select mark_id, attempts from logosim.work where state = 'queued'").fetchall()
    assert set(revived) == {(mark(number).mark_id, 0) for number in (1, 2, 3)}  # taken in again: tried again
    row = connection.execute("select normalised_text from logosim.mark where file = '00001.JPG'").fetchone()
    assert row == ("other",)


def test_case_of_the_file_name_makes_no_new_mark(pool: Pool, connection: psycopg.Connection[Any]) -> None:
    take_in(pool, mark(1, file="LOGO.JPG"))
    assert take_in(pool, mark(1, file="logo.jpg")) == MergeCounts(updated=1)
    assert len(rows(connection)) == 1


def test_of_two_rows_of_one_mark_the_later_counts(pool: Pool, connection: psycopg.Connection[Any]) -> None:
    assert take_in(pool, mark(1, text="first"), mark(2), mark(1, text="second")) == MergeCounts(inserted=2)
    assert connection.execute("select brand_text from logosim.mark where file = '00001.JPG'").fetchone() == ("second",)


def test_marks_taken_in_before_there_is_a_model_are_queued_when_there_is(
    pool: Pool, connection: psycopg.Connection[Any]
) -> None:
    assert take_in(pool, mark(1)).queued == 0
    connection.execute("select logosim.register_model('m', repeat('0', 64), 256, 7, 64, '{}'::jsonb)")
    assert connection.execute("select count(*) from logosim.work").fetchone() == (1,)


def test_client_side_pronunciations_are_used(pool: Pool, connection: psycopg.Connection[Any]) -> None:
    store = IngestStore(pool, Hearing("heard {0}"))
    batch = store.begin("l3d", "/data")
    store.stage(batch, [mark(1), mark(2, text=None)])
    store.merge(batch)
    found = connection.execute("select phonemes from logosim.mark order by file").fetchall()
    assert found == [("heard Brand 1",), (None,)]


def test_counts_and_rejections_of_a_batch(pool: Pool, connection: psycopg.Connection[Any]) -> None:
    store = IngestStore(pool)
    for _ in range(2):
        batch = store.begin("l3d", "/data")
        store.stage(batch, [mark(1), mark(2)])
        store.merge(batch)
        store.stage(batch, [mark(3)])
        store.merge(batch)
        rejections = [
            Rejection("a.json", 7, 3, "picture-missing", "There is no x\x00.png."),
            Rejection("a.json", None, None, "not-json", "Broken."),
            Rejection("a.json", 7, 3, "picture-missing", "There is no x\x00.png."),
            Rejection("a.json", 7, 4, "picture-missing", "There is no y.png."),
        ]
        store.reject(batch, rejections)
        store.finish(batch, IngestReport(5, 3, 0, 0, 0))
    found = connection.execute(
        "select read_count, inserted_count, unchanged_count, rejected_count, finished_at is not null"
        " from logosim.ingest_batch order by batch_id"
    ).fetchall()
    assert found[1] == (5, 0, 3, 3, True)
    assert found[0][:3] == (5, 3, 0)
    kept = connection.execute(
        "select path, line, record, reason, detail, batch_id from logosim.ingest_reject order by line, record"
    ).fetchall()
    assert kept == [
        ("a.json", 7, 3, "picture-missing", "There is no x\ufffd.png.", 2),
        ("a.json", 7, 4, "picture-missing", "There is no y.png.", 2),
        ("a.json", None, None, "not-json", "Broken.", 2),
    ]


def test_what_broken_off_batches_left_is_swept(pool: Pool, connection: psycopg.Connection[Any]) -> None:
    store = IngestStore(pool)
    store.stage(store.begin("l3d", "/data"), [mark(1)])
    connection.execute("update logosim.ingest_batch set started_at = now() - interval '2 days'")
    store.begin("l3d", "/data")
    assert connection.execute("select count(*) from logosim.mark_staging").fetchone() == (0,)


def test_bad_batches_and_bad_texts(pool: Pool, connection: psycopg.Connection[Any]) -> None:
    store = IngestStore(pool)
    with pytest.raises(FilterError, match="no batch 77"):
        store.merge(77)
    batch = store.begin("l3d", "/data")
    with pytest.raises(InputError):
        store.stage(batch, [mark(1), mark(2, text="a\x00b")])
    assert connection.execute("select count(*) from logosim.mark_staging").fetchone() == (0,)


@pytest.mark.parametrize("role", ["logosim_worker", "logosim_api"])
def test_roles_that_take_marks_in(database_url: str, role: str) -> None:
    with open_pool(database_url, role=role) as own:
        assert take_in(own, mark(1)) == MergeCounts(inserted=1)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=20), st.text(max_size=40))
def test_mark_id_equals_its_python_twin(connection: psycopg.Connection[Any], source: str, file: str) -> None:
    source, file = (text.replace("\x00", "").encode("utf-8", "ignore").decode() for text in (source, file))
    row = connection.execute("select logosim.mark_id(%s, %s)", (source, file)).fetchone()
    assert row == (mark_id(source, file),)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.from_regex(r"[ \t]?[0-9]{1,2}(\.[0-9]{1,2}){0,2}", fullmatch=True), max_size=6))
def test_vienna_functions_equal_their_python_twins(connection: psycopg.Connection[Any], codes: list[str]) -> None:
    canonical = vienna.canonical_all(codes)
    row = connection.execute(
        "select array(select logosim.vienna_code(code) from unnest(%s::text[]) code), logosim.vienna_keys(%s::text[])",
        (codes, list(canonical)),
    ).fetchone()
    assert row == ([vienna.canonical(code) for code in codes], list(vienna.keys(canonical)))


def test_merging_is_quick_enough_for_hundreds_of_thousands(pool: Pool, registered_model: int) -> None:
    store = IngestStore(pool, Hearing("{0}|{0}|{0}"))
    batch = store.begin("l3d", "/data")
    store.stage(batch, [mark(number) for number in range(5000)])
    began = time.perf_counter()
    assert store.merge(batch).inserted == 5000
    assert time.perf_counter() - began < 60  # some seconds; a quadratic merge would need many minutes
