"""Stage 2: all candidates judged at once by every channel, and one score out of the channels.

A channel that cannot be compared (a mark without text, a picture without a figure) is left out of that hit and the
weights of the others are scaled up to add to 1. It is never scored zero: silence is not a difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from logosim.domain.features import Features, FloatArray, PatchArray
from logosim.domain.hit import Candidate
from logosim.domain.query import Query, Weights
from logosim.phonetics.aline import aline_similarities
from logosim.phonetics.spelling import spelling_similarities
from logosim.search.vienna_overlap import vienna_similarities
from logosim.spatial.matching import PatchMatches, match_patches

Scores = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class NameKeys:
    """The query's text in the two forms in which names are compared."""

    normalised: str | None
    phonemes: str | None


@dataclass(frozen=True, slots=True, eq=False)
class FigureMatches:
    """The patch matches of those candidates that have a figure."""

    matches: PatchMatches
    rows: npt.NDArray[np.intp]  # [N], row of a candidate in `matches`; -1 for none


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """Every candidate's values and score. Arrays are in the order of `candidates`; C channels in that of `Weights`."""

    candidates: tuple[Candidate, ...]
    channels: tuple[str, ...]
    values: Scores  # [N, C], 0..1; nan: the channel is absent
    weights: Scores  # [N, C], 0 where absent; a row adds up to 1, or to 0 where nothing can be compared
    contributions: Scores  # [N, C]; a row adds up to the score
    scores: Scores  # [N], 0..1
    order: tuple[int, ...]  # best first; candidates of which no weighted channel says anything are left out
    figures: FigureMatches | None


def rerank(query: Query, names: NameKeys, candidates: Sequence[Candidate]) -> Ranking:
    """Judge every candidate by every channel and order them: by score, and equal scores by the mark's id."""
    figures = _figures(query.features, candidates)
    by_channel = {
        "look": _look(query.features, candidates),
        "shape": _shape(figures, len(candidates)),
        "sound": _sound(names, candidates),
        "spelling": _spelling(names, candidates),
        "vienna": vienna_similarities(query.vienna_codes, [candidate.vienna_codes for candidate in candidates]),
    }
    channels = tuple(query.weights.as_dict())
    values = np.stack([by_channel[channel] for channel in channels], axis=1).astype(np.float64)
    weights, contributions = compose(values, query.weights)
    scores = contributions.sum(axis=1)
    judged = np.flatnonzero(weights.any(axis=1)).tolist()
    order = sorted(judged, key=lambda place: (-scores[place], candidates[place].mark_id))
    return Ranking(tuple(candidates), channels, values, weights, contributions, scores, tuple(order), figures)


def compose(values: Scores, weights: Weights) -> tuple[Scores, Scores]:
    """Weights per hit without its absent channels, and the contribution of each channel.

    Args:
        values: float64 [N, C], 0..1, nan where a channel is absent.
        weights: of the C channels; only their ratios matter.

    Returns:
        Weights and contributions, float64 [N, C] each. All zero in a row without any channel of weight above zero.
    """
    asked = np.array(list(weights.as_dict().values()), dtype=np.float64)
    asked = asked / asked.max()  # first, so that weights near the limits of a float neither overflow nor vanish
    present = np.where(np.isnan(values), 0.0, asked)
    total = present.sum(axis=1, keepdims=True)
    scaled = np.divide(present, total, out=np.zeros_like(present), where=total > 0)
    return scaled, scaled * np.nan_to_num(values, nan=0.0)


def _figures(features: Features | None, candidates: Sequence[Candidate]) -> FigureMatches | None:
    """Patch matches with all candidates that have a figure; None if the query has none."""
    if features is None or not features.patches.any():
        return None
    rows = np.full(len(candidates), -1, dtype=np.intp)
    stacks: list[PatchArray] = []
    for place, candidate in enumerate(candidates):
        if candidate.patches is not None and candidate.patches.any():
            rows[place] = len(stacks)
            stacks.append(candidate.patches)
    if not stacks:
        return None
    return FigureMatches(match_patches(features.patches, np.stack(stacks)), rows)


def _look(features: Features | None, candidates: Sequence[Candidate]) -> FloatArray:
    """Cosine of the embeddings, below 0 counted as 0.

    Absent where either picture is blank once its text is masked: all such pictures have the same embedding, and two
    word marks would look identical whatever their words.
    """
    values = np.full(len(candidates), np.nan, dtype=np.float32)
    if features is None or not features.patches.any():
        return values
    for place, candidate in enumerate(candidates):
        if candidate.cosine is not None and (candidate.patches is None or candidate.patches.any()):
            values[place] = candidate.cosine
    return np.clip(values, 0, 1)


def _shape(figures: FigureMatches | None, count: int) -> FloatArray:
    values = np.full(count, np.nan, dtype=np.float32)
    if figures is not None:
        there = figures.rows >= 0
        values[there] = figures.matches.similarity[figures.rows[there]]
    return values


def _sound(names: NameKeys, candidates: Sequence[Candidate]) -> FloatArray:
    if names.phonemes is None or not candidates:
        return np.full(len(candidates), np.nan, dtype=np.float32)
    return aline_similarities(names.phonemes, [candidate.phonemes for candidate in candidates])


def _spelling(names: NameKeys, candidates: Sequence[Candidate]) -> FloatArray:
    if names.normalised is None or not candidates:
        return np.full(len(candidates), np.nan, dtype=np.float32)
    return spelling_similarities(names.normalised, [candidate.normalised_text for candidate in candidates])
