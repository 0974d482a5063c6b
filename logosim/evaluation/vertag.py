"""Refusals by examiners, in the form of the VERTAG benchmark (2026): applications, and the earlier marks cited.

The benchmark's labels name marks of an office; the pictures have to be collected, and neither they nor its scorer have
been at hand here. What is read and written is therefore the least that carries the same facts, and it is an assumption:

- `queries/` holds the pictures of the refused applications, which only ask; `gallery/` those of earlier marks;
- `relevant.csv` has the columns `query` and `relevant`, one line for each citation: picture names within the two
  folders, with or without their suffix, so that the numbers of applications and registrations can stand there as they
  are;
- rankings are written as a CSV with the columns `query`, `rank` (from 1) and `candidate`, in the same names.

Earlier marks that were not cited are unjudged; like the benchmark, this counts them as not relevant.
"""

from __future__ import annotations

import csv
from pathlib import Path

from logosim.errors import RecordError
from logosim.evaluation.listing import picture_files, read_rows
from logosim.evaluation.pairs import truth_of_pairs
from logosim.evaluation.placing import NOTHING, Placings
from logosim.evaluation.truth import TruthSet

INDEX, QUERIES, GALLERY = "relevant.csv", "queries", "gallery"


def load_vertag(folder: Path) -> TruthSet:
    """Read `folder/relevant.csv` and list the pictures of both folders.

    Raises:
        RecordError: the file or a folder is missing, a column is, or a picture that the file names.
    """
    index = folder / INDEX
    rows = read_rows(index, ("query", "relevant"))
    asking, gallery = picture_files(folder / QUERIES), picture_files(folder / GALLERY)
    queries = _by_name(asking, folder / QUERIES, 0)
    marks = _by_name(gallery, folder / GALLERY, len(asking))
    pairs = [
        (
            _found(row["query"], queries, folder / QUERIES, index),
            _found(row["relevant"], marks, folder / GALLERY, index),
        )
        for row in rows
    ]
    hidden = frozenset(range(len(asking)))
    return truth_of_pairs(folder.resolve().name, (*asking, *gallery), pairs, hidden=hidden)


def write_rankings(path: Path, truth: TruthSet, placings: Placings) -> None:
    """Write the first pictures that each query found, best first, for a scorer; names are those without suffix."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("query", "rank", "candidate"))
        for query, found in zip(placings.queries, placings.first, strict=True):
            for rank, picture in enumerate(found[found != NOTHING], start=1):
                writer.writerow((truth.files[query].stem, rank, truth.files[picture].stem))


def _by_name(files: tuple[Path, ...], folder: Path, offset: int) -> dict[str, int]:
    names: dict[str, int] = {}
    for number, file in enumerate(files, start=offset):
        whole = file.relative_to(folder)
        for name in (str(whole), str(whole.with_suffix(""))):
            names.setdefault(name, number)
    return names


def _found(name: str, places: dict[str, int], folder: Path, index: Path) -> int:
    if name.strip() not in places:
        raise RecordError(f"the truth set's index {index} names {name!r}, and {folder} has no such picture")
    return places[name.strip()]
