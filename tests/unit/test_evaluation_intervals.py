"""The bootstrap by groups, against a plain loop and against what is known."""

from __future__ import annotations

import numpy as np
import pytest

from logosim.evaluation.intervals import bootstrap


def test_equals_a_plain_loop() -> None:
    rng = np.random.default_rng(7)
    values, groups = rng.random(40), rng.integers(9, size=40) * 10
    members = [values[groups == group] for group in np.unique(groups)]
    draws = np.random.default_rng(3)
    means = []
    for row in draws.integers(len(members), size=(200, len(members))):
        drawn = np.concatenate([members[group] for group in row])
        means.append(drawn.mean())
    found = bootstrap(values, groups, resamples=200, seed=3)
    assert found.mean == pytest.approx(values.mean())
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(means, [0.025, 0.975])))


def test_a_mean_of_many_independent_values_is_as_sure_as_the_normal_law_says() -> None:
    values = np.random.default_rng(0).random(2000)
    found = bootstrap(values, np.arange(2000))
    error = 1.96 * values.std() / 2000**0.5
    assert found.high - found.low == pytest.approx(2 * error, rel=0.1)


def test_queries_that_depend_on_one_another_promise_less() -> None:
    brands = np.repeat(np.random.default_rng(2).integers(2, size=50).astype(np.float64), 8)
    groups = np.repeat(np.arange(50), 8)
    apart, together = bootstrap(brands, np.arange(400)), bootstrap(brands, groups)
    assert together.high - together.low > 2 * (apart.high - apart.low)


def test_the_same_seed_gives_the_same_interval_and_one_group_none() -> None:
    values = np.array([0.0, 1.0, 1.0])
    assert bootstrap(values, np.arange(3), seed=4) == bootstrap(values, np.arange(3), seed=4)
    single = bootstrap(values, np.zeros(3, dtype=np.int64))
    assert single.low == single.high == pytest.approx(2 / 3)
    with pytest.raises(ValueError, match="3 values"):
        bootstrap(values, np.arange(2))
    with pytest.raises(ValueError, match="0 values"):
        bootstrap(np.empty(0), np.empty(0, dtype=np.int64))
