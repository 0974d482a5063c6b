"""Curves of evidence learnt on truth: what a channel's value says about whether two marks are confusable.

The log odds of a confusion are those before the comparison plus the evidence of each channel, a rising piecewise linear
function of its value. That is a logistic regression over ramps with coefficients that must not fall below 0 (an
additive model with monotone terms: T. Hastie and R. Tibshirani, 1990); fusing scores so that they become log
likelihood ratios is usual in speaker recognition (N. Bruemmer and J. du Preez, 2006). Bends of a curve cost, so that it
stays straight where there is little to learn from.

Deviations and choices, each for a reason:

* One right candidate in a thousand, in every set alike: the share of right ones is a matter of the register, and the
  prior stands for it. Every set counts the same.
* Marks are confusable by their figure or by their name. A set that knows one of the two only gets the other from
  chance: values of wrong candidates, for right and wrong ones alike. Without that, a set of names would teach that
  confusable marks look alike, or nothing about it.
* Truth consists of what was doubtful. Nobody disputes that the same name, or the same figure, is confusable, so no set
  has enough of them; each set gets them by definition, as a share of its right candidates (`SAME`). Nor can they be
  wrong: where a set says so, its labels are at fault, and the candidate is left out.
* Codes repeat what a picture shows, and are learnt by themselves: their evidence counts half (`CODES`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import log

import numpy as np
import numpy.typing as npt

from logosim.domain.query import CHANNELS, CONFUSABLE

Values = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]
Curves = Mapping[str, tuple[tuple[float, ...], tuple[float, ...]]]  # by channel: values, and evidence in nats

KNOTS: Mapping[str, tuple[float, ...]] = {
    "look": (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0),
    "shape": (0.0, 0.2, 0.4, 0.6, 0.8, 1.0),
    "sound": (0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0),
    "spelling": (0.0, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0),
    "vienna": (0.0, 0.25, 0.5, 0.75, 1.0),
}
Aspect = tuple[str, str]
FIGURE: Aspect = ("look", "shape")
NAME: Aspect = ("sound", "spelling")
ASPECTS = (FIGURE, NAME)

SAME = 0.1  # of a set's right candidates, those that are the same by definition
SAME_NAME, SAME_FIGURE = 0.999, 0.95  # values from which on a name (spelling) or figure (mean) is the same
CODES = 0.5
STIFFNESS = 0.003  # cost of a squared bend, against the summed cost of a set, which is that of 1,000 candidates
CLOSEST, OTHERS = 30, 60  # wrong candidates of a query that are kept: the closest by look and by name, and by chance


class NothingToLearn(ValueError):
    """A truth set has nothing right or nothing wrong."""


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """Candidates of many queries of one truth set, and which of them are right."""

    name: str
    values: Values  # [N, C] in the order of `CHANNELS`, nan: absent
    right: Bools  # [N]
    groups: Integers  # [N]: what depends on one another, such as the queries of a brand
    weights: Values  # [N]: how many candidates each stands for

    def __len__(self) -> int:
        return len(self.right)

    def part(self, chosen: Bools) -> Judged:
        """Those that are chosen, bool [N]."""
        return Judged(self.name, self.values[chosen], self.right[chosen], self.groups[chosen], self.weights[chosen])


def judged(name: str, values: Values, right: Bools, group: int, rng: np.random.Generator) -> Judged:
    """The candidates of one query, thinned: all right ones, the closest wrong ones, and of the others some by chance.

    Wrong ones that have the same name or the same figure are left out: such labels are faults of the truth set.
    """
    wrong = np.flatnonzero(~right & ~_same(values))
    ranked = [
        np.argsort(-np.nan_to_num(values[wrong, CHANNELS.index(channel)], nan=-1.0)) for channel in ("look", "spelling")
    ]
    close = np.unique(np.concatenate([wrong[order[:CLOSEST]] for order in ranked])) if len(wrong) else wrong
    far = np.setdiff1d(wrong, close)
    drawn = rng.choice(far, min(OTHERS, len(far)), replace=False)
    kept = np.concatenate([np.flatnonzero(right), close, drawn])
    weights = np.ones(len(kept))
    weights[len(kept) - len(drawn) :] = len(far) / max(len(drawn), 1)
    return Judged(name, values[kept], right[kept], np.full(len(kept), group, dtype=np.int64), weights)


def _same(values: Values) -> Bools:
    """[N]: whether the name is the same, or the figure as nearly as two files of one drawing are."""
    by_channel = dict(zip(CHANNELS, values.T, strict=True))
    return np.asarray(
        (by_channel["spelling"] >= SAME_NAME) | (by_channel["look"] + by_channel["shape"] >= 2 * SAME_FIGURE)
    )


def joined(parts: Sequence[Judged]) -> Judged:
    """The candidates of several queries of one set."""
    return Judged(
        parts[0].name,
        np.concatenate([part.values for part in parts]),
        np.concatenate([part.right for part in parts]),
        np.concatenate([part.groups for part in parts]),
        np.concatenate([part.weights for part in parts]),
    )


def completed(sets: Sequence[Judged], rng: np.random.Generator) -> list[Judged]:
    """Sets in which what is the same by definition stands beside the rest, and absent figures and names come by chance.

    A set without any figure and any name (codes alone) stays as it is.
    """
    chance = {aspect: _wrong_values(sets, aspect) for aspect in ASPECTS}
    return [_completed(of, chance, rng) for of in sets]


def _wrong_values(sets: Sequence[Judged], aspect: Aspect) -> tuple[Values, Values]:
    """Values of an aspect of wrong candidates, and how often each is to be drawn."""
    columns = [CHANNELS.index(channel) for channel in aspect]
    values, weights = [], []
    for of in sets:
        there = ~of.right & ~np.isnan(of.values[:, columns]).any(axis=1)
        if there.any():
            values.append(of.values[there][:, columns])
            weights.append(of.weights[there] / of.weights[there].sum())
    if not values:
        return np.empty((0, len(columns))), np.empty(0)
    return np.concatenate(values), np.concatenate(weights) / len(weights)


def _completed(of: Judged, chance: Mapping[Aspect, tuple[Values, Values]], rng: np.random.Generator) -> Judged:
    known = {
        aspect: ~np.isnan(of.values[:, [CHANNELS.index(channel) for channel in aspect]]).any(axis=1)
        for aspect in ASPECTS
    }
    if not any(there.any() for there in known.values()):
        return of
    parts = [of]
    for aspect, there in known.items():
        source = np.flatnonzero(of.right & there)
        if source.size:
            same = np.full((source.size, len(CHANNELS)), np.nan)
            same[:, [CHANNELS.index(channel) for channel in aspect]] = 1.0
            share = SAME / (1 - SAME) * of.weights[of.right].sum() / source.size
            parts.append(
                Judged(of.name, same, np.ones(source.size, np.bool_), of.groups[source], np.full(source.size, share))
            )
    whole = joined(parts)
    values = whole.values.copy()
    for aspect, (drawn, weights) in chance.items():
        columns = [CHANNELS.index(channel) for channel in aspect]
        absent = np.flatnonzero(np.isnan(values[:, columns]).any(axis=1))
        if len(drawn) and absent.size:
            values[absent[:, None], columns] = drawn[rng.choice(len(drawn), absent.size, p=weights)]
    return replace(whole, values=values)


def fit(sets: Sequence[Judged]) -> Curves:
    """Curves of all channels that some candidate has, from completed sets.

    Raises:
        ModuleNotFoundError: scipy is missing (extra `peers`).
        NothingToLearn: a set has no right or no wrong candidates.
    """
    from scipy.optimize import minimize  # type: ignore[import-untyped]

    columns = [
        column for column in range(len(CHANNELS)) if any(not np.isnan(of.values[:, column]).all() for of in sets)
    ]
    values = np.concatenate([of.values for of in sets])
    ramps = np.concatenate([_ramps(values[:, column], KNOTS[CHANNELS[column]]) for column in columns], axis=1)
    right = np.concatenate([of.right for of in sets])
    weights = np.concatenate([balanced(of) for of in sets])
    bounds = [bound for column in columns for bound in _bounds(KNOTS[CHANNELS[column]])]
    bends = _bends([KNOTS[CHANNELS[column]] for column in columns])
    offset = log(CONFUSABLE / (1 - CONFUSABLE))

    def cost(steps: Values) -> tuple[float, Values]:
        odds = offset + ramps @ steps
        bent = bends @ steps
        loss = float(weights @ (np.logaddexp(0.0, odds) - right * odds)) + STIFFNESS * float(bent @ bent)
        slope = weights * (np.exp(-np.logaddexp(0.0, -odds)) - right)
        return loss, ramps.T @ slope + 2 * STIFFNESS * bends.T @ bent

    found = minimize(
        cost, np.zeros(ramps.shape[1]), jac=True, bounds=bounds, method="L-BFGS-B", options={"maxiter": 3000}
    )
    curves: dict[str, tuple[tuple[float, ...], tuple[float, ...]]] = {}
    start = 0
    for column in columns:
        knots = KNOTS[CHANNELS[column]]
        steps = found.x[start : start + len(knots)]
        start += len(knots)
        curves[CHANNELS[column]] = (knots, tuple((steps[0] + np.cumsum([0.0, *steps[1:]])).tolist()))
    return _centred(curves, sets)


def _ramps(values: Values, knots: Sequence[float]) -> Values:
    """[N, knots]: 1, and how far each value has come on each stretch between two knots, 0..1; all 0 where absent."""
    there = ~np.isnan(values)
    ends = np.asarray(knots)
    risen = np.clip((np.nan_to_num(values)[:, None] - ends[:-1]) / np.diff(ends), 0, 1)
    return np.concatenate([np.ones((len(values), 1)), risen], axis=1) * there[:, None]


def _bounds(knots: Sequence[float]) -> Iterator[tuple[float | None, float | None]]:
    yield (None, None)
    for _ in knots[1:]:
        yield (0.0, None)


def _bends(all_knots: Sequence[Sequence[float]]) -> Values:
    """A row for each inner knot of each curve: the difference of the slopes at its two sides."""
    width = sum(map(len, all_knots))
    rows = []
    start = 0
    for knots in all_knots:
        lengths = np.diff(knots)
        for inner in range(len(lengths) - 1):
            row = np.zeros(width)
            row[start + 1 + inner], row[start + 2 + inner] = -1 / lengths[inner], 1 / lengths[inner + 1]
            rows.append(row)
        start += len(knots)
    return np.array(rows).reshape(len(rows), width)


def balanced(of: Judged) -> Values:
    """Weights of a set's candidates so that `CONFUSABLE` of them are right and all together count as 1,000.

    Raises:
        NothingToLearn: none of them is right, or none is wrong.
    """
    if not of.right.any() or of.right.all():
        raise NothingToLearn(f"the truth set {of.name} has nothing right or nothing wrong")
    right = of.weights * of.right
    wrong = of.weights * ~of.right
    return np.asarray(1000 * (CONFUSABLE * right / right.sum() + (1 - CONFUSABLE) * wrong / wrong.sum()))


def _centred(curves: Curves, sets: Sequence[Judged]) -> Curves:
    """The same sums, with the constant shared out so that each channel's usual value of a wrong candidate weighs alike.

    Only the sum of the constants of channels that are present together is learnt. A channel reads best if what chance
    brings speaks against a confusion by about the same in each.
    """
    level = dict(curves)
    for aspect in ASPECTS:
        there = [channel for channel in aspect if channel in curves]
        if len(there) < 2:
            continue
        usual = [float(np.interp(_usual(sets, channel), *curves[channel])) for channel in there]
        for channel, value in zip(there, usual, strict=True):
            shift = sum(usual) / len(usual) - value
            level[channel] = (curves[channel][0], tuple(item + shift for item in curves[channel][1]))
    return level


def _usual(sets: Sequence[Judged], channel: str) -> float:
    """The median of a channel's values over wrong candidates."""
    column = CHANNELS.index(channel)
    found = [of.values[~of.right & ~np.isnan(of.values[:, column]), column] for of in sets]
    return float(np.median(np.concatenate(found)))


def evidence(curves: Curves, values: Values) -> Values:
    """[N]: the summed evidence of candidates' values [N, C]; absent channels add nothing."""
    total = np.zeros(len(values))
    for channel, (knots, nats) in curves.items():
        column = values[:, CHANNELS.index(channel)]
        total += np.where(np.isnan(column), 0.0, np.interp(np.nan_to_num(column), knots, nats))
    return total


def folds(groups: Integers, count: int, seed: int) -> Integers:
    """A fold 0..count-1 for each candidate; groups stay together, whatever set they come from."""
    names, places = np.unique(groups, return_inverse=True)
    return np.asarray(np.random.default_rng(seed).permutation(len(names)) % count)[places].astype(np.int64)
