"""Results as data and tables, and shared Vienna codes beside their rates of chance."""

from __future__ import annotations

import dataclasses
import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from logosim.evaluation import METRICS, TruthSet, place_by_cosine
from logosim.evaluation.report import (
    COMPARED,
    ROW_HEADER,
    Circumstances,
    benchmark_row,
    difficulty_table,
    measure,
    table,
    vienna_table,
)
from logosim.evaluation.truth import numbered
from logosim.evaluation.vienna import shared_codes


def truth_and_vectors(count: int = 60, codes: bool = True) -> tuple[TruthSet, np.ndarray]:
    rng = np.random.default_rng(8)
    groups, names = numbered([f"brand {number // 3:02}" for number in range(count)])
    divisions = ["03.07", "26.04", "27.05", "29.01", "05.03"]
    carried = [
        tuple(f"{divisions[place]}.0{rng.integers(1, 9)}" for place in rng.permutation(5)[: rng.integers(0, 3)])
        for _ in range(count)
    ]
    truth = TruthSet(
        name="made",
        files=tuple(Path(f"{number}.png") for number in range(count)),
        groups=groups,
        drawings=np.arange(count),
        main=np.ones(count, dtype=np.bool_),
        group_names=names,
        difficulty=tuple(("hard", "easy", "odd")[number % 3] for number in range(count)),
        codes=tuple(carried) if codes else None,
    )
    vectors = (np.eye(20)[groups] + rng.normal(scale=0.3, size=(count, 20))).astype(np.float32)
    return truth, vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_two_models_side_by_side() -> None:
    truth, vectors = truth_and_vectors()
    good = place_by_cosine(truth, vectors)
    bad = place_by_cosine(truth, np.random.default_rng(0).permutation(vectors))
    results = [measure(truth, "good", good), measure(truth, "bad|worse", bad, good)]
    assert results[0].whole.queries == 60
    assert results[0].against == {}
    assert results[1].against["R@10"].high < 0  # clearly worse
    whole = results[0].whole.metrics["MAP@100"]
    assert whole.low < whole.mean < whole.high
    parts = [part.metrics["MAP@100"].mean for part in results[0].by_difficulty.values()]
    assert list(results[0].by_difficulty) == ["easy", "hard", "odd"]
    assert np.mean(parts) == pytest.approx(whole.mean)  # the three labels are equally many
    lines = table(results).splitlines()
    assert lines[0].count("|") == lines[2].count("|") == 2 + len(METRICS) + len(COMPARED) + 1
    assert r"bad\|worse" in lines[3]
    assert f"{whole.mean:.3f} ({whole.low:.3f} to {whole.high:.3f})" in lines[2]
    by_label = difficulty_table(results, "MAP@100").splitlines()
    assert [line.split("|")[1:3] for line in by_label[2:]] == [
        [f" {label:<7} ", f" {count:<7} "] for label, count in (("easy", 20), ("hard", 20), ("odd", 20), ("all", 60))
    ]
    assert f"{whole.mean:.3f} ({whole.low:.3f} to {whole.high:.3f})" in by_label[-1]
    assert len({len(line) for line in by_label}) == 1  # columns stand below one another
    assert "random pairs" in vienna_table(results)
    assert json.loads(json.dumps(results[1].as_json()))["whole"]["queries"] == 60
    with pytest.raises(ValueError, match="same queries"):
        measure(truth, "other", good, place_by_cosine(truth.restricted(["brand 00"]), vectors))


def test_many_labels_are_rows_of_means_alone() -> None:
    truth, vectors = truth_and_vectors()
    changes = tuple(f"change {number % 6}" for number in range(60))
    changed = dataclasses.replace(truth, difficulty=changes)
    result = measure(changed, "one", place_by_cosine(changed, vectors))
    lines = difficulty_table([result], "hit@1").splitlines()
    assert [line.split("|")[1].strip() for line in lines[2:]] == [*(f"change {number}" for number in range(6)), "all"]
    means = [float(line.split("|")[3]) for line in lines[2:]]
    assert np.mean(means[:-1]) == pytest.approx(means[-1], abs=1e-3)  # equally many each
    assert "to" not in lines[-1]


def test_a_set_without_labels_and_codes_has_no_such_tables() -> None:
    truth, vectors = truth_and_vectors(codes=False)
    plain = dataclasses.replace(truth, difficulty=None)
    result = measure(plain, "one", place_by_cosine(plain, vectors))
    assert difficulty_table([result]) == ""
    assert vienna_table([result]) == ""
    assert "against" not in table([result])


def test_a_row_for_the_benchmarks() -> None:
    truth, vectors = truth_and_vectors()
    given = Circumstances("2025-01-31", "", "a machine", "logosim evaluate pictures")
    row = benchmark_row(measure(truth, "one", place_by_cosine(truth, vectors)), given)
    header, rule = ROW_HEADER.splitlines()
    assert row.count("|") == header.count("|") == rule.count("|")
    assert "`logosim evaluate pictures`" in row
    assert "made: 60 queries in 60 pictures" in row
    assert "not from a clone" in row


@pytest.mark.parametrize("figurative", [False, True])
def test_shared_codes_and_their_rates_of_chance_equal_plain_counts(figurative: bool) -> None:
    truth, vectors = truth_and_vectors()
    placings = place_by_cosine(truth, vectors)
    assert truth.codes is not None
    divisions = [
        {code[:5] for code in codes if not (figurative and code[:2] in {"25", "26", "27", "28", "29"})}
        for codes in truth.codes
    ]
    asking = [row for row, query in enumerate(placings.queries) if divisions[query]]
    listed = [
        bool(divisions[placings.queries[row]] & divisions[picture])
        for row in asking
        for picture in placings.first[row, :10]
        if not truth.positives(int(placings.queries[row]))[picture]
    ]
    pairs = [bool(one & other) for one, other in itertools.combinations(divisions, 2)]
    chance = [
        bool(divisions[placings.queries[row]] & divisions[other])
        for row in asking
        for other in range(len(truth))
        if other != placings.queries[row]
    ]
    found = shared_codes(truth, placings, figurative_only=figurative)
    assert found is not None
    assert found.queries == len(asking)
    assert found.found == pytest.approx(np.mean(listed))
    assert found.random_pairs == pytest.approx(np.mean(pairs))
    assert found.same_queries == pytest.approx(np.mean(chance))


def test_no_codes_no_share() -> None:
    truth, vectors = truth_and_vectors()
    placings = place_by_cosine(truth, vectors)
    assert shared_codes(dataclasses.replace(truth, codes=None), placings) is None
    letters = dataclasses.replace(truth, codes=(("27.05.01",),) * len(truth))
    assert shared_codes(letters, placings, figurative_only=True) is None
    found = shared_codes(letters, placings)
    assert found is not None
    assert found.found == found.random_pairs == 1
