"""Pictures that are never right: which are chosen, and that they only ever stand in the way."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from logosim.errors import RecordError
from logosim.evaluation import TruthSet, place_by_cosine
from logosim.evaluation.changed import ChangedCopy, truth_of_copies
from logosim.evaluation.distractors import choose_distractors
from logosim.evaluation.truth import DISTRACTORS


@pytest.fixture
def originals(tmp_path: Path) -> list[Path]:
    files = [tmp_path / f"{number}.png" for number in range(3)]
    for number, file in enumerate(files):
        file.write_bytes(b"original %d" % number)
    return files


@pytest.fixture
def truth(tmp_path: Path, originals: list[Path]) -> TruthSet:
    copy = tmp_path / "copy.png"
    copy.write_bytes(b"copy")
    return truth_of_copies(
        "set",
        originals,
        [ChangedCopy(copy, originals[0], "grey")],
        codes=[("03.07.01",)] * 3,
        brands=["one", "", "two"],
    )


@pytest.fixture
def others(tmp_path: Path) -> list[Path]:
    """Six files: four of their own, one that the set has, and one that is another once more."""
    files = [tmp_path / f"other-{number}.png" for number in range(6)]
    for file, content in zip(files, (b"a", b"b", b"c", b"d", b"original 1", b"a"), strict=True):
        file.write_bytes(content)
    return files


def test_files_of_the_set_and_twins_are_passed_over(truth: TruthSet, others: list[Path], tmp_path: Path) -> None:
    ticks: list[tuple[int, int]] = []
    given = [*others, tmp_path / "gone.png"]
    found = choose_distractors(
        truth, given, None, 0, usable=lambda file: file != others[3], progress=lambda *done: ticks.append(done)
    )
    assert {file.read_bytes() for file in found.files} == {b"a", b"b", b"c"}
    assert (len(found.files), found.known, found.unusable) == (3, 2, 2)
    assert ticks == [(1, 7), (2, 7), (3, 7)]


def test_the_seed_decides_which(truth: TruthSet, others: list[Path]) -> None:
    drawn = [choose_distractors(truth, others, 2, seed, usable=lambda file: True).files for seed in (1, 1, 2, 3, 4)]
    assert all(len(files) == 2 for files in drawn)
    assert drawn[0] == drawn[1]
    assert len(set(drawn)) > 1


def test_a_file_of_the_set_that_is_gone_is_named(truth: TruthSet, others: list[Path]) -> None:
    truth.files[0].unlink()
    with pytest.raises(RecordError, match=r"cannot read the picture .*0\.png"):
        choose_distractors(truth, others, 1, 0, usable=lambda file: True)


@pytest.mark.parametrize("plain", [False, True])
def test_they_are_wrong_for_everyone_and_nobody_asks_with_them(
    truth: TruthSet, others: list[Path], plain: bool
) -> None:
    if plain:  # a set whose pictures ask for others of their group, without any of the optional columns
        truth = dataclasses.replace(
            truth,
            main=np.ones(4, np.bool_),
            **dict.fromkeys(("asked", "hidden", "families", "codes", "difficulty")),  # type: ignore[arg-type]
        )
    wider = truth.with_distractors(others[:4])
    assert len(wider) == 8
    assert wider.name == "set, 4 distractors"
    assert np.array_equal(wider.queries(), truth.queries())
    assert len(np.unique(wider.drawings)) == len(np.unique(truth.drawings)) + 4
    for query in truth.queries():
        assert not wider.positives(query)[4:].any()
        assert not wider.ignored(query)[4:].any()
        assert np.array_equal(wider.positives(query)[:4], truth.positives(query))
        assert np.array_equal(wider.ignored(query)[:4], truth.ignored(query))
    assert {wider.group_name(picture) for picture in range(4, 8)} == {DISTRACTORS}
    assert [wider.difficulty_of(np.arange(8))[query] for query in truth.queries()] == [
        truth.difficulty_of(np.arange(4))[query] for query in truth.queries()
    ]
    assert truth.with_distractors([]) is truth


def test_a_nearer_distractor_costs_a_place(truth: TruthSet, others: list[Path]) -> None:
    wider = truth.with_distractors(others[:2])
    vectors = np.zeros((6, 3), np.float32)
    vectors[:, 0] = (0.8, 0, 0, 1, 0.9, 0.1)  # originals, the copy, one distractor nearer than the original
    vectors[:, 1] = np.sqrt(1 - vectors[:, 0] ** 2)
    assert place_by_cosine(truth, vectors[:4]).places.tolist() == [[1]]
    assert place_by_cosine(wider, vectors).places.tolist() == [[2]]
    assert place_by_cosine(wider, vectors).ranked.tolist() == [5]
