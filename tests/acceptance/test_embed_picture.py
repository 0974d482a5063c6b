"""A new picture from plain psql and from any SQL client, looked at by a real worker over real logos."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from logosim.database import sources
from logosim.database.psql import command as psql_command
from logosim.demo.query import variations
from logosim.domain.mark import mark_id
from logosim.domain.rectangle import Rectangle
from logosim.runtime import Runtime

KEPT = """
select r.region_number, r.figure_number, r.region_left, r.region_top, r.region_width, r.region_height, r.brand_text
     , r.embedding::text, r.patches, q.picture_sha256, q.picture, q.vienna_codes, q.model_id
  from logosim.query_region r
  join logosim.query_picture q on q.handle = r.handle
 where r.handle = %s
 order by 1, 2
"""


@pytest.fixture(scope="module")
def query(indexed: Any) -> Any:
    """A logo as a confusable later mark would show it, and the mark it was made from."""
    (found,) = islice(variations(indexed.corpus.marks, 1, seed=5), 1)
    return found


@pytest.fixture(scope="module")
def worker(indexed: Any) -> Iterator[None]:
    """`logosim worker --pictures`, as somebody leaves it running."""
    running = subprocess.Popen(
        [sys.executable, "-m", "workers", "--pictures"], env=indexed.run.environment, stderr=subprocess.PIPE
    )
    yield
    running.terminate()
    assert running.wait(20) == 0, running.stderr and running.stderr.read()


@pytest.fixture
def analyst(indexed: Any) -> Iterator[psycopg.Connection[Any]]:
    """An SQL client of somebody else's, which knows nothing of pictures."""
    with psycopg.connect(indexed.settings.database_url, autocommit=True) as opened:
        opened.execute("set role logosim_analyst")
        yield opened


def test_the_handle_is_the_one_that_the_other_doors_give(
    runtime: Runtime, query: Any, worker: None, analyst: psycopg.Connection[Any]
) -> None:
    """To the last bit of every embedding, with text that was read, and regions."""
    regions = (Rectangle(0, 0, 120, 200), Rectangle(30, 10, 200, 190))
    for arguments, asked in (
        ("", {}),
        (", brand_text => 'Phildor', vienna_codes => '{27.5.1}'", {"text": "Phildor", "vienna_codes": ("27.05.01",)}),
        (", regions => array[[0,0,120,200],[30,10,170,180]]", {"regions": regions}),
    ):
        call = f"call logosim.embed_picture(%s::bytea{arguments}, wait => '1 minute')"
        row = analyst.execute(call.encode(), (query.picture,)).fetchone()
        assert row is not None
        kept = runtime.pipeline.remember(query.picture, **asked)
        by_sql = analyst.execute(KEPT, (row[0],)).fetchall()
        assert len(by_sql) >= 1
        assert by_sql == analyst.execute(KEPT, (kept.handle,)).fetchall()
        answers = [replace(runtime.pipeline.by_handle(handle, k=20), timings_ms={}) for handle in (row[0], kept.handle)]
        assert answers[0] == answers[1]
        assert answers[0].hits[0].mark_id == mark_id("demo", query.expected.file)


def test_plain_psql(indexed: Any, query: Any, worker: None, runtime: Runtime, tmp_path: Path) -> None:
    picture = tmp_path / "later mark.png"
    picture.write_bytes(query.picture)
    example = sources.sql_dir() / "examples" / "24_embed_picture.sql"
    command, environment = psql_command(
        indexed.settings.database_url,
        ["-X", "-A", "-t", "-v", f"file={picture}", "-f", str(example)],
        {**os.environ, "PGOPTIONS": "-c role=logosim_analyst"},
    )
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = [UUID(line.split("|")[0]) for line in done.stdout.splitlines()]
    assert mark_id("demo", query.expected.file) in found
    assert len(found) == 10

    script = "\\set content `base64 < /dev/null`\ncall logosim.embed_picture(decode(:'content', 'base64'));"
    command, environment = psql_command(indexed.settings.database_url, ["-X", "-f", "-"], dict(os.environ))
    done = subprocess.run(command, env=environment, input=script, capture_output=True, text=True, check=False)
    assert "ERROR:  The picture is empty" in done.stderr
    assert "HINT:  Give the bytes of a picture file" in done.stderr


def test_it_is_quick_enough_to_wait_for(query: Any, worker: None, analyst: psycopg.Connection[Any]) -> None:
    took = []
    for _ in range(5):
        started = time.monotonic()
        analyst.execute("call logosim.embed_picture(%s::bytea)", (query.picture,))
        took.append(time.monotonic() - started)
    assert min(took) < 3
