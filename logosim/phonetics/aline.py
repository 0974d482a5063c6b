"""ALINE: how alike two names sound, as the best local alignment of their segments.

Algorithm and parameters: G. Kondrak (2000, 2002), local mode, score only. Moves are substitution, skip, one-to-two
expansion and two-to-one compression. An expansion in which one part is no different from the single segment is
forbidden, because it would be a substitution and a skip. Scores are normalised as 2 s(a,b) / (s(a,a) + s(b,b)), after
S. Downey and others (2008), and clipped to 1. Names are compared within each pronunciation profile; the similarity is
the mean over the profiles. Spaces are passed over.

Deviations from the papers: a batch of one name against many, in all profiles at once, one row of the table of all
candidates at a time, in integers (see `segments`). A slow, plain twin in the tests holds the scores equal.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from logosim.phonetics.segments import EXPANSION, SCALE, SEGMENTS, SKIP, SUBSTITUTION, build_tables
from logosim.phonetics.transcribe import PROFILE_SEPARATOR

_NO_SEGMENT, _END_OF_PROFILE, _END_OF_NAME = 0, 254, 255
_CHARACTERS = 0x400
_LENGTHS = (14, 28, 60)
"""Candidates are aligned in groups of up to so many segments, so that one slogan does not slow down all others."""

_NOTHING, _SAME = 255, 512
"""Differences from no segment and from the segment itself. Both cost more than any three skips, so that no move with
them is ever taken; a substitution takes off the bit of `_SAME`, for the same segment differs by nothing."""
_DIFFERENCE = _SAME - 1

Codes = NDArray[np.uint8]
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
    asked, given = _Transcriptions.of(queries, profiles), _Transcriptions.of(candidates, profiles)
    table = np.empty((len(queries), len(candidates)), dtype=np.float32)
    for row in range(len(queries)):
        lengths = asked.lengths[row * profiles : (row + 1) * profiles]
        codes = asked.padded(np.arange(row * profiles, (row + 1) * profiles), int(lengths.max()))
        similarity = _similarities(codes, given).reshape(-1, profiles)
        compared = ((given.lengths > 0).reshape(-1, profiles) & (lengths > 0)).sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            table[row] = similarity.sum(axis=1) / compared
    return table


@dataclass(frozen=True, slots=True, eq=False)
class _Transcriptions:
    """Segment codes of N names in P profiles, N * P strings one after the other: name by name."""

    codes: Codes  # of all strings, with ends between them
    starts: Places  # [N * P]
    lengths: Places  # [N * P], segments
    profiles: int

    @classmethod
    def of(cls, names: Sequence[str | None], profiles: int) -> _Transcriptions:
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
        starts = np.concatenate([[0], ends + 1])[:-1]
        return cls(codes, starts, ends - starts, profiles)

    def padded(self, strings: Places, length: int) -> Places:
        """Codes of the strings of up to `length` segments, padded with 0: [length, strings]."""
        places = np.arange(length)[:, None]
        codes = self.codes.take(self.starts[strings] + places, mode="clip").astype(np.intp)
        return np.where(places < self.lengths[strings], codes, _NO_SEGMENT)


@dataclass(frozen=True, slots=True, eq=False)
class _Costs:
    """What the recurrence reads, times SCALE, for segments coded 1..S and 0 for none."""

    difference: Integers  # [S+1, S+1]
    vowel: Integers  # [S+1], C_vwl for vowel-like segments, else 0
    own: Integers  # [S+1], score of a segment against itself


@functools.cache
def _costs() -> _Costs:
    tables = build_tables()
    difference = np.where(tables.delta > 0, tables.delta, _SAME)
    difference[_NO_SEGMENT, :] = difference[:, _NO_SEGMENT] = _NOTHING
    own = SCALE * SUBSTITUTION - 2 * tables.vowel
    own[_NO_SEGMENT] = 0
    return _Costs(difference, tables.vowel, own)


@functools.cache
def _code_of_character() -> Codes:
    """[0x400] code of each character: 1..S for segments, 0 for all that is passed over."""
    codes = np.zeros(_CHARACTERS, dtype=np.uint8)
    for code, character in enumerate(SEGMENTS, start=1):
        codes[ord(character)] = code
    codes[ord(PROFILE_SEPARATOR)] = _END_OF_PROFILE
    codes[ord("\n")] = _END_OF_NAME
    return codes


def _similarities(query: Places, candidates: _Transcriptions) -> NDArray[np.float64]:
    """Normalised similarity of `query` [M, P] and each string of candidates: float64 [N * P], 0 where one is empty."""
    own = _costs().own
    similarity = np.zeros(candidates.lengths.size)
    profiles = np.arange(similarity.size) % candidates.profiles
    asked = (query != _NO_SEGMENT).sum(axis=0)[profiles] > 0
    own_of_query = own.take(query).sum(axis=0)
    longest = int(candidates.lengths.max(initial=0))
    shortest = 0
    for limit in (*(limit for limit in _LENGTHS if limit < longest), longest):
        group = np.flatnonzero(asked & (candidates.lengths > shortest) & (candidates.lengths <= limit))
        shortest = limit
        if group.size:
            codes = candidates.padded(group, limit)
            best = _best_scores(query, codes, profiles[group])
            whole = own_of_query[profiles[group]] + own.take(codes).sum(axis=0)
            similarity[group] = np.minimum(2.0 * best / whole, 1.0)
    return similarity


def _best_scores(query: Places, candidates: Places, profiles: Places) -> Integers:
    """Best local alignment of each candidate with the query in its profile: integers [N], times SCALE.

    A row i of the table holds S(i, j) + skip * (i + j) for j = 0..L. That makes a skip of the query's segment free, and
    the skips within a row a running maximum, taken in steps of 1, 2, 4, ...

    Args:
        query: [M, P] codes, padded with 0.
        candidates: [L, N] codes, padded with 0.
        profiles: [N], which of the P each candidate is compared in.
    """
    costs = _costs()
    (rows, _), (length, count) = query.shape, candidates.shape
    skip = -SCALE * SKIP
    highest = SCALE * SUBSTITUTION * min(rows, length) + skip * (rows + length + 2)
    kind = np.int16 if highest < 2**15 else np.int32  # the narrower, the faster
    asked_vowel = costs.vowel.take(query)  # [M, P]
    # Differences from the query's segments, for each row in all profiles, with what the query's vowel costs.
    differences = (costs.difference[query] + asked_vowel[:, :, None]).astype(kind).reshape(rows, -1)
    places = candidates + profiles * len(costs.own)
    # The vowel of the query is in both differences of an expansion, and counts once.
    expansion = (SCALE * EXPANSION + 3 * skip + asked_vowel).astype(kind)[:, profiles]
    # In a compression it is the greater of the vowels of both segments that counts, not their sum.
    both = np.minimum(asked_vowel[1:], asked_vowel[:-1])
    compression = (SCALE * EXPANSION + 3 * skip + both).astype(kind)[:, profiles]
    vowel: Integers = costs.vowel.astype(kind).take(candidates)
    pair_vowel = np.maximum(vowel[:-1], vowel[1:])
    substitution = kind(SCALE * SUBSTITUTION + 2 * skip) - vowel

    start = np.empty((length + 1, count), dtype=kind)  # where an alignment starts: S = 0
    start[:] = skip * np.arange(length + 1)[:, None]
    before_last, last, row, spare = np.empty_like(start), start.copy(), np.empty_like(start), np.empty_like(start)
    before_part, part, move = np.empty_like(vowel), np.empty_like(vowel), np.empty_like(vowel)
    best = np.zeros_like(start)
    for i in range(rows):
        start += kind(skip)
        np.take(differences[i], places, out=part, mode="clip")
        np.bitwise_and(part, _DIFFERENCE, out=move)
        np.subtract(substitution, move, out=move)
        row[0] = start[0]
        np.add(last[:-1], move, out=row[1:])
        np.maximum(row, last, out=row)
        np.add(part[:-1], part[1:], out=move[1:])
        move[1:] += pair_vowel
        np.subtract(last[:-2], move[1:], out=move[1:])
        move[1:] += expansion[i]
        np.maximum(row[2:], move[1:], out=row[2:])
        if i:
            np.add(before_part, part, out=move)
            move += vowel
            np.subtract(before_last[:-1], move, out=move)
            move += compression[i - 1]
            np.maximum(row[1:], move, out=row[1:])
        np.maximum(row, start, out=row)
        np.subtract(row, start, out=spare)
        np.maximum(best, spare, out=best)
        step = 1
        while step <= length:
            np.maximum(row[step:], row[:-step], out=spare[step:])
            spare[:step] = row[:step]
            row, spare = spare, row
            step *= 2
        before_last, last, row = last, row, before_last
        before_part, part = part, before_part
    result: Integers = best.max(axis=0)
    return result
