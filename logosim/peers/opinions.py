"""Second opinions: others that order again what the search has found, over the same candidates.

Each picture is described once and remembered, as a database would keep it, so that the time of a comparison holds no
descriptions. All see the figure on a square of 256 pixels, its text left standing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from logosim.domain.features import FloatArray, RgbImage
from logosim.imaging import DecodeLimits, decode_file
from logosim.peers.figure import figure
from logosim.peers.hashes import KINDS, make_hash
from logosim.spatial.keypoints import Keypoints, inliers, sift_keypoints

SIDE = 256  # pixels
ENOUGH = 12  # inliers that count in full for pictures of few keypoints, where three agree by chance
OPINIONS = ("sift", "phash")

Described = TypeVar("Described")
Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a second opinion says of the candidates of one query, in their order."""

    order: Values  # [N], higher is more alike
    share: Values | None  # [N], 0..1: the same as a share of what could agree; None where there is none
    milliseconds: float = 0.0  # for comparing descriptions that are there


@dataclass(slots=True)
class SecondOpinion(Generic[Described]):
    """Describes pictures by one function, each once, and judges pairs of descriptions by another."""

    name: str
    describe: Callable[[RgbImage], Described]
    compare: Callable[[Described, Sequence[Described]], Judgement]
    limits: DecodeLimits | None = None
    describing_ms: list[float] = field(default_factory=list)  # by picture, decoding left out
    _seen: dict[Path, Described] = field(default_factory=dict)

    def judge(self, query: Path, candidates: Sequence[Path]) -> Judgement:
        """Judge every candidate's picture against the query's. Raises RecordError: one cannot be read."""
        asked, given = self._of(query), [self._of(file) for file in candidates]
        started = perf_counter()
        judgement = self.compare(asked, given)
        return replace(judgement, milliseconds=1000 * (perf_counter() - started))

    def _of(self, file: Path) -> Described:
        if file not in self._seen:
            picture = figure(decode_file(file, self.limits), SIDE)
            started = perf_counter()
            self._seen[file] = self.describe(picture)
            self.describing_ms.append(1000 * (perf_counter() - started))
        return self._seen[file]


def make_sift(limits: DecodeLimits | None = None) -> SecondOpinion[Keypoints]:
    """SIFT: by the matches that agree on one similarity; see `logosim.spatial.keypoints`."""
    return SecondOpinion("SIFT", sift_keypoints, _agreeing, limits)


def make_hash_opinion(kind: str, limits: DecodeLimits | None = None) -> SecondOpinion[FloatArray]:
    """A perceptual hash of `hashes.KINDS`: by Hamming distance. Raises DependencyMissing without ImageHash."""
    peer = make_hash(kind)

    def nearness(query: FloatArray, candidates: Sequence[FloatArray]) -> Judgement:
        products = np.array([float(query @ other) for other in candidates])
        return Judgement(np.round(products, 6), None)  # whole distances; what differs beyond is rounding

    return SecondOpinion(kind, lambda picture: peer.embed([picture])[0], nearness, limits)


def make_opinion(name: str, limits: DecodeLimits | None = None) -> SecondOpinion[Keypoints] | SecondOpinion[FloatArray]:
    """The second opinion called `name` in `OPINIONS`. Raises DependencyMissing: its package is not installed."""
    return make_hash_opinion(name, limits) if name in KINDS else make_sift(limits)


def reordered(values: Values) -> npt.NDArray[np.int64]:
    """Places by falling value, ties in the order given: int64 [N]."""
    return np.argsort(-values, kind="stable").astype(np.int64)


def _agreeing(query: Keypoints, candidates: Sequence[Keypoints]) -> Judgement:
    counts = np.array([inliers(query, candidate) for candidate in candidates], dtype=np.float64)
    perfect = [max(ENOUGH, min(len(query), len(candidate))) for candidate in candidates]
    return Judgement(counts, np.minimum(counts / np.array(perfect, dtype=np.float64), 1.0))
