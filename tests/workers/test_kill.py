"""Real worker processes are killed with signal 9 at arbitrary moments: nothing may be lost, nothing doubled."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

MARKS = 120
KILLS = 8


def start(environment: dict[str, str], module: str, *arguments: str) -> subprocess.Popen[str]:
    """A process whose messages are kept for the test."""
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)


def start_worker(environment: dict[str, str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "workers", "--until-empty", "--batch=8", "--lease=2"]
    return subprocess.Popen(command, env=environment)


def features(connection: psycopg.Connection) -> int:
    (count,) = connection.execute("select count(*) from logosim.mark_features").fetchone() or (0,)
    return int(count)


@pytest.fixture
def take_in(
    logosim: Callable[..., subprocess.CompletedProcess[str]], write_corpus: Callable[..., Path]
) -> Callable[[int], None]:
    """Take so many marks in through the command line, which queues them for the bundled model."""

    def taken_in(count: int) -> None:
        assert logosim("db", "upgrade").returncode == 0
        ingested = logosim("ingest", write_corpus(count), "--source", "test")
        assert ingested.returncode == 0, ingested.stderr

    return taken_in


def test_killed_workers_lose_and_double_nothing(
    connection: psycopg.Connection,
    environment: dict[str, str],
    logosim: Callable[..., subprocess.CompletedProcess[str]],
    take_in: Callable[[int], None],
) -> None:
    take_in(MARKS)
    draws = random.Random(3)
    workers = [start_worker(environment) for _ in range(2)]
    deadline = time.monotonic() + 120
    for _ in range(KILLS):
        before = features(connection)
        while features(connection) < min(before + 4, MARKS) and time.monotonic() < deadline:
            time.sleep(draws.uniform(0.0, 0.05))
        place = draws.randrange(len(workers))
        workers[place].kill()
        workers[place].wait()
        workers[place] = start_worker(environment)
    assert [worker.wait(timeout=120) for worker in workers] == [0, 0]

    # Marks whose worker was killed time after time may have been set aside; they are not lost, and can be tried again.
    states = dict(connection.execute("select state, count(*) from logosim.work group by state").fetchall())
    assert set(states) <= {"dead"}
    assert features(connection) + states.get("dead", 0) == MARKS
    assert logosim("work", "--retry").returncode == 0
    assert start_worker(environment).wait(timeout=120) == 0

    assert features(connection) == MARKS
    rows = connection.execute(
        "select count(*), count(distinct mark_id), count(distinct picture_sha256) from logosim.mark_features"
    ).fetchone()
    assert rows == (MARKS, MARKS, MARKS)
    assert connection.execute("select count(*) from logosim.work").fetchone() == (0,)


def test_a_workforce_replaces_a_killed_worker(
    connection: psycopg.Connection, environment: dict[str, str], take_in: Callable[[int], None]
) -> None:
    import psutil

    take_in(60)
    parent = start(environment, "logosim.cli", "worker", "--until-empty", "--processes=1", "--batch=4")
    while features(connection) < 4:
        time.sleep(0.05)
        assert parent.poll() is None
    (child,) = psutil.Process(parent.pid).children()
    child.kill()
    # The killed worker's lease runs its full minute; another claim waits for that.
    connection.execute("update logosim.work set lease_until = now() where state = 'leased'")
    _, said = parent.communicate(timeout=150)
    assert parent.returncode == 0, said
    assert "another takes its place" in said
    assert features(connection) == 60


def test_a_worker_ends_when_a_model_is_activated_that_it_does_not_have(
    connection: psycopg.Connection, environment: dict[str, str], take_in: Callable[[int], None]
) -> None:
    take_in(2)
    worker = start(environment, "workers")
    deadline = time.monotonic() + 60
    while features(connection) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    connection.execute("select logosim.register_model('next', repeat('1', 64), 256, 7, 64, '{}'::jsonb)")
    try:
        _, said = worker.communicate(timeout=30)
    finally:
        worker.kill()
    assert worker.returncode == 5, said
    assert "The model 'next' is active in the database, and this process has no artifact of it" in said
    assert connection.execute("select count(*) from logosim.mark_features group by model_id").fetchall() == [(2,)]
