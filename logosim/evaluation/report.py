"""Results as data, as tables for a person, and as a row for BENCHMARKS.md."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from logosim.evaluation.intervals import Interval, bootstrap
from logosim.evaluation.metrics import METRICS
from logosim.evaluation.placing import Placings
from logosim.evaluation.truth import TruthSet
from logosim.evaluation.vienna import SharedCodes, shared_codes

MAIN = "R@100"  # the metric that difficulties and differences are given in first
COMPARED = ("hit@1", "R@10", MAIN)  # query by query with the first model: the intervals of the differences
FEW = 4  # labels whose metrics are printed with their intervals
BY_DIFFICULTY = ("hit@1", "R@10", MAIN)  # a table each, where queries have labels
LEGEND = (
    "Means over queries, with 95 % intervals of a bootstrap by group. Counted by drawing; the query itself never "
    "counts. NAR: 0 is perfect and 0.5 random; all others: 1 is perfect. P@10 reaches 1 only where ten can be found."
)
ROW_HEADER = (
    "| date | commit | machine | command | corpus | model | "
    + " | ".join(METRICS)
    + " |\n|"
    + "---|" * (6 + len(METRICS))
)


@dataclass(frozen=True, slots=True)
class Part:
    """The metrics of some of the queries."""

    queries: int
    metrics: Mapping[str, Interval]  # by the names of `METRICS`


@dataclass(frozen=True, slots=True)
class Result:
    """What one model, or one channel, found in one truth set."""

    truth: str
    model: str
    pictures: int  # of the truth set, pictures that only ask included
    whole: Part
    by_difficulty: Mapping[str, Part]  # easy, medium and hard first; empty where the set has no labels
    vienna: Mapping[str, SharedCodes]  # "all codes" and "figurative only"; empty where the set has no codes
    against: Mapping[str, Interval]  # per metric: this model less the first of the run; empty for the first

    def as_json(self) -> dict[str, object]:
        """Plain JSON values."""
        return dataclasses.asdict(self)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a number needs beside it to be worth keeping."""

    date: str  # ISO 8601
    commit: str  # short hash; "" where the program does not run from a clone
    machine: str
    command: str


def measure(truth: TruthSet, model: str, placings: Placings, first: Placings | None = None) -> Result:
    """All metrics of one model with their intervals.

    Args:
        truth: what was asked.
        model: what it is called.
        placings: what it found.
        first: what the model that all others are held against found, for the same queries.

    Raises:
        ValueError: `first` is of other queries.
    """
    if first is not None and not np.array_equal(first.queries, placings.queries):
        raise ValueError("models can be compared on the same queries only")
    labels = np.asarray(placings.difficulty)
    return Result(
        truth=truth.name,
        model=model,
        pictures=len(truth),
        whole=_part(placings, np.ones(len(placings), dtype=np.bool_)),
        by_difficulty={label: _part(placings, labels == label) for label in in_order(placings.difficulty)},
        vienna=_vienna(truth, placings),
        against={}
        if first is None
        else {name: bootstrap(metric(placings) - metric(first), placings.groups) for name, metric in METRICS.items()},
    )


def table(results: Sequence[Result]) -> str:
    """Models side by side as a Markdown table: means with 95 % intervals, and how far each is from the first."""
    rows = [["model", "queries", *METRICS]]
    compared = any(result.against for result in results)
    if compared:
        rows[0] += [f"{name} against the first" for name in COMPARED]
    for result in results:
        row = [result.model, f"{result.whole.queries:,}"]
        row += [_with_interval(result.whole.metrics[name]) for name in METRICS]
        if compared:
            row += [_with_interval(result.against[name], sign=True) if result.against else "" for name in COMPARED]
        rows.append(row)
    return markdown(rows)


def difficulty_table(results: Sequence[Result], metric: str = MAIN) -> str:
    """One metric by difficulty as a Markdown table; "" where no truth set labels its queries.

    Labels are rows and models columns, so that a dozen kinds of change read as well as easy, medium and hard; the
    last row is of all queries. Of more than `FEW` labels the means stand alone: intervals would make the table too
    wide to read.
    """
    labels = in_order(label for result in results for label in result.by_difficulty)
    if not labels:
        return ""
    shown = _with_interval if len(labels) <= FEW else _mean
    rows = [[metric, "queries", *(result.model for result in results)]]
    for label in labels:
        parts = [result.by_difficulty.get(label) for result in results]
        queries = max(part.queries for part in parts if part is not None)
        cells = ["" if part is None else shown(part.metrics[metric]) for part in parts]
        rows.append([label, f"{queries:,}", *cells])
    whole = max(result.whole.queries for result in results)
    rows.append(["all", f"{whole:,}", *(shown(result.whole.metrics[metric]) for result in results)])
    return markdown(rows)


def vienna_table(results: Sequence[Result]) -> str:
    """Shared Vienna divisions beside the rates of chance, as a Markdown table; "" where there are no codes."""
    depths = sorted({shared.k for result in results for shared in result.vienna.values()})
    found = f"first {', '.join(map(str, depths))} that share a division"
    rows = [["model", "codes", "queries", found, "random pictures for these queries", "random pairs"]]
    for result in results:
        for which, shared in result.vienna.items():
            rates = (shared.found, shared.same_queries, shared.random_pairs)
            rows.append([result.model, which, f"{shared.queries:,}", *(f"{100 * rate:.1f} %" for rate in rates)])
    return markdown(rows) if len(rows) > 1 else ""


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """Rows of cells, the header first, as a Markdown table whose columns are padded: it is read in a terminal first."""
    cells = [[_cell(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    padded = [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in cells]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join((_line(padded[0]), rule, *(_line(row) for row in padded[1:])))


def benchmark_row(result: Result, given: Circumstances) -> str:
    """One line for BENCHMARKS.md under `ROW_HEADER`."""
    corpus = f"{result.truth}: {result.whole.queries:,} queries in {result.pictures:,} pictures"
    cells = [given.date, given.commit or "not from a clone", given.machine, f"`{given.command}`", corpus, result.model]
    cells += [f"{result.whole.metrics[name].mean:.3f}" for name in METRICS]
    return _line([_cell(cell) for cell in cells])


def _part(placings: Placings, chosen: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Part:
    groups = placings.groups[chosen]
    return Part(
        queries=int(chosen.sum()),
        metrics={name: bootstrap(metric(placings)[chosen], groups) for name, metric in METRICS.items()},
    )


def _vienna(truth: TruthSet, placings: Placings) -> dict[str, SharedCodes]:
    found = {
        "all codes": shared_codes(truth, placings),
        "figurative only": shared_codes(truth, placings, figurative_only=True),
    }
    return {which: shared for which, shared in found.items() if shared is not None}


def in_order(labels: Iterable[str]) -> list[str]:
    """Each label once: easy, medium and hard in this order, then the others by name; queries without one have none."""
    given = set(labels) - {""}
    known = [label for label in ("easy", "medium", "hard") if label in given]
    return [*known, *sorted(given.difference(known))]


def _mean(interval: Interval) -> str:
    return f"{interval.mean:.3f}"


def _with_interval(interval: Interval, *, sign: bool = False) -> str:
    form = "+.3f" if sign else ".3f"
    return f"{interval.mean:{form}} ({interval.low:{form}} to {interval.high:{form}})"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
