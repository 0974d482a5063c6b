"""Spelling similarity against jellyfish, against a plain reading of what pg_trgm documents, and against the edges."""

from __future__ import annotations

import jellyfish
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logosim.phonetics.spelling import (
    jaro_winkler_similarity,
    spelling_similarities,
    spelling_similarity,
    trigram_similarity,
    trigrams,
)

words = st.lists(st.text(alphabet="abcde1", min_size=1, max_size=8), max_size=4).map(" ".join)


def test_trigrams_of_a_word_as_the_manual_of_pg_trgm_gives_them() -> None:
    assert trigrams("cat") == {"  c", " ca", "cat", "at "}
    assert trigrams("a b") == {"  a", " a ", "  b", " b "}
    assert trigrams("") == frozenset()


@given(words, words)
def test_trigram_similarity_word_by_word(one: str, other: str) -> None:
    def plain(text: str) -> set[str]:
        return {f"  {word} "[at : at + 3] for word in text.split() for at in range(len(word) + 1)}

    every = plain(one) | plain(other)
    assert trigram_similarity(one, other) == (len(plain(one) & plain(other)) / len(every) if every else 0)


@given(words, words)
def test_jaro_winkler_equals_jellyfish(one: str, other: str) -> None:
    # The two differ by convention for two empty texts (1 and 0); a normalised name is never empty.
    if one and other:
        assert jaro_winkler_similarity(one, other) == pytest.approx(jellyfish.jaro_winkler_similarity(one, other))


@given(words, st.lists(st.none() | words, max_size=6))
def test_a_batch_equals_its_pairs(query: str, candidates: list[str | None]) -> None:
    expected = [np.nan if name is None else spelling_similarity(query, name) for name in candidates]
    found = spelling_similarities(query, candidates)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, np.array(expected, dtype=np.float32), atol=1e-6)


def test_names_alike_and_unlike() -> None:
    similarities = spelling_similarities("ferrari", ["ferrari", "ferrero", "rarifer", "nokia", None])
    assert similarities[0] == 1
    assert (np.diff(similarities[:4]) < 0).all()
    assert np.isnan(similarities[4])
