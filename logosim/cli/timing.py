"""Milliseconds as a table: the middle, and what one in a hundred exceeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from logosim.evaluation.report import markdown


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Of what took place several times, in milliseconds."""

    times: int
    p50: float
    p99: float


def percentiles(milliseconds: Mapping[str, Sequence[float]]) -> dict[str, Percentiles]:
    """Percentiles by name; what never took place has none."""
    return {
        name: Percentiles(len(of), float(np.percentile(of, 50)), float(np.percentile(of, 99)))
        for name, of in milliseconds.items()
        if len(of)
    }


def timing_table(took: Mapping[str, Percentiles]) -> str:
    """A Markdown table, one row a name."""
    rows = [["milliseconds", "times", "p50", "p99"]]
    rows += [[name, f"{of.times:,}", f"{of.p50:.2f}", f"{of.p99:.2f}"] for name, of in took.items()]
    return markdown(rows)
