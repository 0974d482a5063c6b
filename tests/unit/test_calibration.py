"""Curves of evidence and the table they stand in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from logosim.domain.query import CHANNELS
from logosim.embedding import bundled, load_manifest
from logosim.errors import CalibrationInvalid
from logosim.search.calibration import Curve, load_calibrations, packaged_calibrations, parse_calibrations
from logosim.search.risk import HIGH
from logosim.search.score import PRIOR, probability

HEAD = "model,channel,value,evidence\n"
FLAT = "".join(f",{channel},0,-1\n,{channel},1,1\n" for channel in CHANNELS)


def test_evidence_is_straight_between_knots_level_outside_and_nothing_where_absent() -> None:
    curve = Curve((0.2, 0.4, 1.0), (-1.0, 1.0, 4.0))
    found = curve.of(np.array([0.0, 0.2, 0.3, 0.7, 1.0, np.nan]))
    assert found == pytest.approx([-1, -1, 0, 2.5, 4, 0])
    assert (curve.lowest, curve.highest) == (-1, 4)


def test_a_model_has_its_own_curves_where_the_table_gives_some() -> None:
    given = parse_calibrations(HEAD + FLAT + "mine,look,0,-3\nmine,look,1,3\n")
    assert given.of("mine")["look"].highest == 3
    assert given.of("mine")["shape"].highest == 1
    assert given.of("another")["look"].highest == 1
    assert given.of(None)["look"].highest == 1


def test_the_packaged_table_can_be_used() -> None:
    curves = packaged_calibrations().of(load_manifest(bundled()).name).curves
    assert tuple(curves) == CHANNELS
    assert all(curve.lowest < 0 < curve.highest for curve in curves.values())


def test_the_same_name_or_the_same_figure_is_a_high_risk_whatever_speaks_against_it() -> None:
    curves = packaged_calibrations().of(None)
    name = sum(curves[channel].highest for channel in ("sound", "spelling"))
    figure = sum(curves[channel].highest for channel in ("look", "shape"))
    worst_name = sum(curves[channel].lowest for channel in ("sound", "spelling", "vienna"))
    worst_figure = sum(curves[channel].lowest for channel in ("look", "shape", "vienna"))
    for evidence in (name + worst_figure, figure + worst_name):
        assert probability(PRIOR + evidence) > HIGH


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "columns"),
        ("model,channel,value\n", "columns"),
        (HEAD, "no curve for look"),
        (HEAD + ",smell,0,1\n", "smell"),
        (HEAD + ",look,0,x\n", "line 2 lacks a number"),
        (HEAD + ",look,2,1\n", "line 2"),
        (HEAD + ",look,nan,1\n", "line 2"),
        (HEAD + ",look,0,inf\n", "line 2"),
        (HEAD + ",look,0.5,1\n,look,0.5,2\n", "do not ascend"),
        (HEAD + ",look,0,1\n,look,1,0\n", "falls"),
        (HEAD + ",look\n", "line 2 lacks a number"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_with_its_fault(text: str, fault: str) -> None:
    with pytest.raises(CalibrationInvalid, match=fault):
        parse_calibrations(text)


def test_a_file_is_named_in_its_fault(tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    with pytest.raises(CalibrationInvalid, match=r"mine\.csv"):
        load_calibrations(file)
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(CalibrationInvalid, match=r"mine\.csv"):
        load_calibrations(file)
    file.write_text(HEAD + FLAT)
    assert load_calibrations(file).of(None)["look"].highest == 1
