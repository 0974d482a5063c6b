"""Does a probability hold what it promises? Scores of held-out candidates against how many of them are right.

Candidates are weighted so that one in a thousand is right in every set, and each set counts the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np

from logosim.domain.query import CONFUSABLE
from logosim.evaluation.calibrating import Curves, Integers, Judged, Values, balanced, evidence, fit, folds

FOLDS = 5
BINS = (0.0, 0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)


@dataclass(frozen=True, slots=True)
class Bin:
    """Candidates whose score lies between two bounds."""

    low: float
    high: float
    candidates: int
    score: float  # their mean score
    right: float  # the share of them that is right
    of_all_right: float  # the share of all right candidates that lies here


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """A set's candidates judged by curves that were learnt without them and all that depends on them."""

    of: Judged
    log_odds: Values  # [N]


def held_out(sets: Sequence[Judged], seed: int) -> list[HeldOut]:
    """Cross-validation in five folds; groups stay together. `sets` are completed ones."""
    fold_of = folds(np.concatenate([of.groups for of in sets]), FOLDS, seed)
    by_set: list[Integers] = np.split(fold_of, np.cumsum([len(of) for of in sets])[:-1])
    curves: list[Curves] = [
        fit([of.part(fold != left_out) for of, fold in zip(sets, by_set, strict=True)]) for left_out in range(FOLDS)
    ]
    judged = []
    for of, fold in zip(sets, by_set, strict=True):
        found = np.zeros(len(of))
        for number in range(FOLDS):
            found[fold == number] = evidence(curves[number], of.values[fold == number])
        judged.append(HeldOut(of, found + log(CONFUSABLE / (1 - CONFUSABLE))))
    return judged


def reliability(sets: Sequence[HeldOut], bounds: Sequence[float] = BINS) -> list[Bin]:
    """Score against share of right ones, for each bin that holds a candidate."""
    scores = 1 / (1 + np.exp(-np.concatenate([one.log_odds for one in sets])))
    right = np.concatenate([one.of.right for one in sets])
    weights = np.concatenate([balanced(one.of) for one in sets])
    place = np.clip(np.searchsorted(bounds, scores, side="right") - 1, 0, len(bounds) - 2)
    found = []
    for number in range(len(bounds) - 1):
        here = place == number
        if here.any():
            inside = weights[here]
            found.append(
                Bin(
                    bounds[number],
                    bounds[number + 1],
                    int(here.sum()),
                    float(np.average(scores[here], weights=inside)),
                    float(np.average(right[here], weights=inside)),
                    float(inside[right[here]].sum() / weights[right].sum()),
                )
            )
    return found
