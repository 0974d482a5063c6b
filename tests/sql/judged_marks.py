"""Marks to judge: a few figures, names and codes in all combinations, and what asks the program and SQL about them."""

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
from logosim.domain.hit import Answer
from logosim.domain.mark import mark_id
from logosim.domain.query import CHANNELS, Filter, Weights
from logosim.domain.rectangle import Rectangle
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
def judged_url(server: Any) -> Iterator[str]:
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
def two_stages(judged_url: str) -> Iterator[Pool]:
    with open_pool(judged_url, role="logosim_api") as pool:
        yield pool


@pytest.fixture
def analyst(judged_url: str) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    with psycopg.connect(judged_url, autocommit=True, row_factory=dict_row) as connection:
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
def picture(judged_url: str) -> AskedPicture:
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


def kept(judged_url: str, picture: AskedPicture) -> UUID:
    with open_pool(judged_url, role="logosim_worker") as pool:
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
    "codes not wanted": (Filter(vienna_none=("03.07", "29.01.08")), Weights(), 20),
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
       , vienna_weight => %(vienna)s
       , vienna_none => %(vienna_none)s)
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
        "vienna_none": list(wanted.vienna_none) or None,
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
