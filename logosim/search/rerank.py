"""Stage 2: candidates judged by every channel, and one score out of the channels.

Cheap channels judge all candidates at once; patches are matched only where the shape can still bring a candidate
among the hits that are wanted. That changes no answer. Write c for the evidence of a candidate's cheap channels, s for
that of its shape and h for the most that any shape gives, so that s <= h. Candidates are taken in the order of c,
falling. Of those that may be hits (a channel with a weight judges them) k are known in full, and the least of the best
k is m. A candidate that is not yet known has c + s <= c + h, in floating point as well, for rounded addition never
turns an order round. Once c + h < m holds for the next one, it holds for all that follow, and none of them is among the
first k; with c + h = m it goes on, for equals are ordered by the mark's id. So the first k and their order are those of
the full computation. (Bounding what is dear by what is cheap: R. Fagin, A. Lotem and M. Naor, 2001.)

A channel that cannot be compared (a mark without text, a picture without a figure) says nothing about that candidate.
It is never scored zero: silence is not a difference.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
import numpy.typing as npt

from logosim.domain.features import FloatArray, PatchArray
from logosim.domain.hit import Candidate
from logosim.domain.query import CHANNELS, Query
from logosim.domain.words import NO_COUNTS, WordCounts
from logosim.phonetics.names import sound_of_names, spelling_of_names
from logosim.search.calibration import Calibration, Curve
from logosim.search.timings import Timings
from logosim.search.vienna_overlap import vienna_similarities
from logosim.spatial.matching import PatchMatches, match_patches

Scores = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]
PatchSource = Callable[[Sequence[UUID]], PatchArray]
"""Patches of marks, none of them blank: int8 [N, grid, grid, dimensions], in the order asked for."""

PART = 0.8
"""What the cosine of a part of the query counts: a part resembles more marks by chance than a whole picture does."""

_SHAPE = CHANNELS.index("shape")
_CHEAP = [column for column in range(len(CHANNELS)) if column != _SHAPE]
_BATCH = 128  # candidates whose patches are fetched and matched together


@dataclass(frozen=True, slots=True)
class NameKeys:
    """The query's text in the two forms in which names are compared, and what their words weigh."""

    normalised: str | None
    phonemes: str | None
    words: WordCounts = NO_COUNTS  # of its words and the candidates', in the register


@dataclass(frozen=True, slots=True, eq=False)
class FigureMatch:
    """The patch matches of one candidate: a row of those of its batch."""

    matches: PatchMatches
    row: int
    view: int  # of the query: 0 the whole picture, from 1 its separate figures


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """The values and evidence of candidates. Arrays are in the order of `candidates`, C channels in that of `CHANNELS`.

    What stands outside `order` may lack its shape, because that could not have brought it among the hits.
    """

    candidates: tuple[Candidate, ...]
    values: Scores  # [N, C], 0..1; nan: the channel is absent, or was not needed
    evidence: Scores  # [N, C], nats, weighted; 0 where the value is nan
    weights: tuple[float, ...]  # [C], as asked
    total: Scores  # [N], nats, of all channels
    order: tuple[int, ...]  # the hits, best first, `query.k` at most; what no weighted channel judges is left out
    views: Places  # [N], what of the query is most like each: 0 the whole picture, from 1 its separate figures
    figures: dict[int, FigureMatch]  # by place: candidates whose patches were matched
    names: NameKeys  # what was asked, for the reasons
    timings_ms: dict[str, float]  # by channel, and "total"


def rerank(
    query: Query, names: NameKeys, candidates: Sequence[Candidate], patches: PatchSource, calibration: Calibration
) -> Ranking:
    """Judge candidates by every channel and order the best: by their evidence, and equal ones by the mark's id.

    `patches` is asked for those of the candidates whose shape can matter, a batch at a time.
    """
    timings = Timings()
    values = np.full((len(candidates), len(CHANNELS)), np.nan)
    with timings.stage("look"):
        values[:, CHANNELS.index("look")], views = _look(query, candidates)
    for channel, judge in (("sound", _sound), ("spelling", _spelling), ("vienna", _vienna)):
        with timings.stage(channel):
            values[:, CHANNELS.index(channel)] = judge(query, names, candidates)
    weights = query.weights.as_tuple()
    evidence = np.zeros_like(values)
    for column, channel in enumerate(CHANNELS):
        evidence[:, column] = weights[column] * calibration[channel].of(values[:, column])
    with timings.stage("shape"):
        figures = _shapes(query, candidates, patches, views, calibration["shape"], values, evidence)
    judged = np.flatnonzero((~np.isnan(values) & (np.array(weights) > 0)).any(axis=1)).tolist()
    total = evidence[:, _CHEAP].sum(axis=1) + evidence[:, _SHAPE]
    order = heapq.nsmallest(query.k, judged, key=lambda place: (-total[place], candidates[place].mark_id))
    return Ranking(
        tuple(candidates), values, evidence, weights, total, tuple(order), views, figures, names, timings.finished()
    )


def _shapes(
    query: Query,
    candidates: Sequence[Candidate],
    patches: PatchSource,
    views: Places,
    curve: Curve,
    values: Scores,
    evidence: Scores,
) -> dict[int, FigureMatch]:
    """Fill in the shape of the candidates that it could bring among the hits; the matches by place.

    A candidate is matched with what of the query looks most like it.
    """
    asked = _patches_of_views(query)
    weight = query.weights.shape
    known = evidence[:, _CHEAP].sum(axis=1)  # [N], without the shape
    shown = [bool(of_view.any()) for of_view in asked]
    waiting = sorted(
        (
            place
            for place, candidate in enumerate(candidates)
            if candidate.blank is False and shown and shown[views[place]]
        ),
        key=lambda place: -known[place],
    )
    compared = (~np.isnan(values[:, _CHEAP]) & (np.array(query.weights.as_tuple())[_CHEAP] > 0)).any(axis=1)
    judged = np.logical_or(compared, weight > 0)  # what no weighted channel judges is no hit, and shuts none out
    alone = set(np.flatnonzero(compared).tolist()).difference(waiting)
    full = [float(known[place]) for place in alone]
    figures: dict[int, FigureMatch] = {}
    for start in range(0, len(waiting), _BATCH):
        full = heapq.nlargest(query.k, full)
        if len(full) == query.k and known[waiting[start]] + weight * curve.highest < full[-1]:
            break
        batch = waiting[start : start + _BATCH]
        for view in sorted({int(views[place]) for place in batch}):
            places = [place for place in batch if views[place] == view]
            matches = match_patches(asked[view], patches([candidates[place].mark_id for place in places]))
            values[places, _SHAPE] = matches.similarity
            evidence[places, _SHAPE] = weight * curve.of(matches.similarity)
            figures |= {place: FigureMatch(matches, row, view) for row, place in enumerate(places)}
        full += [float(known[place] + evidence[place, _SHAPE]) for place in batch if judged[place]]
    return figures


def _look(query: Query, candidates: Sequence[Candidate]) -> tuple[FloatArray, Places]:
    """Likeness of the pictures, and which view of the query it is that of.

    The cosine of the embeddings, below 0 counted as 0: that of the whole pictures, or that of one separate figure of
    the query and the whole candidate where this is more even when it counts `PART` only. Absent where either picture is
    blank once its text is masked: all such pictures have the same embedding, and two word marks would look identical
    whatever their words.
    """
    values = np.full(len(candidates), np.nan, dtype=np.float32)
    views = np.zeros(len(candidates), dtype=np.intp)
    if query.features is None or not query.features.patches.any():
        return values, views
    for place, candidate in enumerate(candidates):
        if candidate.cosine is not None and not candidate.blank:
            cosines = (candidate.cosine, *(PART * cosine for cosine in candidate.figure_cosines))
            likeness = [max(cosine, 0.0) for cosine in cosines]
            views[place] = max(range(len(likeness)), key=likeness.__getitem__)  # of equal ones the whole picture
            values[place] = likeness[views[place]]
    return np.minimum(values, 1), views


def _patches_of_views(query: Query) -> list[PatchArray]:
    """Patches of the whole picture and of its separate figures; none without a picture."""
    if query.features is None:
        return []
    return [query.features.patches, *(figure.patches for figure in query.features.figures)]


def _sound(query: Query, names: NameKeys, candidates: Sequence[Candidate]) -> FloatArray:
    if names.normalised is None or names.phonemes is None or not candidates:
        return np.full(len(candidates), np.nan, dtype=np.float32)
    written = [candidate.normalised_text for candidate in candidates]
    spoken = [candidate.phonemes for candidate in candidates]
    return sound_of_names(names.normalised, names.phonemes, written, spoken, names.words)


def _spelling(query: Query, names: NameKeys, candidates: Sequence[Candidate]) -> FloatArray:
    if names.normalised is None or not candidates:
        return np.full(len(candidates), np.nan, dtype=np.float32)
    return spelling_of_names(names.normalised, [candidate.normalised_text for candidate in candidates], names.words)


def _vienna(query: Query, names: NameKeys, candidates: Sequence[Candidate]) -> FloatArray:
    return vienna_similarities(query.vienna_codes, [candidate.vienna_codes for candidate in candidates])
