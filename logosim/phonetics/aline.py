"""ALINE: how alike two names sound, as the best local alignment of their segments.

Algorithm and parameters: G. Kondrak (2000, 2002), local mode, score only. Moves are substitution, skip, one-to-two
expansion and two-to-one compression. An expansion in which one part is no different from the single segment is
forbidden, because it would be a substitution and a skip. Scores are normalised as 2 s(a,b) / (s(a,a) + s(b,b)), after
S. Downey and others (2008), and clipped to 1. Names are compared within each pronunciation profile; the similarity is
the mean over the profiles. Spaces are passed over.

Deviations from the papers: a batch of one name against many, one row of the table of all candidates at a time, in
integers (see `segments`). A slow, plain twin in the tests holds the scores equal.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from logosim.phonetics.segments import EXPANSION, SCALE, SEGMENTS, SKIP, SUBSTITUTION, SegmentTables, build_tables
from logosim.phonetics.transcribe import PROFILE_SEPARATOR

_NO_SEGMENT, _END_OF_PROFILE, _END_OF_NAME = 0, 254, 255
_CHARACTERS = 0x400
_NEVER = 8000
"""Cost of a move that is forbidden. Rows never fall by more than two skips from one cell to where the move would lead,
so a few hundred would do."""
_LENGTHS = (10, 18, 30, 60)
"""Candidates are aligned in groups of up to so many segments, so that one slogan does not slow down all others."""

Codes = NDArray[np.uint8]
_NARROW = 30
"""Segments of a candidate up to which scores (at most 35 a segment and 10 a column, times SCALE) fit in 16 bits, which
move faster than 32."""

Integers = NDArray[Any]
Places = NDArray[np.intp]


def aline_similarity(one: str, other: str) -> float:
    """How alike two transcriptions sound, 0..1; nan where they have no profile in common with segments in both."""
    return float(aline_similarities(one, [other])[0])


def aline_similarities(query: str, candidates: Sequence[str | None]) -> NDArray[np.float32]:
    """How alike `query` and each candidate sound.

    Transcriptions are those of `phonemes`: one IPA string per profile, joined with "|". Returns float32 [N] in 0..1,
    nan for a candidate that is None or has no segments. A profile without segments on either side is left out of the
    mean. ValueError when a candidate has not as many profiles as the query.
    """
    table = aline_table([query], candidates)
    return table.reshape(-1)


def aline_table(queries: Sequence[str], candidates: Sequence[str | None]) -> NDArray[np.float32]:
    """How alike each of M transcriptions and each of N candidates sound: float32 [M, N], as `aline_similarities`."""
    profiles = queries[0].count(PROFILE_SEPARATOR) + 1 if queries else 1
    asked = _encode(queries, profiles)
    given = _encode(candidates, profiles)
    total = np.zeros((len(queries), len(candidates)))
    compared = np.zeros(total.shape)
    for (query_codes, query_lengths), (codes, lengths) in zip(asked, given, strict=True):
        for row in np.flatnonzero(query_lengths):
            total[row] += _similarities(query_codes[:, row], codes, lengths)
            compared[row] += lengths > 0
    with np.errstate(invalid="ignore", divide="ignore"):
        return (total / compared).astype(np.float32)


class _Costs:
    """Score tables derived from the segment tables, laid out for the recurrence."""

    def __init__(self, tables: SegmentTables, kind: type[np.int16] | type[np.int32]) -> None:
        delta: Integers = tables.delta.astype(kind)
        vowel: Integers = tables.vowel.astype(kind)
        self.kind = kind
        self.vowel = vowel
        self.own: Integers = SCALE * SUBSTITUTION - 2 * vowel
        """[S+1] score of a segment against itself."""
        self.own[_NO_SEGMENT] = 0
        self.substitution: Integers = SCALE * SUBSTITUTION - delta - vowel[:, None] - vowel[None, :]
        """[S+1, S+1] score of one segment against another."""
        self.substitution[_NO_SEGMENT, :] = self.substitution[:, _NO_SEGMENT] = -_NEVER
        self.part: Integers = -np.where(delta > 0, delta, _NEVER)
        """[S+1, S+1] what one part of an expansion adds; never for parts that do not differ."""
        self.part[_NO_SEGMENT, :] = self.part[:, _NO_SEGMENT] = -_NEVER


@functools.cache
def _costs(kind: type[np.int16] | type[np.int32] = np.int32) -> _Costs:
    return _Costs(build_tables(), kind)


@functools.cache
def _code_of_character() -> Codes:
    """[0x400] code of each character: 1..S for segments, 0 for all that is passed over."""
    codes = np.zeros(_CHARACTERS, dtype=np.uint8)
    for code, character in enumerate(SEGMENTS, start=1):
        codes[ord(character)] = code
    codes[ord(PROFILE_SEPARATOR)] = _END_OF_PROFILE
    codes[ord("\n")] = _END_OF_NAME
    return codes


def _encode(names: Sequence[str | None], profiles: int) -> list[tuple[Codes, Places]]:
    """Per profile: segment codes uint8 [L, N], padded with 0, and the number of segments [N]."""
    absent = PROFILE_SEPARATOR * (profiles - 1)
    text = "\n".join([absent if name is None else name for name in names] + [""])
    points = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)
    codes = _code_of_character()[np.minimum(points, _CHARACTERS - 1)]
    codes = codes[codes != _NO_SEGMENT]
    ends = np.flatnonzero(codes >= _END_OF_PROFILE)
    expected = np.full((len(names), profiles), _END_OF_PROFILE, dtype=np.uint8)
    expected[:, -1] = _END_OF_NAME
    if not np.array_equal(codes[ends], expected.reshape(-1)):
        raise ValueError(f"a transcription has not the {profiles} profiles of the query")
    lengths = np.diff(ends, prepend=-1) - 1
    string = np.repeat(np.arange(lengths.size), lengths)
    place = np.arange(string.size) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    padded = np.zeros((int(lengths.max(initial=0)), lengths.size), dtype=np.uint8)
    padded[place, string] = codes[codes < _END_OF_PROFILE]
    return [(padded[:, profile::profiles], lengths[profile::profiles]) for profile in range(profiles)]


def _similarities(query: Codes, candidates: Codes, lengths: Places) -> NDArray[np.float64]:
    """Normalised similarity of `query` [M] and `candidates` [L, N]: float64 [N], 0 where a candidate is empty."""
    costs = _costs()
    query = query[query != _NO_SEGMENT]
    similarity = np.zeros(lengths.size)
    longest = int(lengths.max(initial=0))
    shortest = 0
    for limit in (*(limit for limit in _LENGTHS if limit < longest), longest):
        group = np.flatnonzero((lengths > shortest) & (lengths <= limit))
        shortest = limit
        if group.size:
            codes = candidates[:limit, group].astype(np.intp)
            best = _best_scores(query, codes)
            own = int(costs.own.take(query).sum()) + costs.own.take(codes).sum(axis=0)
            similarity[group] = np.minimum(2.0 * best / own, 1.0)
    return similarity


def _best_scores(query: Codes, candidates: Places) -> Integers:
    """Best local alignment of `query` [M] with each of `candidates` [L, N]: integers [N], times SCALE.

    A row of the table holds S(i, j) + skip * j for j = 0..L, which turns the skips within a row into a running maximum.
    """
    costs = _costs(np.int16 if len(candidates) <= _NARROW else np.int32)
    skip = -SCALE * SKIP
    ramp = (skip * np.arange(candidates.shape[0] + 1, dtype=costs.kind))[:, None]
    shape = (candidates.shape[0] + 1, candidates.shape[1])
    before_last = last = np.broadcast_to(ramp, shape)
    best = np.zeros(shape, dtype=costs.kind)
    vowel = costs.vowel.take(candidates, mode="clip")
    pair_vowel = np.maximum(vowel[:-1], vowel[1:])
    parts: dict[int, Integers] = {}
    previous = _NO_SEGMENT
    for segment in query.tolist():
        if segment not in parts:
            parts[segment] = costs.part[segment].take(candidates, mode="clip")
        part = parts[segment]
        row = np.empty(shape, dtype=costs.kind)
        row[0] = 0
        np.add(last[:-1], (costs.substitution[segment] + skip).take(candidates, mode="clip"), out=row[1:])
        np.maximum(row, last - skip, out=row)
        expansion = part[:-1] + part[1:]
        expansion -= pair_vowel
        expansion += last[:-2]
        expansion += SCALE * EXPANSION - int(costs.vowel[segment]) + 2 * skip
        np.maximum(row[2:], expansion, out=row[2:])
        if previous != _NO_SEGMENT:
            compression = parts[previous] + part
            compression -= vowel
            compression += before_last[:-1]
            compression += SCALE * EXPANSION - int(max(costs.vowel[previous], costs.vowel[segment])) + skip
            np.maximum(row[1:], compression, out=row[1:])
        np.maximum(row, ramp, out=row)
        np.maximum(best, row - ramp, out=best)
        np.maximum.accumulate(row, axis=0, out=row)
        before_last, last, previous = last, row, segment
    result: Integers = best.max(axis=0)
    return result
