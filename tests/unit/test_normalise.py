"""The search key of a name."""

from __future__ import annotations

import csv
import re
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logosim.phonetics.normalise import normalise, read_transliteration

NAMES = Path(__file__).parents[1] / "data" / "names.csv"


def names() -> list[tuple[str, str | None]]:
    with NAMES.open(encoding="utf-8", newline="") as lines:
        return [(row["name"], row["normalised"] or None) for row in csv.DictReader(lines)]


@pytest.mark.parametrize(("name", "expected"), names())
def test_truth_table(name: str, expected: str | None) -> None:
    assert normalise(name) == expected


@given(st.text())
def test_any_text_becomes_words_or_none_and_stays_as_it_is(text: str) -> None:
    key = normalise(text)
    assert key is None or re.fullmatch(r"[a-z0-9]+( [a-z0-9]+)*", key)
    assert key is None or normalise(key) == key


@given(st.text(alphabet=string.printable + "áÖßŁжΩ"))
def test_case_does_not_matter(text: str) -> None:
    assert normalise(text.upper().replace("ẞ", "SS")) == normalise(text)


def test_the_table_holds_single_characters_and_plain_letters_in_both_cases() -> None:
    table = read_transliteration()
    for character, replacement in table.items():
        assert len(character) == 1
        assert re.fullmatch(r"[a-z ]*", replacement)
        other_case = character.swapcase()
        if len(other_case) == 1 and not other_case.isascii():
            assert table[other_case] == replacement
