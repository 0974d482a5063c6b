"""Every example file runs as an analyst and finds what it promises."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest

from logosim.database import sources
from logosim.domain.asked import AskedPart, AskedPicture
from logosim.domain.features import Features
from logosim.domain.ingest import IngestReport
from logosim.domain.mark import Mark, Picture, Rejection, mark_id
from logosim.domain.rectangle import Rectangle
from logosim.store.ingest import IngestStore
from logosim.store.pool import Pool
from logosim.store.query_pictures import QueryPictureStore
from logosim.store.work import WorkStore

EXAMPLES = sorted((sources.sql_dir() / "examples").glob("*.sql"))
FINDS: dict[str, Callable[[list[Any]], bool]] = {
    "01_similar": lambda rows: rows[0][1] in ("SONNENGOLD", "SUN GOLD") and len(rows) == 6,
    "02_similar_filtered": lambda rows: {row[1] for row in rows} == {"PELIKAN", "SONNENGOLD"},
    "03_candidates": lambda rows: (
        rows[0][1][0] == "look" and rows[0][2] == 0 and rows[1][5] == "SONNENGOLD" and rows[0][6:] == ("exact", 2, True)
    ),
    "04_sounds_like": lambda rows: rows[0][0] == "PELIKAN",
    "05_pronunciations": lambda rows: [row[1] for row in rows] == ["strasse", "chateau and sohne", "phildar", "logo"],
    "06_marks_in_words": lambda rows: rows[0][1] == 2020 and rows[2][2] == ["03.07 birds and bats"],
    "07_vienna": lambda rows: rows[0][0] == "26" and len(rows) == 10,
    "08_coverage": lambda rows: rows[0][0] == "01.03" and rows[0][2] == 2,
    "09_queue_health": lambda rows: rows == [("broken.png", 1, "no picture")],
    "10_rejects": lambda rows: rows == [("marks.json", 3, 2, "picture-missing", "There is no x.png.")],
    "11_models": lambda rows: rows == [("test-model", True, 256, 7)],
    "12_similar_to": lambda rows: (
        (rows[0][1:4], rows[0][5]) == (("SONNENGOLD", 2, ["look", "spelling", "sound"]), 1) and len(rows) == 4
    ),
    "13_words": lambda rows: rows == [("sun", 1, 6), ("gold", 1, 6)],
    "14_search": lambda rows: (
        [row[0] for row in rows] == [1, 2, 3, 4, 5] and rows[0][1] == "SONNENGOLD" and rows[0][4] == "low"
    ),
    "15_search_weighed": lambda rows: {row[0] for row in rows} == {"SONNENGOLD", "PELIKAN"},
    "16_search_picture": lambda rows: rows[0][:3] == (1, "SONNENGOLD", 1) and rows[0][4] == "high",
    "17_explain": lambda rows: (
        [row[0] for row in rows] == ["look", "shape", "sound", "spelling", "vienna"]
        and rows[4][3] == "Both marks carry the Vienna code 01.03."
    ),
    "18_names_alike": lambda rows: [row[0] for row in rows] == ["Golden Stork", "PHILDAR", "Nike"],
    "19_pictures_alike": lambda rows: rows[0][0] == 0 and 0 < rows[0][1] < 1 and 0 < rows[0][2] < 1,
    "20_calibration": lambda rows: "legal form" in {row[0] for row in rows},
}


@pytest.fixture
def example_corpus(pool: Pool, registered_model: int) -> None:
    """A handful of marks, taken in and worked off as everything is."""
    given = {
        "sun-yellow.png": ("SUN GOLD", ("01.03.01",), 2001),
        "sun-red.png": ("SONNENGOLD", ("01.03.02", "01.01.02"), 2015),
        "bird.png": ("PELIKAN", ("03.07.01",), 2012),
        "square.png": (None, ("26.04.05",), 2020),
        "ring.png": ("ORBIS", ("26.01.01",), None),
        "tree.png": ("OAKLINE", ("05.01.01",), 1999),
        "nobody.png": (None, (), None),
        "broken.png": ("BROKEN", (), 2011),
    }
    store = IngestStore(pool)
    batch = store.begin("example", "/example")
    store.stage(
        batch,
        [
            Mark("example", file, text, codes, year, Picture(f"/{file}", hashlib.sha256(file.encode()).hexdigest(), 1))
            for file, (text, codes, year) in given.items()
        ],
    )
    store.merge(batch)
    store.reject(batch, [Rejection("marks.json", 3, 2, "picture-missing", "There is no x.png.")])
    store.finish(batch, IngestReport(9, 8, 0, 0, 8))
    queue = WorkStore(pool)
    claim = queue.claim("w", 20, timedelta(minutes=1))
    assert claim is not None
    draws = np.random.default_rng(3)
    done, failed = [], []
    for item in claim.marks:
        embedding = draws.standard_normal(256).astype(np.float32)
        features = Features(
            embedding / np.linalg.norm(embedding), np.zeros((7, 7, 64), np.int8), None, 9, 9, item.picture_sha256
        )
        if item.picture_location == "/broken.png":
            failed.append(item.mark_id)
        else:
            done.append((item.mark_id, features))
    queue.finish(claim, done)
    (same,) = (features for mark, features in done if mark == mark_id("example", "sun-red.png"))
    parts = [
        AskedPart(Rectangle(9 * place, 0, 9 * place + 9, 9), part, "Sonnengold")
        for place, part in enumerate((replace(same, embedding=-same.embedding), same))
    ]
    QueryPictureStore(pool).remember(AskedPicture(tuple(parts), ("01.03",)))
    with pool.connection() as connection:
        connection.execute(
            "select logosim.fail_work(%s, %s::uuid[], '{no picture}', '{true}')", (claim.lease_token, failed)
        )


def test_every_example_is_checked() -> None:
    assert [path.stem for path in EXAMPLES] == sorted(FINDS)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
@pytest.mark.usefixtures("example_corpus")
def test_example(connection: psycopg.Connection[Any], path: Path) -> None:
    connection.execute("set role logosim_analyst")
    cursor = connection.execute(path.read_bytes())
    while cursor.nextset():
        pass
    rows = cursor.fetchall()
    assert FINDS[path.stem](rows), rows
