"""How well labels are ranked for things that carry several of them: average precision and precision by label."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from logosim.evaluation.truth import BoolArray

Scores = npt.NDArray[np.float64]


def label_ranking_average_precision(truth: BoolArray, scores: Scores) -> Scores:
    """LRAP of each row, in (0, 1]: of the labels ranked as high as a right one, the share that is right; their mean.

    Tsoumakas, Katakis and Vlahavas, "Mining multi-label data" (2010), with ties as scikit-learn's
    `label_ranking_average_precision_score` breaks them: against the ranking, so that labels of equal score share the
    last of their places. A label that was not scored at all is best given the least score. Deviation: values by row,
    for intervals; their mean is scikit-learn's score.

    Args:
        truth: bool [N, L], which labels each thing carries.
        scores: float [N, L], higher is better.

    Returns:
        float64 [N]; 1 where a row has no right label, or no wrong one: there is nothing to rank.

    Raises:
        ValueError: the shapes differ.
    """
    _require_same_shape(truth, scores)
    values = np.ones(len(truth))
    for row, (right, given) in enumerate(zip(truth, scores, strict=True)):
        if right.any() and not right.all():
            wanted = given[right]
            among_right = (given[right][None, :] >= wanted[:, None]).sum(axis=1)
            among_all = (given[None, :] >= wanted[:, None]).sum(axis=1)
            values[row] = (among_right / among_all).mean()
    return values


def label_precision(truth: BoolArray, scores: Scores, k: int) -> Scores:
    """Share of the first k labels of each row that are right: float64 [N], 0..1.

    Of equal scores the first label leads. With fewer than k right labels it cannot reach 1.

    Raises:
        ValueError: the shapes differ.
    """
    return np.asarray(_first(truth, scores, k).sum(axis=1) / k)


def label_recall(truth: BoolArray, scores: Scores, k: int) -> Scores:
    """Share of the right labels of each row that are among its first k: float64 [N], 0..1; nan of a row without any.

    Raises:
        ValueError: the shapes differ.
    """
    found = _first(truth, scores, k).sum(axis=1)
    wanted = truth.sum(axis=1)
    return np.asarray(np.divide(found, wanted, out=np.full(len(truth), np.nan), where=wanted > 0), np.float64)


def _first(truth: BoolArray, scores: Scores, k: int) -> BoolArray:
    _require_same_shape(truth, scores)
    order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return np.asarray(np.take_along_axis(truth, order, axis=1), np.bool_)


def _require_same_shape(truth: BoolArray, scores: Scores) -> None:
    if truth.shape != scores.shape:
        raise ValueError(f"labels {truth.shape} and scores {scores.shape} differ in shape")
