"""Watches on a schedule: a database that is away is waited for; killed runners neither lose nor double reports."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import psycopg

from logosim.domain.watch import WatchRun
from logosim.errors import DatabaseUnavailable
from workers.watching import WatchRunner

MARKS = 60


class FlakySource:
    """Two watches, and a database that is away at first."""

    def __init__(self) -> None:
        self.answers: list[WatchRun | Exception | None] = [
            DatabaseUnavailable(),
            WatchRun("a"),
            DatabaseUnavailable(),
            WatchRun("b", error="no model"),
            None,
        ]
        self.asked: list[tuple[timedelta, tuple[str, ...]]] = []

    def run_next(self, every: timedelta, names: Sequence[str] = ()) -> WatchRun | None:
        self.asked.append((every, tuple(names)))
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_a_database_that_is_away_is_waited_for() -> None:
    source, stop = FlakySource(), threading.Event()
    told: list[str] = []

    def on_run(done: WatchRun) -> None:
        told.append(done.watch)
        if done.watch == "b":
            stop.set()

    runner = WatchRunner(source, timedelta(hours=1), ("a", "b"), longest_wait_s=0.01, database_wait_s=0.01)
    runner.run(stop, on_run)
    assert told == ["a", "b"]
    assert set(source.asked) == {(timedelta(hours=1), ("a", "b"))}


def test_it_stops_when_it_is_told_to_while_nothing_is_due() -> None:
    source, stop = FlakySource(), threading.Event()
    source.answers = []
    runner = WatchRunner(source, timedelta(hours=1))
    thread = threading.Thread(target=runner.run, args=(stop, lambda _: None))
    thread.start()
    time.sleep(0.1)
    stop.set()
    thread.join(timeout=5)
    assert not thread.is_alive()
    assert len(source.asked) == 1


def start(environment: dict[str, str], output: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "logosim.cli", "watch", "run", "--every", "1s", "--json"]
    with output.open("ab") as stream:
        return subprocess.Popen(command, env=environment, stdout=stream, stderr=subprocess.DEVNULL)


def test_killed_runners_neither_lose_nor_double_reports(
    connection: psycopg.Connection, environment: dict[str, str], tmp_path: Path
) -> None:
    """Marks come in one by one while two runners are killed and started again at arbitrary moments."""
    connection.execute("select logosim.save_watch('w', asked_text => 'Fildor')")
    draws = random.Random(5)
    output = tmp_path / "hits.jsonl"
    runners = [start(environment, output) for _ in range(2)]
    try:
        for number in range(MARKS):
            connection.execute(
                """
                insert into logosim.mark (
                       mark_id, source, file, brand_text, normalised_text, phonemes, picture_location, picture_sha256
                     , picture_bytes)
                values (logosim.mark_id('t', %(file)s), 't', %(file)s, 'Fildor', 'fildor', logosim.phonemes('Fildor')
                      , '/', repeat('a', 64), 1)
                """,
                {"file": f"{number}.png"},
            )
            time.sleep(draws.uniform(0, 0.2))
            if number % 12 == 11:
                place = draws.randrange(2)
                runners[place].kill()
                runners[place].wait()
                runners[place] = start(environment, output)
        deadline = time.monotonic() + 60
        while connection.execute("select count(*) from logosim.watch_hit").fetchone() != (MARKS,):
            assert time.monotonic() < deadline
            time.sleep(0.2)
    finally:
        for runner in runners:
            runner.terminate()
    ends = {runner.wait(timeout=30) for runner in runners}
    assert ends <= {0, -signal.SIGTERM}  # the latter of one that had not begun

    reported = Counter(row[0] for row in connection.execute("select mark_id from logosim.watch_hit").fetchall())
    assert len(reported) == MARKS
    assert set(reported.values()) == {1}
    told = Counter(json.loads(line)["mark_id"] for line in output.read_text().splitlines())
    assert set(told.values()) == {1}  # those of a runner that died before it could say so are in the table alone
    assert set(told) <= {str(mark) for mark in reported}
