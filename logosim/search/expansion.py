"""Query expansion: a question by look is put together with its own first answers, and asked again.

What several pictures that look alike have in common counts for more, and what only the query has for less: a mark is
found that is like the query's neighbours, though not much like the query.

Source: F. Radenovic, G. Tolias, O. Chum, Fine-tuning CNN Image Retrieval with No Human Annotation, IEEE TPAMI 41(7),
2018 (alpha-weighted query expansion); alpha = 0 is the average query expansion of Chum and others, ICCV 2007.
Deviations: an answer counts only from a cosine of `FLOOR` on, so that a query without its like stays what it is;
answers that are blank without their text do not count; with a filter, only marks that pass it are answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from logosim.domain.features import FloatArray
from logosim.domain.hit import Neighbour
from logosim.domain.query import Query

ALPHA = 3.0  # the larger, the less the answers count that are less alike; 3 as in the paper
FLOOR = 0.7  # cosine from which on an answer counts: with the bundled model, strangers rarely look so much alike


class NeighbourSource(Protocol):
    """Stage 1 by look alone."""

    def nearest(self, query: Query, count: int) -> Sequence[Neighbour]:
        """The marks that look most like the query among those that pass its filter, with their embeddings."""


def widened(query: Query, source: NeighbourSource) -> Query:
    """The question that stage 1 is asked in place of `query`: expanded with the first `query.expand` answers by look.

    The query itself if there is nothing to look at in it. Only the embedding differs.
    """
    features = query.features
    if not query.expand or features is None or not features.patches.any():
        return query
    embedding = expanded(features.embedding, source.nearest(query, query.expand))
    return replace(query, features=replace(features, embedding=embedding))


def expanded(
    embedding: FloatArray, neighbours: Sequence[Neighbour], *, alpha: float = ALPHA, floor: float = FLOOR
) -> FloatArray:
    """The query's embedding and those of its neighbours, each weighted with its cosine to the power of alpha.

    Args:
        embedding: of the query, float32 [dimensions] of unit length; its weight is 1. It is taken in half precision, as
            the database compares it, so that a query that was kept there gives the same.
        neighbours: answers.
        alpha: 0 for the plain mean.
        floor: smallest cosine that counts.

    Returns:
        float32 [dimensions] of unit length.
    """
    own = embedding.astype(np.float16).astype(np.float32)
    near = [neighbour for neighbour in neighbours if neighbour.cosine >= max(floor, 0)]
    weights = np.array([1.0, *(neighbour.cosine**alpha for neighbour in near)], dtype=np.float32)
    total = weights @ np.stack([own, *(neighbour.embedding for neighbour in near)])
    return np.asarray(total / np.linalg.norm(total), dtype=np.float32)
