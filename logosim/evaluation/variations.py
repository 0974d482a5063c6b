"""A data set in the form of L3D whose pictures have known variations, as `logosim.demo.variations` makes one.

Beside the records lies `variations.csv` with the columns `file` and `of`: the picture `file` is a variation of the mark
that a record calls `of`. A `file` that a record names, too, stands in the gallery, and both should find one another;
any other picture of the folder only asks. An optional column `change` labels the queries.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from logosim.domain.mark import Mark
from logosim.errors import RecordError
from logosim.evaluation.listing import Row, inside, read_rows
from logosim.evaluation.pairs import root_of
from logosim.evaluation.truth import TruthSet

INDEX = "variations.csv"


def load_variations(folder: Path, marks: Sequence[Mark]) -> TruthSet:
    """Read `folder/variations.csv` over the marks that were read from the folder.

    Codes and texts are those of the records. A query that is no mark of its own has no text, and the codes of the mark
    that it varies: true of the figure, though it may have other colours.

    Raises:
        RecordError: there are no marks, the file is missing or lacks a column, or names a mark or a picture that is not
            there.
    """
    if not marks:
        raise RecordError(f"there is no mark with a picture in {folder}")
    index = folder / INDEX
    rows = read_rows(index, ("file", "of"))
    place = {mark.file.lower(): number for number, mark in enumerate(marks)}
    parent = list(range(len(marks)))  # of pictures that only ask: the mark that they vary
    change = [""] * len(marks)
    asking: list[Path] = []
    asked: set[int] = set()
    for row in rows:
        original = place.get(row["of"].lower())
        if original is None:
            raise RecordError(f"the truth set's index {index} names a mark that no record has: {row['of']}")
        variation = place.get(row["file"].lower())
        if variation is None:
            asked.add(len(parent))
            asking.append(_asking(folder, row, index))
            parent.append(original)
            change.append(row.get("change", ""))
        else:
            parent[root_of(parent, variation)] = root_of(parent, original)
            change[variation] = row.get("change", "")
            asked |= {variation, original}
    varied = parent[len(marks) :]  # before roots are looked up, which shortens the way to them
    hidden = np.arange(len(parent)) >= len(marks)
    roots, groups = np.unique([root_of(parent, index) for index in range(len(parent))], return_inverse=True)
    return TruthSet(
        name=folder.resolve().name,
        files=(*(Path(mark.picture.location) for mark in marks), *asking),
        groups=groups.astype(np.int64),
        drawings=np.arange(len(parent), dtype=np.int64),
        main=~hidden,
        group_names=tuple(marks[root].file for root in roots),
        difficulty=tuple(change) if any(change) else None,
        asked=np.asarray(sorted(asked), dtype=np.int64),
        hidden=hidden,
        codes=tuple(marks[mark].vienna_codes for mark in (*range(len(marks)), *varied)),
        texts=(*(mark.text for mark in marks), *(None for _ in asking)),
    )


def _asking(folder: Path, row: Row, index: Path) -> Path:
    file = inside(folder, row["file"], index)
    if not file.is_file():
        raise RecordError(f"the truth set's index {index} names a picture that is not there: {row['file']}")
    return file
