"""One way of writing sounds: what the rules say passes, other habits are brought to it, nothing else gets through."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logosim.phonetics.ipa import NEAREST, segments_of
from logosim.phonetics.rules import read_rules
from logosim.phonetics.segments import SEGMENTS


@pytest.mark.parametrize(
    ("ipa", "expected"),
    [
        ("t͡ʃeːlo", "ʧelo"),
        ("t͜ʃelo", "ʧelo"),  # tied below
        ("d͡ʒuʎːa", "ʤuʎa"),
        ("p͡feːɐ̯t", "pfert"),  # the vocalised r is an r
        ("vasɐ", "vasə"),
        ("xanl̩", "xanəl"),
        ("bɔ̃ʒuʀ", "bɔnʒur"),
        ("ˈçaɪ̯nɐ ˌʁɒk", "çaɪnə rɔk"),
        ("kʷʰɛlʲa˥", "kwɛla"),
        ("c\u0327", "ç"),  # decomposed, as some engines write it
        ("ɡ", "g"),
        ("  a \t b ", "a b"),
        ("H&M 7 ☃", ""),
        ("", ""),
    ],
)
def test_habits_of_writing(ipa: str, expected: str) -> None:
    assert segments_of(ipa) == expected


def test_what_the_rules_say_passes_unchanged() -> None:
    assert all(segments_of(sound) == sound for sound in SEGMENTS)
    for rule in read_rules():
        assert segments_of(rule.phonemes) == " ".join(rule.phonemes.split())


def test_the_nearest_sounds_are_known_and_the_others_are_not() -> None:
    assert not set(NEAREST) & set(SEGMENTS)
    assert all(set(sounds) <= set(SEGMENTS) for sounds in NEAREST.values())


@given(st.one_of(st.text(), st.text(alphabet=[*SEGMENTS, *NEAREST, "\u0361", "\u0329", "\u0303", "\u032f", " "])))
def test_nothing_but_segments_comes_out_and_twice_is_once(ipa: str) -> None:
    sounds = segments_of(ipa)
    assert set(sounds) <= set(SEGMENTS) | {" "}
    assert segments_of(sounds) == sounds
