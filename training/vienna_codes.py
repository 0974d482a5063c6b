"""Gives the icons of a collection the Vienna codes of what they show, by name.

    python -m training.vienna_codes --data build/icons --concepts concepts.csv

`concepts.csv` has the columns `keywords` and `vienna_codes`, each with its values separated by `|`: a picture whose
concept is one of the keywords gets all the codes. The collection's `index.csv` is written anew with a column `codes`,
for the auxiliary classifier (`loss.vienna_weight`). Concepts that are brands get none, and a row may have none.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from logosim.domain.vienna import canonical_all
from logosim.errors import ViennaCodeError
from training.collection import CollectionError
from training.holdout import BRAND, write_index
from training.index_folder import INDEX, read_index

_COLUMNS = ("keywords", "vienna_codes")


def read_concepts(file: Path) -> dict[str, tuple[str, ...]]:
    """Canonical Vienna codes by keyword. Raises CollectionError if the file is no such table."""
    found: dict[str, list[str]] = {}
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            table = csv.DictReader(lines)
            missing = [column for column in _COLUMNS if column not in (table.fieldnames or ())]
            if missing:
                raise CollectionError(f"{file} lacks the columns {', '.join(missing)}")
            for row in table:
                codes = canonical_all(code for code in (row["vienna_codes"] or "").split("|") if code.strip())
                for keyword in (row["keywords"] or "").split("|"):
                    found.setdefault(keyword.strip(), []).extend(codes)
    except OSError as error:
        raise CollectionError(f"cannot read {file}: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise CollectionError(f"{file} is not a table of comma-separated values in UTF-8: {error}") from error
    except ViennaCodeError as error:
        raise CollectionError(f"{file}, line {table.line_num}: {error}") from error
    return {keyword: tuple(dict.fromkeys(codes)) for keyword, codes in found.items() if keyword}


def give_codes(folder: Path, codes: Mapping[str, tuple[str, ...]]) -> tuple[int, int]:
    """Write the index of `folder` anew with a column `codes`; returns how many pictures have codes, and of how many.

    Raises CollectionError if the folder has no index of pictures; nothing is written then.
    """
    rows = [{**row, "codes": " ".join(codes.get(_keyword(row["concept"]), ()))} for row in read_index(folder / INDEX)]
    write_index(folder, (tuple(row.values()) for row in rows), tuple(rows[0]))
    return sum(bool(row["codes"]) for row in rows), len(rows)


def _keyword(concept: str) -> str:
    return "" if concept.startswith(BRAND) else concept.rpartition(":")[2]


def main(arguments: Sequence[str] | None = None) -> int:
    """Give codes, and say to how many."""
    parser = argparse.ArgumentParser(
        prog="python -m training.vienna_codes",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=Path, required=True, help="collection made by training.icons")
    parser.add_argument("--concepts", type=Path, required=True, help="CSV of keywords and their Vienna codes")
    options = parser.parse_args(arguments)
    try:
        coded, pictures = give_codes(options.data, read_concepts(options.concepts))
    except (CollectionError, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    sys.stdout.write(f"{coded:,} of {pictures:,} pictures have Vienna codes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
