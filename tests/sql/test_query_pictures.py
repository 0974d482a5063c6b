"""Pictures that are asked about: kept, recalled, searched with and forgotten, on a real database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import psycopg
import pytest
from pgvector.psycopg import register_vector

from logosim.domain.asked import AskedPart, AskedPicture
from logosim.domain.features import Features, FigureFeatures
from logosim.domain.rectangle import Rectangle
from logosim.errors import FilterError, HandleNotFound, HandleOutdated, ModelMismatch, NoActiveModel, PrivilegeMissing
from logosim.store.pool import Pool, open_pool
from logosim.store.query_pictures import QueryPictureStore

from .conftest import Corpus


def features(seed: int = 0, **changes: Any) -> Features:
    draws = np.random.default_rng(seed)
    embedding = draws.standard_normal(256).astype(np.float32)
    patches = draws.integers(-127, 128, (7, 7, 64)).astype(np.int8)
    seen = Features(embedding / np.linalg.norm(embedding), patches, "READ", 40, 30, f"{seed:064x}")
    return replace(seen, **changes)


def asked(*regions: Rectangle | None, text: str | None = "Fildor") -> AskedPicture:
    return AskedPicture(
        tuple(AskedPart(region, features(seed), text) for seed, region in enumerate(regions or (None,))),
        ("26.04", "03.07.01"),
    )


@pytest.fixture
def store(pool: Pool, registered_model: int) -> QueryPictureStore:
    return QueryPictureStore(pool)


def test_what_was_kept_is_recalled(store: QueryPictureStore) -> None:
    picture = asked(Rectangle(3, 4, 33, 24), Rectangle(0, 0, 7, 9))
    kept = store.remember(picture, b"\x00picture\xff")
    assert kept.regions == 2
    assert kept.query_text == "Fildor"
    assert timedelta(hours=23) < kept.expires_at - datetime.now(UTC) <= timedelta(hours=24)
    found = store.recall(kept.handle)
    assert found.vienna_codes == ("26.04", "03.07.01"), "in the order given"
    for part, wanted in zip(found.parts, picture.parts, strict=True):
        assert (part.region, part.text) == (wanted.region, wanted.text)
        assert np.array_equal(part.features.patches, wanted.features.patches)
        assert np.array_equal(part.features.embedding, wanted.features.embedding.astype(np.float16))
        assert part.features.model_sha256 is not None
    assert found.parts[0].features.sha256 == features().sha256
    assert (found.parts[0].features.width, found.parts[0].features.height) == (30, 20)
    assert store.picture(kept.handle) == b"\x00picture\xff"


def test_separate_figures_are_kept_with_the_picture(
    store: QueryPictureStore, connection: psycopg.Connection[Any]
) -> None:
    figures = tuple(
        FigureFeatures(Rectangle(number, 2, number + 5, 9), features(number).embedding, features(number).patches)
        for number in (11, 12)
    )
    kept = store.remember(AskedPicture((AskedPart(None, features(figures=figures), "Fildor"),), ()))
    assert kept.regions == 0
    (part,) = store.recall(kept.handle).parts
    assert (part.region, part.features.width, part.features.height, part.text) == (None, 40, 30, "Fildor")
    assert [figure.part for figure in part.features.figures] == [figure.part for figure in figures]
    for found, wanted in zip(part.features.figures, figures, strict=True):
        assert np.array_equal(found.embedding, wanted.embedding.astype(np.float16))
        assert np.array_equal(found.patches, wanted.patches)
    two = asked(Rectangle(3, 4, 33, 24), Rectangle(0, 0, 7, 9))
    second = replace(two.parts[1], features=replace(two.parts[1].features, figures=figures))
    found = store.recall(store.remember(AskedPicture((two.parts[0], second), ())).handle)
    assert [len(part.features.figures) for part in found.parts] == [0, 2]
    assert [part.region for part in found.parts] == [part.region for part in two.parts]


def test_a_whole_picture_without_name_or_file(store: QueryPictureStore) -> None:
    kept = store.remember(asked(None, text=None))
    assert (kept.regions, kept.query_text) == (0, None)
    (part,) = store.recall(kept.handle).parts
    assert (part.region, part.text, part.features.width, part.features.height) == (None, None, 40, 30)
    assert store.picture(kept.handle) is None


def test_an_unknown_handle(store: QueryPictureStore, connection: psycopg.Connection[Any]) -> None:
    handle = uuid4()
    with pytest.raises(HandleNotFound, match=f"{handle}, or it has expired") as raised:
        store.recall(handle)
    assert "POST /v1/queries" in (raised.value.hint or "")
    assert store.picture(handle) is None
    for asking in ("select * from logosim.similar_to(%s)", "select * from logosim.recall_picture(%s)"):
        with pytest.raises(psycopg.Error) as refused:
            connection.execute(asking.encode(), (handle,))
        assert refused.value.sqlstate == "LS007"
        assert "--keep" in (refused.value.diag.message_hint or "")


def test_an_expired_handle_is_refused_and_its_picture_deleted(
    store: QueryPictureStore, connection: psycopg.Connection[Any]
) -> None:
    kept = store.remember(asked(), b"old")
    other = store.remember(asked(), b"young", keep_for=timedelta(days=30))
    connection.execute(
        "update logosim.query_picture set created_at = now() - interval '2 days', expires_at = now() where handle = %s",
        (kept.handle,),
    )
    with pytest.raises(HandleNotFound, match="has expired"):
        store.recall(kept.handle)
    assert store.picture(kept.handle) is None
    held = "select (select count(*) from logosim.query_picture), (select count(*) from logosim.query_region)"
    assert connection.execute(held).fetchone() == (2, 2)
    newest = store.remember(asked())
    assert connection.execute(held).fetchone() == (2, 2)
    assert store.picture(other.handle) == b"young"
    assert store.recall(newest.handle).parts


def test_keeping_does_not_wait_for_another_that_is_cleaning_up(
    store: QueryPictureStore, connection: psycopg.Connection[Any], database_url: str
) -> None:
    store.remember(asked())
    connection.execute("update logosim.query_picture set created_at = now() - interval '1 day', expires_at = now()")
    with psycopg.connect(database_url) as other:
        other.execute("select from logosim.query_picture for update")
        with open_pool(database_url, statement_seconds=2) as pool:
            QueryPictureStore(pool).remember(asked())
    assert connection.execute("select count(*) from logosim.query_picture").fetchone() == (2,)
    store.remember(asked())
    assert connection.execute("select count(*) from logosim.query_picture").fetchone() == (2,)


def test_a_handle_of_another_model(store: QueryPictureStore, connection: psycopg.Connection[Any]) -> None:
    kept = store.remember(asked())
    connection.execute("select logosim.register_model('next', repeat('2', 64), 256, 7, 64, '{}'::jsonb, true)")
    with pytest.raises(HandleOutdated, match="another model than the active one, next"):
        store.recall(kept.handle)
    with pytest.raises(psycopg.Error) as refused:
        connection.execute("select * from logosim.similar_to(%s)", (kept.handle,))
    assert refused.value.sqlstate == "LS008"
    made_with_former = AskedPicture((AskedPart(None, features(model_sha256="f" * 64), None),), ())
    with pytest.raises(ModelMismatch, match="'next'"):
        store.remember(made_with_former)
    connection.execute("update logosim.model set active = false")
    with pytest.raises(NoActiveModel):
        store.recall(kept.handle)
    with pytest.raises(NoActiveModel):
        store.remember(asked())


def test_what_cannot_be_kept(store: QueryPictureStore, connection: psycopg.Connection[Any]) -> None:
    for keep_for in (timedelta(0), timedelta(days=31)):
        with pytest.raises(FilterError, match="at most 30 days"):
            store.remember(asked(), keep_for=keep_for)
    short = AskedPicture((AskedPart(None, features(embedding=np.ones(3, np.float32)), None),), ())
    with pytest.raises(ModelMismatch, match="dimensions"):
        store.remember(short)
    short = AskedPicture((AskedPart(None, features(patches=np.ones((2, 2, 2), np.int8)), None),), ())
    with pytest.raises(ModelMismatch, match="dimensions"):
        store.remember(short)
    with pytest.raises(psycopg.Error) as refused:
        connection.execute(
            """
            select logosim.remember_picture((select model_id from logosim.model), repeat('0', 64), '{1,2}', '{0,0}'
                                          , '{0}', '{0}', '{1}', '{1}', '{null}', '{}', '{}')
            """
        )
    assert refused.value.sqlstate == "LS006"
    assert connection.execute("select count(*) from logosim.query_picture").fetchone() == (0,)


def test_the_api_keeps_and_an_analyst_searches(
    database_url: str, registered_model: int, connection: psycopg.Connection[Any]
) -> None:
    with open_pool(database_url, role="logosim_api") as pool:
        kept = QueryPictureStore(pool).remember(asked(), b"picture")
    connection.execute("set role logosim_analyst")
    assert connection.execute("select * from logosim.similar_to(%s)", (kept.handle,)).fetchall() == []
    connection.execute("reset role")
    with open_pool(database_url, role="logosim_analyst") as pool, pytest.raises(PrivilegeMissing):
        QueryPictureStore(pool).remember(asked())


# Searching with a handle, on the corpus ------------------------------------------------------------------------------
@pytest.fixture
def writing(corpus: Corpus) -> Iterator[psycopg.Connection[Any]]:
    """A connection to the corpus whose changes are taken back."""
    with psycopg.connect(corpus.url) as connection:
        register_vector(connection)
        yield connection
        connection.rollback()


def remember(connection: psycopg.Connection[Any], embeddings: Any, texts: list[str | None]) -> UUID:
    """Regions 1, 2, ... of a picture."""
    count = len(texts)
    row = connection.execute(
        """
        select handle
          from logosim.remember_picture(%s::smallint, repeat('a', 64), %s, %s, %s, %s, %s, %s, %s::text[], %s::halfvec[]
                                      , array_fill(decode(repeat('01', 3136), 'hex'), array[%s]))
        """,
        (1, list(range(1, count + 1)), [0] * count, [0] * count, [0] * count, [5] * count, [5] * count, texts,
         [str(embedding.tolist()) for embedding in embeddings], count),
    ).fetchone()  # fmt: skip
    assert row is not None
    return UUID(str(row[0]))


def test_each_mark_is_found_once_with_the_region_it_is_most_like(
    corpus: Corpus, writing: psycopg.Connection[Any]
) -> None:
    """Twin: all cosines with all regions, the largest by mark."""
    asked_for = corpus.embeddings[[10, 777, 3001]]
    handle = remember(writing, asked_for, [None, None, None])
    rows = writing.execute(
        "select mark_id, region, best from logosim.similar_to(%s, k => 150, exact => true)", (handle,)
    ).fetchall()
    unit = corpus.embeddings / np.linalg.norm(corpus.embeddings, axis=1, keepdims=True)  # half precision left a trace
    cosines = unit @ unit[[10, 777, 3001]].T
    order = np.argsort(-cosines.max(axis=1), kind="stable")[:150]
    assert [row[2] for row in rows] == pytest.approx(cosines.max(axis=1)[order].tolist(), abs=1e-5)
    found = {row[0]: row[1] for row in rows}
    assert len(found) == 150
    wanted = {corpus.marks[place].mark_id: int(cosines[place].argmax()) + 1 for place in order[:-1]}
    assert {mark: found[mark] for mark in wanted} == wanted
    assert {row[1] for row in rows[:3]} == {1, 2, 3}


def test_separate_figures_do_not_ask_in_sql(corpus: Corpus, writing: psycopg.Connection[Any]) -> None:
    alone = remember(writing, corpus.embeddings[[10]], [None])
    with_figure = remember(writing, corpus.embeddings[[10, 777]], [None, None])
    writing.execute(
        "update logosim.query_region set region_number = 1, figure_number = 1 where handle = %s and region_number = 2",
        (with_figure,),
    )
    found, expected = (
        writing.execute("select mark_id, region, best from logosim.similar_to(%s)", (handle,)).fetchall()
        for handle in (with_figure, alone)
    )
    assert found == expected


def test_names_and_filters_count_as_in_a_search(corpus: Corpus, writing: psycopg.Connection[Any]) -> None:
    """Twin: one logosim.candidates for each region, put together in Python."""
    texts = ["KALOMI", corpus.marks[20].text]
    asked_for = corpus.embeddings[[10, 20]]
    handle = remember(writing, asked_for, texts)
    rows = writing.execute(
        """
        select mark_id, region, best
          from logosim.similar_to(
                 %s, vienna_any => '{26.04}', year_from => 1995, sources => '{l3d}', has_text => true, k => 40)
        """,
        (handle,),
    ).fetchall()
    best: dict[UUID, tuple[float, int]] = {}
    for region, (embedding, text) in enumerate(zip(asked_for, texts, strict=True), start=1):
        for mark, *values in writing.execute(
            """
            select mark_id, 1 - look_distance, spelling_similarity, sound_similarity
              from logosim.candidates(%s::halfvec, %s, vienna_any => '{26.04}', year_from => 1995, sources => '{l3d}'
                                , has_text => true, candidates => 200, name_candidates => 200)
            """,
            (str(embedding.tolist()), text),
        ).fetchall():
            value = max(value for value in values if value is not None)
            if mark not in best or value > best[mark][0]:
                best[mark] = value, region
    wanted = sorted(best.items(), key=lambda item: (-np.float32(item[1][0]), item[0]))[:40]
    assert [(row[0], row[1]) for row in rows] == [(mark, region) for mark, (_, region) in wanted]
    marks = {mark.mark_id: mark for mark in corpus.marks}
    assert all("26.04" in marks[row[0]].vienna_keys and (marks[row[0]].year or 0) >= 1995 for row in rows)
    with pytest.raises(psycopg.Error, match="k must be"):
        writing.execute("select * from logosim.similar_to(%s, k => 0)", (handle,))
