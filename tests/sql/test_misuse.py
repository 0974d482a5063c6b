"""What analysts get wrong, and what searches must not pass over in silence."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from logosim.domain.asked import AskedPicture
from logosim.domain.mark import mark_id
from logosim.errors import NoActiveModel
from logosim.search.pipeline import Pipeline

from .judged_marks import UNSEEN, whole_of

MARK = mark_id("t", "1")
UNSEEN_MARK = mark_id("t", str(UNSEEN - 1))
ZEROS = f"'[{','.join('0' * 256)}]'::halfvec"
ONES = f"'[{','.join('1' * 256)}]'::halfvec"


@pytest.mark.parametrize(
    "statement",
    [
        f"logosim.candidates({ONES}, candidates => null)",
        f"logosim.candidates({ONES}, name_candidates => null)",
        f"logosim.candidates({ZEROS})",
        f"logosim.candidates({ONES}, figure_embeddings => array[{ZEROS}])",
        f"logosim.candidates({ONES}, figure_embeddings => array[null]::halfvec[])",
        f"logosim.candidates({ONES}, figure_embeddings => array[array[{ONES}]])",
        f"logosim.candidates({ONES}, figure_embeddings => array_fill({ONES}, array[17]))",
        f"logosim.candidates({ONES}, figure_embeddings => array[{ONES}], figure_candidates => null)",
        f"logosim.candidates(query_text => 'a', figure_embeddings => array[{ONES}])",
        "logosim.candidates(query_text => '!!!')",
        "logosim.candidates(query_text => '')",
        f"logosim.similar('{MARK}', k => null)",
        "logosim.sounds_like('FILDOR', k => null)",
        f"logosim.search('{MARK}', k => null)",
        f"logosim.suggest_vienna('{MARK}', k => null)",
        f"logosim.suggest_vienna('{MARK}', neighbours => null)",
        "logosim.near_duplicates(k => null)",
        "logosim.near_duplicates(part => null)",
        "logosim.near_duplicates(parts => null)",
        "logosim.vienna_search('bird', k => null)",
        f"logosim.similar('{MARK}', year_from => 2010, year_to => 2000)",
        "logosim.sounds_like('FILDOR', year_from => 2010, year_to => 2000)",
        f"logosim.search('{MARK}', year_from => 2010, year_to => 2000)",
        "logosim.near_duplicates(year_from => 2010, year_to => 2000)",
        "logosim.save_watch('w', asked_text => 'FILDOR', year_from => 2010, year_to => 2000)",
    ],
)
def test_bad_arguments_are_refused_with_a_hint(analyst: psycopg.Connection[Any], statement: str) -> None:
    with pytest.raises(psycopg.Error) as raised:
        analyst.execute(b"select * from " + statement.encode())
    assert raised.value.sqlstate == "LS006", raised.value
    assert raised.value.diag.message_hint


@pytest.mark.parametrize(
    "statement",
    [
        f"logosim.similar('{MARK}', vienna_any => array[array['27','29'],array['26',null]])",
        "logosim.submit_picture('x', vienna_codes => '{null}')",
        "logosim.vienna_keys('{foo}')",
        "logosim.vienna_divisions('{26.4.5.6}')",
    ],
)
def test_bad_codes_are_refused(analyst: psycopg.Connection[Any], statement: str) -> None:
    with pytest.raises(psycopg.Error) as raised:
        analyst.execute(b"select * from " + statement.encode())
    assert raised.value.sqlstate == "LS004", raised.value


def test_no_active_model_is_said_by_both(judged_url: str, analyst: psycopg.Connection[Any], pipeline: Pipeline) -> None:
    with psycopg.connect(judged_url, autocommit=True) as owner:
        owner.execute("update logosim.model set active = false")
        try:
            for statement in ("logosim.search(%s)", "logosim.explain(%s, %s)"):
                with pytest.raises(psycopg.Error) as raised:
                    analyst.execute(b"select * from " + statement.encode(), (MARK,) * statement.count("%s"))
                assert raised.value.sqlstate == "LS003"
            with pytest.raises(NoActiveModel):
                pipeline.by_mark(MARK)
        finally:
            owner.execute("update logosim.model set active = true")


def test_a_mark_that_nobody_has_looked_at_has_no_complete_answer(
    analyst: psycopg.Connection[Any], pipeline: Pipeline
) -> None:
    """Its name finds something; what looks like it cannot be known."""
    rows = analyst.execute("select * from logosim.search(%s)", (UNSEEN_MARK,)).fetchall()
    assert rows
    assert not any(row["complete"] for row in rows)
    assert not pipeline.by_mark(UNSEEN_MARK).complete
    assert all(row["complete"] for row in analyst.execute("select * from logosim.search(%s)", (MARK,)).fetchall())


def test_a_search_by_name_is_complete_where_all_names_were_compared(analyst: psycopg.Connection[Any]) -> None:
    by_name = "select complete from logosim.candidates(query_text => 'silver stork', vienna_any => %s, exact => %s)"
    for names, exact, complete in ((80_000, False, True), (0, False, False), (0, True, True)):
        analyst.execute(f"set logosim.exact_names = {names}".encode())
        rows = analyst.execute(by_name, (["26"], exact)).fetchall()
        assert rows
        assert {row["complete"] for row in rows} == {complete}


@pytest.mark.parametrize(("exact_rows", "exact"), [(100_000, False), (0, True), (0, False)])
def test_figures_ask_together_as_they_would_ask_by_themselves(
    analyst: psycopg.Connection[Any], picture: AskedPicture, exact_rows: int, exact: bool
) -> None:
    """Whichever way the passing marks are read; what only a figure found comes behind."""
    whole = whole_of(picture).parts[0].features
    vectors = [f"[{','.join(map(str, of.embedding))}]" for of in (whole, *whole.figures)]
    assert len(vectors) == 2
    analyst.execute(f"set logosim.exact_rows = {exact_rows}".encode())
    together = analyst.execute(
        "select mark_id, found_by, look_distance, route, passed, examined from logosim.candidates("
        "query_embedding => %s::halfvec, query_text => 'silver', candidates => 5, name_candidates => 3"
        ", year_from => 1995, exact => %s, figure_embeddings => %s::halfvec[], figure_candidates => 4)",
        (vectors[0], exact, vectors[1:]),
    ).fetchall()
    apart = [
        analyst.execute(
            "select mark_id, found_by, look_distance, passed from logosim.candidates(query_embedding => %s::halfvec"
            ", query_text => %s, candidates => %s, name_candidates => 3, year_from => 1995, exact => true)",
            (vector, name, limit),
        ).fetchall()
        for vector, name, limit in ((vectors[0], "silver", 5), (vectors[1], None, 4))
    ]
    whole_rows, figure_rows = apart
    first = [row["mark_id"] for row in whole_rows]
    assert [row["mark_id"] for row in together][: len(first)] == first
    behind = {row["mark_id"] for row in figure_rows} - set(first)
    assert {row["mark_id"] for row in together[len(first) :]} == behind
    assert behind
    for row in together:
        by_look = row["mark_id"] in {of["mark_id"] for of in whole_rows if "look" in of["found_by"]}
        by_figure = row["mark_id"] in {of["mark_id"] for of in figure_rows}
        assert ("look" in row["found_by"]) == (by_look or by_figure)
    distances = {row["mark_id"]: row["look_distance"] for row in together}
    assert all(distances[row["mark_id"]] == row["look_distance"] for row in whole_rows)
    assert {row["route"] for row in together} == {"exact"}  # so few marks are cheaper to compare than to look for
    assert {row["passed"] for row in together} == {row["examined"] for row in together} == {whole_rows[0]["passed"]}


def test_keys_and_divisions_take_both_spellings(analyst: psycopg.Connection[Any]) -> None:
    row = analyst.execute(
        "select logosim.vienna_keys('{26.4.5,03}') as keys, logosim.vienna_divisions('{26.4.5,29.1,03}') as divisions"
    ).fetchone()
    assert row == {"keys": ["03", "26", "26.04", "26.04.05"], "divisions": ["26.04", "29.01"]}
