"""Opposition pairs: later marks and the earlier ones they were held against, with what was decided.

A folder holds pictures and a `pairs.csv` with the columns `query_file` and `earlier_file` and, optionally, `outcome`:
`similar` (or 1, or nothing) where office or court found the pictures alike, `dissimilar` (or 0) where it did not.
Pairs found similar are what should be found. A pair found dissimilar is no positive, and the earlier mark stays in the
gallery like any other picture: ranking it before a similar one is wrong. All pictures of the folder are the gallery.
"""

from __future__ import annotations

from pathlib import Path

from logosim.errors import RecordError
from logosim.evaluation.listing import inside, picture_files, read_rows
from logosim.evaluation.pairs import truth_of_pairs
from logosim.evaluation.truth import TruthSet

INDEX = "pairs.csv"
_OUTCOMES = {"similar": True, "1": True, "": True, "dissimilar": False, "0": False}


def load_opposition(folder: Path) -> TruthSet:
    """Read `folder/pairs.csv` and list the folder's pictures.

    Raises:
        RecordError: the file is missing or lacks a column, a picture is not there, an outcome is unknown, one pair was
            decided both ways, or no pair was found similar.
    """
    index = folder / INDEX
    rows = read_rows(index, ("query_file", "earlier_file"))
    files = picture_files(folder)
    place = {file: number for number, file in enumerate(files)}
    decided: dict[tuple[int, int], bool] = {}
    for row in rows:
        pair = (
            _place(inside(folder, row["query_file"], index), place, index),
            _place(inside(folder, row["earlier_file"], index), place, index),
        )
        outcome = row.get("outcome", "").strip().lower()
        if outcome not in _OUTCOMES:
            raise RecordError(
                f"the truth set's index {index} has the outcome {outcome[:40]!r}", hint="It is similar or dissimilar."
            )
        if decided.setdefault(pair, _OUTCOMES[outcome]) != _OUTCOMES[outcome]:
            raise RecordError(f"{index} has both outcomes for {row['query_file']} and {row['earlier_file']}")
    return truth_of_pairs(folder.resolve().name, files, [pair for pair, similar in decided.items() if similar])


def _place(file: Path, place: dict[Path, int], index: Path) -> int:
    if file not in place:
        raise RecordError(f"the truth set's index {index} names a picture that is not there: {file}")
    return place[file]
