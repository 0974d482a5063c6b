"""`logosim benchmark selectivity` on a small register: every way under every filter, and the folder is taken again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any


def test_every_way_under_every_filter(
    logosim_on: Callable[..., Any], database_url: str, tmp_path: Path, register_folder: Path
) -> None:
    logosim = logosim_on(database_url, tmp_path / "data")
    small = (
        "benchmark",
        "selectivity",
        "--marks",
        "4000",
        "--queries",
        "3",
        "--candidates",
        "50",
        "--folder",
        register_folder,
    )
    out = tmp_path / "selectivity.json"
    ways = ("logosim", "planner", "no-first-look", "one-process")
    done = logosim(*small, *(word for way in ways for word in ("--way", way)), "--json", out)
    assert done.returncode == 0, done.stderr
    assert "| 29 % " in done.stdout
    written = json.loads(out.read_text())
    assert (written["marks"], written["queries"], written["candidates"]) == (4000, 3, 50)
    ours = {row["filter"]: row for row in written["rows"] if row["way"] == "logosim"}
    assert [name.split(" (")[0] for name in ours] == [
        *("100 %", "90 %", "50 %", "the most frequent division", "29 %", "10 %", "5 %", "1 %", "0.1 %", "single marks"),
        *("the query's neighbours excluded", "its neighbours excluded by sections", "only what its neighbours lack"),
    ]
    assert "the most frequent division (27.05)" in ours
    assert all(row["recall"] == 1 and row["short"] == 0 and row["routes"] == {"exact": 3} for row in ours.values())
    assert all(0 < row["p50_ms"] <= row["p99_ms"] for row in written["rows"])
    assert ours["single marks"]["passing_most"] == 1
    for way in ("no-first-look", "one-process"):
        assert [row["routes"] for row in written["rows"] if row["way"] == way] == [{"exact": 3}] * len(ours)
    assert written["machine"].endswith((", huge pages", ", ordinary pages"))
    planner = [row for row in written["rows"] if row["way"] == "planner"]
    assert len(planner) == len(ours)
    assert planner[-3]["recall"] == 1  # few marks pass: it compares them all

    again = logosim(*small, "--way", "logosim")
    assert again.returncode == 0, again.stderr
    assert "Building" not in again.stderr
    other = logosim(*small, "--seed", "1")
    assert other.returncode != 0
    assert "another register" in other.stderr
    note = register_folder / "register.json"
    note.write_text(json.dumps({**json.loads(note.read_text()), "drawn": 1}))  # by an earlier program
    older = logosim(*small)
    assert older.returncode != 0
    assert "as they are drawn now" in older.stderr


def test_a_folder_that_holds_something_else_is_left_alone(
    logosim_on: Callable[..., Any], database_url: str, tmp_path: Path
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    done = logosim_on(database_url, tmp_path / "data")("benchmark", "selectivity", "--folder", tmp_path / "mine")
    assert done.returncode != 0
    assert "holds no finished register" in done.stderr
    assert [file.name for file in (tmp_path / "mine").iterdir()] == ["letter.txt"]
