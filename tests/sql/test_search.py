"""Stage 1: recall against a slow, plain twin, filters that lose nothing, names, routes and plans."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pgvector import HalfVector

from logosim.domain.query import Filter
from logosim.errors import ModelMismatch
from logosim.store.translation import translated

from .look_twin import ask

FILTERS = {
    "all": Filter(),
    "every mark": Filter(vienna_any=("27",)),
    "tenth": Filter(vienna_any=("26.04",)),
    "hundredth": Filter(vienna_all=("03.07.01",)),
    "one": Filter(vienna_any=("05.05.20",)),
    "none": Filter(vienna_any=("09.09",)),
}


look = partial(ask, columns="mark_id, look_distance, route, passed, complete")


def passes(mark: Any, wanted: Filter) -> bool:
    """The plain twin of the filter."""
    return (
        (not wanted.vienna_any or bool(mark.vienna_keys & set(wanted.vienna_any)))
        and (not wanted.vienna_all or mark.vienna_keys >= set(wanted.vienna_all))
        and (wanted.year_from is None or (mark.year is not None and mark.year >= wanted.year_from))
        and (wanted.year_to is None or (mark.year is not None and mark.year <= wanted.year_to))
        and (not wanted.sources or mark.source in wanted.sources)
        and (wanted.has_text is None or (mark.text is not None) == wanted.has_text)
    )


def distances(embeddings: Any, query: Any) -> Any:
    """Cosine distances; half precision leaves lengths a little off 1."""
    return 1 - embeddings @ query / np.linalg.norm(embeddings, axis=1) / np.linalg.norm(query)


def nearest(corpus: Any, embedding: Any, wanted: Filter, limit: int) -> list[UUID]:
    """The plain twin of the whole search by look."""
    order = np.argsort(distances(corpus.embeddings, embedding), kind="stable")
    return [corpus.marks[i].mark_id for i in order if passes(corpus.marks[i], wanted)][:limit]


def queries(corpus: Any, count: int = 5) -> Any:
    """Pictures near the marks, but none of them."""
    draws = np.random.default_rng(5)
    noisy = corpus.embeddings[draws.integers(0, len(corpus.marks), count)] + 0.03 * draws.standard_normal((count, 256))
    noisy /= np.linalg.norm(noisy, axis=1, keepdims=True)
    return noisy.astype(np.float16).astype(np.float32)


@pytest.mark.parametrize("exact_rows", [20000, 100], ids=["few", "many"])
@pytest.mark.parametrize("name", FILTERS)
def test_recall_and_number_of_rows_at_every_selectivity(
    corpus: Any, corpus_connection: psycopg.Connection[Any], name: str, exact_rows: int
) -> None:
    """`many` lowers the bound, so that 5,000 marks are searched as millions are."""
    corpus_connection.execute(f"set logosim.exact_rows = {exact_rows}; set logosim.index_step = 0".encode())
    least = 0.97  # of neighbours within a cluster, which are pure noise here: harder than pictures
    found_of_true = wanted_in_all = 0
    for embedding in queries(corpus):
        true = nearest(corpus, embedding, FILTERS[name], 200)
        rows = look(corpus_connection, embedding, FILTERS[name], 200)
        assert len(rows) == len(true)  # never fewer than asked while more exist
        assert [row[1] for row in rows] == sorted(row[1] for row in rows)
        found_of_true += len(set(true) & {row[0] for row in rows})
        wanted_in_all += len(true)
        for row in rows:
            if row[2] == "exact":
                assert row[4] is True
            else:
                assert (row[2], row[4]) == ("hnsw", False)
                assert exact_rows == 100
    assert found_of_true >= least * wanted_in_all


def test_exact_search_equals_its_plain_twin(corpus: Any, corpus_connection: psycopg.Connection[Any]) -> None:
    for embedding in queries(corpus, 3):
        rows = look(corpus_connection, embedding, Filter(), 50, exact=True)
        true_distances = distances(corpus.embeddings, embedding)
        by_id = {mark.mark_id: far for mark, far in zip(corpus.marks, true_distances, strict=True)}
        for (found, distance, *_), true in zip(rows, nearest(corpus, embedding, Filter(), 50), strict=True):
            # Half precision may swap two that are equally near.
            assert distance == pytest.approx(by_id[found], abs=1e-5)
            assert distance == pytest.approx(by_id[true], abs=1e-5)


def test_asking_for_more_than_the_index_gives_at_once(corpus: Any, corpus_connection: psycopg.Connection[Any]) -> None:
    """ef_search is 400: an index scan without iteration would end there, silently."""
    corpus_connection.execute("set logosim.exact_rows = 100; set logosim.index_step = 0")
    rows = look(corpus_connection, queries(corpus, 1)[0], Filter(), 2000)
    assert len({row[0] for row in rows}) == 2000
    assert rows[0][2] == "hnsw"


def test_filter_far_from_the_query_falls_back_to_exact(corpus: Any, corpus_connection: psycopg.Connection[Any]) -> None:
    corpus_connection.execute("set logosim.exact_rows = 10; set logosim.index_step = 0")
    rows = look(corpus_connection, queries(corpus, 1)[0], Filter(vienna_any=("26.04",)), 600)
    assert len(rows) == 500  # all there are
    assert {row[2] for row in rows} == {"exact"}
    assert {row[4] for row in rows} == {True}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    wanted=st.builds(
        lambda any_, all_, years, sources, has_text: Filter(any_, all_, min(years), max(years), sources, has_text),
        st.lists(st.sampled_from(["26", "26.04", "03.07.01", "05.05.20", "29"]), max_size=2).map(tuple),
        st.lists(st.sampled_from(["27.05", "26.04.05", "03"]), max_size=2).map(tuple),
        st.tuples(st.integers(1988, 2022), st.integers(1988, 2022)),
        st.sampled_from([(), ("l3d",), ("l3d", "euipo"), ("elsewhere",)]),
        st.sampled_from([None, True, False]),
    )
)
def test_filters_equal_their_plain_twin(
    corpus: Any, corpus_connection: psycopg.Connection[Any], wanted: Filter
) -> None:
    rows = look(corpus_connection, corpus.embeddings[3], wanted, 5000)
    passing = {mark.mark_id for mark in corpus.marks if passes(mark, wanted)}
    assert {row[0] for row in rows} == passing
    assert all(row[3] == len(passing) for row in rows)


def test_codes_are_taken_in_any_spelling(corpus: Any, corpus_connection: psycopg.Connection[Any]) -> None:
    rows = look(corpus_connection, corpus.embeddings[3], Filter(vienna_all=("3.7", " 03 07 1 ", "26.4.5")), 5000)
    assert len(rows) == 50


def test_the_vector_index_is_used(corpus: Any, corpus_connection: psycopg.Connection[Any]) -> None:
    """Reads the plans that the function really runs, through auto_explain's notices."""
    plans: list[str] = []
    corpus_connection.add_notice_handler(lambda notice: plans.append(notice.message_primary or ""))
    corpus_connection.execute("load 'auto_explain'")
    corpus_connection.execute("set auto_explain.log_min_duration = 0; set auto_explain.log_nested_statements = on")
    corpus_connection.execute("set client_min_messages = log")
    corpus_connection.execute("set logosim.exact_rows = 100; set logosim.index_step = 0")
    corpus_connection.execute("set logosim.second_process = off")  # which would not tell its plan
    for wanted in (Filter(), Filter(vienna_any=("26.04",), year_from=1980)):
        plans.clear()
        look(corpus_connection, queries(corpus, 1)[0], wanted, 100)
        scans = [plan for plan in plans if f"Index Scan using mark_look_embedding_{corpus.model_id}" in plan]
        # Under a filter it is looked at before whether the nearest pass, in a plan that the planner may choose.
        assert 2 <= len(scans) <= (2 if wanted == Filter() else 3)
        for part in (1, 2):
            assert f"Index Scan using mark_look_embedding_{corpus.model_id}_{part} " in scans[part - 3]
            assert "Sort Key" not in scans[part - 3]
    plans.clear()
    look(corpus_connection, queries(corpus, 1)[0], Filter(), 100, exact=True)
    assert plans
    assert not any("mark_look_embedding" in plan for plan in plans)


def test_settings_are_back_after_a_search(corpus: Any, corpus_connection: psycopg.Connection[Any]) -> None:
    names = [
        "enable_sort",
        "hnsw.ef_search",
        "hnsw.iterative_scan",
        "hnsw.max_scan_tuples",
        "pg_trgm.similarity_threshold",
        "jit",
    ]
    show = "select current_setting(name, true) from unnest(%s::text[]) as name"
    corpus_connection.execute("set logosim.exact_rows = 100; set logosim.index_step = 0")
    look(corpus_connection, queries(corpus, 1)[0], Filter(), 100)  # loads the libraries that own the settings
    with corpus_connection.transaction():
        before = corpus_connection.execute(show, (names,)).fetchall()
        look(corpus_connection, queries(corpus, 1)[0], Filter(), 100)
        assert corpus_connection.execute(show, (names,)).fetchall() == before


def test_names_are_found_by_spelling_and_sound(corpus: Any, corpus_connection: psycopg.Connection[Any]) -> None:
    mark = next(mark for mark in corpus.marks if mark.text and " " not in mark.text)
    assert mark.text is not None
    misspelt = mark.text.replace("K", "C") if "K" in mark.text else mark.text + "E"
    rows = corpus_connection.execute(
        "select mark_id, found_by, look_distance, spelling_similarity, sound_similarity, route, passed, complete"
        " from logosim.candidates(query_text => %s)",
        (misspelt,),
    ).fetchall()
    assert mark.mark_id in {row[0] for row in rows[:5]}
    assert all(row[2] is None and row[5:] == ("name", None, True) for row in rows)
    assert all(set(row[1]) <= {"spelling", "sound"} for row in rows)
    alike = [(row[3] or 0) + (row[4] or 0) for row in rows]
    assert alike == pytest.approx(sorted(alike, reverse=True))


def test_same_name_and_another_picture_is_found(corpus: Any, corpus_connection: psycopg.Connection[Any]) -> None:
    mark = next(mark for mark in corpus.marks[100:] if mark.text)
    opposite = -corpus.embeddings[corpus.marks.index(mark)]
    rows = corpus_connection.execute(
        "select mark_id, found_by, look_distance, spelling_similarity"
        " from logosim.candidates(%s, %s, candidates => 20)",
        (HalfVector(opposite), mark.text),
    ).fetchall()
    found = {row[0]: row for row in rows}
    _, channels, distance, similarity = found[mark.mark_id]
    assert channels == ["spelling", "sound"]
    assert similarity == 1
    assert distance == pytest.approx(2, abs=1e-2)  # filled though it was found by name


def test_name_within_a_longer_name_is_found(connection: psycopg.Connection[Any]) -> None:
    connection.execute(
        """
        insert into logosim.mark (mark_id, source, file, brand_text, picture_location, picture_sha256, picture_bytes)
        select gen_random_uuid(), 't', t, t, '/x', repeat('a', 64), 1
          from unnest(array['GOLDEN TOWER OF BEAVERTON SPORTSWEAR COMPANY NIKE', 'UNRELATED']) as t;
        select logosim.refresh_names();
        """
    )
    rows = connection.execute("select brand_text, found_by from logosim.candidates(query_text => 'Nike')").fetchall()
    assert [name for name, _ in rows] == ["GOLDEN TOWER OF BEAVERTON SPORTSWEAR COMPANY NIKE"]
    assert rows[0][1][0] == "spelling"


def test_names_obey_the_filter(corpus: Any, corpus_connection: psycopg.Connection[Any]) -> None:
    text = next(mark.text for mark in corpus.marks if mark.text)
    wanted = Filter(vienna_any=("26.04",), sources=("l3d",), year_from=2000)
    rows = corpus_connection.execute(
        "select mark_id from logosim.candidates(query_text => %s, vienna_any => '{26.4}', sources => '{l3d}'"
        ", year_from => 2000)",
        (text,),
    ).fetchall()
    assert rows
    by_id = {mark.mark_id: mark for mark in corpus.marks}
    assert all(passes(by_id[found], wanted) for (found,) in rows)


def test_similar_leaves_the_mark_itself_out(corpus: Any, corpus_connection: psycopg.Connection[Any]) -> None:
    mark = corpus.marks[42]
    rows = corpus_connection.execute(
        "select mark_id, best from logosim.similar(%s, k => 10)", (mark.mark_id,)
    ).fetchall()
    assert len(rows) == 10
    assert mark.mark_id not in {row[0] for row in rows}
    assert [row[1] for row in rows] == sorted((row[1] for row in rows), reverse=True)
    by_look = nearest(corpus, corpus.embeddings[42], Filter(), 2)[1]
    nearest_rows = corpus_connection.execute(
        "select mark_id from logosim.similar(%s, k => 200) order by look_distance limit 1", (mark.mark_id,)
    ).fetchone()
    assert nearest_rows == (by_look,)


def test_sounds_like(corpus: Any, corpus_connection: psycopg.Connection[Any]) -> None:
    text = next(mark.text for mark in corpus.marks if mark.text)
    rows = corpus_connection.execute("select brand_text, best from logosim.sounds_like(%s, k => 5)", (text,)).fetchall()
    assert rows[0] == (text, 1)
    assert len(rows) == 5


def test_rerank_inputs_keep_the_order_asked_for(corpus: Any, corpus_connection: psycopg.Connection[Any]) -> None:
    wanted = [corpus.marks[i].mark_id for i in (7, 3, 4000)]
    rows = corpus_connection.execute(
        "select mark_id, brand_text, blank from logosim.rerank_inputs(%s::uuid[])",
        ([wanted[0], uuid4(), *wanted[1:]],),
    ).fetchall()
    assert [row[0] for row in rows] == wanted
    assert [row[2] for row in rows] == [int(mark_id) % 127 == 0 for mark_id in wanted]


def test_patches_come_in_the_order_asked_for(corpus: Any, corpus_connection: psycopg.Connection[Any]) -> None:
    wanted = [corpus.marks[i].mark_id for i in (7, 3, 4000)]
    rows = corpus_connection.execute(
        "select mark_id, octet_length(patches), get_byte(patches, 99) from logosim.patches_of(%s::uuid[])",
        ([wanted[0], uuid4(), *wanted[1:]],),
    ).fetchall()
    assert rows == [(mark_id, 3136, int(mark_id) % 127) for mark_id in wanted]


def test_pictures_not_yet_looked_at_make_an_answer_incomplete(
    connection: psycopg.Connection[Any], registered_model: int
) -> None:
    batch = connection.execute("select logosim.begin_ingest('t', '/t')").fetchone()
    assert batch is not None
    connection.execute(
        "insert into logosim.mark_staging (batch_id, source, file, vienna_codes, picture_location, picture_sha256"
        ", picture_bytes, brand_text) values (%s, 't', 'a.png', '{03.07.01}', '/a.png', repeat('a', 64), 1, 'PELIKAN')",
        (batch[0],),
    )
    connection.execute("select logosim.merge_marks(%s)", (batch[0],))
    query = (
        "select found_by, complete from logosim.candidates(array_fill(0.1, array[256])::vector::halfvec, 'Pelican', {})"
    )
    row = connection.execute(query.format("vienna_any => '{3}'").encode()).fetchone()
    assert row is not None
    assert row[1] is False  # found by name; by look it could not be
    connection.execute("delete from logosim.work")
    row = connection.execute(query.format("vienna_any => '{3}'").encode()).fetchone()
    assert row is not None
    assert row[1] is True


@pytest.mark.parametrize(
    ("statement", "state"),
    [
        ("select * from logosim.candidates()", "LS006"),
        ("select * from logosim.candidates(query_text => 'a', candidates => 0)", "LS006"),
        ("select * from logosim.candidates(query_text => 'a', vienna_any => '{x}')", "LS004"),
        ("select * from logosim.candidates(query_text => 'a', vienna_all => '{1.2.3.4}')", "LS004"),
        ("select * from logosim.candidates(query_text => 'a', vienna_all => '{null}')", "LS004"),
        ("select * from logosim.candidates('[1,2,3]'::halfvec)", "LS002"),
        ("select logosim.look_distance('[1,2,3]'::halfvec, gen_random_uuid())", "LS002"),
        ("select * from logosim.similar('00000000-0000-8000-8000-000000000000')", "LS001"),
        ("select * from logosim.similar('00000000-0000-8000-8000-000000000000', k => 0)", "LS006"),
        ("select * from logosim.sounds_like('!!!')", "LS006"),
        ("select logosim.vienna_code('123')", "LS004"),
    ],
)
def test_misuse_has_a_state_and_a_hint(corpus_connection: psycopg.Connection[Any], statement: str, state: str) -> None:
    with pytest.raises(psycopg.Error) as raised:
        corpus_connection.execute(statement.encode())
    assert raised.value.sqlstate == state
    assert raised.value.diag.message_hint


def test_no_active_model(connection: psycopg.Connection[Any]) -> None:
    with pytest.raises(psycopg.Error) as raised:
        connection.execute("select * from logosim.candidates('[1,2,3]'::halfvec)")
    assert raised.value.sqlstate == "LS003"
    assert connection.execute("select * from logosim.candidates(query_text => 'anything')").fetchall() == []


def test_states_become_our_errors(corpus_connection: psycopg.Connection[Any]) -> None:
    with pytest.raises(ModelMismatch, match="3 dimensions"), translated():
        corpus_connection.execute("select * from logosim.candidates('[1,2,3]'::halfvec)")


@pytest.mark.parametrize("role", ["logosim_analyst", "logosim_api", "logosim_worker"])
def test_every_role_may_search(corpus: Any, corpus_connection: psycopg.Connection[Any], role: str) -> None:
    corpus_connection.execute(f"set role {role}".encode())
    assert len(look(corpus_connection, corpus.embeddings[0], Filter(vienna_any=("26.04",)), 10)) == 10
    assert corpus_connection.execute("select * from logosim.sounds_like('kalomi')").fetchall()
    assert corpus_connection.execute("select count(*) from logosim.similar(%s)", (corpus.marks[0].mark_id,)).fetchone()
