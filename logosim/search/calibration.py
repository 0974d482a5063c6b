"""What a channel's value is worth as evidence: curves learnt on truth, one for each channel.

The evidence of a value v is its log likelihood ratio, log p(v | confusable) / p(v | not): the "weight of evidence" of
I. J. Good (1950), in nats. Above 0 it speaks for a confusion, below 0 against. A curve rises or stays level, never
falls, and is straight between its knots. `logosim evaluate calibrate` learns the curves; they are a table
(`data/calibration.csv`), so that any other engine can interpolate the same.

How alike two pictures look is a matter of the embedding model, so curves may be given for a model by its name; those
without a name hold for every other.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from logosim.domain.query import CHANNELS
from logosim.errors import CalibrationInvalid

Scores = npt.NDArray[np.float64]

COLUMNS = ("model", "channel", "value", "evidence")
GREATEST = 30.0  # nats; a probability of 1 - 1e-13, beyond which nothing is learnt from any truth


@dataclass(frozen=True, slots=True)
class Curve:
    """Evidence by value, straight between knots and level outside them."""

    values: tuple[float, ...]  # of the channel, 0..1, ascending
    evidence: tuple[float, ...]  # nats, never falling

    @property
    def lowest(self) -> float:
        """The least evidence that any value gives."""
        return self.evidence[0]

    @property
    def highest(self) -> float:
        """The most evidence that any value gives."""
        return self.evidence[-1]

    def of(self, values: npt.NDArray[np.floating]) -> Scores:
        """Evidence of each value: float64, nats, 0 where the value is nan: what is absent says nothing."""
        found = np.interp(np.asarray(values, dtype=np.float64), self.values, self.evidence)
        return np.where(np.isnan(values), 0.0, found)


@dataclass(frozen=True, slots=True)
class Calibration:
    """The curves of all channels for one model."""

    curves: Mapping[str, Curve]  # by channel

    def __getitem__(self, channel: str) -> Curve:
        return self.curves[channel]


@dataclass(frozen=True, slots=True)
class Calibrations:
    """Curves by model and channel, as a table has them."""

    curves: Mapping[tuple[str, str], Curve]  # by (model or "", channel)

    def of(self, model: str | None) -> Calibration:
        """The curves for a model; where it has none of its own for a channel, those that hold for any."""
        found = {channel: self.curves.get((model or "", channel)) or self.curves["", channel] for channel in CHANNELS}
        return Calibration(MappingProxyType(found))


def load_calibrations(path: Path) -> Calibrations:
    """Curves of a CSV table with the columns model, channel, value and evidence. Raises CalibrationInvalid."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise CalibrationInvalid(f"cannot read the calibration {path}: {error}") from error
    try:
        return parse_calibrations(text)
    except CalibrationInvalid as error:
        raise CalibrationInvalid(f"{error} ({path})") from error


@cache
def packaged_calibrations() -> Calibrations:
    """The curves that logosim comes with."""
    return parse_calibrations((resources.files("logosim.search") / "data" / "calibration.csv").read_text("utf-8"))


def parse_calibrations(text: str) -> Calibrations:
    """Curves of a table as text. Raises CalibrationInvalid, naming the line or the channel."""
    rows = csv.DictReader(text.splitlines())
    if tuple(rows.fieldnames or ()) != COLUMNS:
        raise CalibrationInvalid(f"a calibration has the columns {', '.join(COLUMNS)}")
    knots: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for row in rows:
        if row["channel"] not in CHANNELS:
            raise CalibrationInvalid(f"line {rows.line_num} has the channel {row['channel']!r}, which there is not")
        try:
            knot = float(row["value"]), float(row["evidence"])
        except (TypeError, ValueError):
            raise CalibrationInvalid(f"line {rows.line_num} lacks a number") from None
        if not (0 <= knot[0] <= 1 and math.isfinite(knot[1]) and abs(knot[1]) <= GREATEST):
            raise CalibrationInvalid(f"line {rows.line_num}: values are 0 to 1, evidence is -{GREATEST} to {GREATEST}")
        knots.setdefault((row["model"], row["channel"]), []).append(knot)
    curves = {}
    for (model, channel), given in knots.items():
        values, evidence = zip(*given, strict=True)
        if any(b <= a for a, b in pairwise(values)):
            raise CalibrationInvalid(f"the values of {model} {channel} do not ascend")
        if any(b < a for a, b in pairwise(evidence)):
            raise CalibrationInvalid(f"the evidence of {model} {channel} falls: more likeness cannot count for less")
        curves[model, channel] = Curve(values, evidence)
    missing = [channel for channel in CHANNELS if ("", channel) not in curves]
    if missing:
        raise CalibrationInvalid(f"there is no curve for {missing[0]} that holds for any model")
    return Calibrations(MappingProxyType(curves))
