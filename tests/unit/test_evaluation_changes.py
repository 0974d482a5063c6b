"""Known changes to pictures, and the truth sets made of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from logosim.demo.changes import CHANGES, SMALL, changed_copies
from logosim.demo.corpus import build
from logosim.demo.variations import write_variations
from logosim.domain.mark import Mark
from logosim.errors import RecordError
from logosim.evaluation.variations import load_variations
from logosim.imaging import decode
from logosim.ingest import l3d


@pytest.fixture
def originals(tmp_path: Path) -> list[Path]:
    """Three plain marks on white with a wide margin."""
    files = []
    for colour, box in (("red", (20, 20, 90, 60)), ("blue", (30, 10, 60, 110)), ("green", (10, 10, 100, 50))):
        picture = Image.new("RGB", (120, 120), "white")
        pen = ImageDraw.Draw(picture)
        pen.rectangle(box, fill=colour)
        pen.ellipse((40, 40, 80, 100), fill="black")
        files.append(tmp_path / f"{len(files)}.png")
        picture.save(files[-1])
    return files


def test_every_change_of_every_chosen_original_and_the_same_again(originals: list[Path], tmp_path: Path) -> None:
    copies = changed_copies(originals, tmp_path / "one", 2, seed=3)
    again = changed_copies(originals, tmp_path / "two", 2, seed=3)
    assert [copy.change for copy in copies] == [*CHANGES, *CHANGES]
    assert len({copy.original for copy in copies}) == 2
    assert [copy.file.read_bytes() for copy in copies] == [copy.file.read_bytes() for copy in again]
    assert len({copy.file.read_bytes() for copy in copies}) == len(copies)  # no two changes do the same
    assert {copy.original for copy in changed_copies(originals, tmp_path / "all", 99)} == set(originals)


def test_changes_do_what_they_are_called(originals: list[Path], tmp_path: Path) -> None:
    copies = changed_copies(originals, tmp_path / "copies", 3)
    for original in originals:
        drawing = decode(original.read_bytes())
        rows, columns = (np.flatnonzero((drawing < 255).any(axis=(2, other))) for other in (1, 0))
        drawing = drawing[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        made = {copy.change: decode(copy.file.read_bytes()) for copy in copies if copy.original == original}
        assert np.array_equal(made["mirrored"], drawing[:, ::-1])
        height, width = drawing.shape[:2]
        rim = (made["inverted"].shape[0] - height) // 2
        assert np.array_equal(made["inverted"][rim : rim + height, rim : rim + width], 255 - drawing)
        area = made["cropped"].shape[0] * made["cropped"].shape[1]
        assert area == pytest.approx(0.5 * height * width, rel=0.05)
        assert np.array_equal(made["grey"][..., 0], made["grey"][..., 2])
        assert max(made["small"].shape[:2]) <= SMALL
        assert made["lettered"].shape[0] > height
        assert made["embedded"].shape[1] > width
        assert min(made["framed"].shape[:2]) >= max(height, width)
        assert made["compressed"].shape == drawing.shape
        assert (made["outlined"] > 250).mean() > (drawing > 250).mean()  # what was filled is empty now


def test_originals_that_cannot_be_used_are_named(originals: list[Path], tmp_path: Path) -> None:
    originals[1].write_bytes(b"no picture")
    with pytest.raises(RecordError, match=r"1\.png: "):
        changed_copies(originals, tmp_path / "copies", 3)
    with pytest.raises(RecordError, match=r"cannot read the picture .*gone\.png"):
        changed_copies([tmp_path / "gone.png", originals[0]], tmp_path / "copies", 2)
    with pytest.raises(RecordError, match="at least two pictures"):
        changed_copies(originals[:1], tmp_path / "copies", 1)


def test_varied_logos_of_the_demo_are_a_truth_set(tmp_path: Path) -> None:
    corpus = build(tmp_path / "demo", limit=12)
    write_variations(corpus, 9)
    index = write_variations(corpus, 4, seed=2)  # replaces the nine
    marks = [item for item in l3d.read(corpus.folder, "demo") if isinstance(item, Mark)]
    truth = load_variations(corpus.folder, marks)
    assert index == corpus.folder / "variations.csv"
    assert len(marks) == 12
    assert len(truth) == 16
    assert truth.queries().tolist() == [12, 13, 14, 15]
    assert all(truth.positives(query).sum() == 1 for query in truth.queries())
    assert set(truth.difficulty_of(truth.queries())) <= {"rearranged", "same arrangement"}
    assert all(file.is_file() for file in truth.files)
