"""The whole search in SQL against the program's own: the same marks in the same order, for the same reasons."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from logosim.domain.asked import AskedPicture
from logosim.domain.mark import mark_id
from logosim.search.pipeline import Pipeline

from .judged_marks import QUESTIONS, SEARCH, arguments, kept, same, searched, whole_of


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("number", [1, 22, 50, 121])
def test_a_stored_mark_is_answered_as_by_the_program(
    analyst: psycopg.Connection[dict[str, Any]], pipeline: Pipeline, number: int, question: str
) -> None:
    filter_, weights, k = QUESTIONS[question]
    answer = pipeline.by_mark(mark_id("t", str(number)), filter=filter_, weights=weights, k=k)
    rows = searched(analyst, mark_id("t", str(number)), QUESTIONS[question])
    same(rows, answer)
    assert bool(rows) == (question != "none pass") or question in ("by shape", "by name")


@pytest.mark.parametrize("question", ["plain", "filtered", "weighed", "by shape"])
@pytest.mark.parametrize("in_regions", [False, True])
def test_a_picture_is_answered_as_by_the_program(
    analyst: psycopg.Connection[dict[str, Any]],
    pipeline: Pipeline,
    judged_url: str,
    picture: AskedPicture,
    in_regions: bool,
    question: str,
) -> None:
    filter_, weights, k = QUESTIONS[question]
    handle = kept(judged_url, picture if in_regions else whole_of(picture))
    answer = pipeline.by_handle(handle, filter=filter_, weights=weights, k=k)
    same(searched(analyst, handle, QUESTIONS[question]), answer)
    if question == "plain":
        assert {hit.region for hit in answer.hits} == ({1, 2} if in_regions else {None})


SEARCH_TEXT = SEARCH.replace(b"logosim.search(\n         %(asked)s\n", b"logosim.search_text(%(asked)s, %(codes)s\n")


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("Hotel Silberstorch", ()),
        ("FILDOR", ("03.07.01", "26.04")),
        ("B2B", ("29.01",)),
        ("Škoda 7 & Söhne", ()),
        ("Xyzzyq", ("05.05.20",)),
    ],
)
def test_a_name_is_answered_as_by_the_program(
    analyst: psycopg.Connection[dict[str, Any]], pipeline: Pipeline, name: str, codes: tuple[str, ...], question: str
) -> None:
    wanted, weights, k = QUESTIONS[question]
    answer = pipeline.by_text(name, vienna_codes=codes, filter=wanted, weights=weights, k=k)
    given = {**arguments(name, QUESTIONS[question]), "codes": list(codes) or None}
    rows = analyst.execute(SEARCH_TEXT, given).fetchall()
    same(rows, answer)
    assert all(row["look"] is None and row["shape"] is None and row["region"] is None for row in rows)
    if question == "plain":
        assert rows or name == "Xyzzyq"  # which sounds like little


@pytest.mark.parametrize("call", ["logosim.search(%s::uuid, ", "logosim.search_text(%s, ", "logosim.sounds_like(%s, "])
def test_marks_with_codes_that_are_not_wanted_are_left_out(
    analyst: psycopg.Connection[dict[str, Any]], call: str
) -> None:
    """All marks are candidates here, so that the answer is that to all, less those with the codes."""
    asked = str(mark_id("t", "22")) if "uuid" in call else "Golden Stork Group"
    every, left = (
        analyst.execute(b"select * from " + call.encode() + rest + b")", (asked,)).fetchall()
        for rest in (b"k => 1000", b"k => 1000, vienna_none => '{3, 29.1.8}'")
    )
    unwanted = {"03.07.01", "03.07.16", "29.01.08"}
    assert [row["mark_id"] for row in left] == [
        row["mark_id"] for row in every if not unwanted & set(row["vienna_codes"])
    ]
    assert 0 < len(left) < len(every)


@pytest.mark.parametrize("asked", ["mark", "regions", "name"])
def test_hits_from_a_least_score_on_are_those_of_the_whole_search(
    analyst: psycopg.Connection[dict[str, Any]], judged_url: str, picture: AskedPicture, asked: str
) -> None:
    """Though what cannot reach it is not matched in full."""
    by = {"mark": mark_id("t", "1"), "regions": kept(judged_url, picture), "name": None}[asked]
    text = "Golden Stork Group" if by is None else None
    for weights in ([1.0] * 5, [0.5, 3.0, 2.0, 0.25, 0.0], [0.0, 1.0, 0.0, 0.0, 0.0], [1.0, 0.0, 1.0, 1.0, 1.0]):

        def from_on(least: float, weights: list[float] = weights) -> list[dict[str, Any]]:
            return analyst.execute(
                """
                select *
                  from logosim._search(
                         %s, %s, null, null, null, null, null, null, null, 1000, false, %s::float8[], null, %s)
                 order by rank
                """,
                (by, text, weights, least),
            ).fetchall()

        every = from_on(0)
        scores = [row["score"] for row in every]
        assert len(set(scores)) > 8 or (asked == "name" and weights[1] == 1 > weights[0])
        for least in (0.1, 0.5, 1, *scores[3 :: len(scores) // 3 + 1]):
            assert from_on(least) == [row for row in every if row["score"] >= least]


def test_a_name_is_not_compared_with_sounds_of_another_engine(judged_url: str) -> None:
    with psycopg.connect(judged_url) as connection:
        connection.execute("update logosim.pronunciation set engine = 'epitran 1.26'")
        with pytest.raises(psycopg.Error) as raised:
            connection.execute("select * from logosim.search_text('Fildor')")
        assert raised.value.sqlstate == "LS009"
        connection.rollback()


@pytest.mark.parametrize(
    ("statement", "state"),
    [
        ("select * from logosim.search(UNKNOWN)", "LS001"),
        ("select * from logosim.search(gen_random_uuid())", "LS007"),
        ("select * from logosim.search(A_MARK, k => 0)", "LS006"),
        ("select * from logosim.search(A_MARK, k => 1001)", "LS006"),
        ("select * from logosim.search(A_MARK, look_weight => -1)", "LS006"),
        ("select * from logosim.search(A_MARK, look_weight => 11)", "LS006"),
        ("select * from logosim.search(A_MARK, look_weight => null)", "LS006"),
        ("select * from logosim.search(A_MARK, look_weight => 'nan')", "LS006"),
        ("select * from logosim.search(A_MARK, vienna_any => '{x}')", "LS004"),
        ("select * from logosim.search(null)", "LS001"),
        ("select * from logosim.search(A_MARK, vienna_none => '{x}')", "LS004"),
        ("select * from logosim.search_text('★')", "LS006"),
        ("select * from logosim.search_text(null)", "LS006"),
        ("select * from logosim.search_text('Fildor', k => 1001)", "LS006"),
        ("select * from logosim.search_text('Fildor', sound_weight => 11)", "LS006"),
        ("select * from logosim.search_text('Fildor', query_codes => '{x}')", "LS004"),
        ("select * from logosim.explain(UNKNOWN, A_MARK)", "LS001"),
        ("select * from logosim.explain(A_MARK, UNKNOWN)", "LS001"),
        ("select * from logosim.explain(gen_random_uuid(), A_MARK)", "LS007"),
        ("select * from logosim.explain(A_MARK, A_MARK, 0, 0, 0, 0, 0)", "LS006"),
        ("select logosim.aline_similarity('a|b|c', 'a')", "LS006"),
        ("select logosim.vienna_overlap('{x}', '{26}')", "LS004"),
        ("select logosim.patch_similarity('\\x00', '\\x00')", "LS002"),
    ],
)
def test_misuse_has_a_state_and_a_hint(analyst: psycopg.Connection[Any], statement: str, state: str) -> None:
    with pytest.raises(psycopg.Error) as raised:
        analyst.execute(
            statement.replace("A_MARK", "logosim.mark_id('t', '1')")
            .replace("UNKNOWN", "'00000000-0000-8000-8000-000000000000'")
            .encode()
        )
    assert raised.value.sqlstate == state
    assert raised.value.diag.message_hint
