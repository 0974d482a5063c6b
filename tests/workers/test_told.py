"""What the commands around the queue say, of one mark and of several."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from logosim.cli.display import counted

from ..conftest import CommandLine


def test_a_number_and_its_noun() -> None:
    assert [counted(number, "mark") for number in (0, 1, 2, 1000)] == ["0 marks", "1 mark", "2 marks", "1,000 marks"]
    assert [counted(number, "watch", "watches") for number in (1, 2)] == ["1 watch", "2 watches"]


def test_one_mark_is_no_marks(logosim: CommandLine, write_corpus: Callable[..., Path]) -> None:
    assert logosim("db", "upgrade").returncode == 0
    taken_in = logosim("ingest", write_corpus(0, broken=("broken.png",)))
    assert taken_in.stdout.startswith("1 record: 1 new, 0 changed, 0 unchanged, 0 rejected; 1 queued.")
    assert taken_in.stderr.splitlines()[-1] == "1 mark waits for a worker: logosim worker --until-empty"
    worked = logosim("worker", "--until-empty", "--processes=1")
    assert worked.stderr.splitlines()[-1] == "1 mark could not be finished: logosim work --dead"
    assert logosim("work", "--retry").stdout.splitlines()[0] == "1 mark queued again."
