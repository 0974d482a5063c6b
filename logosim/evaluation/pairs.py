"""Truth sets given as pairs: for each query, the pictures that someone with authority held to be alike."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from logosim.errors import RecordError
from logosim.evaluation.truth import TruthSet


def truth_of_pairs(
    name: str, files: Sequence[Path], pairs: Sequence[tuple[int, int]], *, hidden: frozenset[int] = frozenset()
) -> TruthSet:
    """A truth set from pairs of a query and a picture it should find, both by index into `files`.

    Every picture is a drawing of its own. Pictures that are linked by pairs, over however many steps, are one group:
    queries that share an earlier mark succeed and fail together. The pictures in `hidden` only ask.

    Raises:
        RecordError: there is no pair, or a picture is paired with itself.
    """
    if not pairs:
        raise RecordError(f"the truth set {name} has no pair of a query and what it should find")
    parent = list(range(len(files)))
    relevant: dict[int, set[int]] = {}
    for query, wanted in pairs:
        if query == wanted:
            raise RecordError(f"the truth set {name} pairs a picture with itself: {files[query]}")
        relevant.setdefault(query, set()).add(wanted)
        parent[root_of(parent, query)] = root_of(parent, wanted)
    roots, groups = np.unique([root_of(parent, index) for index in range(len(files))], return_inverse=True)
    asks = np.zeros(len(files), dtype=np.bool_)
    asks[list(hidden)] = True
    return TruthSet(
        name=name,
        files=tuple(files),
        groups=groups.astype(np.int64),
        drawings=np.arange(len(files), dtype=np.int64),
        main=np.ones(len(files), dtype=np.bool_),
        group_names=tuple(files[root].stem for root in roots),
        hidden=asks if hidden else None,
        relevant={query: np.asarray(sorted(wanted), dtype=np.int64) for query, wanted in relevant.items()},
    )


def root_of(parent: list[int], index: int) -> int:
    """Representative of a picture's group; shortens the way to it."""
    while parent[index] != index:
        parent[index] = parent[parent[index]]
        index = parent[index]
    return index
