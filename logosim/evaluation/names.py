"""How well a similarity of names finds the partner of a mark that an office or a court held confusable.

Retrieval, the real task: each mark of a positive pair asks, and its partner is ranked among all other marks of the
set. The similarity comes as a callable, because what is measured and what measures do not know each other.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from logosim.errors import RecordError
from logosim.evaluation.listing import read_rows

Similarities = Callable[[str, Sequence[str]], NDArray[np.floating]]
"""(query, candidates) -> [N], higher is more alike, nan for a candidate that cannot be compared."""


@dataclass(frozen=True, slots=True)
class MarkPair:
    """Two marks and what was decided: confusable or not."""

    one: str
    other: str
    confusable: bool


@dataclass(frozen=True, slots=True)
class NameRetrieval:
    """Result of a retrieval: mean reciprocal rank, and the share of queries whose partner comes first or in 20."""

    queries: int
    mean_reciprocal_rank: float
    recall_at_1: float
    recall_at_20: float


def read_pairs(path: Path) -> tuple[MarkPair, ...]:
    """Pairs of a CSV file with columns mark_a, mark_b and label (1 confusable, 0 not); raises as `read_rows` does."""
    rows = read_rows(path, ("mark_a", "mark_b", "label"))
    return tuple(MarkPair(row["mark_a"], row["mark_b"], row["label"].strip() == "1") for row in rows)


@dataclass(frozen=True, slots=True)
class NameQuestion:
    """A name that asks and the one that should be found."""

    query: str
    partner: str


def read_register(path: Path) -> tuple[str, ...]:
    """Names of a register: a text file with one a line, or objects a line with a field "text" (.jsonl, .jsonl.gz).

    Lines and objects without a name are passed over.

    Raises:
        RecordError: the file cannot be read, or holds no name.
    """
    try:
        if path.suffix == ".gz":
            with gzip.open(path, "rt", encoding="utf-8") as lines:
                names = list(_names(lines, objects=True))
        else:
            with path.open(encoding="utf-8-sig") as lines:
                names = list(_names(lines, objects=path.suffix == ".jsonl"))
    except (OSError, EOFError, zlib.error) as error:
        raise RecordError(f"cannot read the register {path}: {error}") from error
    except ValueError as error:  # not UTF-8, not JSON
        raise RecordError(f"the register {path} is not of the form its name says: {error}") from error
    if not names:
        raise RecordError(f"there is no name in the register {path}", hint='Objects have it in the field "text".')
    return tuple(names)


def questions_of(pairs: Sequence[MarkPair]) -> tuple[NameQuestion, ...]:
    """What the confusable pairs ask: each mark of a pair for the other."""
    return tuple(
        NameQuestion(*ask)
        for pair in pairs
        if pair.confusable
        for ask in ((pair.one, pair.other), (pair.other, pair.one))
    )


def measure_questions(
    questions: Sequence[NameQuestion], marks: Sequence[str], similarities: Similarities
) -> NameRetrieval:
    """Rank the partner of every question among `marks`, which are all different; the asking name is left out.

    A partner that ties with others takes the middle of their ranks, so that a measure gains nothing by ties.
    """
    place = {mark: index for index, mark in enumerate(marks)}
    ranks = np.empty(len(questions))
    for index, asked in enumerate(questions):
        values = np.nan_to_num(np.asarray(similarities(asked.query, marks), dtype=np.float64), nan=-np.inf)
        wanted = values[place[asked.partner]]
        left_out = [place[name] for name in (asked.query, asked.partner) if name in place]
        others = np.delete(values, left_out)
        ranks[index] = 1 + np.sum(others > wanted) + np.sum(others == wanted) / 2
    return NameRetrieval(
        queries=len(questions),
        mean_reciprocal_rank=float(np.mean(1 / ranks)),
        recall_at_1=float(np.mean(ranks <= 1)),
        recall_at_20=float(np.mean(ranks <= 20)),
    )


def _names(lines: Iterable[str], *, objects: bool) -> Iterator[str]:
    for line in lines:
        if not line.strip():
            continue
        name: object = line
        if objects:
            record = json.loads(line)
            name = record.get("text") if isinstance(record, dict) else None
        if isinstance(name, str) and name.strip():
            yield name.strip()
