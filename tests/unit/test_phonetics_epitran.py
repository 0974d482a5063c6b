"""The engine Epitran: what it says is pinned, what it cannot read is read by the rules, and no name makes it fail."""

from __future__ import annotations

import csv
import logging
import sys
from importlib import util
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logosim.errors import DependencyMissing
from logosim.phonetics.epitran import EDITION, EpitranTranscriber
from logosim.phonetics.protocol import Transcriber
from logosim.phonetics.segments import SEGMENTS
from logosim.phonetics.transcribe import PROFILE_SEPARATOR, RuleTranscriber, phonemes
from logosim.runtime import build_transcriber

SAID = Path(__file__).parents[1] / "data" / "epitran.csv"
"""What edition 1 said with epitran 1.35.3. Should a name be said otherwise, raise EDITION and write the file anew."""


@pytest.fixture(scope="module")
def engine() -> Transcriber:
    pytest.importorskip("epitran")
    return EpitranTranscriber()


def test_the_rules_are_an_engine() -> None:
    engine: Transcriber = build_transcriber("rules")
    assert (engine.name, engine.phonemes("Nike")) == ("rules", phonemes("Nike"))
    assert isinstance(engine, RuleTranscriber)


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(util, "find_spec", lambda name: None)
    with pytest.raises(DependencyMissing) as raised:
        build_transcriber("epitran")
    assert "logosim[epitran]" in (raised.value.hint or "")


@pytest.mark.skipif(util.find_spec("epitran") is not None, reason="the extra is installed")
def test_without_the_extra_the_error_is_ours() -> None:
    with pytest.raises(DependencyMissing, match="Epitran is not installed"):
        EpitranTranscriber()


@pytest.mark.epitran
def test_what_it_says_is_what_its_edition_said(engine: Transcriber) -> None:
    from importlib.metadata import version

    assert engine.name == f"epitran {version('epitran')}, edition {EDITION}"
    with SAID.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    if version("epitran") != rows[0]["version"] or int(rows[0]["edition"]) != EDITION:
        pytest.fail(f"{SAID.name} was written by another version or edition: write it anew")
    assert {row["name"]: engine.phonemes(row["name"]) for row in rows} == {row["name"]: row["said"] for row in rows}


@pytest.mark.epitran
@pytest.mark.parametrize("name", ["H&M", "QLED", "BMW", "7 + 3 @", "Q8 & C&A"])
def test_what_cannot_be_read_aloud_is_spelled_by_the_rules(engine: Transcriber, name: str) -> None:
    assert engine.phonemes(name) == phonemes(name)


@pytest.mark.epitran
@pytest.mark.parametrize(
    ("one", "other"), [("Αθήνα", "Athina"), ("Спутник", "Sputnik"), ("MÜLLER", "müller"), ("L’Oréal", "loréal")]
)
def test_names_in_other_letters_are_the_same_names(engine: Transcriber, one: str, other: str) -> None:
    assert engine.phonemes(one) == engine.phonemes(other)


@pytest.mark.epitran
def test_letters_that_a_mode_has_not_are_read_by_rule(engine: Transcriber) -> None:
    english, german, romance = (engine.phonemes("Škoda Xerox Yves") or "").split(PROFILE_SEPARATOR)
    assert english == (phonemes("Škoda Xerox Yves") or "").split(PROFILE_SEPARATOR)[0]
    assert german.startswith("ʃkoda ks")
    assert romance == "ʃkoda kseroks ives"


@pytest.mark.epitran
@given(st.one_of(st.text(max_size=40), st.text(alphabet="abcdefghijklmnopqrstuvwxyzäöüéßñçšł &+@7='’-", max_size=40)))
@settings(max_examples=400, deadline=None)
def test_any_text_gives_three_profiles_of_known_segments_or_none(engine: Transcriber, text: str) -> None:
    sounds = engine.phonemes(text)
    if sounds is not None:
        assert sounds.count(PROFILE_SEPARATOR) == 2
        assert set(sounds) <= set(SEGMENTS) | {PROFILE_SEPARATOR, " "}
        assert all(profile == " ".join(profile.split()) for profile in sounds.split(PROFILE_SEPARATOR))
        assert any(sounds.split(PROFILE_SEPARATOR))


@pytest.mark.epitran
def test_loading_it_leaves_the_root_logger_alone(engine: Transcriber, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "epitran"]:
        monkeypatch.delitem(sys.modules, name)
    root = logging.getLogger()
    before = root.level, root.handlers[:]
    monkeypatch.setattr(root, "handlers", [])
    root.setLevel(logging.WARNING)
    try:
        EpitranTranscriber().phonemes("warm")
        assert (root.level, root.handlers) == (logging.WARNING, [])
    finally:
        root.setLevel(before[0])
