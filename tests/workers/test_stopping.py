"""Real processes that are told to end: they end soon and in order, and nothing that they have started outlives them."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

SOON = 30  # seconds; an import, a batch and a turn of a loop


def start(environment: dict[str, str], module: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True, preexec_fn=as_from_a_terminal)


def as_from_a_terminal() -> None:
    """Heed the signals that the tests' own start, under nohup or in a background, may have had ignored."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def until(met: Callable[[], Any]) -> Any:
    """What `met` gives as soon as that is something."""
    deadline = time.monotonic() + 60
    while not (found := met()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def connected(connection: psycopg.Connection[Any]) -> int:
    """Connections that a process of ours keeps in its pool, which it has once it is at work."""
    row = connection.execute(
        "select count(*) from pg_stat_activity where datname = current_database() and application_name = 'logosim'"
    ).fetchone()
    assert row is not None
    return int(row[0])


@pytest.fixture
def taken_in(logosim: Callable[..., Any], write_corpus: Callable[..., Path]) -> None:
    """Enough marks to be at work for a while."""
    assert logosim("db", "upgrade").returncode == 0
    ingested = logosim("ingest", write_corpus(400), "--source", "test")
    assert ingested.returncode == 0, ingested.stderr


def features(connection: psycopg.Connection[Any]) -> int:
    (count,) = connection.execute("select count(*) from logosim.mark_features").fetchone() or (0,)
    return int(count)


@pytest.mark.usefixtures("taken_in")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_workers_end_with_who_started_them(
    connection: psycopg.Connection[Any], environment: dict[str, str], number: signal.Signals
) -> None:
    parent = start(environment, "logosim.cli", "worker", "--processes=2", "--batch=2")
    children = psutil.Process(parent.pid).children()
    try:
        until(lambda: features(connection))
        children = psutil.Process(parent.pid).children()
        assert len(children) == 2
        parent.send_signal(number)
        _, said = parent.communicate(timeout=SOON)
        assert parent.returncode == 0, said
        assert "Finishing the batches at hand" in said
        assert not [child for child in children if child.is_running()]
    finally:
        end(parent.pid, children)
    # In order: what a worker had claimed it has finished or given back, and nobody waits for its lease.
    assert connection.execute("select distinct state from logosim.work").fetchall() == [("queued",)]


def end(pid: int, children: list[psutil.Process]) -> None:
    """Whatever came of the test, nothing of it stays."""
    for process in (*children, *([psutil.Process(pid)] if psutil.pid_exists(pid) else [])):
        if process.is_running():
            process.kill()


@pytest.mark.usefixtures("taken_in")
def test_workers_end_where_a_shell_script_has_started_them_in_the_background(
    connection: psycopg.Connection[Any], environment: dict[str, str]
) -> None:
    """A shell lets its background ignore Ctrl-C."""
    script = '"$0" -m logosim.cli worker --processes=2 --batch=2 & echo $!; wait'
    shell = subprocess.Popen(["sh", "-c", script, sys.executable], env=environment, stdout=subprocess.PIPE, text=True)
    assert shell.stdout is not None
    parent = psutil.Process(int(shell.stdout.readline()))
    children: list[psutil.Process] = []
    try:
        until(lambda: features(connection))
        children = parent.children()
        assert len(children) == 2
        parent.terminate()
        shell.wait(SOON)
        assert not [process for process in (parent, *children) if process.is_running()]
    finally:
        end(parent.pid, children)


def test_workers_that_have_hardly_begun_end_too(logosim: Callable[..., Any], environment: dict[str, str]) -> None:
    """Whichever of them there are when the signal comes."""
    assert logosim("db", "upgrade").returncode == 0
    for wanted in (1, 3, 8):
        parent = start(environment, "logosim.cli", "worker", "--processes=8")
        of_it = psutil.Process(parent.pid)
        children = until(lambda: found if len(found := of_it.children()) >= wanted else None)  # noqa: B023
        of_it.suspend()
        children = of_it.children()
        parent.send_signal(signal.SIGTERM)
        of_it.resume()
        try:
            parent.communicate(timeout=SOON)
            assert not [child for child in children if child.is_running()]
        finally:
            end(parent.pid, children)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        ("workers", ()),
        ("workers", ("--pictures",)),
        ("logosim.cli", ("watch", "run", "--every", "1h")),
        ("logosim.cli", ("serve", "--port", "0")),
    ],
)
def test_what_runs_for_ever_ends(
    logosim: Callable[..., Any],
    connection: psycopg.Connection[Any],
    environment: dict[str, str],
    module: str,
    arguments: tuple[str, ...],
    number: signal.Signals,
) -> None:
    assert logosim("db", "upgrade").returncode == 0
    connection.execute("select logosim.save_watch('w', asked_text => 'Fildor')")
    process = start(environment, module, *arguments)
    try:
        if arguments[:1] in (("watch",), ("serve",)):
            assert process.stderr is not None
            said = until(process.stderr.readline)
            assert "w: 0 new" in said or "Serving on" in said
        else:
            until(lambda: connected(connection))
        time.sleep(0.5)
        process.send_signal(number)
        _, said = process.communicate(timeout=SOON)
        assert process.returncode == 0, said
        assert said == ""
    finally:
        process.kill()


def test_a_hang_up_is_ignored_where_nohup_says_so(environment: dict[str, str], logosim: Callable[..., Any]) -> None:
    assert logosim("db", "upgrade").returncode == 0
    code = (
        "import os, signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "from workers.stopping import told_to_end, until_stopped\n"
        "stop = until_stopped()\n"
        "with told_to_end(lambda *_: print('ended')):\n"
        "    os.kill(os.getpid(), signal.SIGHUP)\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "print(stop.is_set()); os.kill(os.getpid(), signal.SIGTERM); print(stop.is_set())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["ended", "False", "True"], done.stderr
