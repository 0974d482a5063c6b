"""Metrics of ranked labels, against the definitions written out, and against published values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logosim.evaluation.label_ranking import label_precision, label_ranking_average_precision, label_recall


def plain_lrap(truth: list[bool], scores: list[float]) -> float:
    """One row: for each right label, those at least as high; how many of them are right."""
    shares = []
    for label, right in enumerate(truth):
        if right:
            as_high = [other for other in range(len(truth)) if scores[other] >= scores[label]]
            shares.append(sum(truth[other] for other in as_high) / len(as_high))
    return sum(shares) / len(shares) if shares and not all(truth) else 1.0


def test_values_that_scikit_learn_documents() -> None:
    """User guide of scikit-learn, section 3.4.3.2: 0.416..."""
    truth = np.array([[True, False, False], [False, False, True]])
    scores = np.array([[0.75, 0.5, 1.0], [1.0, 0.2, 0.1]])
    assert label_ranking_average_precision(truth, scores).mean() == pytest.approx((1 / 2 + 1 / 3) / 2)


ROWS = st.integers(1, 8).flatmap(
    lambda labels: st.lists(
        st.tuples(
            st.lists(st.booleans(), min_size=labels, max_size=labels),
            st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=labels, max_size=labels),
        ),
        min_size=1,
        max_size=4,
    )
)


@given(ROWS)
def test_equal_to_the_definition(rows: list[tuple[list[bool], list[float]]]) -> None:
    truth, scores = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    values = label_ranking_average_precision(truth, scores)
    assert values.tolist() == pytest.approx([plain_lrap(*row) for row in rows])


def test_ties_count_against_the_ranking() -> None:
    truth = np.array([[True, False, False, False]])
    assert label_ranking_average_precision(truth, np.zeros((1, 4))).tolist() == [0.25]


def test_precision_and_recall_by_hand() -> None:
    truth = np.array([[True, False, True, False], [False, False, False, False]])
    scores = np.array([[0.9, 0.8, 0.1, 0.0], [0.5, 0.5, 0.5, 0.5]])
    assert label_precision(truth, scores, 1).tolist() == [1, 0]
    assert label_precision(truth, scores, 2).tolist() == [0.5, 0]
    assert label_precision(truth, scores, 10).tolist() == [0.2, 0]
    assert label_recall(truth, scores, 2)[0] == 0.5
    assert np.isnan(label_recall(truth, scores, 2)[1])


def test_shapes_that_differ() -> None:
    with pytest.raises(ValueError, match="differ in shape"):
        label_ranking_average_precision(np.ones((2, 3), np.bool_), np.ones((2, 2)))
