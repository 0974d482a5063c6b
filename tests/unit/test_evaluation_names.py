"""The measure of name similarity, on sets small enough to count by hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from logosim.errors import RecordError
from logosim.evaluation.names import MarkPair, measure_retrieval, read_pairs

PAIRS = (MarkPair("aa", "ab", True), MarkPair("bb", "ccc", False))


def same_letters(query: str, candidates: Sequence[str]) -> NDArray[np.float64]:
    return np.array([float(len(set(query) & set(name))) for name in candidates])


def test_ranks_are_counted_among_all_other_marks_and_ties_share_the_middle() -> None:
    # aa: only ab shares a letter -> rank 1. ab: aa and bb tie for first -> rank 1.5.
    found = measure_retrieval(PAIRS, same_letters)
    assert found.queries == 2
    assert found.mean_reciprocal_rank == pytest.approx((1 + 1 / 1.5) / 2)
    assert (found.recall_at_1, found.recall_at_20) == (0.5, 1)


def test_a_partner_that_cannot_be_compared_comes_last() -> None:
    def blind(query: str, candidates: Sequence[str]) -> NDArray[np.float64]:
        return np.array([np.nan if name in ("aa", "ab") else 0.1 for name in candidates])

    assert measure_retrieval(PAIRS, blind).mean_reciprocal_rank == pytest.approx(1 / 3)


def test_pairs_are_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "pairs.csv"
    file.write_text("mark_a,mark_b,label,note\nÜbel,Uebel,1,x\nA,B,0,\n", encoding="utf-8")
    assert read_pairs(file) == (MarkPair("Übel", "Uebel", True), MarkPair("A", "B", False))
    file.write_text("one,two\n", encoding="utf-8")
    with pytest.raises(RecordError, match=r"pairs\.csv"):
        read_pairs(file)


def test_a_set_without_confusable_pairs_is_refused() -> None:
    with pytest.raises(ValueError, match="confusable"):
        measure_retrieval(PAIRS[1:], same_letters)
