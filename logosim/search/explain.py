"""Why a hit is a hit: for each channel that was compared a sentence that can be read aloud."""

from __future__ import annotations

from logosim.domain.hit import Candidate, ChannelEvidence, Hit
from logosim.domain.query import Query
from logosim.search.rerank import Ranking
from logosim.search.risk import risk
from logosim.search.vienna_overlap import shared_codes
from logosim.search.wording import counted, degree, listed
from logosim.spatial.geometry import Transformation

_CODES_NAMED = 4


def explain(query: Query, ranking: Ranking) -> tuple[Hit, ...]:
    """The first `query.k` hits of a ranking with their evidence."""
    return tuple(_hit(query, ranking, place, rank) for rank, place in enumerate(ranking.order[: query.k], start=1))


def _hit(query: Query, ranking: Ranking, place: int, rank: int) -> Hit:
    candidate = ranking.candidates[place]
    evidence = tuple(
        ChannelEvidence(
            channel=channel,
            value=float(ranking.values[place, column]),
            weight=float(ranking.weights[place, column]),
            contribution=float(ranking.contributions[place, column]),
            sentence=_sentence(channel, float(ranking.values[place, column]), query, ranking, place),
        )
        for column, channel in enumerate(ranking.channels)
        if ranking.values[place, column] == ranking.values[place, column]  # not nan
    )
    # The sum of what is shown, clipped because a sum of rounded weights can pass 1 by a hair.
    score = min(1.0, sum(item.contribution for item in evidence))
    return Hit(
        rank=rank,
        mark_id=candidate.mark_id,
        score=score,
        risk=risk(score),
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
        return f"As a whole, the pictures look {degree(value)}."
    if channel == "shape":
        return _shape_sentence(ranking, place)
    if channel == "vienna":
        return _vienna_sentence(query, candidate)
    verb = "sound" if channel == "sound" else "are spelt"
    return f"The names “{query.text}” and “{candidate.text}” {verb} {degree(value)}."


def _shape_sentence(ranking: Ranking, place: int) -> str:
    figures = ranking.figures
    if figures is None:
        raise ValueError("a shape value without patch matches")
    row = int(figures.rows[place])
    where = figures.matches.transformation(row)
    if where is None:
        return "No part of the figure appears in the earlier mark."
    matched = len({pair.query_cell for pair in figures.matches.pairs(row)})
    parts = f"{matched} of the figure's {counted(figures.matches.query_patches, 'part')}"
    verb = "appears" if matched == 1 else "appear"
    return f"{parts} {verb} in the earlier mark {_place(where)}."


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
