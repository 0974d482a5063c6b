"""`logosim evaluate calibrate`: curves learnt on real logos and decided names, and a search that uses them."""

from __future__ import annotations

import gzip
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from logosim.demo.corpus import build
from logosim.demo.variations import write_variations
from logosim.search.calibration import load_calibrations, packaged_calibrations

Run = Callable[..., Callable[..., subprocess.CompletedProcess[str]]]

NAMES = ["Fildor", "Phildar", "Zuka", "Norvela", "Quintor", "Halden", "Meridis", "Ostara", "Belmont", "Karnova"]


def test_curves_are_learnt_written_and_used(logosim_on: Run, tmp_path: Path) -> None:
    corpus = build(tmp_path / "demo", limit=24)
    write_variations(corpus, 8)
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("mark_a,mark_b,label\nFildor,Phildar,1\nZuka,Suka,1\nNorvela,Norwela,1\nHalden,Belmont,0\n")
    register = tmp_path / "register.jsonl.gz"
    with gzip.open(register, "wt", encoding="utf-8") as lines:
        for number, name in enumerate([*NAMES, *NAMES]):
            codes = ["03.07.01"] if number % 3 else ["26.04"]
            lines.write(json.dumps({"text": name, "vienna_codes": codes}) + "\n")
    out = tmp_path / "mine.csv"
    run = logosim_on("postgresql:///nowhere", tmp_path / "data", LOGOSIM_OCR="none")
    done = run(
        "evaluate", "calibrate", out, "--truth", corpus.folder, "--kind", "variations",
        "--names", pairs, "--register", register, "--plots", tmp_path / "plots",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    learnt = load_calibrations(out).of(None)
    assert learnt["look"].highest > 0 > learnt["look"].lowest
    assert learnt["spelling"].highest > learnt["spelling"].lowest
    assert {file.name for file in (tmp_path / "plots").iterdir()} == {"evidence.png", "reliability.png"}
    assert "Held out" in done.stdout


def test_what_no_truth_set_tells_stays_as_packaged_and_too_little_truth_is_said(
    logosim_on: Run, tmp_path: Path
) -> None:
    corpus = build(tmp_path / "demo", limit=12)
    write_variations(corpus, 6)
    register, pairs, out = tmp_path / "register.txt", tmp_path / "pairs.csv", tmp_path / "mine.csv"
    register.write_text("\n".join(NAMES), encoding="utf-8")
    run = logosim_on("postgresql:///nowhere", tmp_path / "data", LOGOSIM_OCR="none")
    for label, code in ((1, 0), (0, 2)):
        pairs.write_text(f"mark_a,mark_b,label\nFildor,Phildar,{label}\nZuka,Suka,{label}\nOstara,Astara,{label}\n")
        done = run(
            "evaluate", "calibrate", out, "--truth", corpus.folder, "--kind", "variations",
            "--names", pairs, "--register", register,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        if not code:
            assert load_calibrations(out).of(None)["vienna"] == packaged_calibrations().of(None)["vienna"]
            assert "vienna: as in the packaged table" in done.stdout
        else:
            assert "names has nothing right" in " ".join(done.stderr.split())


def test_a_calibration_that_cannot_be_used_is_said(indexed, logosim_on: Run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("channel,value\n")
    run = logosim_on(indexed.settings.database_url, tmp_path / "data", LOGOSIM_CALIBRATION=str(wrong))
    done = run("text", "Fildor")
    assert done.returncode == 2
    assert "wrong.csv" in done.stderr
    assert "Traceback" not in done.stderr


def test_another_calibration_gives_another_score(indexed, logosim_on: Run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    name = next(mark.text for mark in indexed.corpus.marks if mark.text)
    mine = tmp_path / "mine.csv"
    rows = [
        f",{channel},{value},{2 * value - 1}"
        for channel in ("look", "shape", "sound", "spelling", "vienna")
        for value in (0, 1)
    ]
    mine.write_text("\n".join(["model,channel,value,evidence", *rows, ""]))
    scores = []
    for environment in ({}, {"LOGOSIM_CALIBRATION": str(mine)}):
        run = logosim_on(indexed.settings.database_url, tmp_path / "data", **environment)
        done = run("text", name, "--k", "1", "--json")
        assert done.returncode == 0, done.stderr
        (hit,) = json.loads(done.stdout)["hits"]
        assert hit["text"] == name
        scores.append(hit["score"])
    assert scores[0] > 0.5 > scores[1]
