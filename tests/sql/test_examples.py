"""Every example file runs, as an analyst or the role it names, and finds what it promises."""

from __future__ import annotations

import csv
import hashlib
import os
import re
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import psycopg
import pytest

from logosim.database import sources
from logosim.database.psql import command as psql_command
from logosim.domain.asked import AskedPart, AskedPicture
from logosim.domain.features import Features
from logosim.domain.ingest import IngestReport
from logosim.domain.mark import Mark, Picture, Rejection, mark_id
from logosim.domain.rectangle import Rectangle
from logosim.store.ingest import IngestStore
from logosim.store.marks import MarkStore
from logosim.store.picture_requests import PictureBell, PictureRequestStore
from logosim.store.pool import Pool
from logosim.store.query_pictures import QueryPictureStore
from logosim.store.work import WorkStore
from workers.pictures import PictureClerk

EXAMPLES = sorted((sources.sql_dir() / "examples").glob("*.sql"))
ROLE = re.compile(r"^-- Role: (logosim_\w+|owner)$", re.MULTILINE)  # else it is for an analyst
FINDS: dict[str, Callable[[list[Any]], bool]] = {
    "01_similar": lambda rows: rows[0][1] in ("SONNENGOLD", "SUN GOLD") and len(rows) == 6,
    "02_similar_filtered": lambda rows: {row[1] for row in rows} == {"PELIKAN", "SONNENGOLD"},
    "03_candidates": lambda rows: (
        rows[0][1][0] == "look"
        and rows[0][2] == 0
        and rows[1][5] == "SONNENGOLD"
        and rows[0][6:] == ("exact", 2, True, 2)
    ),
    "04_sounds_like": lambda rows: rows[0][0] == "PELIKAN",
    "05_pronunciations": lambda rows: [row[1] for row in rows] == ["strasse", "chateau and sohne", "phildar", "logo"],
    "06_marks_in_words": lambda rows: rows[0][1] == 2020 and rows[2][2] == ["03.07 birds and bats"],
    "07_vienna": lambda rows: rows[0][0] == "26" and len(rows) == 10,
    "08_coverage": lambda rows: rows[0][0] == "01.03" and rows[0][2] == 2,
    "09_queue_health": lambda rows: rows == [("broken.png", 1, "no picture")],
    "10_rejects": lambda rows: rows == [("marks.json", 3, 2, "picture-missing", "There is no x.png.")],
    "11_models": lambda rows: rows == [("test-model", "active", 7, 8, 0, 1, True)],
    "12_similar_to": lambda rows: (
        (rows[0][1:4], rows[0][5]) == (("SONNENGOLD", 2, ["look", "spelling", "sound"]), 1) and len(rows) == 4
    ),
    "13_words": lambda rows: rows == [("sun", 1, 6), ("gold", 1, 6)],
    "14_search": lambda rows: (
        [row[0] for row in rows] == [1, 2, 3, 4, 5, 6] and rows[0][1] == "SONNENGOLD" and rows[0][4] == "low"
    ),
    "15_search_weighed": lambda rows: {row[0] for row in rows} == {"SONNENGOLD", "PELIKAN"},
    "16_search_picture": lambda rows: rows[0][:3] == (1, "SONNENGOLD", 2) and rows[0][4] == "high",
    "17_explain": lambda rows: (
        [row[0] for row in rows] == ["look", "shape", "sound", "spelling", "vienna"]
        and rows[4][3] == "Both marks carry the Vienna code 01.03."
    ),
    "18_names_alike": lambda rows: [row[0] for row in rows] == ["Golden Stork", "PHILDAR", "Nike"],
    "19_pictures_alike": lambda rows: rows[0][0] == 1 and 0 < rows[0][1] < 1 and 0 < rows[0][2] < 1,
    "20_calibration": lambda rows: "legal form" in {row[0] for row in rows},
    "21_search_text": lambda rows: (rows[0][1], rows[0][4]) == ("PELIKAN", "medium") and float(rows[0][7]) > 0,
    "22_similar_by_model": lambda rows: rows[0][0] == "SONNENGOLD" and len(rows) == 5,
    "24_embed_picture": lambda rows: (
        (rows[0][1], rows[0][2], rows[0][4]) == ("SONNENGOLD", "{look}", "1.000") and len(rows) == 7
    ),
    "25_submit_picture": lambda rows: rows == [("queued", None, None, None, None, 1, True)],
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
    "58_answer_pictures": lambda rows: rows == [(0,)],
    "59_activate_model": lambda rows: rows == [(True,)],
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


class SeesTheRedSun:
    """What a worker looks with here: every picture is that of one stored mark."""

    def __init__(self, pool: Pool) -> None:
        self._mark = MarkStore(pool).get(mark_id("example", "sun-red.png"))

    def extract_asking(self, data: bytes) -> Features:
        assert self._mark.embedding is not None
        assert self._mark.patches is not None
        digest = hashlib.sha256(data).hexdigest()
        return Features(self._mark.embedding, self._mark.patches, None, 9, 9, digest)

    def extract_regions(self, data: bytes, regions: Sequence[Rectangle]) -> list[Features]:
        return [self.extract_asking(data) for _ in regions]


@pytest.fixture
def picture_worker(pool: Pool, registered_model: int, example_corpus: None, database_url: str) -> Iterator[None]:
    """A worker that answers pictures, in a thread."""
    loaded = SimpleNamespace(model_id=registered_model, extractor=SeesTheRedSun(pool))
    stop = threading.Event()
    with PictureBell(database_url) as bell:
        clerk = PictureClerk("w", PictureRequestStore(pool), lambda: loaded, bell.wait)
        thread = threading.Thread(target=clerk.run, args=(stop,))
        thread.start()
        yield
        stop.set()
        thread.join()


def asked_by_psql(path: Path, database_url: str, picture: Path) -> list[Any]:
    """What an example gives that has commands of psql in it, as an analyst types it."""
    asking = [
        "--no-psqlrc",
        "--csv",
        "--tuples-only",
        "-v",
        "ON_ERROR_STOP=1",
        "-v",
        f"file={picture}",
        "-f",
        str(path),
    ]
    command, environment = psql_command(database_url, asking, {**os.environ, "PGOPTIONS": "-c role=logosim_analyst"})
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return list(csv.reader(done.stdout.splitlines()))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
@pytest.mark.usefixtures("example_corpus", "picture_worker")
def test_example(connection: psycopg.Connection[Any], database_url: str, path: Path, tmp_path: Path) -> None:
    if "\n\\" in path.read_text(encoding="utf-8"):
        picture = tmp_path / "red sun's.png"
        picture.write_bytes(b"any bytes")
        rows = asked_by_psql(path, database_url, picture)
        assert FINDS[path.stem](rows), rows
        return
    role = ROLE.search(path.read_text(encoding="utf-8"))
    if role is None or role[1] != "owner":
        connection.execute(f"set role {role[1] if role else 'logosim_analyst'}".encode())
    cursor = connection.execute(path.read_bytes())
    while cursor.nextset():
        pass
    rows = cursor.fetchall()
    assert FINDS[path.stem](rows), rows
