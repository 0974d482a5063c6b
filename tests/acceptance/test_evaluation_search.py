"""`logosim evaluate search`: real logos through workers, a database of its own and the whole search."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from logosim.demo.corpus import build
from logosim.demo.variations import write_variations

from ..drawn_shapes import draw_shapes


@pytest.mark.parametrize("kind", ["variations", "changed"])
def test_varied_logos_find_the_marks_they_were_drawn_from(
    kind: str,
    logosim_on: Callable[..., Callable[..., subprocess.CompletedProcess[str]]],
    tmp_path: Path,
) -> None:
    corpus = build(tmp_path / "demo", limit=24)
    write_variations(corpus, 5)
    run = logosim_on("postgresql:///nowhere", tmp_path / "data", LOGOSIM_OCR="none")  # it makes its own database
    out = tmp_path / "result.json"
    asking = ("--kind", kind, *(("--copies", "1", "--expand", "3") if kind == "changed" else ()))
    done = run("evaluate", "search", "--truth", corpus.folder, *asking, "--json", out)
    assert done.returncode == 0, done.stderr
    results = {result["model"]: result for result in json.loads(out.read_text())["results"]}
    also = {"whole search, expanded"} if kind == "changed" else set()
    ways = {"whole search", "cosine alone", "look", "shape", "look and shape", *also}
    assert set(results) == ways  # nothing was read: no names
    queries = 5 if kind == "variations" else 12
    for result in results.values():
        assert result["whole"]["queries"] == queries
        assert result["whole"]["metrics"]["R@100"]["mean"] == 1  # there are but 24 marks
    assert results["look"]["whole"]["metrics"]["hit@1"]["mean"] > 0.5
    assert "all codes" in results["look"]["vienna"]
    assert "candidates" in done.stdout


def test_second_opinions_among_distractors(
    logosim_on: Callable[..., Callable[..., subprocess.CompletedProcess[str]]], tmp_path: Path
) -> None:
    marks, others = tmp_path / "marks", tmp_path / "others"
    for folder in (marks, others):
        folder.mkdir()
    drawn = [marks / file for file, _, _ in draw_shapes(marks)]
    corpus = build(tmp_path / "demo", limit=12)
    for mark in corpus.marks:
        (corpus.folder / "images" / mark.picture_name).rename(others / mark.picture_name)
    (others / "twin.png").write_bytes(drawn[0].read_bytes())
    (others / "broken.png").write_bytes(b"no picture")
    run = logosim_on("postgresql:///nowhere", tmp_path / "data", LOGOSIM_OCR="none")
    out = tmp_path / "result.json"
    asking = ("--truth", marks, "--kind", "changed", "--copies", "1", "--json", out)
    done = run(
        "evaluate", "search", *asking, "--distractors", others, "--rerank-with", "sift", "--rerank-with", "phash"
    )
    assert done.returncode == 0, done.stderr
    assert "12 of 14 pictures are distractors of marks, changed; passed over: 1" in done.stderr
    written = json.loads(out.read_text())
    results = {result["model"]: result for result in written["results"]}
    rows = ["cosine, first 100 by SIFT", "whole search, first 20 with SIFT", "cosine, first 100 by phash"]
    assert list(results) == ["cosine alone", "look", "shape", "look and shape", "whole search", *rows]
    assert {result["pictures"] for result in results.values()} == {6 + 12 + 12}  # and the copies, which are hidden
    for result in results.values():
        assert result["whole"]["metrics"]["R@100"]["mean"] == 1  # the same candidates
        assert result["by_difficulty"]["cropped"]["queries"] == 1
    (timings,) = written["timings_ms"].values()
    assert {timings[row]["times"] for row in rows} == {12}
    assert timings["SIFT: a picture described"]["times"] == 12 + 6 + 12
    for metric in ("hit@1", "R@10"):  # a table each: changes in rows, ways of ranking in columns
        assert f"| {metric} " in done.stdout
    assert "cropped: a window of half the area" in done.stdout
    assert " ".join(map(str, ("--distractors", others))) in done.stdout  # the row names what was added


def test_a_count_without_distractors_says_nothing(
    logosim_on: Callable[..., Callable[..., subprocess.CompletedProcess[str]]], tmp_path: Path
) -> None:
    run = logosim_on("postgresql:///nowhere", tmp_path / "data")
    done = run("evaluate", "search", "--truth", tmp_path, "--distractor-count", "5")
    assert done.returncode == 2
    assert "--distractors FOLDER" in done.stderr


def test_stored_pictures_ask_for_others_of_their_brand_and_never_for_themselves(
    logosim_on: Callable[..., Callable[..., subprocess.CompletedProcess[str]]], tmp_path: Path
) -> None:
    rows = ["file,brand", *(f"{file},{shape}" for file, shape, _ in draw_shapes(tmp_path))]
    (tmp_path / "index.csv").write_text("\n".join(rows))
    run = logosim_on("postgresql:///nowhere", tmp_path / "data", LOGOSIM_OCR="none")
    out = tmp_path / "result.json"
    done = run("evaluate", "search", "--truth", tmp_path, "--json", out)
    assert done.returncode == 0, done.stderr
    written = json.loads(out.read_text())
    shape = next(result for result in written["results"] if result["model"] == "look and shape")
    assert shape["whole"]["queries"] == 6
    assert shape["whole"]["metrics"]["R@10"]["mean"] == 1
    assert shape["whole"]["metrics"]["hit@1"]["mean"] > 0.6  # of five others one is right
    assert f"look and shape, {written['embedder']}" in done.stdout  # a row of BENCHMARKS.md names the model
