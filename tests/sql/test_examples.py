"""Every example file runs, as an analyst or the role it names, and finds what it promises."""

from __future__ import annotations

import hashlib
import re
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
ROLE = re.compile(r"^-- Role: (logosim_\w+|owner)$", re.MULTILINE)  # else it is for an analyst
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
    "40_vienna_in_words": lambda rows: rows[0][0] == "3.2" and rows[0][3] == 1,
    "41_facets": lambda rows: {("division", "01.03", "the sun", 1), ("source", "example", None, 6)} <= set(rows),
    "42_near_duplicates": lambda rows: [row[1:] for row in rows] == [(2, ["ring.png", "tree.png"])],
    "43_suggest_vienna": lambda rows: len(rows) == 5 and rows[0][3] == 1 and rows[0][2] >= rows[1][2],
    "44_watch": lambda rows: rows == [(True,)],
    "45_coverage_in_detail": lambda rows: rows[0] == ("01", "sky, natural phenomena and maps", 2),
    "46_compare_given_marks": lambda rows: [row[0] for row in rows] == ["ring.png", "sun-yellow.png"],
    "47_recall_picture": lambda rows: [row[:4] for row in rows] == [(1, 0, 0, 0), (2, 0, 9, 0)],
    "48_queue": lambda rows: rows == [(0,)],
    "50_take_in_marks": lambda rows: rows == [(2, 1, 1)],
    "51_work_off_the_queue": lambda rows: rows == [("queued", 0), ("leased", 0), ("dead", 0)],
    "52_register_model": lambda rows: rows == [(8,)],
    "53_api_keys": lambda rows: rows == [(True,)],
    "54_pronounce_names": lambda rows: rows == [(6,)],
    "55_remember_picture": lambda rows: rows == [(True,)],
    "56_run_watches": lambda rows: rows == [("names like pelican", 1, 1, "what went wrong, where it did")],
    "57_limit_analysts": lambda rows: rows[0] == ("logosim_analyst", 120.0),
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
        alike = item.picture_location in ("/ring.png", "/tree.png")
        embedding = (np.random.default_rng(9) if alike else draws).standard_normal(256).astype(np.float32)
        features = Features(
            embedding / np.linalg.norm(embedding), np.ones((7, 7, 64), np.int8), None, 9, 9, item.picture_sha256
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
    role = ROLE.search(path.read_text(encoding="utf-8"))
    if role is None or role[1] != "owner":
        connection.execute(f"set role {role[1] if role else 'logosim_analyst'}".encode())
    cursor = connection.execute(path.read_bytes())
    while cursor.nextset():
        pass
    rows = cursor.fetchall()
    assert FINDS[path.stem](rows), rows
