"""What is asked, what should be found, what is passed over."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from logosim.errors import RecordError
from logosim.evaluation import TruthSet, place_rankings
from logosim.evaluation.changed import ChangedCopy, truth_of_copies
from logosim.evaluation.pairs import truth_of_pairs
from logosim.evaluation.truth import numbered


def brands(**changes: object) -> TruthSet:
    """Acme in drawings 0 and 1, Bolt in 2 and 3 (the last of them twice), Crux alone."""
    groups, names = numbered(["acme", "acme", "bolt", "bolt", "bolt", "crux"])
    fields = {
        "name": "small",
        "files": tuple(Path(f"{number}.png") for number in range(6)),
        "groups": groups,
        "drawings": np.array([0, 1, 2, 3, 3, 4]),
        "main": np.ones(6, dtype=np.bool_),
        "group_names": names,
        "difficulty": ("easy", "hard", "easy", "hard", "hard", ""),
        **changes,
    }
    return TruthSet(**fields)  # type: ignore[arg-type]


def test_groups_left_out_are_not_asked_about_but_stay_in_the_gallery() -> None:
    truth = brands().restricted(["BOLT ", "nobody"])
    assert truth.queries().tolist() == [0, 1]
    assert len(truth) == 6
    assert not truth.ignored(0)[2:].any()  # bolt can still be found, wrongly
    assert truth.restricted(["acme"]).queries().tolist() == []
    assert brands().queries().tolist() == [0, 1, 2, 3, 4]


def test_a_sample_is_part_of_the_queries_and_the_same_for_the_same_seed() -> None:
    sampled = brands().sampled(3, seed=5)
    assert len(sampled.queries()) == 3
    assert set(sampled.queries().tolist()) < set(brands().queries().tolist())
    assert sampled.queries().tolist() == brands().sampled(3, seed=5).queries().tolist()
    assert brands().sampled(99).queries().tolist() == brands().queries().tolist()


def test_hidden_pictures_ask_and_are_never_found() -> None:
    hidden = np.array([True, False, False, False, False, False])
    truth = brands(hidden=hidden)
    assert np.flatnonzero(truth.positives(0)).tolist() == [1]
    assert truth.queries().tolist() == [0, 2, 3, 4]  # picture 1 has nothing left to find
    assert truth.ignored(2)[0]  # it does not stand in the way of others
    assert not truth.positives(1).any()


def test_listed_pictures_alone_are_right_where_pairs_say_so() -> None:
    files = [Path(f"{letter}.png") for letter in "abcde"]
    truth = truth_of_pairs("cases", files, [(0, 1), (0, 2), (3, 2)])
    assert truth.queries().tolist() == [0, 3]
    assert np.flatnonzero(truth.positives(0)).tolist() == [1, 2]
    assert np.flatnonzero(truth.ignored(0)).tolist() == [0]
    # 0 and 3 share an earlier mark, so they depend on one another; 4 is linked to nothing.
    assert truth.groups[0] == truth.groups[3] == truth.groups[1]
    assert truth.groups[4] not in truth.groups[:4]
    placings = place_rankings(truth, [(0, np.array([4, 1, 3, 2])), (3, np.array([0, 2]))])
    assert placings.places.tolist()[0] == [2, 4]
    assert placings.places[1, 0] == 2
    with pytest.raises(RecordError, match="no pair"):
        truth_of_pairs("cases", files, [])
    with pytest.raises(RecordError, match="with itself"):
        truth_of_pairs("cases", files, [(1, 1)])


def test_changed_copies_find_their_original_whichever_file_holds_it(tmp_path: Path) -> None:
    contents = {"a.png": b"one", "b.png": b"two", "twin.png": b"one"}
    for name, data in contents.items():
        (tmp_path / name).write_bytes(data)
    originals = [tmp_path / name for name in contents]
    copies = [ChangedCopy(tmp_path / "x.png", originals[0], "grey"), ChangedCopy(tmp_path / "y.png", originals[1], "")]
    truth = truth_of_copies("copies", originals, copies, codes=[("01.01",), (), ("01.01",)])
    assert truth.queries().tolist() == [3, 4]
    assert np.flatnonzero(truth.positives(3)).tolist() == [0, 2]
    assert len(set(truth.drawings[truth.positives(3)])) == 1  # the same file twice counts once
    assert truth.difficulty_of(truth.queries()) == ("grey", "")
    assert truth.group_name(3) == "a"
    assert truth.codes is not None
    assert truth.codes[3] == ("01.01",)
    with pytest.raises(RecordError, match="outside the gallery"):
        truth_of_copies("copies", originals, [ChangedCopy(tmp_path / "x.png", tmp_path / "z.png", "")])
    with pytest.raises(RecordError, match="no changed copies"):
        truth_of_copies("copies", originals, [])
    with pytest.raises(RecordError, match=r"cannot read the picture .*gone\.png"):
        truth_of_copies("copies", [tmp_path / "gone.png"], [ChangedCopy(tmp_path / "x", tmp_path / "gone.png", "")])


def test_other_logos_of_a_copys_brand_are_neither_right_nor_wrong(tmp_path: Path) -> None:
    for name in "abcd":
        (tmp_path / name).write_bytes(name.encode())
    originals = [tmp_path / name for name in "abcd"]
    copies = [ChangedCopy(tmp_path / "x", originals[0], ""), ChangedCopy(tmp_path / "y", originals[2], "")]
    truth = truth_of_copies("copies", originals, copies, brands=["one", "one", "", ""])
    assert np.flatnonzero(truth.positives(4)).tolist() == [0]
    assert np.flatnonzero(truth.ignored(4)).tolist() == [1, 4, 5]
    assert np.flatnonzero(truth.ignored(5)).tolist() == [4, 5]  # without a brand nothing is related
    placed = place_rankings(truth, [(4, np.array([1, 0, 2])), (5, np.array([3, 2]))])
    assert placed.places[:, 0].tolist() == [1, 2]
