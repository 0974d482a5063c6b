"""The score and what each channel contributed to it."""

from __future__ import annotations

from itertools import permutations
from math import exp

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logosim.search.score import PRIOR, contributions, probability

rows_ = st.lists(st.tuples(st.floats(-12, 12), st.booleans()), min_size=5, max_size=5)


def plain_score(log_odds: float) -> float:
    return 1 / (1 + exp(-log_odds))


def plain_shapley(evidence: list[float], present: list[bool]) -> list[float]:
    """The mean over all orders of the channels of what each changed."""
    channels = [channel for channel in range(len(evidence)) if present[channel]]
    shares = [0.0] * len(evidence)
    orders = list(permutations(channels))
    for order in orders:
        known, before = 0.0, 0.0
        for channel in order:
            known += evidence[channel]
            shares[channel] += (plain_score(PRIOR + known) - before) / len(orders)
            before = plain_score(PRIOR + known)
    return shares


@given(rows_)
def test_contributions_are_the_mean_over_all_orders(row: list[tuple[float, bool]]) -> None:
    evidence, present = [item[0] for item in row], [item[1] for item in row]
    shares = contributions(np.array([evidence]), np.array([present]))[0]
    assert shares == pytest.approx(plain_shapley(evidence, present), abs=1e-9)


@given(st.lists(rows_, min_size=1, max_size=6))
def test_contributions_add_up_to_the_score(rows: list[list[tuple[float, bool]]]) -> None:
    evidence = np.array([[item[0] for item in row] for row in rows])
    present = np.array([[item[1] for item in row] for row in rows])
    shares = contributions(evidence, present)
    score = probability(PRIOR + np.where(present, evidence, 0).sum(axis=1))
    assert shares.sum(axis=1) == pytest.approx(np.where(present.any(axis=1), score, 0), abs=1e-9)
    assert (shares[~present] == 0).all()


def test_what_speaks_against_a_confusion_is_below_zero() -> None:
    shares = contributions(np.array([[9.0, -3.0]]), np.array([[True, True]]))[0]
    assert shares[0] > 0 > shares[1]


def test_the_score_of_nothing_is_the_prior_and_no_evidence_overflows() -> None:
    assert probability(np.array([PRIOR])) == pytest.approx([0.001])
    assert probability(np.array([-1e4, 1e4])).tolist() == [0, 1]
