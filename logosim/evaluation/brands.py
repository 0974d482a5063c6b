"""The brands truth set: the same brands drawn by different hands.

A folder holds pictures and an `index.csv` with, among others, the columns `file`, `brand_group` (who it is), `drawing`
(the same value is the same drawing) and `role`: main, twin (a drawing in other colours), lockup (with a word mark) or
distractor. The queries are the main pictures that have something to be found. `difficulty`, where there is such a
column, labels them. A plainer index has only `file` and `brand`: then every picture is a main one in a drawing of its
own. `support`, 0..1, says how far a picture agrees with its group. A picture without a group is a distractor.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from logosim.errors import RecordError
from logosim.evaluation.listing import Row, inside, read_rows
from logosim.evaluation.truth import TruthSet, numbered

INDEX = "index.csv"
ROLES = frozenset({"main", "twin", "lockup", "distractor"})


def load_brands(folder: Path, *, least_support: float = 0.0) -> TruthSet:
    """Read a truth set from `folder/index.csv`; the pictures themselves are not opened.

    Args:
        folder: the pictures and their index.
        least_support: pictures whose `support` is lower are neither queries nor positives; for their own group they
            are neither right nor wrong. An empty support counts as good.

    Raises:
        RecordError: the file is missing, lacks a column, names a picture outside the folder or twice, has an
            unknown role, or a support that is no number.
    """
    index = folder / INDEX
    rows = read_rows(index, ("file",))
    if "brand_group" not in rows[0] and "brand" in rows[0]:
        rows = [{**row, "brand_group": row["brand"], "drawing": row["file"], "role": "main"} for row in rows]
    missing = [column for column in ("brand_group", "drawing", "role") if column not in rows[0]]
    if missing:
        raise RecordError(
            f"the truth set's index {index} lacks the columns {', '.join(missing)}",
            hint="Needed are file, brand_group, drawing and role; or file and brand.",
        )
    if strange := next((row for row in rows if row["role"] not in ROLES), None):
        raise RecordError(
            f"the truth set's index {index} gives {strange['file']} the role {strange['role'][:40]!r}",
            hint=f"Roles are {', '.join(sorted(ROLES))}.",
        )
    files = tuple(inside(folder, row["file"], index) for row in rows)
    if len(set(files)) < len(files):
        twice = next(row["file"] for row in rows if files.count(folder / row["file"]) > 1)
        raise RecordError(f"the truth set's index {index} names a file twice: {twice}")
    groups, names = numbered([row["brand_group"] for row in rows])
    drawings, _ = numbered([f"{row['brand_group']}\x00{row['drawing']}" for row in rows])
    main = [
        row["role"] == "main" and bool(row["brand_group"].strip()) and _support(row, index) >= least_support
        for row in rows
    ]
    return TruthSet(
        name=folder.resolve().name,
        files=files,
        groups=groups,
        drawings=drawings,
        main=np.asarray(main, dtype=np.bool_),
        group_names=names,
        difficulty=tuple(row["difficulty"] for row in rows) if "difficulty" in rows[0] else None,
    )


def _support(row: Row, index: Path) -> float:
    text = row.get("support", "")
    if not text.strip():
        return 1.0
    try:
        return float(text)
    except ValueError:
        raise RecordError(f"the truth set's index {index} has a support that is no number: {text[:40]!r}") from None
