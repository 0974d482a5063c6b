"""The measure of name similarity, on sets small enough to count by hand."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from logosim.errors import RecordError
from logosim.evaluation.containing import FREQUENT, containing_truth
from logosim.evaluation.names import (
    MarkPair,
    NameQuestion,
    measure_questions,
    questions_of,
    read_pairs,
    read_register,
)
from logosim.phonetics import normalise

PAIRS = (MarkPair("aa", "ab", True), MarkPair("bb", "ccc", False))


def same_letters(query: str, candidates: Sequence[str]) -> NDArray[np.float64]:
    return np.array([float(len(set(query) & set(name))) for name in candidates])


MARKS = ("aa", "ab", "bb", "ccc")


def test_both_marks_of_a_confusable_pair_ask() -> None:
    assert questions_of(PAIRS) == (NameQuestion("aa", "ab"), NameQuestion("ab", "aa"))
    assert questions_of(PAIRS[1:]) == ()


def test_ranks_are_counted_among_all_other_marks_and_ties_share_the_middle() -> None:
    # aa: only ab shares a letter -> rank 1. ab: aa and bb tie for first -> rank 1.5.
    found = measure_questions(questions_of(PAIRS), MARKS, same_letters)
    assert found.queries == 2
    assert found.mean_reciprocal_rank == pytest.approx((1 + 1 / 1.5) / 2)
    assert (found.recall_at_1, found.recall_at_20) == (0.5, 1)


def test_a_partner_that_cannot_be_compared_comes_last() -> None:
    def blind(query: str, candidates: Sequence[str]) -> NDArray[np.float64]:
        return np.array([np.nan if name in ("aa", "ab") else 0.1 for name in candidates])

    assert measure_questions(questions_of(PAIRS), MARKS, blind).mean_reciprocal_rank == pytest.approx(1 / 3)


def test_pairs_are_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "pairs.csv"
    file.write_text("mark_a,mark_b,label,note\nÜbel,Uebel,1,x\nA,B,0,\n", encoding="utf-8")
    assert read_pairs(file) == (MarkPair("Übel", "Uebel", True), MarkPair("A", "B", False))
    file.write_text("one,two\n", encoding="utf-8")
    with pytest.raises(RecordError, match=r"pairs\.csv"):
        read_pairs(file)


def test_a_query_that_is_no_mark_of_the_set_is_ranked_among_all() -> None:
    found = measure_questions([NameQuestion("ax", "bb")], ["aa", "bb", "ab"], same_letters)
    assert found.mean_reciprocal_rank == pytest.approx(1 / 3)


def test_a_register_is_read_from_lines_and_from_objects(tmp_path: Path) -> None:
    plain = tmp_path / "names.txt"
    plain.write_text("\ufeffÜbel\n\n Golden Stork \n", encoding="utf-8")
    assert read_register(plain) == ("Übel", "Golden Stork")
    rows = "".join(json.dumps(row) + "\n" for row in ({"text": "Übel"}, {"text": None}, {"id": 1}, [1]))
    objects, packed = tmp_path / "names.jsonl", tmp_path / "names.jsonl.gz"
    objects.write_text(rows, encoding="utf-8")
    packed.write_bytes(gzip.compress(rows.encode()))
    assert read_register(objects) == read_register(packed) == ("Übel",)


@pytest.mark.parametrize(
    ("name", "content"),
    [("none.txt", None), ("empty.txt", b""), ("a.txt", b"\xff\xfe\xfa"), ("a.jsonl", b"{"), ("a.jsonl.gz", b"no gzip")],
)
def test_a_register_that_cannot_be_read_is_named(tmp_path: Path, name: str, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(RecordError, match=name):
        read_register(tmp_path / name)


REGISTER = [f"Mark{letter}{other} Group Hotel" for letter in "abcdefghij" for other in "abcde"] + [
    "ZEBRA", "Okapi", "STÖRK", "stork", "lion", "Group", "Q8", "storks hotel",
]  # fmt: skip


def test_containing_marks_are_made_of_the_register() -> None:
    truth = containing_truth(REGISTER, normalise, queries=3, among=20)
    assert {asked.partner for asked in truth.questions} == {"ZEBRA", "Okapi", "STÖRK"}  # long, rare, of one word
    assert len(truth.names) == len(set(truth.names)) == 20
    assert truth == containing_truth(REGISTER, normalise, queries=3, among=20)
    counts = {word for name in REGISTER for word in str(normalise(name)).split()}
    assert len(counts) <= FREQUENT
    for number, asked in enumerate(truth.questions):
        words = asked.query.lower().split()
        assert 2 <= len(words) <= 3
        own = str(normalise(asked.partner))
        near = [word for word in (words[0], words[-1]) if len(word) == len(own) and word[0] == own[0]]
        assert any(sum(a != b for a, b in zip(word, own, strict=True)) == number % 2 for word in near), (
            asked,
            "every second one has a letter changed",
        )


def test_a_register_without_a_distinctive_name_is_refused() -> None:
    with pytest.raises(RecordError, match="nothing to find"):
        containing_truth(["Group Hotel", "Group"], normalise, queries=3, among=20)
