"""The whole search in SQL against the program's own: the same marks in the same order, for the same reasons."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import numpy as np
import psycopg
import pytest
from pgvector import HalfVector
from psycopg.rows import dict_row

from logosim.domain.asked import AskedPart, AskedPicture
from logosim.domain.features import Features, FigureFeatures
from logosim.domain.hit import Answer, ChannelEvidence
from logosim.domain.mark import mark_id
from logosim.domain.query import CHANNELS, Filter, Weights
from logosim.domain.rectangle import Rectangle
from logosim.errors import FilterError, NothingToCompare
from logosim.imaging.decode import DecodeLimits
from logosim.search.calibration import packaged_calibrations
from logosim.search.comparison import Comparison
from logosim.search.pipeline import Pipeline
from logosim.store.marks import MarkStore
from logosim.store.pool import Pool, open_pool
from logosim.store.query_pictures import QueryPictureStore
from logosim.store.search import SearchStore
from logosim.store.vienna import ViennaStore

from .drawn_features import embedding, figure, names, varied

MARKS = 180
FIGURES = 9
CODES = ("03.07.01", "03.07.16", "05.05.20", "01.01.02", "26.04.05", "26.01", "27.05.01", "29.01.08", "29.01")
BLANK, UNSEEN, NAMELESS, CODELESS = 11, 23, 5, 50
"""Marks with these numbers show nothing, were never looked at, have no name, and have neither code nor a picture."""


@pytest.fixture(scope="module")
def url(server: Any) -> Iterator[str]:
    """Marks of a few figures, names and codes in all combinations."""
    name = f"two_stages_{uuid.uuid4().hex[:12]}"
    made = server.create(name, template="logosim_test_template")
    draws = np.random.default_rng(31)
    words = [
        "SILVER",
        "STORK",
        "HOTEL",
        "FILDOR",
        "Phildar",
        "Golden",
        "Group",
        "Kaffee",
        "Brunn",
        "AG",
        "7",
        "B2B",
        "Škoda",
    ]
    with psycopg.connect(made) as connection:
        row = connection.execute(
            "select logosim.register_model('two-stages', repeat('2', 64), 256, 7, 64, '{}'::jsonb, true)"
        ).fetchone()
        assert row is not None
        for number in range(MARKS):
            text = " ".join(draws.choice(words, draws.integers(1, 4))) if number % 3 else str(draws.choice(names()))
            codes = sorted({str(code) for code in draws.choice(CODES, draws.integers(1, 5))})
            connection.execute(
                "insert into logosim.mark (mark_id, source, file, brand_text, vienna_codes, year, picture_location"
                ", picture_sha256, picture_bytes) values (%s, 't', %s, %s, %s, %s, '/x', repeat('a', 64), 1)",
                (
                    mark_id("t", str(number)),
                    str(number),
                    None if number % NAMELESS == 0 else text,
                    [] if number % CODELESS == 0 else codes,
                    1990 + number % 30,
                ),
            )
            patches = varied(figure(number % FIGURES), draws)
            if number % UNSEEN != UNSEEN - 1:
                connection.execute(
                    "insert into logosim.mark_features (model_id, mark_id, embedding, patches, picture_sha256)"
                    " values (%s, %s, %s::halfvec, %s, repeat('a', 64))",
                    (
                        row[0],
                        mark_id("t", str(number)),
                        HalfVector(embedding(patches, draws)).to_text(),
                        bytes(3136) if number % BLANK == 0 else patches.tobytes(),
                    ),
                )
        connection.execute("select logosim.refresh_names(); select logosim.count_words()")
    yield made
    server.drop(name)


@pytest.fixture
def two_stages(url: str) -> Iterator[Pool]:
    with open_pool(url, role="logosim_api") as pool:
        yield pool


@pytest.fixture
def analyst(url: str) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    with psycopg.connect(url, autocommit=True, row_factory=dict_row) as connection:
        connection.execute("set role logosim_analyst")
        yield connection


def no_extractor() -> Any:
    raise AssertionError("Nothing is to be extracted")


@pytest.fixture
def pipeline(two_stages: Pool) -> Pipeline:
    return Pipeline(
        extractor=no_extractor,
        candidates=SearchStore(two_stages),
        marks=MarkStore(two_stages),
        pictures=QueryPictureStore(two_stages),
        calibrations=packaged_calibrations(),
    )


@pytest.fixture
def comparison(two_stages: Pool) -> Comparison:
    return Comparison(
        extractor=no_extractor,
        candidates=SearchStore(two_stages),
        marks=MarkStore(two_stages),
        pictures=QueryPictureStore(two_stages),
        headings=ViennaStore(two_stages),
        limits=DecodeLimits(),
        calibrations=packaged_calibrations(),
    )


@pytest.fixture
def picture(url: str) -> AskedPicture:
    """Two regions: one with a separate figure and a name, one with another figure and none."""
    draws = np.random.default_rng(5)
    seen = [varied(figure(number), draws) for number in (2, 4, 6)]
    box = Rectangle(0, 0, 9, 9)
    apart = FigureFeatures(box, embedding(seen[1], draws), seen[1])
    first = Features(embedding(seen[0], draws), seen[0], None, 9, 9, "5" * 64, None, (apart,))
    second = Features(embedding(seen[2], draws), seen[2], None, 9, 9, "5" * 64)
    return AskedPicture(
        (AskedPart(box, first, "Hotel Silberstorch"), AskedPart(Rectangle(1, 1, 9, 9), second, None)),
        ("03.07.01", "26.04"),
    )


def kept(url: str, picture: AskedPicture) -> UUID:
    with open_pool(url, role="logosim_worker") as pool:
        return QueryPictureStore(pool).remember(picture).handle


def whole_of(picture: AskedPicture) -> AskedPicture:
    """Its first region as a picture by itself."""
    first = picture.parts[0]
    return AskedPicture((AskedPart(None, first.features, first.text),), picture.vienna_codes)


QUESTIONS: dict[str, tuple[Filter, Weights, int]] = {
    "plain": (Filter(), Weights(), 20),
    "first": (Filter(), Weights(), 1),
    "all": (Filter(), Weights(), 1000),
    "filtered": (Filter(vienna_any=("26", "03.07"), year_from=1995, has_text=True), Weights(), 20),
    "all codes": (Filter(vienna_all=("27.05",), year_to=2015, sources=("t",)), Weights(), 20),
    "none pass": (Filter(vienna_any=("09.09",)), Weights(), 20),
    "weighed": (Filter(), Weights(look=0.5, shape=3, sound=2, spelling=0.25, vienna=0), 20),
    "by shape": (Filter(), Weights(look=0, shape=1, sound=0, spelling=0, vienna=0), 20),
    "without shape": (Filter(), Weights(shape=0), 20),
    "by name": (Filter(), Weights(look=0, shape=0, sound=1, spelling=1, vienna=0), 20),
}


SEARCH = b"""
select *
  from logosim.search(
         %(asked)s
       , vienna_any => %(vienna_any)s
       , vienna_all => %(vienna_all)s
       , year_from => %(year_from)s
       , year_to => %(year_to)s
       , sources => %(sources)s
       , has_text => %(has_text)s
       , k => %(k)s
       , look_weight => %(look)s
       , shape_weight => %(shape)s
       , sound_weight => %(sound)s
       , spelling_weight => %(spelling)s
       , vienna_weight => %(vienna)s)
"""


def searched(
    analyst: psycopg.Connection[dict[str, Any]], asked: UUID, question: tuple[Filter, Weights, int]
) -> list[dict[str, Any]]:
    return analyst.execute(SEARCH, arguments(asked, question)).fetchall()


def arguments(asked: UUID | str, question: tuple[Filter, Weights, int]) -> dict[str, Any]:
    wanted, weights, k = question
    return {
        "asked": asked,
        "vienna_any": list(wanted.vienna_any) or None,
        "vienna_all": list(wanted.vienna_all) or None,
        "year_from": wanted.year_from,
        "year_to": wanted.year_to,
        "sources": list(wanted.sources) or None,
        "has_text": wanted.has_text,
        "k": k,
        **dataclasses.asdict(weights),
    }


def same(rows: list[dict[str, Any]], answer: Answer) -> None:
    assert [row["mark_id"] for row in rows] == [hit.mark_id for hit in answer.hits]
    for row, hit in zip(rows, answer.hits, strict=True):
        assert row["score"] == pytest.approx(hit.score, abs=1e-9)
        assert (row["rank"], row["risk"], tuple(row["found_by"])) == (hit.rank, hit.risk, hit.found_by)
        assert (row["region"], row["brand_text"], row["file"], row["source"]) == (
            hit.region, hit.text, hit.file, hit.source
        )  # fmt: skip
        assert (row["year"], tuple(row["vienna_codes"])) == (hit.year, hit.vienna_codes)
        evidence = {item.channel: item for item in hit.evidence}
        for channel in CHANNELS:
            if channel in evidence:
                assert row[channel] == pytest.approx(evidence[channel].value, abs=1e-6)
                assert row[f"{channel}_contribution"] == pytest.approx(evidence[channel].contribution, abs=1e-9)
            else:
                assert row[channel] is None
        assert sum(row[f"{channel}_contribution"] for channel in CHANNELS) == pytest.approx(row["score"])
        assert (row["route"], row["passed"], row["complete"]) == (answer.route, answer.passed, answer.complete)


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
    url: str,
    picture: AskedPicture,
    in_regions: bool,
    question: str,
) -> None:
    filter_, weights, k = QUESTIONS[question]
    handle = kept(url, picture if in_regions else whole_of(picture))
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
    analyst: psycopg.Connection[dict[str, Any]], url: str, picture: AskedPicture, asked: str
) -> None:
    """Though what cannot reach it is not matched in full."""
    by = {"mark": mark_id("t", "1"), "regions": kept(url, picture), "name": None}[asked]
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


def test_a_name_is_not_compared_with_sounds_of_another_engine(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("update logosim.pronunciation set engine = 'epitran 1.26'")
        with pytest.raises(psycopg.Error) as raised:
            connection.execute("select * from logosim.search_text('Fildor')")
        assert raised.value.sqlstate == "LS009"
        connection.rollback()


EXPLAIN = b"""
select *
  from logosim.explain(
         %(asked)s
       , %(other)s
       , look_weight => %(look)s
       , shape_weight => %(shape)s
       , sound_weight => %(sound)s
       , spelling_weight => %(spelling)s
       , vienna_weight => %(vienna)s)
"""


def explained(
    analyst: psycopg.Connection[dict[str, Any]], asked: UUID, other: UUID, weights: Weights
) -> list[dict[str, Any]]:
    return analyst.execute(EXPLAIN, {"asked": asked, "other": other, **dataclasses.asdict(weights)}).fetchall()


def says_the_same(rows: list[dict[str, Any]], found: Any) -> None:
    evidence: dict[str, ChannelEvidence] = {item.channel: item for item in found.evidence}
    absent = {item.channel: item.reason for item in found.absent}
    assert [row["channel"] for row in rows] == list(CHANNELS)
    for row in rows:
        assert row["region"] == found.region
        if row["channel"] in absent:
            assert (row["value"], row["evidence"], row["contribution"]) == (None, None, None)
            assert row["sentence"] == absent[row["channel"]]
            continue
        item = evidence[row["channel"]]
        assert row["sentence"] == item.sentence
        assert row["value"] == pytest.approx(item.value, abs=1e-6)
        assert (row["weight"], row["evidence"], row["contribution"]) == (
            item.weight, pytest.approx(item.evidence, abs=1e-9), pytest.approx(item.contribution, abs=1e-9)
        )  # fmt: skip


def test_marks_are_explained_as_by_the_program(
    analyst: psycopg.Connection[dict[str, Any]], comparison: Comparison
) -> None:
    draws = np.random.default_rng(8)
    sentences = set()
    refusals = []
    for weights in (Weights(), Weights(look=2, shape=0.5, vienna=0)):
        for _ in range(60):
            one, other = (mark_id("t", str(number)) for number in draws.integers(0, MARKS, 2))
            try:
                found = comparison.of_marks(one, other, weights=weights, places=False).explanation
            except (NothingToCompare, FilterError) as refusal:
                with pytest.raises(psycopg.Error) as raised:
                    explained(analyst, one, other, weights)
                assert raised.value.sqlstate == "LS006"
                reasons = raised.value.diag.message_hint or ""
                refusals.append((refusal, reasons))
                continue
            rows = explained(analyst, one, other, weights)
            says_the_same(rows, found)
            sentences |= {row["sentence"].split("“")[0] for row in rows}
    assert len(sentences) > 40, "of many kinds"
    assert refusals
    assert all(reasons in str(error) for error, reasons in refusals if isinstance(error, NothingToCompare))


@pytest.mark.parametrize("in_regions", [False, True])
def test_a_picture_is_explained_as_by_the_program(
    analyst: psycopg.Connection[dict[str, Any]],
    comparison: Comparison,
    url: str,
    picture: AskedPicture,
    in_regions: bool,
) -> None:
    handle = kept(url, picture if in_regions else whole_of(picture))
    regions = set()
    for number in range(7, MARKS, 7):
        other = mark_id("t", str(number))
        found = comparison.of_handle(handle, other, places=False).explanation
        says_the_same(explained(analyst, handle, other, Weights()), found)
        regions.add(found.region)
    assert regions == ({1, 2} if in_regions else {None})


def test_what_is_explained_is_what_was_found(analyst: psycopg.Connection[dict[str, Any]]) -> None:
    asked = mark_id("t", "1")
    for row in searched(analyst, asked, QUESTIONS["plain"])[:5]:
        channels = {item["channel"]: item for item in explained(analyst, asked, row["mark_id"], Weights())}
        assert {channel: item["value"] for channel, item in channels.items()} == {
            channel: row[channel] for channel in CHANNELS
        }
        assert sum(item["contribution"] or 0 for item in channels.values()) == pytest.approx(row["score"])


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
