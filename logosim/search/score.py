"""From evidence to a score: a probability, and what each channel contributed to it.

The log odds of a confusion are those before anything was compared, `PRIOR`, plus the evidence of every channel that
could be compared, each times the weight that the user gives it (1: as learnt). The score is the probability of these
odds: of the marks that are found with a score of 0.3, three in ten should be confusable, if one in a thousand of all
candidates is. A channel that cannot be compared adds nothing: silence is not a difference. So is the score of a mark
with the same figure and no name a little below that of one whose name is the same as well, and far above that of one
with the same name alone and a figure that speaks against it.

What a channel contributed to a probability is not what it added to the log odds: of two pieces of evidence either of
which would do, each did half. The contributions are Shapley values (L. S. Shapley, 1953; for models: S. Lundberg and
S.-I. Lee, 2017): the mean, over all orders in which the channels could have been asked, of what the channel changed.
They add up to the score, and one that speaks against is below 0. Deviation: the value of no channel at all is 0, not
the prior, so that nothing is left over.
"""

from __future__ import annotations

from functools import lru_cache
from math import factorial, log

import numpy as np
import numpy.typing as npt

from logosim.domain.query import CONFUSABLE

Scores = npt.NDArray[np.float64]

PRIOR = log(CONFUSABLE / (1 - CONFUSABLE))
"""Log odds of a candidate before it is compared."""


def probability(log_odds: Scores | float) -> Scores:
    """Scores of log odds: float64, 0..1, in the shape of `log_odds`."""
    return np.asarray(np.exp(-np.logaddexp(0.0, -np.asarray(log_odds, dtype=np.float64))))


def contributions(evidence: Scores, present: npt.NDArray[np.bool_]) -> Scores:
    """What each channel contributed to each score.

    Args:
        evidence: float64 [N, C], weighted, nats; what is not present counts as 0.
        present: bool [N, C], whether the channel could be compared and has a weight.

    Returns:
        float64 [N, C]; a row adds up to the score, and to 0 where nothing is present. 0 where not present.
    """
    channels = evidence.shape[1]
    members, shares = _coalitions(channels)
    log_odds = np.full((len(evidence), len(members)), PRIOR)
    asked = np.zeros(log_odds.shape, dtype=np.bool_)
    for channel in range(channels):  # one after another: a product of matrices would round by the number of rows
        log_odds += np.where(present[:, channel], evidence[:, channel], 0.0)[:, None] * members[:, channel]
        asked |= present[:, channel, None] & (members[:, channel] > 0)
    values = np.where(asked, probability(log_odds), 0.0)
    found = np.zeros(evidence.shape)
    for coalition, share in enumerate(shares):
        found += values[:, coalition, None] * share
    return np.where(present, found, 0.0)


@lru_cache(maxsize=4)
def _coalitions(channels: int) -> tuple[Scores, Scores]:
    """All sets of channels, float64 [2 ** C, C] of 0 and 1, and the share of each set's value in a channel's."""
    members = ((np.arange(2**channels)[:, None] >> np.arange(channels)) & 1).astype(np.float64)
    sizes = members.sum(axis=1).astype(int)
    orders = factorial(channels)
    joined = np.array([factorial(max(size - 1, 0)) * factorial(channels - size) / orders for size in sizes])
    alone = np.array([factorial(size) * factorial(max(channels - size - 1, 0)) / orders for size in sizes])
    return members, np.where(members > 0, joined[:, None], -alone[:, None])
