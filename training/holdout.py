"""Keeps brands out of training: which names are excluded, and which development brands train at all.

    python -m training.holdout names --truth DIR [--truth DIR] --out excluded_more.txt
    python -m training.holdout brands --truth DIR --exclude excluded.txt --out build/brands

`names` writes every name that a truth set's brands go by, one a line, for the `--exclude` of the other commands.
`brands` copies the drawings of the training part of a truth set of brands into a folder with an `index.csv` (columns
file, concept, source) and a `groups.txt` of the brand groups that are trained on.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import os
import re
import shutil
import sys
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

TRAINING_SHARE = 0.4  # of the brand groups; the others validate
NAMING_COLUMNS = ("slug", "brand", "display_name", "brand_group", "domain")  # those that a truth set has are read
TRAINING_ROLES = ("main", "twin")  # lockups repeat a main drawing with its name; distractors have no group
SHORTEST_RUN = 3  # characters of an excluded slug that is looked for inside longer names
BRAND = "brand:"  # before the names of concepts that are brands
SHORTEST_DISTINCTIVE = 4  # the same in sets of ordinary things, where three letters are often a word
SHORTEST_AFFIX = 5  # characters of an excluded slug that is looked for at the ends of one unbroken word
_SPELLED = ("dot", "plus", "and")  # icon sets spell ".", "+" and "&" out


class HoldoutError(ValueError):
    """The lists or the truth set do not allow training: the message names the file or the brand."""


def comparable(slug: str) -> str:
    """A slug as brands are compared: ASCII lower-case letters and digits only."""
    folded = unicodedata.normalize("NFKD", slug).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]", "", folded.lower())


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Brands that never enter training. `slugs` are in the form of `comparable` and not empty."""

    slugs: frozenset[str]

    def names(self, *names: Sequence[str]) -> bool:
        """Whether one of these names, given by its tokens, is excluded as a whole, in any spelling."""
        return any(key in self.slugs for tokens in names for key in _spellings(tokens))

    def touches(
        self, tokens: Sequence[str], ordinary: Collection[str] = frozenset(), shortest: int = SHORTEST_RUN
    ) -> bool:
        """Whether a run of neighbouring tokens, joined, is an excluded slug of `shortest` characters or more.

        Runs in `ordinary` (words of things that are not brands) do not count unless they are the whole name.
        """
        if self.names(tokens):
            return True
        runs = (tokens[start:end] for start in range(len(tokens)) for end in range(start + 1, len(tokens) + 1))
        keys = (key for run in runs for key in _spellings(run) if len(key) >= shortest)
        return any(key in self.slugs and key not in ordinary for key in keys)

    def hidden_in(self, tokens: Sequence[str]) -> bool:
        """Whether a token begins or ends with an excluded slug of `SHORTEST_AFFIX` characters or more.

        For names of brands written as one word, as `googledrive`.
        """
        parts = (
            part
            for token in tokens
            for cut in range(SHORTEST_AFFIX, len(token) + 1)
            for part in (token[:cut], token[-cut:])
        )
        return any(part in self.slugs for part in parts)

    def begins_or_ends_with(self, name: str) -> bool:
        """Whether an excluded slug begins or ends with this name of `SHORTEST_AFFIX` characters or more.

        For short names of brands, as `airflow` for `apacheairflow`.
        """
        return comparable(name) in _ends(self.slugs)


@lru_cache(maxsize=4)
def _ends(slugs: frozenset[str]) -> frozenset[str]:
    cuts = ((slug, cut) for slug in slugs for cut in range(SHORTEST_AFFIX, len(slug) + 1))
    return frozenset(part for slug, cut in cuts for part in (slug[:cut], slug[-cut:]))


def _spellings(tokens: Sequence[str]) -> Iterator[str]:
    joined = comparable("".join(tokens))
    yield joined
    without = joined.rstrip("0123456789")  # css3, html5, a second drawing
    if len(without) >= SHORTEST_RUN:
        yield without
    for sign in _SPELLED:  # inside a word: `plus-circle` is no circle
        shorter = comparable("".join(token if token == sign else token.replace(sign, "") for token in tokens))
        if shorter != joined and len(shorter) >= SHORTEST_RUN:
            yield shorter


def read_exclusion(files: Iterable[Path]) -> Exclusion:
    """The excluded slugs of text files, one a line; blank lines and lines that begin with # are passed over.

    Raises HoldoutError naming the file if one cannot be read or holds no slug.
    """
    slugs: set[str] = set()
    for file in files:
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise HoldoutError(f"{file}: cannot be read as a list of excluded brands: {error}") from error
        found = {comparable(line) for line in lines if line.strip() and not line.startswith("#")} - {""}
        if not found:
            raise HoldoutError(f"{file}: holds no brand slug; an exclusion list has one a line")
        slugs |= found
    return Exclusion(frozenset(slugs))


def trains(brand_group: str) -> bool:
    """Whether a development brand is in the fixed part that trains. The same on every machine.

    Decided by the first eight bytes of the SHA-256 of the group's name, as a share of 1.
    """
    first = hashlib.sha256(brand_group.encode()).digest()[:8]
    return int.from_bytes(first, "big") / 2**64 < TRAINING_SHARE


def truth_rows(truth: Path) -> list[dict[str, str]]:
    """The rows of a truth set's `index.csv`. Raises HoldoutError if it is missing or names no brand."""
    index = truth / "index.csv"
    try:
        with index.open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise HoldoutError(f"{index}: cannot be read as the index of a truth set: {error}") from error
    if not rows or not set(NAMING_COLUMNS) & set(rows[0]):
        raise HoldoutError(f"{index}: has no row with one of the columns {', '.join(NAMING_COLUMNS)}")
    return rows


def _names_of(row: Mapping[str, str]) -> set[str]:
    names = {comparable(row.get(column) or "") for column in NAMING_COLUMNS if column != "domain"}
    names.add(comparable((row.get("domain") or "").rpartition(".")[0]))
    return names - {""}


def truth_names(truth: Path) -> frozenset[str]:
    """All names of a truth set's brands, distractors included, in the form of `comparable`.

    Of a domain the part before its last dot counts.
    """
    return frozenset(name for row in truth_rows(truth) for name in _names_of(row))


def write_brands(truth: Path, exclusion: Exclusion, out: Path) -> tuple[int, int]:
    """Copy the training part of a truth set of brands into `out`; returns the numbers of pictures and of groups.

    The concept of a picture is `brand:` and its group. Raises HoldoutError, before anything is written, if a brand of
    the training part is excluded, a column is missing or a picture is not there.
    """
    rows = truth_rows(truth)
    missing = {"file", "pack", "role", "brand_group"} - set(rows[0])
    if missing:
        raise HoldoutError(f"{truth / 'index.csv'}: has no column {', '.join(sorted(missing))}")
    chosen = [
        row for row in rows if row["role"] in TRAINING_ROLES and row["brand_group"] and trains(row["brand_group"])
    ]
    for row in chosen:
        if held := sorted(_names_of(row) & exclusion.slugs):
            raise HoldoutError(
                f"{row['file']} shows {held[0]}, which is excluded from training: leave it out of {truth}"
            )
        if not (truth / row["file"]).is_file():
            raise HoldoutError(f"{truth / row['file']}: named in the index but not there")
    for row in chosen:
        target = out / row["file"]
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(truth / row["file"], target)
    groups = sorted({row["brand_group"] for row in chosen})
    (out / "groups.txt").write_text("".join(f"{group}\n" for group in groups), encoding="utf-8")
    write_index(out, [(row["file"], f"{BRAND}{row['brand_group']}", row["pack"]) for row in chosen])
    return len(chosen), len(groups)


def write_index(
    folder: Path, rows: Iterable[Sequence[str]], columns: Sequence[str] = ("file", "concept", "source")
) -> None:
    """Write a collection's `index.csv` in one step, so that it is never half there."""
    partial = folder / "index.csv.tmp"
    with partial.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
        lines.flush()
        os.fsync(lines.fileno())
    partial.replace(folder / "index.csv")


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the names of a truth set's brands, or the collection of those that train."""
    parser = argparse.ArgumentParser(prog="python -m training.holdout", description=(__doc__ or "").split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    names = commands.add_parser("names", help="write every name that truth sets' brands go by")
    names.add_argument("--truth", type=Path, action="append", required=True, help="folder of a truth set")
    names.add_argument("--out", type=Path, required=True, help="text file to write, one name a line")
    brands = commands.add_parser("brands", help="copy the drawings of the brands that train")
    brands.add_argument("--truth", type=Path, required=True, help="folder of the truth set of brands")
    brands.add_argument("--exclude", type=Path, action="append", required=True, help="file of slugs, one a line")
    brands.add_argument("--out", type=Path, required=True, help="folder to write the collection into")
    options = parser.parse_args(arguments)
    try:
        if options.command == "names":
            found = sorted(frozenset().union(*(truth_names(truth) for truth in options.truth)))
            options.out.parent.mkdir(parents=True, exist_ok=True)
            options.out.write_text("".join(f"{name}\n" for name in found), encoding="utf-8")
            sys.stdout.write(f"{len(found)} names in {options.out}\n")
        else:
            pictures, groups = write_brands(options.truth, read_exclusion(options.exclude), options.out)
            sys.stdout.write(f"{pictures} pictures of {groups} brand groups in {options.out}\n")
    except (HoldoutError, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
