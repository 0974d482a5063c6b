"""`logosim evaluate name-candidates`: names in a database of their own, and what stage 1 finds among them."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path


def test_what_stage_1_finds_by_name(
    logosim_on: Callable[..., Callable[..., subprocess.CompletedProcess[str]]], tmp_path: Path
) -> None:
    pairs, register = tmp_path / "pairs.csv", tmp_path / "names.txt"
    pairs.write_text("mark_a,mark_b,label\nFILDOR,PHILDAR,1\nSTORK,GOLDEN STORK,1\nZEBRA,OKAPI,0\n", encoding="utf-8")
    words = [
        first + last for first in ("mir", "ok", "zebr", "lum", "tarn", "vesp") for last in ("ano", "api", "en", "os")
    ]
    register.write_text("\n".join(map(" ".join, pairwise(words))))
    run = logosim_on("postgresql:///nowhere", tmp_path / "data")  # it makes its own database
    done = run("evaluate", "name-candidates", pairs, "--register", register, "--among", "300", "--limit", "20")
    assert done.returncode == 0, done.stderr
    rows = {cells[1]: cells[2] for line in done.stdout.splitlines() if len(cells := line.split("|")) == 4}
    shares = {name.strip(): share.strip() for name, share in rows.items()}
    assert shares["either"] == shares["sound"] == "1.000"
    assert "300 names, 20 candidates by each channel, 4 queries" in done.stdout
    assert "stage 1 by name" in done.stdout
    done = run("evaluate", "name-candidates", "--containing", "--register", register, "--queries", "2")
    assert done.returncode == 2  # a register in which no name is one word
    assert "nothing to find" in done.stderr
    assert run("evaluate", "name-candidates", "--register", register).returncode == 2
