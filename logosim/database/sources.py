"""Where revisions, function files and data tables are read from: the installed package, or the checkout."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from logosim.errors import ConfigurationError
from logosim.phonetics.segments import SEGMENTS, build_tables

GROUPS = ("functions", "views", "grants")
"""Folders of sql/ that are put in force, in this order."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that the database holds an image of."""

    name: str  # such as "functions/040_search.sql"
    text: str

    @property
    def sha256(self) -> str:
        """What the database remembers it by, hexadecimal."""
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class DataTable:
    """A table that is filled from a CSV file whose header names its columns."""

    table: str  # in schema logosim
    file: SourceFile

    def rows(self) -> Iterator[dict[str, str]]:
        """Rows as the CSV file spells them; an empty field is the empty text."""
        return csv.DictReader(io.StringIO(self.file.text, newline=""))


def migrations_dir() -> Path:
    """Folder of the Alembic environment."""
    return _folder("_migrations", "migrations")


def sql_dir() -> Path:
    """Folder of the SQL files."""
    return _folder("_sql", "sql")


def sql_files(folder: Path | None = None) -> tuple[SourceFile, ...]:
    """Files to be put in force, in order: functions, views, grants, each by number."""
    root = folder or sql_dir()
    paths = [path for group in GROUPS for path in sorted((root / group).glob("*.sql"))]
    return tuple(SourceFile(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")) for path in paths)


def data_tables() -> tuple[DataTable, ...]:
    """Tables whose content belongs to the program rather than to the user."""
    return (
        _data_table("transliteration", "logosim.phonetics", "transliteration.csv"),
        _data_table("phoneme_rule", "logosim.phonetics", "rules.csv"),
        _data_table("generic_word", "logosim.phonetics", "generic_words.csv"),
        DataTable("segment", SourceFile("data/segments.csv", _segments())),
        _data_table("vienna", "logosim.database", "vienna.csv"),
    )


def calibration_table(given: str | None = None) -> DataTable:
    """The curves of evidence: those given as the text of a CSV file, or the packaged ones.

    They are a matter of settings, so what another program put into the database is not out of date.
    """
    packaged = _data_table("calibration", "logosim.search", "calibration.csv")
    return packaged if given is None else DataTable("calibration", SourceFile(packaged.file.name, given))


def _segments() -> str:
    """What ALINE looks up of sounds, as a CSV file: it is computed from their features, and stands in no file."""
    tables, lines = build_tables(), io.StringIO(newline="")
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(("segment", "code", "vowel", "differences"))
    for code, segment in enumerate(SEGMENTS, start=1):
        differences = ",".join(map(str, tables.delta[code, 1:].tolist()))
        writer.writerow((segment, code, int(tables.vowel[code]), f"{{{differences}}}"))
    return lines.getvalue()


def _data_table(table: str, package: str, name: str) -> DataTable:
    text = (resources.files(package) / "data" / name).read_bytes().decode("utf-8")
    return DataTable(table, SourceFile(f"data/{name}", text))


def _folder(packaged: str, checked_out: str) -> Path:
    here = Path(__file__).resolve().parent
    for folder in (here / packaged, here.parent.parent / checked_out):
        if folder.is_dir():
            return folder
    raise ConfigurationError(f"The folder {packaged} is missing from the installation.", hint="Install logosim again.")
