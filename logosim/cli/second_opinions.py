"""What others make of the same candidates: rows of `logosim evaluate search --rerank-with`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from logosim.evaluation.truth import IntArray
from logosim.imaging import DecodeLimits
from logosim.peers.opinions import Values, make_opinion, reordered

HEAD = 20  # hits of the whole search that a second opinion is asked about


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What one way of ranking found for one query, best first."""

    pictures: IntArray  # [N], by index into the truth set
    evidence: Values  # [N], nats


class SecondOpinions:
    """Orders rankings again by each opinion asked for, and keeps what that took.

    `rankings` gives two rows for an opinion: the first of the ranking by cosine ordered by it alone, with ties as they
    were; and the head of the whole search by the mean of evidence and opinion, for opinions that come as a share.
    """

    def __init__(self, names: Sequence[str], first: int, files: Sequence[Path], limits: DecodeLimits) -> None:
        self._opinions = [make_opinion(name, limits) for name in dict.fromkeys(names)]
        self._first = first
        self._files = files
        self._ms: dict[str, list[float]] = defaultdict(list)  # by row: milliseconds of each query

    def rankings(self, query: int, look: Found, whole: Found) -> dict[str, IntArray]:
        """Rankings of one query by the name of the row. Raises RecordError: a picture cannot be read."""
        rows: dict[str, IntArray] = {}
        for opinion in self._opinions:
            judged = opinion.judge(self._files[query], self._paths(look.pictures[: self._first]))
            row = f"cosine, first {self._first} by {opinion.name}"
            rows[row] = _with_head(look.pictures, reordered(judged.order))
            self._ms[row].append(judged.milliseconds)
            if judged.share is None:  # nothing that could be set beside a score
                continue
            head = opinion.judge(self._files[query], self._paths(whole.pictures[:HEAD]))
            if head.share is not None:
                row = f"whole search, first {HEAD} with {opinion.name}"
                rows[row] = _with_head(whole.pictures, reordered((_spread(whole.evidence[:HEAD]) + head.share) / 2))
                self._ms[row].append(head.milliseconds)
        return rows

    def timings_ms(self) -> Mapping[str, Sequence[float]]:
        """Milliseconds of each query by row, descriptions left out, and of each picture's description."""
        described = {f"{opinion.name}: a picture described": opinion.describing_ms for opinion in self._opinions}
        return {**described, **self._ms}

    def _paths(self, pictures: IntArray) -> list[Path]:
        return [self._files[picture] for picture in pictures]


def _spread(evidence: Values) -> Values:
    """Evidence brought to 0..1, the least of the head to 0 and the most to 1: scores of the first are all near 1."""
    if not len(evidence):
        return evidence
    return np.asarray((evidence - evidence.min()) / max(float(np.ptp(evidence)), 1e-9))


def _with_head(pictures: IntArray, order: IntArray) -> IntArray:
    """The first pictures in another order, the others as they were."""
    return np.concatenate([pictures[order], pictures[len(order) :]])
