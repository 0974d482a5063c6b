"""Why a hit is a hit: for each channel that was compared a sentence that can be read aloud."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from logosim.domain.hit import Candidate, ChannelEvidence, Hit
from logosim.domain.query import CHANNELS, Query
from logosim.search.name_reason import name_sentence
from logosim.search.rerank import PART, Ranking
from logosim.search.risk import risk
from logosim.search.score import PRIOR, contributions, probability
from logosim.search.vienna_overlap import shared_codes
from logosim.search.wording import counted, degree, listed
from logosim.spatial.geometry import Transformation

_CODES_NAMED = 4


def explain(query: Query, ranking: Ranking) -> tuple[Hit, ...]:
    """The hits of a ranking with their evidence."""
    places = list(ranking.order)
    present = ~np.isnan(ranking.values[places])
    shares = contributions(ranking.evidence[places], present & (np.array(ranking.weights) > 0))
    return tuple(
        _hit(query, ranking, place, rank, shares[rank - 1].tolist()) for rank, place in enumerate(places, start=1)
    )


def _hit(query: Query, ranking: Ranking, place: int, rank: int, shares: Sequence[float]) -> Hit:
    candidate = ranking.candidates[place]
    evidence = tuple(
        ChannelEvidence(
            channel=channel,
            value=float(ranking.values[place, column]),
            weight=ranking.weights[column],
            evidence=float(ranking.evidence[place, column]),
            contribution=shares[column],
            sentence=_sentence(channel, float(ranking.values[place, column]), query, ranking, place),
        )
        for column, channel in enumerate(CHANNELS)
        if ranking.values[place, column] == ranking.values[place, column]  # not nan
    )
    score = float(probability(PRIOR + ranking.total[place]))
    return Hit(
        rank=rank,
        mark_id=candidate.mark_id,
        score=score,
        risk=risk(score, [item.value for item in evidence if item.weight > 0]),
        source=candidate.source,
        file=candidate.file,
        text=candidate.text,
        vienna_codes=candidate.vienna_codes,
        year=candidate.year,
        picture_location=candidate.picture_location,
        found_by=candidate.channels,
        evidence=evidence,
    )


def _sentence(channel: str, value: float, query: Query, ranking: Ranking, place: int) -> str:
    candidate = ranking.candidates[place]
    if channel == "look":
        return look_sentence(value, int(ranking.views[place]), query.expand > 0)
    if channel == "shape":
        return _shape_sentence(ranking, place)
    if channel == "vienna":
        return _vienna_sentence(query, candidate)
    return name_sentence(channel, value, query.text or "", ranking.names, candidate)


def look_sentence(value: float, view: int, expanded: bool) -> str:
    """The look in words; `view`: 0 the whole picture that asks, else one of its separate figures.

    `expanded`: the picture was put together with what is most like it.
    """
    if view:
        return f"A part of the picture that stands apart in it and the whole earlier mark look {degree(value / PART)}."
    if expanded:
        return f"The picture, put together with what looks most like it, and the earlier mark look {degree(value)}."
    return f"As a whole, the pictures look {degree(value)}."


def _shape_sentence(ranking: Ranking, place: int) -> str:
    figure = ranking.figures[place]
    where = figure.matches.transformation(figure.row)
    apart = " that stands apart" if figure.view else ""
    if where is None:
        return f"No part of the figure{apart} appears in the earlier mark."
    matched = len({pair.query_cell for pair in figure.matches.pairs(figure.row)})
    every = counted(figure.matches.query_patches, "part")
    verb = "appears" if matched == 1 else "appear"
    if apart:  # its place in its own square says nothing of its place in the picture
        mirrored = ", mirrored" if where.mirrored else ""
        return f"{matched} of the {every} of the figure{apart} {verb} in the earlier mark{mirrored}."
    return f"{matched} of the figure's {every} {verb} in the earlier mark {_place(where)}."


def _place(where: Transformation) -> str:
    shift = [
        f"{counted(abs(steps), 'cell')} {words[steps > 0]}"
        for steps, words in ((where.down, ("up", "down")), (where.right, ("left", "right")))
        if steps
    ]
    size = "the same size" if where.scale == 1 else f"{where.scale:.0%} of the size"
    phrases = [f"at {size}", "mirrored" if where.mirrored else "", f"moved {' and '.join(shift)}" if shift else ""]
    if where.scale == 1 and not where.mirrored and not shift:
        return "in the same place and size"
    return ", ".join(phrase for phrase in phrases if phrase)


def _vienna_sentence(query: Query, candidate: Candidate) -> str:
    shared = shared_codes(query.vienna_codes, candidate.vienna_codes)
    if not shared:
        return "The marks share no Vienna code."
    named = listed(shared[:_CODES_NAMED])
    more = f" and {len(shared) - _CODES_NAMED} more" if len(shared) > _CODES_NAMED else ""
    return f"Both marks carry the Vienna {'codes' if len(shared) > 1 else 'code'} {named}{more}."
