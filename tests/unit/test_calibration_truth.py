"""Judged candidates of names and of codes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from logosim.cli.calibration_truth import judged_codes, judged_names
from logosim.domain.query import CHANNELS
from logosim.errors import RecordError
from logosim.evaluation.names import MarkPair

REGISTER = ["Fildor", "Phildar", "Zuka", "Norvela", "Golden Stork", "★"]


def test_each_mark_of_a_pair_asks_and_pairs_without_anything_to_compare_are_passed_over() -> None:
    pairs = [MarkPair("Fildor", "Phildar", True), MarkPair("★★", "Golden Fildor", True), MarkPair("Zuka", "♥", True)]
    found = judged_names(pairs, REGISTER, np.random.default_rng(0))
    assert found.right.sum() == 2
    assert set(found.groups.tolist()) == {0}
    names = [CHANNELS.index("sound"), CHANNELS.index("spelling")]
    assert not np.isnan(found.values[:, names]).any()
    assert np.isnan(found.values[:, CHANNELS.index("look")]).all()
    with pytest.raises(RecordError, match="no pair"):
        judged_names(pairs[1:], REGISTER, np.random.default_rng(0))


def test_marks_of_one_name_stand_against_marks_by_chance(tmp_path: Path) -> None:
    register = tmp_path / "register.jsonl"
    rows = [{"text": name, "vienna_codes": ["03.07.01"]} for name in ("Fildor", "FILDOR", "Norvela", "Zuka")]
    register.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    found = judged_codes(register, np.random.default_rng(0))
    assert found is not None
    assert found.right.sum() == 1
    assert (found.values[:, CHANNELS.index("vienna")] == 1).all()
    plain = tmp_path / "register.txt"
    plain.write_text("Fildor\nFILDOR\n", encoding="utf-8")
    assert judged_codes(plain, np.random.default_rng(0)) is None
