"""Grapheme to phoneme: pronunciations, spelled words, the rules as data."""

from __future__ import annotations

import random
import re
import time
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logosim.phonetics.rules import PROFILES, read_rules
from logosim.phonetics.segments import SEGMENTS
from logosim.phonetics.transcribe import LONGEST, phonemes, prepare


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("NIKE", "najk|nikə|nike"),
        ("Škoda", "ʃkodə|ʃkoda|ʃkoda"),
        ("PHILDAR", "fildar|fildar|fildar"),
        ("Zürich", "zuriʧ|ʦyriç|zyriʃ"),
        ("Volkswagen", "volkswæʤən|folksvagən|volkswaʒen"),
        ("Lufthansa", "ləfθænsə|luftanza|luftansa"),
        ("Жигули", "ʒiguli|ʒiguli|ʒiguli"),
        ("Coca-Cola", "kokə kolə|koka kola|koka kola"),
        ("H&M", "ejʧ ænd em|ha unt em|aʃ e em"),
        ("BMW", "biemdəbəlju|beemve|beemdublve"),
        ("QLED", "kjuelidi|kuelede|kyeløde"),
        ("3M", "θri em|draj em|trwa em"),
        ("O'Neill", "onajl|onajl|onejl"),
        ("L’Oréal", "loreæl|loreal|loreal"),
        ("NIKE™", "najk|nikə|nike"),
    ],
)
def test_pronunciations(name: str, expected: str) -> None:
    assert phonemes(name) == expected


@pytest.mark.parametrize("name", ["", " ", "®", "日本", "...", "\u0301", "|", "_="])
def test_nothing_pronounceable_is_none(name: str) -> None:
    assert phonemes(name) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [("Esso", "S.O."), ("PHAT", "fat"), ("KNIGHT", "night"), ("Xerox", "Zerox"), ("Café", "CAFÉ"), ("Kwik", "quick")],
)
def test_homophones_share_their_english_profile(one: str, other: str) -> None:
    first, second = phonemes(one), phonemes(other)
    assert first is not None
    assert second is not None
    assert first.split("|")[0].replace(" ", "") == second.split("|")[0].replace(" ", "")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("BMW", "_=b=m=w___"),
        ("xbox 360", "_xbox_3_6_0___"),
        ("A&O", "_=a_&_=o___"),
        ("Brrrr", "_brrrr___"),
        ("J'ai", "_jai___"),
        ("Ørsted ÖL ẞ", "_ørsted_öl_ß___"),
        ("Ελλάς", "_ellas___"),
    ],
)
def test_names_as_the_rules_read_them(name: str, expected: str) -> None:
    assert prepare(name) == expected


@given(st.text())
def test_any_text_gives_three_profiles_of_known_segments_or_none(text: str) -> None:
    sounds = phonemes(text)
    if sounds is not None:
        assert len(sounds.split("|")) == len(PROFILES)
        assert set(sounds) <= set(SEGMENTS) | {" ", "|"}
        assert not re.search(r"  |^ | $|\| | \|", sounds)


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyzäöüéñç &'-", max_size=20))
def test_case_does_not_matter(text: str) -> None:
    assert phonemes(text.upper()) == phonemes(text)


def test_a_slogan_is_cut() -> None:
    assert phonemes("a" * 10_000) == phonemes("a" * LONGEST)


def test_rules_of_a_letter_stand_longest_first_so_that_the_first_that_fits_is_the_longest() -> None:
    rules = read_rules()
    assert {rule.profile for rule in rules} == set(PROFILES)
    assert len({(rule.profile, rule.position) for rule in rules}) == len(rules)
    for _, group in groupby(
        sorted(rules, key=lambda rule: (rule.profile, rule.grapheme[0], rule.position)),
        key=lambda rule: (rule.profile, rule.grapheme[0]),
    ):
        lengths = [len(rule.grapheme) for rule in group]
        assert lengths == sorted(lengths, reverse=True)


def test_every_letter_has_a_rule_without_conditions_and_every_sound_is_known() -> None:
    rules = read_rules()
    for profile in PROFILES:
        plain = {
            rule.grapheme
            for rule in rules
            if rule.profile == profile and not (rule.before or rule.after or rule.after_2 or rule.after_3)
        }
        assert set("abcdefghijklmnopqrstuvwxyz0123456789&+@_") <= plain
        assert {f"={letter}" for letter in "abcdefghijklmnopqrstuvwxyz"} <= plain
    assert {sound for rule in rules for sound in rule.phonemes} <= set(SEGMENTS) | {" "}


def test_thirty_thousand_words_a_second_with_room_for_a_busy_machine() -> None:
    rng = random.Random(5)
    words = ["".join(rng.choices("aeiourstlnmdbpkg", k=rng.randint(3, 10))) for _ in range(3000)]
    phonemes("warm")
    start = time.process_time()
    for word in words:
        phonemes(word)
    assert len(words) / (time.process_time() - start) > 10_000
