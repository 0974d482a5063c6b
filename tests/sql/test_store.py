"""The store on a real database: pool, models, candidates, keys, headings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import numpy as np
import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from logosim.domain.features import Features
from logosim.domain.query import Filter, Query
from logosim.errors import (
    ConfigurationError,
    DatabaseError,
    DatabaseUnavailable,
    FilterError,
    InputError,
    MarkNotFound,
    ModelMismatch,
    NoActiveModel,
    NotMigrated,
    PrivilegeMissing,
    ViennaCodeError,
)
from logosim.store.keys import KeyStore
from logosim.store.marks import MarkStore
from logosim.store.models import ModelStore
from logosim.store.pool import Pool, borrowed, open_pool
from logosim.store.search import SearchStore
from logosim.store.vienna import ViennaStore
from logosim.store.work import WorkStore


@dataclass(frozen=True)
class Manifest:
    name: str = "m"
    sha256: str = "1" * 64
    dimensions: int = 256
    patch_grid: int = 7
    patch_dimensions: int = 64

    def as_json(self) -> dict[str, Any]:
        return {"name": self.name}


def seen(embedding: Any) -> Features:
    return Features(embedding, np.zeros((7, 7, 64), np.int8), None, 9, 9, "0" * 64)


@pytest.fixture
def corpus_pool(corpus: Any) -> Any:
    with open_pool(corpus.url, role="logosim_api") as opened:
        yield opened


# Pool ----------------------------------------------------------------------------------------------------------------
def test_pool_acts_in_its_role_with_a_time_limit(database_url: str) -> None:
    with open_pool(database_url, role="logosim_analyst", statement_seconds=0.2) as pool:
        with borrowed(pool) as connection:
            assert connection.execute("select current_user::text").fetchone() == ("logosim_analyst",)
        with pytest.raises(DatabaseError, match="too long"), borrowed(pool) as connection:
            connection.execute("select pg_sleep(5)")
        with pytest.raises(PrivilegeMissing), borrowed(pool) as connection:
            connection.execute("select logosim.retry_dead()")


def test_login_role_without_the_role_is_refused(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("do $$ begin create role test_stranger login; exception when duplicate_object then end $$")
    with pytest.raises(PrivilegeMissing, match="may not act as logosim_api") as raised:
        open_pool(make_conninfo(database_url, user="test_stranger"), role="logosim_api")
    assert "grant logosim_api" in (raised.value.hint or "")


def test_databases_that_cannot_be_used(database_url: str, empty_database_url: str) -> None:
    with pytest.raises(DatabaseUnavailable, match="does not answer") as raised:
        open_pool("postgresql://someone:s3cret@127.0.0.1:1/x")
    assert "s3cret" not in str(raised.value)
    with pytest.raises(ConfigurationError) as invalid:
        open_pool("postgresql://someone:s3cret@host:port:port/x?nonsense=1")
    assert "s3cret" not in str(invalid.value)
    with pytest.raises(DatabaseUnavailable, match="does not exist"):
        open_pool(make_conninfo(database_url, dbname="no_such_database"))
    with pytest.raises(NotMigrated, match="pgvector"):
        open_pool(empty_database_url)
    with psycopg.connect(empty_database_url) as connection:
        connection.execute("create extension vector")
    with open_pool(empty_database_url) as pool, pytest.raises(NotMigrated, match="does not have what logosim needs"):
        MarkStore(pool).count()


def test_a_connection_that_was_cut_is_replaced(pool: Pool, connection: psycopg.Connection[Any]) -> None:
    store = MarkStore(pool)
    assert store.count() == 0
    connection.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where application_name = 'logosim' and datname = current_database()"
    )
    assert store.count() == 0


# Models --------------------------------------------------------------------------------------------------------------
def test_registering_models(pool: Pool, connection: psycopg.Connection[Any]) -> None:
    store = ModelStore(pool)
    assert store.find_active() is None
    with pytest.raises(NoActiveModel):
        store.active()
    first = store.register(Manifest(), activate=True)
    assert store.register(Manifest(), activate=True) == first
    second = store.register(Manifest("other", "2" * 64, dimensions=128), activate=False)
    assert store.active().model_id == first
    assert store.active().manifest == {"name": "m"}
    assert store.register(Manifest("other", "2" * 64, dimensions=128), activate=True) == second
    assert store.active().name == "other"
    assert [model.active for model in store.list()] == [False, True]
    indexes = connection.execute(
        "select indexdef from pg_indexes where indexname like 'mark_look_embedding_%' order by indexname"
    ).fetchall()
    assert [f"halfvec({n})" in row[0] for n, row in zip((256, 256, 128, 128), indexes, strict=True)] == [True] * 4
    with pytest.raises(FilterError, match="Another model is registered as m"):
        store.register(Manifest("m", "3" * 64), activate=False)
    with pytest.raises(FilterError, match="other dimensions"):
        store.register(Manifest(dimensions=64), activate=False)


def test_only_the_owner_registers_models(database_url: str) -> None:
    with open_pool(database_url, role="logosim_api") as pool, pytest.raises(PrivilegeMissing):
        ModelStore(pool).register(Manifest(), activate=True)


# Marks and candidates ------------------------------------------------------------------------------------------------
def test_stored_mark(corpus: Any, corpus_pool: Pool) -> None:
    store = MarkStore(corpus_pool)
    mark = corpus.marks[10]
    found = store.get(mark.mark_id)
    assert (found.text, found.vienna_codes, found.year, found.source) == (
        mark.text,
        mark.vienna_codes,
        mark.year,
        mark.source,
    )
    np.testing.assert_array_equal(found.embedding, corpus.embeddings[10])
    assert found.patches is not None
    assert found.patches.shape == (7, 7, 64)
    assert found.patches.dtype == np.int8
    assert np.all(found.patches == int(mark.mark_id) % 127)
    assert store.count() == len(corpus.marks)
    with pytest.raises(MarkNotFound):
        store.get(uuid4())


def test_candidates_carry_what_stage_two_needs(corpus: Any, corpus_pool: Pool) -> None:
    mark = next(mark for mark in corpus.marks if mark.text)
    at = corpus.marks.index(mark)
    query = Query(features=seen(corpus.embeddings[at]), text=mark.text, k=10)
    found = SearchStore(corpus_pool).candidates(query, limit=50, name_limit=10)
    assert (found.route, found.passed, found.complete) == ("exact", None, True)
    assert 50 <= len(found.candidates) <= 70
    first = found.candidates[0]
    assert first.mark_id == mark.mark_id
    assert first.channels == ("look", "spelling", "sound")
    assert first.cosine == pytest.approx(1, abs=1e-6)
    assert (first.text, first.file, first.vienna_codes) == (mark.text, mark.file, mark.vienna_codes)
    assert first.phonemes is not None
    assert first.phonemes.count("|") == 2
    ids = [candidate.mark_id for candidate in found.candidates]
    with SearchStore(corpus_pool).snapshot() as marks:
        patches = marks.patches(ids)
        assert marks.patches([]).shape == (0, 7, 7, 64)
        with pytest.raises(MarkNotFound, match="1 of 2 marks"):
            marks.patches([ids[0], uuid4()])
    assert patches.shape == (len(ids), 7, 7, 64)
    assert patches.dtype == np.int8
    for candidate, seen_patches in zip(found.candidates, patches, strict=True):
        assert np.all(seen_patches == int(candidate.mark_id) % 127)
        assert candidate.blank is (int(candidate.mark_id) % 127 == 0)


def test_one_mark_as_the_candidate_that_a_search_finds(corpus: Any, corpus_pool: Pool) -> None:
    store, mark = SearchStore(corpus_pool), corpus.marks[20]
    query = Query(features=seen(corpus.embeddings[20]), text=mark.text)
    for found in store.candidates(query, limit=30, name_limit=5).candidates:
        single = store.candidate(query, found.mark_id)
        alone = single.candidate
        assert single.model == "corpus-model"
        assert alone.cosine == found.cosine
        assert np.all(single.patches == int(found.mark_id) % 127)
        assert alone == replace(found, channels=())
    assert store.candidate(Query(text="kalomi"), mark.mark_id).candidate.cosine is None
    with pytest.raises(MarkNotFound):
        store.candidate(query, uuid4())
    with pytest.raises(ModelMismatch):
        store.candidate(replace(query, features=replace(query.features, model_sha256="2" * 64)), mark.mark_id)  # type: ignore[type-var]


@pytest.mark.parametrize("wanted", [Filter(), Filter(vienna_any=("26.04",), year_from=1995)])
def test_nearest_marks_with_their_embeddings(corpus: Any, corpus_pool: Pool, wanted: Filter) -> None:
    """Twin: all cosines. Marks whose patches are all zero (their number is a multiple of 127) are blank."""
    mark = corpus.marks[20]
    query = Query(seen(corpus.embeddings[20]), mark.text, filter=wanted, exclude=mark.mark_id)
    with SearchStore(corpus_pool).snapshot() as marks:
        found = marks.nearest(query, 300)
        with pytest.raises(ModelMismatch):
            marks.nearest(replace(query, features=replace(query.features, model_sha256="2" * 64)), 9)  # type: ignore[type-var]
    unit = corpus.embeddings / np.linalg.norm(corpus.embeddings, axis=1, keepdims=True)
    cosines = unit @ unit[20]
    passing = [
        place
        for place, other in enumerate(corpus.marks)
        if other is not mark and (not wanted.vienna_any or ("26.04" in other.vienna_keys and (other.year or 0) >= 1995))
    ]
    nearest = sorted(passing, key=lambda place: -cosines[place])[:300]
    shown = [place for place in nearest if int(corpus.marks[place].mark_id) % 127]
    assert len(shown) < 300, "or this tests nothing of blank pictures"
    assert [neighbour.cosine for neighbour in found] == pytest.approx(cosines[shown].tolist(), abs=1e-4)
    assert np.array_equal(np.stack([neighbour.embedding for neighbour in found]), corpus.embeddings[shown])


def test_a_candidate_no_worker_has_looked_at(pool: Pool, connection: psycopg.Connection[Any]) -> None:
    connection.execute(
        "insert into logosim.mark (mark_id, source, file, picture_location, picture_sha256, picture_bytes)"
        " values (%s, 't', 'a.png', '/x', repeat('0', 64), 1)",
        (mark_id := uuid4(),),
    )
    query = Query(features=seen(np.eye(256, dtype=np.float32)[0]))
    with pytest.raises(NoActiveModel):
        SearchStore(pool).candidate(query, mark_id)
    ModelStore(pool).register(Manifest(), activate=True)
    found = SearchStore(pool).candidate(query, mark_id)
    assert (found.candidate.cosine, found.candidate.blank, found.patches, found.model) == (None, None, None, "m")


def test_candidates_are_fetched_once_more_as_they_were(corpus: Any, corpus_pool: Pool) -> None:
    store, mark = SearchStore(corpus_pool), corpus.marks[20]
    query = Query(features=seen(corpus.embeddings[20]), text=mark.text)
    found = store.candidates(query, limit=30, name_limit=5)
    with store.snapshot() as marks:
        again = marks.fetched(query, found)
        assert marks.fetched(query, replace(found, candidates=())).candidates == ()
        with pytest.raises(MarkNotFound):
            marks.fetched(query, replace(found, candidates=(replace(found.candidates[0], mark_id=uuid4()),)))
    assert again.candidates == found.candidates
    assert (again.words, replace(again, candidates=())) == (found.words, replace(found, candidates=()))


def test_marks_are_drawn_by_a_seed(corpus: Any, corpus_pool: Pool, pool: Pool) -> None:
    marks = MarkStore(corpus_pool)
    drawn = marks.drawn(40, seed=1)
    assert drawn == marks.drawn(40, seed=1)
    assert len(set(drawn)) == 40
    assert set(drawn) <= {mark.mark_id for mark in corpus.marks}
    assert set(drawn) != set(marks.drawn(40, seed=2))
    assert len(marks.drawn(9999)) == len(corpus.marks)
    assert MarkStore(pool).drawn(5) == ()  # no model, no features


def test_candidates_by_name_alone_and_none_at_all(corpus: Any, corpus_pool: Pool) -> None:
    store = SearchStore(corpus_pool)
    found = store.candidates(Query(text="kalomi"))
    assert found.route == "name"
    assert found.candidates
    assert all(candidate.cosine is None for candidate in found.candidates)
    empty = store.candidates(Query(text="xq", filter=Filter(vienna_any=("09.09",))))
    assert (empty.candidates, empty.route, empty.passed, empty.complete) == ((), "name", None, True)
    empty = store.candidates(Query(features=seen(corpus.embeddings[0]), filter=Filter(vienna_any=("09.09",))))
    assert (empty.candidates, empty.route, empty.passed, empty.complete) == ((), "exact", None, True)


def test_as_many_names_are_found_as_hits_are_wanted(pool: Pool, connection: psycopg.Connection[Any]) -> None:
    connection.execute(
        """
        insert into logosim.mark
               ( mark_id, source, file, brand_text, normalised_text, phonemes
               , picture_location, picture_sha256, picture_bytes)
        select gen_random_uuid(), 't', n || '.png', 'Zebra', 'zebra', 'zɛbra|tseːbra|zebra', '/x', repeat('0', 64), 1
          from generate_series(1, 505) n
        """
    )
    assert len(SearchStore(pool).candidates(Query(text="Zebra", k=500)).candidates) == 505


def test_the_queried_mark_is_left_out(corpus: Any, corpus_pool: Pool) -> None:
    query = Query(features=seen(corpus.embeddings[0]), exclude=corpus.marks[0].mark_id)
    found = SearchStore(corpus_pool).candidates(query, limit=10)
    assert corpus.marks[0].mark_id not in {candidate.mark_id for candidate in found.candidates}


def test_queries_that_cannot_be_answered(corpus: Any, corpus_pool: Pool, pool: Pool) -> None:
    query = Query(features=seen(corpus.embeddings[0]))
    active = ModelStore(corpus_pool).active()
    ours = replace(seen(corpus.embeddings[0]), model_sha256=active.artifact_sha256)
    assert SearchStore(corpus_pool).candidates(Query(features=ours), limit=1).candidates
    theirs = replace(ours, model_sha256="f" * 64)
    with pytest.raises(ModelMismatch, match="another model"):
        SearchStore(corpus_pool).candidates(Query(features=theirs))
    with pytest.raises(ModelMismatch, match="3 dimensions"):
        SearchStore(corpus_pool).candidates(Query(features=seen(np.ones(3, np.float32))))
    with pytest.raises(ViennaCodeError):
        SearchStore(corpus_pool).candidates(Query(text="a", filter=Filter(vienna_any=("not a code",))))
    with pytest.raises(NoActiveModel):
        SearchStore(pool).candidates(query)


# Keys ----------------------------------------------------------------------------------------------------------------
def test_keys(pool: Pool, database_url: str) -> None:
    store = KeyStore(pool)
    token, other = store.add("desk 1"), store.add("desk 2")
    assert [key.name for key in store.list()] == ["desk 1", "desk 2"]
    with open_pool(database_url, role="logosim_api") as api:
        verify = KeyStore(api).verify
        assert verify(token)
        assert verify(other)
        assert not verify("")
        assert not verify(token[:-1] + ("A" if token[-1] != "A" else "B"))
        assert not verify(token.replace(token[4:16], "0" * 12))
        assert not verify(token + "\x00")
        store.revoke("desk 1")
        assert not verify(token)
        assert verify(other)
        with pytest.raises(PrivilegeMissing):
            KeyStore(api).add("desk 3")
    assert store.list()[0].revoked_at is not None
    with pytest.raises(InputError, match="no valid key"):
        store.revoke("desk 1")
    with pytest.raises(InputError, match="already"):
        store.add("desk 1")
    with pytest.raises(InputError):
        store.add(" ")


def test_keys_are_not_kept(pool: Pool, connection: psycopg.Connection[Any]) -> None:
    token = KeyStore(pool).add("desk")
    row = connection.execute("select k::text from logosim.api_key k").fetchone()
    assert row is not None
    assert token.rsplit("_", 1)[1] not in row[0]


# Vienna --------------------------------------------------------------------------------------------------------------
def test_headings_and_import(pool: Pool) -> None:
    store = ViennaStore(pool)
    assert len(store.headings("26")) == 10
    assert store.import_rows([("26.4.5", " Sections "), ("26", "FIGURES"), ("98.01", "Other")]) == 3
    headings = dict(store.headings("26"))
    assert headings["26.04.05"] == "Sections"
    assert headings["26"] == "FIGURES"
    assert store.labels(["26.04.05", "26.04.77", "26"]) == {"26.04.05": "Sections", "26": "FIGURES"}
    assert store.headings("98") == (("98.01", "Other"),)
    with pytest.raises(ViennaCodeError):
        store.import_rows([("26.04.06", "good"), ("bad", "x")])
    with pytest.raises(InputError):
        store.import_rows([("26.04.06", "")])
    assert "26.04.06" not in dict(store.headings("26"))


def test_status_of_an_empty_queue(pool: Pool) -> None:
    store = WorkStore(pool)
    assert store.status() == {"queued": 0, "leased": 0, "dead": 0}
    assert (store.pending(), store.dead_letters(), store.retry_dead()) == (0, (), 0)
    with pytest.raises(NoActiveModel):
        store.claim("w", 1, timedelta(minutes=1))
