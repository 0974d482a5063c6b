"""ALINE in batches against a slow, plain twin, against NLTK's implementation, and against what must hold."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nltk.metrics import aline as nltk_aline  # type: ignore[import-untyped]

from logosim.phonetics.alignment import aline_alignment, whole_alignment
from logosim.phonetics.aline import aline_similarities, aline_similarity
from logosim.phonetics.segments import SCALE, SEGMENTS, build_tables
from logosim.phonetics.written import written

# Features of Kondrak (2002), written down a second time, by hand and in another form than the program's:
# place, manner, then + for each of v(oice), n(asal), r(etroflex), l(ateral).
CONSONANTS = """
p 1.0 1.0 -   b 1.0 1.0 v   t .85 1.0 -   d .85 1.0 v   k .6 1.0 -   g .6 1.0 v   ʔ .1 1.0 -
m 1.0 1.0 vn  n .85 1.0 vn  ɲ .7 1.0 vn   ŋ .6 1.0 vn
ʦ .85 .9 -    ʧ .75 .9 -    ʤ .75 .9 v
f .95 .8 -    v .95 .8 v    θ .9 .8 -     ð .9 .8 v     s .85 .8 -   z .85 .8 v   ʃ .75 .8 -  ʒ .75 .8 v
ç .7 .8 -     x .6 .8 -     ɣ .6 .8 v     h .1 .8 -
r .8 .6 vr    l .85 .6 vl   ʎ .7 .6 vl
"""
# height, backness as Kondrak counts (front 1), round, syllabic
VOWELS = """
i 1 1 0 1  ɪ 1 1 0 1  y 1 1 1 1  ʊ 1 0 1 1  u 1 0 1 1  j 1 1 0 0  ɥ 1 1 1 0  w 1 0 1 0
e .5 1 0 1  ɛ .5 1 0 1  ø .5 1 1 1  œ .5 1 1 1  ə .5 .5 0 1  ɜ .5 .5 0 1  ʌ .5 0 0 1  o .5 0 1 1  ɔ .5 0 1 1
æ 0 1 0 1  a 0 .5 0 1  ɑ 0 0 0 1
"""


def features() -> dict[str, dict[str, float]]:
    table: dict[str, dict[str, float]] = {}
    words = CONSONANTS.split()
    for symbol, place, manner, marks in zip(words[::4], words[1::4], words[2::4], words[3::4], strict=True):
        table[symbol] = {"place": float(place), "manner": float(manner), "syllabic": 0}
        table[symbol] |= {name: float(name[0] in marks) for name in ("voice", "nasal", "retroflex", "lateral")}
    words = VOWELS.split()
    for symbol, height, back, rounded, syllabic in zip(*(words[start::5] for start in range(5)), strict=True):
        high = float(height)
        table[symbol] = {"place": 0.7 if back == "1" else 0.6, "manner": 0.4 * high, "syllabic": float(syllabic)}
        table[symbol] |= {"voice": 1, "nasal": 0, "retroflex": 0, "lateral": 0}
        table[symbol] |= {"high": high, "back": float(back), "round": float(rounded)}
    return table


FEATURES = features()
ALPHABET = "".join(FEATURES)


def is_vowel(symbol: str) -> bool:
    return "high" in FEATURES[symbol]


def kondrak_delta(p: str, q: str) -> float:
    if is_vowel(p) and is_vowel(q):
        weights = {"syllabic": 5, "nasal": 10, "retroflex": 10, "high": 5, "back": 5, "round": 5}
    else:
        weights = {"syllabic": 5, "manner": 50, "voice": 10, "nasal": 10, "retroflex": 10, "lateral": 10, "place": 40}
    total = sum(weight * abs(FEATURES[p][name] - FEATURES[q][name]) for name, weight in weights.items())
    if "w" in (p, q) and not (is_vowel(p) and is_vowel(q)):  # velar and bilabial: the nearer counts
        other = FEATURES[q if p == "w" else p]["place"]
        total += 40 * (min(abs(other - 0.6), abs(other - 1.0)) - abs(other - 0.6))
    return total


@dataclass(frozen=True)
class Twin:
    """The recurrence as it stands in the papers, cell by cell."""

    skip: float
    substitution: Callable[[str, str], float]
    expansion: Callable[[str, str], float]

    def score(self, a: str, b: str) -> float:
        table = [[0.0] * (len(b) + 1) for _ in range(len(a) + 1)]
        for i in range(1, len(a) + 1):
            for j in range(1, len(b) + 1):
                moves = [
                    0.0,
                    table[i - 1][j] + self.skip,
                    table[i][j - 1] + self.skip,
                    table[i - 1][j - 1] + self.substitution(a[i - 1], b[j - 1]),
                ]
                if j > 1:
                    moves.append(table[i - 1][j - 2] + self.expansion(a[i - 1], b[j - 2 : j]))
                if i > 1:
                    moves.append(table[i - 2][j - 1] + self.expansion(b[j - 1], a[i - 2 : i]))
                table[i][j] = max(moves)
        return max(max(row) for row in table)

    def similarity(self, a: str, b: str) -> float:
        """Mean over profiles; spaces and unknown characters are no segments."""
        values = []
        for one, other in zip(a.split("|"), b.split("|"), strict=True):
            one = "".join(character for character in one if character in ALPHABET)
            other = "".join(character for character in other if character in ALPHABET)
            if one and other:
                whole = self.score(one, one) + self.score(other, other)
                values.append(min(1.0, 2 * self.score(one, other) / whole))
        return sum(values) / len(values) if values else math.nan


def kondrak_expansion(p: str, pair: str) -> float:
    apart = [kondrak_delta(p, q) for q in pair]
    if min(apart) == 0:
        return -math.inf
    return 45 - sum(apart) - 10 * is_vowel(p) - 10 * any(map(is_vowel, pair))


KONDRAK = Twin(-10, lambda p, q: 35 - kondrak_delta(p, q) - 10 * is_vowel(p) - 10 * is_vowel(q), kondrak_expansion)
NLTK = Twin(nltk_aline.C_skip, nltk_aline.sigma_sub, nltk_aline.sigma_exp)


def test_the_twin_knows_the_same_segments_and_differences() -> None:
    assert set(ALPHABET) == set(SEGMENTS)
    delta = build_tables().delta
    for row, p in enumerate(SEGMENTS, start=1):
        for column, q in enumerate(SEGMENTS, start=1):
            assert delta[row, column] / SCALE == pytest.approx(kondrak_delta(p, q), abs=1e-9), (p, q)


def test_thousands_of_random_pairs_equal_the_twin() -> None:
    # Names of few different sounds bring out expansions, ties and repetitions.
    rng = random.Random(20)
    pools = [ALPHABET, "aeiouə", "ptkbdgsz", "iɪjywuø", "nmŋɲrl", "fildarʃtə "]
    compared = 0
    for _ in range(60):
        pool = rng.choice(pools)
        query = "".join(rng.choices(pool, k=rng.randint(1, 12)))
        candidates = ["".join(rng.choices(pool, k=rng.randint(0, 16))) for _ in range(50)]
        expected = [KONDRAK.similarity(query, candidate) for candidate in candidates]
        np.testing.assert_allclose(aline_similarities(query, candidates), expected, rtol=0, atol=1e-6)
        compared += len(candidates)
    assert compared == 3000


names = st.text(alphabet=ALPHABET + " '日", max_size=9)
transcriptions = st.tuples(names, names, names).map("|".join)


@given(query=transcriptions, candidates=st.lists(transcriptions, max_size=5))
@settings(max_examples=150, deadline=None)
def test_three_profiles_equal_the_twin(query: str, candidates: list[str]) -> None:
    expected = [KONDRAK.similarity(query, candidate) for candidate in candidates]
    np.testing.assert_allclose(aline_similarities(query, candidates), expected, rtol=0, atol=1e-6)


def test_long_and_short_candidates_in_one_batch() -> None:
    rng = random.Random(4)
    query = "".join(rng.choices(ALPHABET, k=25))
    candidates = ["".join(rng.choices(ALPHABET, k=length)) for length in (1, 8, 9, 12, 18, 19, 30, 31, 60, 61, 90)]
    expected = [KONDRAK.similarity(query, candidate) for candidate in candidates]
    np.testing.assert_allclose(aline_similarities(query, candidates), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("sound", ["k", "a", "ʃ"])
@pytest.mark.parametrize("length", [29, 30, 31, 60, 61])
def test_the_highest_scores_fit_in_their_integers(sound: str, length: int) -> None:
    """Names of one sound score most of all; up to 30 segments are added up in 16 bits."""
    query, other = sound * 80, sound * (length - 1)
    candidates = [sound * length, other + "m", "m" + other]
    expected = [KONDRAK.similarity(query, candidate) for candidate in candidates]
    np.testing.assert_allclose(aline_similarities(query, candidates), expected, rtol=0, atol=1e-6)


@given(one=transcriptions, other=transcriptions)
@settings(max_examples=200, deadline=None)
def test_similarity_is_symmetric_and_between_0_and_1(one: str, other: str) -> None:
    forth, back = aline_similarity(one, other), aline_similarity(other, one)
    assert (math.isnan(forth) and math.isnan(back)) or (forth == pytest.approx(back) and 0 <= forth <= 1)


@given(name=st.text(alphabet=ALPHABET, min_size=1, max_size=30))
def test_every_name_sounds_like_itself(name: str) -> None:
    # Holds because no expansion is worth more than its segments are against themselves: the self-score is their sum.
    assert aline_similarity(name, name) == 1.0
    own = sum(15 if is_vowel(segment) else 35 for segment in name)
    assert KONDRAK.score(name, name) == pytest.approx(own)


def test_absent_names_are_nan() -> None:
    values = aline_similarities("a|b|c", [None, "||", "a|b|c", "a||", " | |日"])
    assert np.isnan(values).tolist() == [True, True, False, False, True]
    assert values.dtype == np.float32
    assert values[2] == values[3] == 1.0
    assert aline_similarities("a|b|c", []).shape == (0,)
    assert np.isnan(aline_similarities("||", ["a|b|c"])).all()


@pytest.mark.parametrize("candidate", ["a", "a|b", "a|b|c|d", "a|b\nc|d|e"])
def test_a_candidate_with_other_profiles_is_refused(candidate: str) -> None:
    with pytest.raises(ValueError, match="3 profiles"):
        aline_similarities("a|b|c", ["a|b|c", candidate])


def test_vowel_height_and_lookalike_sounds_count() -> None:
    assert aline_similarity("pin", "pæn") < aline_similarity("pin", "pen") < 1
    assert aline_similarity("fildar", "fildor") > aline_similarity("fildar", "vəlnok")


@given(one=st.text(alphabet=ALPHABET, max_size=9), other=st.text(alphabet=ALPHABET, max_size=9))
@settings(max_examples=200, deadline=None)
def test_an_alignment_is_worth_what_the_twin_scores(one: str, other: str) -> None:
    pairs = aline_alignment(one, other)
    assert sum(pair.score for pair in pairs) == pytest.approx(KONDRAK.score(one, other))
    assert "".join(pair.one for pair in pairs) in one
    assert "".join(pair.other for pair in pairs) in other


def test_an_alignment_names_the_sounds_that_answer_each_other() -> None:
    assert [(pair.one, pair.other) for pair in aline_alignment("fildar", "fildor")] == [
        (segment, segment if segment != "a" else "o") for segment in "fildar"
    ]
    assert aline_alignment("", "a") == ()


@given(one=st.text(alphabet=ALPHABET, max_size=9), other=st.text(alphabet=ALPHABET, max_size=9))
@settings(max_examples=200, deadline=None)
def test_a_whole_alignment_holds_both_names_from_end_to_end_and_is_worth_no_more(one: str, other: str) -> None:
    pairs = whole_alignment(one, other)
    assert ("".join(pair.one for pair in pairs), "".join(pair.other for pair in pairs)) == (one, other)
    assert sum(pair.score for pair in pairs) == pytest.approx(KONDRAK.score(one, other))


def test_sounds_before_and_after_the_alignment_answer_nothing() -> None:
    assert [(pair.one, pair.other) for pair in whole_alignment("mafildor", "fildorkə")] == [
        ("m", ""),
        ("a", ""),
        *((segment, segment) for segment in "fildor"),
        ("", "k"),
        ("", "ə"),
    ]


def test_every_sound_can_be_written_in_plain_letters() -> None:
    assert all(written(segment).isascii() and written(segment) for segment in SEGMENTS)
    assert written("ʃaŋ") == "shang"


def cognates() -> list[tuple[str, str]]:
    """NLTK's own pairs, most of them from Kondrak's papers."""
    return [(one, other) for one, other in (line.split(",") for line in nltk_aline.cognate_data.split("\n"))]


@pytest.mark.parametrize(("one", "other"), cognates())
def test_the_recurrence_agrees_with_nltk_under_its_parameters(one: str, other: str) -> None:
    # NLTK returns alignments without scores; what each of its best alignments is worth must be the twin's score.
    for alignment in nltk_aline.align(one, other):
        worth = 0.0
        for here, there in alignment:
            if "-" in (here, there):
                worth += nltk_aline.C_skip
            elif len(here) == len(there):
                worth += nltk_aline.sigma_sub(here, there)
            else:
                worth += nltk_aline.sigma_exp(*sorted((here, there), key=len))
        assert worth == pytest.approx(NLTK.score(one, other))
