"""Values, evidence, scores and risks in SQL against the program; and the curves that an upgrade loads."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest

from logosim.domain.query import CHANNELS
from logosim.errors import CalibrationInvalid
from logosim.runtime import Runtime, upgrade_database
from logosim.search.calibration import packaged_calibrations, parse_calibrations
from logosim.search.risk import risk
from logosim.search.score import PRIOR, contributions, probability
from logosim.search.vienna_overlap import vienna_similarities
from logosim.search.wording import degree, listed
from logosim.settings import Settings
from logosim.spatial.matching import match_patches
from logosim.store.calibration import CalibrationStore
from logosim.store.pool import Pool

CODES = ("03.07.01", "03.07.16", "03.07", "05.05.20", "01", "26.04.05", "26.01", "27.05.01", "29.01.08", "98.01.01")
OWN_CURVES = """model,channel,value,evidence
,look,0,-1
,look,1,5
,shape,0,-1
,shape,1,2
,sound,0,-1
,sound,0.5,0
,sound,1,4
,spelling,0,-1
,spelling,1,4
,vienna,0,-1
,vienna,1,3
test-model,look,0.25,-2
test-model,look,0.75,6
"""


def test_curves_are_read_alike(connection: psycopg.Connection[Any]) -> None:
    draws = np.random.default_rng(1)
    for channel, curve in packaged_calibrations().of(None).curves.items():
        values = np.concatenate([draws.random(300), curve.values, [0, 1, np.nextafter(0.4, 1)]])
        row = connection.execute(
            """
            select array_agg(logosim._evidence(v.value, c.knots, c.evidence) order by v.place)
              from unnest(%s::float8[]) with ordinality as v (value, place)
             cross join logosim._curve('any model', %s) c
            """,
            (values.tolist(), channel),
        ).fetchone()
        assert row is not None
        np.testing.assert_array_equal(row[0], curve.of(values))
    absent = "select logosim._evidence(null, c.knots, c.evidence) from logosim._curve(null, 'look') c"
    assert connection.execute(absent).fetchone() == (0,)


def test_scores_and_contributions_are_the_same(connection: psycopg.Connection[Any]) -> None:
    draws = np.random.default_rng(2)
    evidence = draws.normal(0, 4, (60, 5)) * draws.choice([1, 1, 20], (60, 1))
    present = draws.random((60, 5)) < 0.7
    expected = contributions(evidence, present)
    for given, is_present, shares in zip(evidence, present, expected, strict=True):
        total = float(given[is_present].sum())
        row = connection.execute(
            "select logosim._contributions(%s, %s), logosim._probability(logosim._prior() + %s)",
            (np.where(is_present, given, 0).tolist(), is_present.tolist(), total),
        ).fetchone()
        assert row is not None
        np.testing.assert_allclose(row[0], shares, rtol=0, atol=1e-12)
        assert row[1] == pytest.approx(float(probability(PRIOR + total)), abs=1e-14)
    assert connection.execute("select logosim._probability(5000), logosim._probability(-5000) < 1e-300").fetchone() == (
        1,
        True,
    )


def test_risks_are_the_same(connection: psycopg.Connection[Any]) -> None:
    draws = np.random.default_rng(3)
    for score in (0.05, 0.1, 0.3, 0.5, 0.9):
        for _ in range(15):
            values = [
                None if draws.random() < 0.3 else float(np.float32(draws.choice([0.5, 0.9, 0.95, 0.98, 1])))
                for _ in CHANNELS
            ]
            weights = [float(draws.choice([0, 1, 2])) for _ in CHANNELS]
            row = connection.execute(
                "select logosim._risk(%s, %s::real[], %s::float8[])", (score, values, weights)
            ).fetchone()
            judged = [value for value, weight in zip(values, weights, strict=True) if value is not None and weight > 0]
            assert row == (risk(score, judged),)


def test_codes_are_compared_alike(connection: psycopg.Connection[Any]) -> None:
    draws = np.random.default_rng(4)
    for _ in range(200):
        one, other = (draws.choice(CODES, draws.integers(0, 5), replace=False).tolist() for _ in range(2))
        row = connection.execute("select logosim.vienna_overlap(%s::text[], %s::text[])", (one, other)).fetchone()
        expected = float(vienna_similarities(one, [other])[0])
        assert row == (None if np.isnan(expected) else pytest.approx(expected, abs=1e-7),)


def test_words_for_numbers(connection: psycopg.Connection[Any]) -> None:
    for value in (0.0, 0.1499, 0.15, 0.4, 0.65, 0.85, 0.995, 1.0):
        assert connection.execute("select logosim._degree(%s)", (value,)).fetchone() == (degree(value),)
    for words in (["a"], ["a", "b"], ["a", "b", "c"]):
        assert connection.execute("select logosim._listed(%s)", (words,)).fetchone() == (listed(words),)


def figure(seed: int, blank: float) -> Any:
    draws = np.random.default_rng(seed)
    patches = draws.standard_normal((7, 7, 64)) + draws.standard_normal((1, 1, 64))
    patches *= 127 / np.linalg.norm(patches, axis=-1, keepdims=True)
    patches[draws.random((7, 7)) < blank] = 0
    return patches.round().astype(np.int8)


def variations(patches: Any) -> list[Any]:
    """The figure moved, mirrored, at other sizes, with repeated patches and with such of one dimension."""
    extreme = np.where(np.arange(64) == np.abs(patches.astype(int)).argmax(axis=-1)[..., None], 127, 0).astype(np.int8)
    flat = np.broadcast_to(patches[3, 3], patches.shape)
    return [
        patches,
        patches[:, ::-1],
        patches[::-1],
        np.roll(patches, (1, -2), axis=(0, 1)),
        patches[1:5, 1:5].repeat(2, axis=0).repeat(2, axis=1)[:7, :7],
        np.pad(patches[::2, ::2], ((1, 2), (2, 1), (0, 0))),
        extreme,
        flat,
        np.zeros_like(patches),
    ]


@pytest.mark.parametrize("blank", [0.0, 0.4, 0.85])
def test_patches_match_alike(connection: psycopg.Connection[Any], blank: float) -> None:
    """Similarity, place and number of matches, to the last bit: equal products and votes are decided alike as well."""
    asked = [patches for seed in (1, 2) for patches in variations(figure(seed, blank))]
    candidates = [*asked, *(figure(seed, blank) for seed in range(10, 20))]
    stacked = np.stack(candidates)
    for query in asked[::2]:
        rows = connection.execute(
            "select * from logosim._match_patches(%s, %s, 7, 64)", (query.tobytes(), [c.tobytes() for c in candidates])
        ).fetchall()
        matches = match_patches(np.ascontiguousarray(query), stacked)
        for place, row in enumerate(rows):
            where = matches.transformation(place)
            assert np.float32(row[1]) == matches.similarity[place], (place, row)
            assert row[3:] == ((where.scale, where.mirrored, where.down, where.right) if where else (None,) * 4)
            assert row[2] == (len({pair.query_cell for pair in matches.pairs(place)}) if where else 0)


def test_two_pictures_by_their_patches(connection: psycopg.Connection[Any], registered_model: int) -> None:
    connection.execute("set role logosim_analyst")
    one, other = figure(1, 0.3), np.ascontiguousarray(figure(1, 0.3)[:, ::-1])
    row = connection.execute("select logosim.patch_similarity(%s, %s)", (one.tobytes(), other.tobytes())).fetchone()
    assert row == (float(match_patches(one, other[None]).similarity[0]),)


def test_an_upgrade_loads_the_curves_that_the_setting_names(
    connection: psycopg.Connection[Any], database_url: str, pool: Pool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    table = tmp_path / "own.csv"
    table.write_text(OWN_CURVES)
    packaged = Settings(data_dir=tmp_path / "data", database_url=database_url, ocr="none", threads=1)
    own = replace(packaged, calibration=table)
    upgrade_database(packaged)
    with Runtime.open(packaged) as runtime:
        assert runtime.judges_as_sql()
    report = upgrade_database(own)
    assert report.applied == ("data/calibration.csv",)
    curves = parse_calibrations(OWN_CURVES).curves
    assert CalibrationStore(pool).knots() == {of: (curve.values, curve.evidence) for of, curve in curves.items()}
    read = "select knots, evidence from logosim._curve('test-model', %s)"
    assert connection.execute(read, ("look",)).fetchone() == ([0.25, 0.75], [-2, 6])
    assert connection.execute(read, ("sound",)).fetchone() == ([0, 0.5, 1], [-1, 0, 4])
    with Runtime.open(own) as runtime:
        assert runtime.judges_as_sql()
    with Runtime.open(packaged) as runtime, caplog.at_level(logging.WARNING):
        assert not runtime.judges_as_sql()
        runtime.warm()
    assert [record.action for record in caplog.records if "calibration" in record.message] == ["calibration_differs"]
    table.write_text("nonsense")
    with pytest.raises(CalibrationInvalid):
        upgrade_database(own)
    upgrade_database(packaged)
    assert connection.execute("select count(*) from logosim.calibration where model <> ''").fetchone() == (0,)
