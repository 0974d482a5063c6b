"""Which sounds of two names answer each other: the best alignment that ALINE scores, as pairs, for explanations.

One pair of names at a time, with a traceback; `aline` has the batch that only scores. Parameters as there.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from logosim.phonetics.segments import EXPANSION, SEGMENTS, SKIP, SUBSTITUTION, VOWEL, difference


@dataclass(frozen=True, slots=True)
class AlignedPair:
    """Segments of one name and of the other that answer each other; "" where one has nothing for it."""

    one: str
    other: str
    score: float


def aline_alignment(one: str, other: str) -> tuple[AlignedPair, ...]:
    """Pairs of the best local alignment of two IPA strings of one profile; empty where nothing answers.

    The scores of the pairs add up to the score of the alignment. Of several best alignments, the one that ends first
    and prefers substitution, then expansion, then skips, is given. Spaces and unknown characters are passed over.
    """
    return _best(_segments(one), _segments(other))[1]


def whole_alignment(one: str, other: str) -> tuple[AlignedPair, ...]:
    """`aline_alignment` with the segments before and after it, so that both names are there from end to end.

    Segments outside the best alignment answer nothing; they have the score 0, for a local alignment does not count
    them.
    """
    rows, columns = _segments(one), _segments(other)
    (i, j), pairs = _best(rows, columns)
    end_i, end_j = i + sum(len(pair.one) for pair in pairs), j + sum(len(pair.other) for pair in pairs)
    before = _unanswered(rows[:i], columns[:j])
    return before + pairs + _unanswered(rows[end_i:], columns[end_j:])


def _segments(sounds: str) -> list[str]:
    return [character for character in sounds if character in SEGMENTS]


def _unanswered(rows: list[str], columns: list[str]) -> tuple[AlignedPair, ...]:
    return tuple(AlignedPair(row, "", 0.0) for row in rows) + tuple(AlignedPair("", column, 0.0) for column in columns)


def _best(rows: list[str], columns: list[str]) -> tuple[tuple[int, int], tuple[AlignedPair, ...]]:
    """Where the best local alignment starts, and its pairs."""
    scores = [[0.0] * (len(columns) + 1) for _ in range(len(rows) + 1)]
    moves: dict[tuple[int, int], tuple[int, int]] = {}
    end = (0, 0)
    for i in range(len(rows) + 1):
        for j in range(len(columns) + 1):
            for di, dj in ((1, 1), (1, 2), (2, 1), (1, 0), (0, 1)):
                if di <= i and dj <= j:
                    score = scores[i - di][j - dj] + _score("".join(rows[i - di : i]), "".join(columns[j - dj : j]))
                    if score > scores[i][j] + 1e-9:
                        scores[i][j] = score
                        moves[i, j] = (di, dj)
            if scores[i][j] > scores[end[0]][end[1]] + 1e-9:
                end = (i, j)
    pairs = []
    i, j = end
    while (i, j) in moves:
        di, dj = moves[i, j]
        here, there = "".join(rows[i - di : i]), "".join(columns[j - dj : j])
        pairs.append(AlignedPair(here, there, _score(here, there)))
        i, j = i - di, j - dj
    return (i, j), tuple(reversed(pairs))


@lru_cache(maxsize=1 << 16)
def _score(here: str, there: str) -> float:
    """Score of one move: of one or two segments with none, one or two."""
    if not here or not there:
        return SKIP
    if len(here) > len(there):
        here, there = there, here
    single = SEGMENTS[here[0]]
    parts = [SEGMENTS[character] for character in there]
    differences = [difference(single, part) for part in parts]
    vowels = VOWEL * single.vowel_like + VOWEL * any(part.vowel_like for part in parts)
    if len(parts) == 1:
        return SUBSTITUTION - differences[0] - vowels
    if 0 in differences:
        return float("-inf")
    return EXPANSION - sum(differences) - vowels
