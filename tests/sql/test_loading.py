"""Marks that are loaded in bulk are those that ingestion and workers would have stored."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import psycopg
import pytest

from logosim.domain.query import Query
from logosim.errors import DatabaseError
from logosim.evaluation.register import Register
from logosim.phonetics import RuleTranscriber
from logosim.phonetics.normalise import normalise
from logosim.store.loading import LoadedMark, load
from logosim.store.pool import Pool
from logosim.store.search import SearchStore

MARKS = 300
NAMES = {7: "PHILDAR", 8: "GOLDEN STORK", 9: "GOLDEN OAK"}


def marks() -> list[LoadedMark]:
    transcriber = RuleTranscriber()
    draws = np.random.default_rng(4)
    loaded = []
    for records, embeddings in Register(MARKS).chunks():
        for mark, embedding in zip(records, embeddings, strict=True):
            text = NAMES.get(len(loaded), mark.text)
            patches = draws.integers(-127, 128, (7, 7, 64), dtype=np.int8)
            keys = (normalise(text), transcriber.phonemes(text)) if text else (None, None)
            loaded.append(LoadedMark(replace(mark, text=text), embedding, patches, *keys))
    return loaded


@pytest.fixture
def loaded(pool: Pool, registered_model: int) -> list[LoadedMark]:
    given, steps = marks(), []
    load(pool, [given[:100], given[100:]], indexing=steps.append)
    assert {f"mark_look_embedding_{registered_model}_{part}" for part in (1, 2)} <= set(steps)
    assert steps[-1] == "name_sketch"
    return given


def indexes(connection: psycopg.Connection[Any]) -> list[tuple[str, str]]:
    return connection.execute(
        "select indexname, indexdef from pg_indexes where schemaname = 'logosim' order by indexname"
    ).fetchall()


def test_names_and_patches_are_found(pool: Pool, loaded: list[LoadedMark]) -> None:
    transcriber = RuleTranscriber()
    with SearchStore(pool, transcriber).snapshot() as seen:
        by_name = {text: seen.candidates(Query(None, text)).candidates for text in ("FILDOR", "STORK")}
        assert loaded[7].mark.mark_id in {of.mark_id for of in by_name["FILDOR"]}
        assert loaded[8].mark.mark_id in {of.mark_id for of in by_name["STORK"]}
        some = [0, 7, 299]
        stored = seen.patches([loaded[number].mark.mark_id for number in some])
        assert np.array_equal(stored, np.stack([loaded[number].patches for number in some]))


def test_what_triggers_keep_is_as_they_keep_it(connection: psycopg.Connection[Any], loaded: list[LoadedMark]) -> None:
    """Sketches and words, made in one go, are those that single marks get; the triggers are back afterwards."""
    assert connection.execute("select marks from logosim.word where word = 'golden'").fetchone() == (2,)
    rows = "select mark_id, spelling, sound from logosim.name_sketch order by mark_id"
    in_one_go = connection.execute(rows).fetchall()
    assert len(in_one_go) == sum(of.mark.text is not None for of in loaded) > 200
    connection.execute("update logosim.mark set normalised_text = normalised_text || ' x'")
    changed = connection.execute(rows).fetchall()
    assert all(one[0] == other[0] and one[1] != other[1] for one, other in zip(in_one_go, changed, strict=True))
    connection.execute("update logosim.mark set normalised_text = left(normalised_text, -2)")
    assert connection.execute(rows).fetchall() == in_one_go


def test_indexes_are_there_again(connection: psycopg.Connection[Any], pool: Pool, registered_model: int) -> None:
    before = indexes(connection)
    load(pool, [marks()])
    assert indexes(connection) == before
    comment = f"select obj_description('logosim.mark_look_embedding_{registered_model}_1'::regclass)"
    assert connection.execute(comment).fetchone() == ("Nearest embeddings, part 1, of model test-model",)


def test_a_batch_that_fails_leaves_the_database_as_it_was(
    connection: psycopg.Connection[Any], pool: Pool, registered_model: int
) -> None:
    before = indexes(connection)
    twice = marks()[:50]
    with pytest.raises((DatabaseError, psycopg.Error)):
        load(pool, [twice, twice])
    assert connection.execute("select count(*) from logosim.mark").fetchone() == (0,)
    assert indexes(connection) == before
    enabled = connection.execute(
        "select tgenabled from pg_trigger where tgname = 'mark_keep_sketches' and tgrelid = 'logosim.mark'::regclass"
    ).fetchone()
    assert enabled == ("O",)
