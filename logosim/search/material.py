"""What lies behind the values of one candidate: matched patches, answering sounds, trigrams, codes; and what is absent.

Each is None or empty where its channel could not be compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import isnan

from logosim.domain.explanation import (
    AbsentChannel,
    AnsweringSounds,
    AnsweringWords,
    FigurePlace,
    HeadedCode,
    MatchedPatch,
    ShapeExplanation,
    SpellingExplanation,
    SpokenComparison,
    ViennaExplanation,
)
from logosim.domain.hit import Candidate
from logosim.domain.query import CHANNELS, Query
from logosim.domain.rectangle import Rectangle
from logosim.domain.vienna import keys, level
from logosim.imaging.placement import Placement
from logosim.phonetics import (
    PROFILE_SEPARATOR,
    PROFILES,
    AlignedPair,
    aline_similarity,
    whole_alignment,
    written,
)
from logosim.phonetics.pair import WordPair
from logosim.phonetics.spelling import jaro_winkler_similarity, trigram_similarity, trigrams
from logosim.search.name_reason import compared_words
from logosim.search.rerank import NameKeys, Ranking

_READ_AS = dict(zip(PROFILES, ("English", "German", "Romance"), strict=True))
_SOUNDS = 100  # of a name that are laid side by side: a name of symbols that are read out in words has hundreds
_SAME = 1 - 1e-6  # similarity of two sounds that ALINE does not tell apart


def absent_channels(query: Query, ranking: Ranking) -> tuple[AbsentChannel, ...]:
    """The channels of a ranking's only candidate that could not be compared, with the reason for each."""
    (candidate,) = ranking.candidates
    reasons = {
        "look": _no_figure(query, candidate),
        "shape": _no_figure(query, candidate),
        "sound": _no_name(query.text, candidate.text),
        "spelling": _no_name(query.text, candidate.text),
        "vienna": _no_codes(query.vienna_codes),
    }
    return tuple(
        AbsentChannel(channel, reasons[channel])
        for channel, value in zip(CHANNELS, ranking.values[0].tolist(), strict=True)
        if isnan(value)
    )


def shape_of(ranking: Ranking, placements: Sequence[Placement | None]) -> ShapeExplanation | None:
    """Which patches of the only candidate match, as parts of both pictures as far as their placements are known."""
    figure = ranking.figures.get(0)
    if figure is None:
        return None
    matches, grid = figure.matches, figure.matches.grid
    where = matches.transformation(0)
    first, other = placements
    found = matches.pairs(0) if where else ()
    return ShapeExplanation(
        place=FigurePlace(where.scale, where.mirrored, where.down, where.right) if where else None,
        parts=matches.query_patches,
        matches=tuple(
            MatchedPatch(
                number=number,
                strength=pair.strength,
                cell=pair.query_cell,
                other_cell=pair.candidate_cell,
                rectangle=_part(first, pair.query_cell, grid),
                other_rectangle=_part(other, pair.candidate_cell, grid),
            )
            for number, pair in enumerate(found, start=1)
        ),
    )


def sound_of(names: NameKeys, candidate: Candidate) -> tuple[SpokenComparison, ...]:
    """Both names as each profile reads them, sound by sound."""
    asked = names.phonemes
    if asked is None or candidate.phonemes is None:
        return ()
    spoken = zip(PROFILES, asked.split(PROFILE_SEPARATOR), candidate.phonemes.split(PROFILE_SEPARATOR), strict=True)
    compared = ((profile, one, other, aline_similarity(one, other)) for profile, one, other in spoken)
    return tuple(
        SpokenComparison(
            profile=profile,
            read_as=_READ_AS[profile],
            one=one,
            other=other,
            similarity=similarity,
            sounds=tuple(map(_answering, whole_alignment(one[:_SOUNDS], other[:_SOUNDS]))),
        )
        for profile, one, other, similarity in compared
        if not isnan(similarity)
    )


def spelling_of(names: NameKeys, candidate: Candidate) -> SpellingExplanation | None:
    """The measures that the channel's value is made of."""
    one, other = names.normalised, candidate.normalised_text
    if one is None or other is None:
        return None
    pair = compared_words("spelling", names, candidate)
    return SpellingExplanation(
        jaro_winkler=jaro_winkler_similarity(one, other),
        trigram=trigram_similarity(one, other),
        shared_trigrams=tuple(sorted(trigrams(one) & trigrams(other))),
        by_words=pair.words if pair else None,
        excess=pair.excess if pair else 0.0,
        words=_answering_words(pair) if pair else (),
    )


def _answering_words(pair: WordPair) -> tuple[AnsweringWords, ...]:
    places = [(row, pair.counterpart(row)) for row in range(len(pair.one))]
    return tuple(
        AnsweringWords(
            one=pair.one[row],
            other=pair.other[column],
            similarity=float(pair.similarities[row, column]),
            weight=float(pair.weights[row]),
            other_weight=float(pair.other_weights[column]),
        )
        for row, column in places
    )


def vienna_of(
    query: Query, candidate: Candidate, headings: Callable[[Sequence[str]], Mapping[str, str]]
) -> ViennaExplanation | None:
    """The codes that both marks carry and those that only one does, with their headings."""
    if not query.vienna_codes or not candidate.vienna_codes:
        return None
    asked, given = keys(query.vienna_codes), keys(candidate.vienna_codes)
    labels = headings(sorted({*asked, *given}))

    def headed(codes: Sequence[str]) -> tuple[HeadedCode, ...]:
        return tuple(HeadedCode(code, level(code), labels.get(code)) for code in codes)

    return ViennaExplanation(
        shared=headed([code for code in asked if code in given]),
        only_first=headed([code for code in sorted(query.vienna_codes) if code not in given]),
        only_other=headed([code for code in sorted(candidate.vienna_codes) if code not in asked]),
    )


def _part(placement: Placement | None, cell: tuple[int, int], grid: int) -> Rectangle | None:
    return placement.cell(*cell, grid) if placement else None


def _answering(pair: AlignedPair) -> AnsweringSounds:
    if not pair.one or not pair.other:
        agreement = "missing"
    elif aline_similarity(pair.one, pair.other) > _SAME:
        agreement = "same"
    else:
        agreement = "similar" if pair.score > 0 else "different"
    return AnsweringSounds(pair.one, pair.other, written(pair.one), written(pair.other), pair.score, agreement)


def _no_figure(query: Query, candidate: Candidate) -> str:
    if query.features is None:
        reason = "nobody has looked at the first one yet"
    elif not query.features.patches.any():
        reason = "apart from lettering, the first one shows nothing"
    elif candidate.blank is None:
        reason = "nobody has looked at the earlier mark's yet"
    else:
        reason = "apart from lettering, the earlier mark's shows nothing"
    return f"The pictures were not compared: {reason}."


def _no_name(asked: str | None, given: str | None) -> str:
    if not asked:
        reason = "the first mark has none"
    elif not given:
        reason = "the earlier mark has none"
    else:
        reason = "one of them has nothing in it that could be"
    return f"The names were not compared: {reason}."


def _no_codes(asked: Sequence[str]) -> str:
    reason = "the earlier mark carries none" if asked else "none is known of the first mark"
    return f"Vienna codes were not compared: {reason}."
