"""`logosim benchmark sql` on real logos: SQL gives the program's answers, and both are timed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from logosim.domain.query import CHANNELS


def test_both_searches_are_timed_and_agree(indexed: Any, tmp_path: Path) -> None:
    out = tmp_path / "sql.json"
    done = indexed.run("benchmark", "sql", "--queries", "3", "--names", "20", "--pictures", "10", "--json", out)
    assert done.returncode == 0, done.stderr
    assert re.search(r"3 of \d+ stored marks asked; 3 answers in SQL were those of the program", done.stdout)
    written = json.loads(out.read_text())
    assert written["same_answers"] == written["queries"] == 3
    parts = {
        f"{part}: {where}"
        for part in ("ALINE, up to 20 names", "names, up to 20", "patches, up to 10 pictures", "search", "explain")
        for where in ("program", "SQL")
    }
    parts |= {f"{tool}: SQL" for tool in ("facets of all candidates", "suggested Vienna codes")}
    parts.add("near-duplicates of 100 marks: SQL")
    assert set(written["timings_ms"]) == parts
    assert all(row["p50"] > 0 for row in written["timings_ms"].values())


def test_another_calibration_says_what_to_do(indexed: Any, tmp_path: Path) -> None:
    table = tmp_path / "own.csv"
    lines = ["model,channel,value,evidence"]
    lines += [f",{channel},{value},{value}" for channel in CHANNELS for value in (0, 1)]
    table.write_text("\n".join(lines))
    done = indexed.run("benchmark", "sql", LOGOSIM_CALIBRATION=str(table))
    assert done.returncode == 2
    assert "logosim db upgrade" in done.stderr
