"""`logosim benchmark names` as a user calls it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from logosim.cli.benchmark import benchmark
from logosim.errors import InputError
from logosim.settings import Settings


def run(tmp_path: Path, *arguments: object) -> Result:
    settings = Settings(data_dir=tmp_path / "data", ocr="none", threads=1)
    return CliRunner().invoke(benchmark, ["names", *map(str, arguments)], obj=settings)


@pytest.fixture
def names(tmp_path: Path) -> Path:
    file = tmp_path / "names.txt"
    file.write_text("FILDOR\nPhildar\nNexon\nACME Foods\n!!\n", encoding="utf-8")
    return file


def test_transcription_and_comparisons_are_timed(names: Path, tmp_path: Path) -> None:
    out = tmp_path / "out" / "names.json"
    done = run(tmp_path, names, "--queries", 7, "--candidates", 2, "--nltk-queries", 3, "--json", out)
    assert done.exit_code == 0, done.output
    assert "5 names of 6 words" in done.stdout
    written = json.loads(out.read_text())
    assert (written["names"], written["words"]) == (5, 6)
    assert written["words_per_second"] == pytest.approx(6 / written["seconds"])
    times = {name: row["times"] for name, row in written["timings_ms"].items()}
    assert times == {
        "ALINE, three profiles, 1 x 2": 7,
        "spelling, 1 x 2": 7,
        "NLTK's ALINE, three profiles, 1 x 2": 3,
    }
    assert all(0 < row["p50"] <= row["p99"] for row in written["timings_ms"].values())
    assert all(name in done.stdout for name in times)


def test_fewer_names_than_candidates_and_no_nltk(names: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nltk.metrics", None)
    done = run(tmp_path, names, "--queries", 1)
    assert done.exit_code == 0, done.output
    assert "1 x 3" in done.stdout  # of four that can be pronounced
    assert "NLTK" not in done.stdout
    assert "Without the row of NLTK's ALINE" in done.stderr


def test_one_name_is_not_enough(tmp_path: Path) -> None:
    file = tmp_path / "one.txt"
    file.write_text("FILDOR\n")
    assert isinstance(run(tmp_path, file).exception, InputError)
