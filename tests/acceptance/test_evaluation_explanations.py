"""`logosim evaluate explanations`: a page that a person can look at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PIL import Image


def test_a_page_shows_what_was_found_and_why(indexed: Any, tmp_path: Path) -> None:
    page = tmp_path / "page"
    done = indexed.run(
        "evaluate", "explanations", indexed.corpus.folder / "images", page, "--count", "3", "--hits", "2"
    )
    assert done.returncode == 0, done.stderr
    html = (page / "index.html").read_text()
    drawings = sorted(page.glob("*.png"))
    assert len(drawings) == 6
    assert all(file.name in html for file in drawings)
    assert html.count("is compared with") == 6
    with Image.open(drawings[0]) as drawn:
        assert drawn.width > 500


def test_a_page_that_cannot_be_written_is_said(indexed: Any, tmp_path: Path) -> None:
    (tmp_path / "page").write_text("in the way")
    done = indexed.run("evaluate", "explanations", indexed.corpus.folder / "images", tmp_path / "page")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
