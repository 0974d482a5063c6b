"""Names by their words, against a slow, plain reading of the formula; and what an examiner would expect of them."""

from __future__ import annotations

from math import log, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logosim.domain.words import NO_COUNTS, WordCounts
from logosim.phonetics import (
    aline_similarities,
    aline_similarity,
    normalise,
    phonemes,
    spelling_similarities,
    spelling_similarity,
)
from logosim.phonetics.names import sound_of_names, spelling_of_names, spoken_words
from logosim.phonetics.pair import spelled_pair, spoken_pair
from logosim.phonetics.weights import FLOOR, LEAST_NAMES, generic_words, word_weights
from logosim.phonetics.words import NameWords, by_words

REGISTER = WordCounts(
    20_000, {"hotel": 200, "golden": 15, "stork": 1, "group": 90, "resort": 20, "metro": 1, "meeting": 1, "eco": 26}
)

words = st.sampled_from(["hotel", "stork", "golden", "fildor", "phildar", "gmbh", "a", "10", "metro", "metromeet"])
names = st.lists(words, min_size=1, max_size=4).map(" ".join)
registers = st.builds(WordCounts, st.integers(0, 10**6), st.dictionaries(words, st.integers(0, 1000)))


def plain_weight(word: str, counts: WordCounts) -> float:
    if word in generic_words():
        return FLOOR
    total = max(counts.names, LEAST_NAMES) + 1
    return min(max(min(len(word), 3) / 3 * log(total / (counts.marks.get(word, 0) + 1)) / log(total), FLOOR), 1)


def plain(one: list[str], other: list[str], table: list[list[float]], whole: float, counts: WordCounts) -> float:
    """The formula of `logosim.phonetics.words` for one pair; table[i][j] compares words i and j."""

    def side(own: list[str], others: list[str], rows: list[list[float]]) -> tuple[float, float, float, float]:
        weights, answers = ([plain_weight(word, counts) for word in each] for each in (own, others))
        mass = [weight**2 for weight in weights]
        heavy = [m * len(word) for m, word in zip(mass, own, strict=True)]
        near = [max(row) for row in rows]
        met = [
            max(s * min(1, answer / weight) for s, answer in zip(row, answers, strict=True))
            for weight, row in zip(weights, rows, strict=True)
        ]
        covered = sum(m * t for m, t in zip(mass, met, strict=True)) / sum(mass)
        contained = sum(m * t * t for m, t in zip(mass, met, strict=True)) / sum(mass)
        letters = sum(len(word) * s for word, s in zip(own, near, strict=True)) / sum(map(len, own))
        weighed = sum(h * s for h, s in zip(heavy, near, strict=True)) / sum(heavy)
        return covered, contained, letters - weighed, max(weights)

    covered_1, contained_1, excess_1, own_1 = side(one, other, table)
    covered_2, contained_2, excess_2, own_2 = side(other, one, [list(column) for column in zip(*table, strict=True)])
    cosine = sqrt(covered_1 * covered_2)
    by_word = (max(own_1 * contained_1, own_2 * contained_2) + min(own_1, own_2) * cosine) / 2
    excess = (max(excess_1, 0) + max(excess_2, 0)) / 2
    return max(whole - excess, by_word)


def plain_spelling(one: str, other: str, counts: WordCounts) -> float:
    table = [[spelling_similarity(word, match) for match in other.split()] for word in one.split()]
    return plain(one.split(), other.split(), table, spelling_similarity(one, other), counts)


def plain_sound(one: str, other: str, counts: WordCounts) -> float:
    """Words are transcribed one by one, which is how the profiles read them."""
    spoken = {word: str(phonemes(word)) for word in f"{one} {other}".split()}
    table = [[aline_similarity(spoken[word], spoken[match]) for match in other.split()] for word in one.split()]
    whole = aline_similarity(str(phonemes(one)), str(phonemes(other)))
    return plain(one.split(), other.split(), table, whole, counts)


def spelling(one: str, other: str, counts: WordCounts = REGISTER) -> float:
    return float(spelling_of_names(str(normalise(one)), [normalise(other)], counts)[0])


def sound(one: str, other: str, counts: WordCounts = REGISTER) -> float:
    written, spoken = normalise(one), phonemes(one)
    assert written is not None
    assert spoken is not None
    return float(sound_of_names(written, spoken, [normalise(other)], [phonemes(other)], counts)[0])


@given(names, st.lists(st.none() | names, max_size=6), registers)
def test_a_batch_equals_the_plain_formula(query: str, others: list[str | None], counts: WordCounts) -> None:
    expected = [np.nan if other is None else plain_spelling(query, other, counts) for other in others]
    found = spelling_of_names(query, others, counts)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, np.array(expected, np.float32), atol=1e-6)
    heard = [np.nan if other is None else plain_sound(query, other, counts) for other in others]
    spoken = [None if other is None else phonemes(other) for other in others]
    found = sound_of_names(query, str(phonemes(query)), others, spoken, counts)
    np.testing.assert_allclose(found, np.array(heard, np.float32), atol=1e-6)


@given(names, names, registers)
def test_symmetric_within_bounds_and_one_for_the_same(one: str, other: str, counts: WordCounts) -> None:
    for measure in (spelling, sound):
        assert measure(one, other, counts) == pytest.approx(measure(other, one, counts), abs=1e-6)
        assert 0 <= measure(one, other, counts) <= 1
        assert measure(one, one, counts) == 1


@given(names, names, registers, st.integers(0, 10**6))
def test_the_more_common_a_shared_word_the_less_it_says(one: str, other: str, counts: WordCounts, more: int) -> None:
    pair, commoner = (
        spelled_pair(f"stork {one}", f"stork {other}", WordCounts(10**6, {"stork": count}))
        for count in sorted((more, counts.marks.get("stork", 0)))
    )
    assert pair is not None
    assert commoner is not None
    assert commoner.words <= pair.words + 1e-9


@given(st.lists(st.lists(st.floats(0, 1), min_size=3, max_size=3), min_size=2, max_size=2), st.floats(0, 1))
def test_more_likeness_of_two_words_is_never_less_by_words(table: list[list[float]], more: float) -> None:

    asked, given_ = NameWords.of(["golden stork"], REGISTER), NameWords.of(["hotel fildor resort"], REGISTER)
    higher = np.array(table)
    higher[1, 2] = max(higher[1, 2], more)
    low, high = by_words(asked, given_, np.array(table)), by_words(asked, given_, higher)
    assert high.words[0] >= low.words[0] - 1e-12


@given(st.text(min_size=1, max_size=30), st.lists(st.text(max_size=30), max_size=5))
def test_odd_names_never_raise(query: str, others: list[str]) -> None:
    written, spoken = normalise(query), phonemes(query)
    if written is None:
        return
    given_names = [normalise(other) if other else None for other in others]
    values = [spelling_of_names(written, given_names, REGISTER)]
    if spoken is not None:
        heard = [phonemes(other) if other else None for other in others]
        values.append(sound_of_names(written, spoken, given_names, heard, REGISTER))
    for found in values:
        there = found[~np.isnan(found)]
        assert ((there >= 0) & (there <= 1)).all()


def test_names_of_one_word_are_compared_as_a_whole() -> None:
    others = ["fildor", "phildar", "aveda"]
    spoken = [phonemes(other) for other in others]
    asked = str(phonemes("fildar"))
    np.testing.assert_array_equal(
        spelling_of_names("fildar", others, REGISTER), spelling_similarities("fildar", others)
    )
    np.testing.assert_array_equal(
        sound_of_names("fildar", asked, others, spoken, REGISTER), aline_similarities(asked, spoken)
    )


@pytest.mark.parametrize(
    ("contained", "containing"),
    [("STORK", "GOLDEN STORK"), ("AVEDA", "DABUR UVEDA"), ("EPCOS", "EPCO SISTEMAS"), ("FILDOR", "FILDOR GMBH")],
)
def test_a_contained_mark_is_near_but_not_the_same(contained: str, containing: str) -> None:
    for measure, whole in ((spelling, plain_whole_spelling), (sound, plain_whole_sound)):
        assert whole(contained, containing) < measure(contained, containing) < measure(contained, contained)
    assert sound(contained, containing) > 0.7


def test_a_shared_generic_word_says_little() -> None:
    for measure, whole in ((spelling, plain_whole_spelling), (sound, plain_whole_sound)):
        assert measure("HOTEL FILDOR", "HOTEL MIRANO") < whole("HOTEL FILDOR", "HOTEL MIRANO") - 0.05
        assert measure("FILDOR GMBH", "MIRANO GMBH") == pytest.approx(measure("FILDOR", "MIRANO"), abs=0.08)
        assert measure("HOTEL FILDOR", "FILDOR RESORT") > measure("HOTEL FILDOR", "HOTEL MIRANO") + 0.2
    assert sound("HOTEL FILDOR", "PHILDAR RESORT") > sound("HOTEL FILDOR", "HOTEL MIRANO") + 0.15


def test_a_generic_mark_is_no_conflict_with_all_that_contain_it() -> None:
    for measure in (spelling, sound):
        assert measure("HOTEL", "HOTEL FILDOR") < 0.65
        assert measure("HOTELIA", "HOTEL FILDOR") < measure("STORKIA", "STORK FILDOR")
        assert measure("HOTEL", "HOTEL FILDOR") < measure("STORK", "STORK FILDOR") - 0.15


def test_a_letter_in_a_long_name_is_no_containing_mark() -> None:
    for measure in (spelling, sound):
        assert measure("C", "SIGNÉ INCOGNITO C EXCLUSIVES") < 0.5


@pytest.mark.parametrize(
    ("one", "other"), [("METROMEET", "MEETING METRO"), ("TAKETEN", "TAKE 10"), ("ECOFORCE", "ECO FORTE")]
)
def test_names_that_are_divided_otherwise_are_as_near_as_before(one: str, other: str) -> None:
    for measure, whole in ((spelling, plain_whole_spelling), (sound, plain_whole_sound)):
        assert measure(one, other) > whole(one, other) - 0.02


def plain_whole_spelling(one: str, other: str) -> float:
    return spelling_similarity(str(normalise(one)), str(normalise(other)))


def plain_whole_sound(one: str, other: str) -> float:
    return aline_similarity(str(phonemes(one)), str(phonemes(other)))


def test_weights_of_words() -> None:
    rare, hotel, gmbh, unknown = word_weights(["stork", "hotel", "gmbh", "fildor"], REGISTER)
    assert (gmbh, unknown) == (FLOOR, 1)
    assert hotel == pytest.approx(log(20_001 / 201) / log(20_001))
    assert hotel < rare < unknown
    assert word_weights(["c", "q8"], REGISTER) == pytest.approx([1 / 3, 2 / 3])
    # Of three names the one word that two share is not generic yet.
    assert word_weights(["stork"], WordCounts(3, {"stork": 2}))[0] > 0.8
    assert (word_weights(["gmbh", "stork"], NO_COUNTS) == [FLOOR, 1]).all()
    assert word_weights(["hotel"], WordCounts(10, {"hotel": 5000}))[0] == FLOOR


def test_packaged_generic_words_are_written_as_names_are() -> None:
    assert {"gmbh", "and", "und", "de", "ltd"} <= generic_words()
    assert {normalise(word) for word in generic_words()} == generic_words()


def test_a_name_that_is_said_otherwise_than_spelt_has_no_words_to_be_heard() -> None:
    assert spoken_words("golden stork", "a b|c d|e f") == ("a|c|e", "b|d|f")
    assert spoken_words("stork", "a|c|e") == ("a|c|e",)
    assert spoken_words("take 10 b2b", "a b c d e f|a b c d e f|a b c d e f") == (
        "a|a|a",
        "b c|b c|b c",
        "d e f|d e f|d e f",
    )
    assert spoken_words("l ami", "a|c|e") is None
    assert spoken_words("stork", "a b|c|e") is None
    assert sound("L'AMI", "LAMI GROUP") == pytest.approx(plain_whole_sound("L'AMI", "LAMI GROUP"))
    assert spoken_pair("l ami", phonemes("L'AMI"), "lami group", phonemes("LAMI GROUP"), REGISTER) is None


def test_a_pair_has_the_values_of_its_batch() -> None:
    pair = spelled_pair("golden stork", "stork", REGISTER)
    assert pair is not None
    assert pair.words_decide
    assert (pair.one[pair.closest[0]], pair.other[pair.closest[1]]) == ("stork", "stork")
    assert max(pair.words, pair.whole - pair.excess) == pytest.approx(spelling("golden stork", "stork"))
    assert spelled_pair("stork", "stork", REGISTER) is None
    assert spelled_pair(None, "golden stork", REGISTER) is None
