"""Which queries a model fails at, laid out for the eye: what was asked, what was expected, what was answered.

Only numbers of pictures and words here; `logosim.imaging.sheet.tile_sheet` draws them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from logosim.evaluation.placing import NOT_FOUND, NOTHING, Placings
from logosim.evaluation.truth import IntArray, TruthSet

EXPECTED = 4  # right drawings shown, at most
ANSWERS = 8  # answers of each model shown
Role = Literal["query", "expected", "right", "wrong"]


@dataclass(frozen=True, slots=True)
class SheetCell:
    """A picture on the sheet: its number in the truth set, what it is there, and the words under it."""

    picture: int
    role: Role
    caption: str


SheetRow = tuple[SheetCell | None, ...]
"""Cells from left to right: the query, `EXPECTED` expected ones, `ANSWERS` of each model; None is an empty place."""


def hardest_queries(placings: Placings, count: int = 50) -> IntArray:
    """Places in `placings.queries` of the hardest queries, the hardest first; at most one of each group.

    Hardest is where the first right drawing comes latest; then where the second does, and so on. One of each group,
    because queries of one brand tend to fail alike and would show the same pictures again and again.
    """
    by_place = np.lexsort([placings.queries, *(-placings.places.T[::-1])])
    _, first = np.unique(placings.groups[by_place], return_index=True)
    return np.asarray(by_place[np.sort(first)][:count], dtype=np.int64)


def hardest_rows(truth: TruthSet, models: Mapping[str, Placings], count: int = 50) -> list[SheetRow]:
    """Rows of the sheet: the hardest queries under the first of `models`, with the answers of every model.

    With two models this is before and after. Ranks count drawings, as everywhere in this package.

    Raises:
        ValueError: no model, or models that were asked different queries.
    """
    if not models:
        raise ValueError("a sheet needs the answers of at least one model")
    first = next(iter(models.values()))
    for name, placings in models.items():
        if not np.array_equal(placings.queries, first.queries):
            raise ValueError(f"{name} was asked other queries than {next(iter(models))}")
    return [_row(truth, list(models.values()), int(index)) for index in hardest_queries(first, count)]


def sheet_groups(models: Mapping[str, Placings]) -> list[tuple[str, int]]:
    """The heading and the number of columns of each group of cells in a row."""
    return [
        ("query", 1),
        ("should find", EXPECTED),
        *((f"{name}: first answers (green: right)", ANSWERS) for name in models),
    ]


def _row(truth: TruthSet, models: list[Placings], index: int) -> SheetRow:
    query = int(models[0].queries[index])
    positives = truth.positives(query)
    ranks = " / ".join(_rank(int(placings.places[index, 0])) for placings in models)
    asked = SheetCell(query, "query", f"{truth.files[query].stem}\nfirst right at\n{ranks}")
    _, one_of_each = np.unique(truth.drawings[positives], return_index=True)
    wanted = np.flatnonzero(positives)[np.sort(one_of_each)]
    more = len(wanted) - EXPECTED
    expected = [SheetCell(int(picture), "expected", truth.files[picture].stem) for picture in wanted[:EXPECTED]]
    if more > 0:
        last = expected[-1]
        expected[-1] = SheetCell(last.picture, last.role, f"{last.caption}\nand {more} more")
    row: list[SheetCell | None] = [asked, *expected, *[None] * (EXPECTED - len(expected))]
    for placings in models:
        shown = [int(picture) for picture in placings.first[index, :ANSWERS] if picture != NOTHING]
        row += [
            SheetCell(picture, "right" if positives[picture] else "wrong", f"{rank}. {truth.files[picture].stem}")
            for rank, picture in enumerate(shown, start=1)
        ]
        row += [None] * (ANSWERS - len(shown))
    return tuple(row)


def _rank(place: int) -> str:
    return "never" if place == NOT_FOUND else f"{place:,}"
