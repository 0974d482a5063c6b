"""The brands truth set: the same brands drawn by different hands.

A folder holds pictures and an `index.csv` with, among others, the columns `file`, `brand_group` (who it is), `drawing`
(the same value is the same drawing) and `role`: main, twin (a drawing in other colours), lockup (with a word mark) or
distractor. The queries are the main pictures that have something to be found. A plainer index has only `file` and
`brand`: then every picture is a main one in a drawing of its own.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from logosim.errors import RecordError

_COLUMNS = ("file", "brand_group", "drawing", "role")


@dataclass(frozen=True, slots=True, eq=False)
class TruthSet:
    """Which pictures should find which. All arrays have one entry per picture, in the order of `files`."""

    files: tuple[Path, ...]
    groups: npt.NDArray[np.int64]  # brand group, numbered
    drawings: npt.NDArray[np.int64]  # drawing, numbered; a drawing belongs to one group
    main: npt.NDArray[np.bool_]  # counts as a query and as a positive

    def __len__(self) -> int:
        return len(self.files)

    def positives(self, query: int) -> npt.NDArray[np.bool_]:
        """Pictures the query should find: main ones of its brand group in another drawing."""
        same_group = self.groups == self.groups[query]
        return np.asarray(self.main & same_group & (self.drawings != self.drawings[query]))

    def ignored(self, query: int) -> npt.NDArray[np.bool_]:
        """Pictures that are neither right nor wrong: the query, its drawing, and its group's twins and lock-ups."""
        same_group = self.groups == self.groups[query]
        return np.asarray(same_group & ~self.positives(query))

    def queries(self) -> npt.NDArray[np.int64]:
        """Indices of the main pictures that have at least one positive."""
        drawings_by_group: dict[int, set[int]] = {}
        for index in np.flatnonzero(self.main):
            drawings_by_group.setdefault(int(self.groups[index]), set()).add(int(self.drawings[index]))
        wanted = [i for i in np.flatnonzero(self.main) if len(drawings_by_group[int(self.groups[i])]) > 1]
        return np.asarray(wanted, dtype=np.int64)


def load_brands(folder: Path) -> TruthSet:
    """Read a truth set from `folder/index.csv`; the pictures themselves are not opened.

    Raises RecordError if the file is missing, lacks a column or names a picture outside the folder.
    """
    index = folder / "index.csv"
    try:
        with index.open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
    except OSError as error:
        raise RecordError(f"cannot read the truth set's index {index}: {error.strerror}") from error
    if rows and "brand_group" not in rows[0] and "brand" in rows[0]:
        rows = [{**row, "brand_group": row["brand"], "drawing": row.get("file", ""), "role": "main"} for row in rows]
    missing = [column for column in _COLUMNS if rows and column not in rows[0]]
    if missing or not rows:
        what = f"lacks the columns {', '.join(missing)}" if missing else "is empty"
        raise RecordError(f"the truth set's index {index} {what}")
    for row in rows:
        if Path(row["file"]).is_absolute() or ".." in Path(row["file"]).parts:
            raise RecordError(f"the truth set's index {index} names a file outside its folder: {row['file']}")
    return TruthSet(
        files=tuple(folder / row["file"] for row in rows),
        groups=_numbered([row["brand_group"] for row in rows]),
        drawings=_numbered([f"{row['brand_group']}\x00{row['drawing']}" for row in rows]),
        main=np.asarray([row["role"] == "main" for row in rows], dtype=np.bool_),
    )


def _numbered(values: list[str]) -> npt.NDArray[np.int64]:
    return np.unique(np.asarray(values), return_inverse=True)[1].astype(np.int64)
