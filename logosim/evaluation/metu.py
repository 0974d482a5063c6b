"""The METU trademark data set, version 2: 417 queries in 35 groups of similar marks among 922,926 others.

Tursun, Aker and Kalkan, "A large-scale dataset and benchmark for similar trademark retrieval" (2017). The data are
given to universities on request and have not been at hand here: the layouts below are what the published evaluation
scripts read, and two plainer ones. Pictures lie in `queries/` and `pool/`; the gallery is both. The group of a query is

1. what `queries.txt` says, if it is there: a line for each query, the file name within `queries/`, white space or a
   comma, and the group. Empty lines and lines that begin with # are passed over;
2. else its sub-folder, `queries/<group>/<file>`;
3. else the digits at the end of its name, as in the published scripts: `queries/<anything><group>.jpg`, so that a query
   named `12-7.jpg` belongs to group 7.

Every query should find the others of its group. Deviations from the published scripts, so figures differ from theirs:
the query itself does not count as found, and average precision is cut at place 100, not 99.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from logosim.errors import RecordError
from logosim.evaluation.listing import inside, picture_files
from logosim.evaluation.truth import TruthSet, numbered

QUERIES, POOL, LIST = "queries", "pool", "queries.txt"
_TRAILING_DIGITS = re.compile(r"(\d+)$", re.ASCII)


def load_metu(folder: Path) -> TruthSet:
    """Read the data set's layout; the pictures themselves are not opened.

    Raises:
        RecordError: a folder is missing or empty, the list names a picture that is not there or one twice, or the group
            of a query cannot be told.
    """
    asking = folder / QUERIES
    listed = folder / LIST
    group_of = _groups_of_list(listed, asking) if listed.is_file() else _groups_of_names(asking)
    pool = picture_files(folder / POOL)
    files = (*group_of, *pool)
    # A picture of the pool belongs to no group of similar marks: it is one of its own, and no query.
    labels = [*group_of.values(), *(f"{POOL}/{file.relative_to(folder / POOL)}" for file in pool)]
    groups, names = numbered(labels)
    return TruthSet(
        name=folder.resolve().name,
        files=files,
        groups=groups,
        drawings=np.arange(len(files), dtype=np.int64),
        main=np.arange(len(files)) < len(group_of),
        group_names=names,
    )


def _groups_of_list(path: Path, asking: Path) -> dict[Path, str]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise RecordError(f"cannot read the list of queries {path}: {error}") from error
    groups: dict[Path, str] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        parts = re.fullmatch(r"\s*(\S.*?)(?:\s*,\s*|\s+)(\S+)\s*", line)
        if parts is None:
            raise RecordError(f"{path}, line {number}: a file name and a group are wanted, not {line[:60]!r}")
        file = inside(asking, parts[1], path)
        if not file.is_file():
            raise RecordError(f"{path}, line {number}: there is no picture {file}")
        if file in groups:
            raise RecordError(f"{path}, line {number}: {parts[1]} stands there a second time")
        groups[file] = parts[2]
    if not groups:
        raise RecordError(f"the list of queries {path} is empty")
    return groups


def _groups_of_names(asking: Path) -> dict[Path, str]:
    groups: dict[Path, str] = {}
    for file in picture_files(asking):
        if file.parent != asking:
            groups[file] = file.relative_to(asking).parts[0]
            continue
        digits = _TRAILING_DIGITS.search(file.stem)
        if digits is None:
            raise RecordError(
                f"the group of the query {file} cannot be told: its name does not end in a number",
                hint=f"Put it into {QUERIES}/<group>/, or list files and groups in {LIST}.",
            )
        groups[file] = str(int(digits[1]))
    return groups
