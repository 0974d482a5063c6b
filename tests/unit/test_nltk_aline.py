"""NLTK's ALINE as a peer: its own scores, normalised and averaged as ours are."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from nltk.metrics import aline as nltk_aline  # type: ignore[import-untyped]

from logosim.cli.evaluation import evaluate
from logosim.errors import DependencyMissing
from logosim.peers.nltk_aline import NltkAline
from logosim.phonetics.segments import SEGMENTS
from logosim.phonetics.transcribe import phonemes
from logosim.settings import Settings

COGNATES = [tuple(line.split(",")) for line in nltk_aline.cognate_data.split("\n")]


@pytest.fixture(scope="module")
def peer() -> NltkAline:
    return NltkAline()


def worth(alignment: list[tuple[str, str]]) -> float:
    """What one of NLTK's alignments is worth, move by move."""
    total = 0.0
    for here, there in alignment:
        if "-" in (here, there):
            total += nltk_aline.C_skip
        elif len(here) == len(there):
            total += nltk_aline.sigma_sub(here, there)
        else:
            total += nltk_aline.sigma_exp(*sorted((here, there), key=len))
    return total


@pytest.mark.parametrize(("one", "other"), COGNATES)
def test_a_score_is_what_its_alignment_is_worth(peer: NltkAline, one: str, other: str) -> None:
    assert peer.score(one, other) == peer.score(other, one) == pytest.approx(worth(nltk_aline.align(one, other)[0]))


def test_names_in_three_profiles(peer: NltkAline) -> None:
    query, near, far = (phonemes(name) or "" for name in ("FILDOR", "Phildar", "Nexon"))
    values = peer.similarities(query, [query, near, None, far, "||"])
    assert values[0] == 1
    assert 1 > values[1] > values[3] >= 0
    assert np.isnan(values[[2, 4]]).all()
    by_profile = [
        2 * worth(nltk_aline.align(one, other)[0]) / (worth(nltk_aline.align(one, one)[0]) + peer.score(other, other))
        for one, other in zip(peer.sounds(query), peer.sounds(near), strict=True)
    ]
    assert values[1] == pytest.approx(np.mean(np.minimum(by_profile, 1)), abs=1e-6)
    assert peer.align(query, near) >= 3  # at least one alignment a profile


def test_sounds_that_it_does_not_know_are_spelt_or_passed_over(peer: NltkAline) -> None:
    assert peer.sounds("ʧɪp ʤa|ʦuʎɥo") == ("tʃipdʒa", "tsuo")
    unknown = [segment for segment in SEGMENTS if segment not in nltk_aline.feature_matrix]
    assert unknown == ["ʦ", "ʧ", "ʤ", "ʎ", "ɥ", "ɪ"]


def test_the_row_stands_only_where_nltk_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "pairs.csv"
    file.write_text("mark_a,mark_b,label\nFILDOR,Phildar,1\nNexon,Aska,0\n")
    settings = Settings(data_dir=tmp_path, ocr="none")
    there = CliRunner().invoke(evaluate, ["names", str(file)], obj=settings)
    assert there.exit_code == 0, there.output
    assert "NLTK's ALINE".ljust(32) + "   1.000" in there.stdout
    monkeypatch.setitem(sys.modules, "nltk.metrics", None)
    without = CliRunner().invoke(evaluate, ["names", str(file)], obj=settings)
    assert without.exit_code == 0, without.output
    assert "NLTK's ALINE" not in without.stdout
    assert "Without the row of NLTK's ALINE: the package nltk is not installed" in without.stderr
    with pytest.raises(DependencyMissing):
        NltkAline()
