"""Learning what likeness is worth: against distributions whose likelihood ratios are known."""

from __future__ import annotations

from itertools import pairwise
from math import log

import numpy as np
import pytest

from logosim.domain.query import CHANNELS, CONFUSABLE
from logosim.evaluation.calibrating import (
    CLOSEST,
    KNOTS,
    OTHERS,
    SAME,
    Curves,
    Judged,
    balanced,
    completed,
    evidence,
    fit,
    folds,
    joined,
    judged,
)
from logosim.evaluation.reliability import held_out, reliability
from logosim.search.calibration import packaged_calibrations

LOOK, SHAPE, SOUND, SPELLING, VIENNA = range(5)


def drawn(name: str, columns: list[int], right: int, wrong: int, seed: int) -> Judged:
    """Values with the density 2 v where right and 2 (1 - v) where wrong: a log likelihood ratio of log(v / (1 - v))."""
    rng = np.random.default_rng(seed)
    values = np.full((right + wrong, 5), np.nan)
    for column in columns:
        values[:right, column] = rng.beta(2, 1, right)
        values[right:, column] = rng.beta(1, 2, wrong)
    here = np.arange(right + wrong) < right
    return Judged(name, values, here, np.arange(right + wrong), np.ones(right + wrong))


def at(curves: Curves, channel: str, value: float) -> float:
    return float(np.interp(value, *curves[channel]))


def test_the_channels_are_those_of_a_search_in_their_order() -> None:
    assert tuple(KNOTS) == CHANNELS
    assert set(packaged_calibrations().of(None).curves) == set(CHANNELS)


def test_a_curve_is_the_log_likelihood_ratio() -> None:
    curves = fit([drawn("one", [VIENNA], 20_000, 20_000, 0)])
    assert set(curves) == {"vienna"}
    for value in (0.2, 0.35, 0.5, 0.65, 0.8):
        assert at(curves, "vienna", value) == pytest.approx(log(value / (1 - value)), abs=0.35)


def test_independent_channels_add_up() -> None:
    curves = fit([drawn("both", [LOOK, SOUND], 20_000, 20_000, 1)])
    values = np.full((1, 5), np.nan)
    values[0, [LOOK, SOUND]] = 0.7, 0.4
    true = log(0.7 / 0.3) + log(0.4 / 0.6)
    assert evidence(curves, values)[0] == pytest.approx(true, abs=0.3)


def test_curves_never_fall_even_where_the_truth_does() -> None:
    strange = drawn("strange", [LOOK], 3000, 3000, 2)
    flipped = Judged("flipped", 1 - strange.values, strange.right, strange.groups, strange.weights)
    for knots, nats in fit([flipped]).values():
        assert all(later >= earlier for earlier, later in pairwise(nats))
        assert len(knots) == len(nats)


def test_the_share_of_right_ones_in_a_set_is_no_matter() -> None:
    few, many = drawn("few", [VIENNA], 500, 40_000, 3), drawn("many", [VIENNA], 20_000, 2_000, 4)
    for value in (0.3, 0.5, 0.7):
        assert at(fit([few]), "vienna", value) == pytest.approx(at(fit([many]), "vienna", value), abs=0.5)
    for of in (few, many):
        weights = balanced(of)
        assert weights.sum() == pytest.approx(1000)
        assert weights[of.right].sum() == pytest.approx(1000 * CONFUSABLE)
    with pytest.raises(ValueError, match="nothing wrong"):
        balanced(drawn("none", [VIENNA], 5, 0, 0))


def test_a_query_keeps_all_right_ones_the_closest_and_some_by_chance_that_stand_for_the_rest() -> None:
    rng = np.random.default_rng(0)
    values = np.full((1000, 5), np.nan)
    values[:, LOOK] = rng.uniform(0, 0.9, 1000)
    values[:, SHAPE] = 0.1
    right = np.arange(1000) < 3
    kept = judged("set", values, right, 7, rng)
    assert kept.right.sum() == 3
    assert kept.weights.sum() == pytest.approx(1000)
    assert 3 + CLOSEST + OTHERS <= len(kept) <= 3 + 2 * CLOSEST + OTHERS
    closest = np.sort(values[3:, LOOK])[-CLOSEST:]
    assert np.isin(closest, kept.values[:, LOOK]).all()
    assert (kept.groups == 7).all()


def test_what_is_the_same_cannot_be_wrong() -> None:
    values = np.array(
        [
            [0.2, 0.1, 1.0, 1.0, np.nan],  # the same name
            [0.97, 0.96, 0.3, 0.2, np.nan],  # the same figure
            [0.9, 0.5, 0.9, 0.9, np.nan],
        ]
    )
    kept = judged("set", values, np.zeros(3, dtype=np.bool_), 0, np.random.default_rng(0))
    assert kept.values.tolist() == values[2:].tolist() or np.array_equal(kept.values, values[2:], equal_nan=True)
    assert len(judged("set", values, np.ones(3, dtype=np.bool_), 0, np.random.default_rng(0))) == 3


def test_figures_and_names_that_are_absent_come_by_chance_and_the_same_by_definition() -> None:
    figures, names = drawn("figures", [LOOK, SHAPE], 400, 4000, 5), drawn("names", [SOUND, SPELLING], 300, 3000, 6)
    both = completed([figures, names], np.random.default_rng(0))
    for of, before in zip(both, (figures, names), strict=True):
        assert not np.isnan(of.values[:, [LOOK, SHAPE, SOUND, SPELLING]]).any()
        assert np.array_equal(
            of.values[: len(before)][~np.isnan(before.values)], before.values[~np.isnan(before.values)]
        )
    of = both[0]
    same = (of.values[:, [LOOK, SHAPE]] == 1).all(axis=1)
    assert of.right[same].all()
    assert of.weights[same].sum() / of.weights[of.right].sum() == pytest.approx(SAME)
    wrong_names = names.values[~names.right][:, [SOUND, SPELLING]]
    assert np.isin(of.values[of.right][:, SOUND], wrong_names[:, 0]).all()
    codes = drawn("codes", [VIENNA], 10, 10, 7)
    assert completed([codes], np.random.default_rng(0)) == [codes]


def test_a_mark_that_is_the_same_in_one_respect_counts_although_the_other_speaks_against_it() -> None:
    sets = [drawn("figures", [LOOK, SHAPE], 800, 8000, 8), drawn("names", [SOUND, SPELLING], 800, 8000, 9)]
    curves = fit(completed(sets, np.random.default_rng(0)))
    same_name = at(curves, "sound", 1) + at(curves, "spelling", 1)
    other_figure = at(curves, "look", 0.1) + at(curves, "shape", 0.1)
    assert same_name > 0 > other_figure
    assert same_name + other_figure > 0


def test_the_usual_wrong_value_weighs_alike_in_channels_that_come_together() -> None:
    sets = completed(
        [drawn("figures", [LOOK, SHAPE], 800, 8000, 8), drawn("names", [SOUND, SPELLING], 800, 8000, 9)],
        np.random.default_rng(0),
    )
    curves = fit(sets)
    wrong = np.concatenate([of.values[~of.right] for of in sets])
    usual = [at(curves, channel, float(np.median(wrong[:, CHANNELS.index(channel)]))) for channel in ("look", "shape")]
    assert usual[0] == pytest.approx(usual[1], abs=1e-6)


def test_folds_keep_groups_together() -> None:
    groups = np.random.default_rng(0).integers(0, 40, 1000)
    fold = folds(groups, 5, 0)
    assert all(len(set(fold[groups == group].tolist())) == 1 for group in range(40))
    assert set(fold.tolist()) == set(range(5))


def test_held_out_scores_hold_what_they_promise() -> None:
    sets = [drawn("one", [LOOK, SOUND], 20_000, 60_000, 10), drawn("other", [LOOK, SOUND], 20_000, 60_000, 11)]
    bins = reliability(held_out(sets, 0))
    assert sum(of.of_all_right for of in bins) == pytest.approx(1)
    assert sum(of.candidates for of in bins) == sum(map(len, sets))
    assert len([of for of in bins if of.candidates > 2000]) >= 3
    for of in bins:
        if of.candidates > 2000:
            assert of.right == pytest.approx(of.score, rel=0.4)


def test_a_set_of_several_queries() -> None:
    parts = [drawn("one", [LOOK], 2, 3, seed) for seed in range(3)]
    assert len(joined(parts)) == 15
    assert KNOTS["look"][0] == 0
    assert KNOTS["look"][-1] == 1
