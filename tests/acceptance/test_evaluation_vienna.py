"""`logosim evaluate vienna` as a user calls it, on drawn shapes whose codes are known."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ..conftest import CommandLine
from ..drawn_shapes import draw_shapes

CODES = {"ellipse": "26.1.1", "rectangle": "26.04.02|29.01.01", "line": "26.11.01"}


@pytest.fixture
def coded(tmp_path: Path) -> Path:
    """Shapes in two colours each, an index of their codes, and one without."""
    folder = tmp_path / "shapes"
    folder.mkdir()
    rows = ["file,codes"]
    for file, shape, _ in draw_shapes(folder):
        rows.append(f"{file},{CODES[shape]}")
    rows.append("nowhere.png,")
    (folder / "index.csv").write_text("\n".join(rows))
    return folder


def test_a_folder_with_codes(logosim: CommandLine, coded: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    done = logosim("evaluate", "vienna", "--truth", coded, "--neighbours", "1", "--json", out)
    assert done.returncode == 0, done.stderr
    rows = json.loads(out.read_text())["rows"]
    kinds = {(row["level"], row["codes"], row["ranking"]) for row in rows}
    rankings = ("suggested", "then frequent", "frequent")
    assert kinds == {(level, "all", of) for level in ("category", "division", "section") for of in rankings}
    by_kind = {(row["level"], row["ranking"]): row for row in rows}
    suggested, frequent = by_kind["section", "suggested"], by_kind["section", "frequent"]
    assert suggested["precision_at_1"] >= 0.5  # the other colour of the same shape
    assert suggested["lrap"]["mean"] > frequent["lrap"]["mean"]
    assert "LRAP" in done.stdout


def test_the_database_of_the_settings(logosim: CommandLine, coded: Path) -> None:
    assert logosim("db", "upgrade").returncode == 0
    nothing = logosim("evaluate", "vienna")
    assert nothing.returncode == 2
    assert "no mark with Vienna codes" in nothing.stderr
    refused = logosim("evaluate", "vienna", "--model", "bundled")
    assert refused.returncode == 2
    assert "--truth" in refused.stderr


def test_an_index_with_a_code_that_is_none(logosim: CommandLine, coded: Path) -> None:
    (coded / "index.csv").write_text("file,codes\na.png,26.x\n")
    done = logosim("evaluate", "vienna", "--truth", coded)
    assert done.returncode == 2
    assert "Not a Vienna code" in done.stderr
