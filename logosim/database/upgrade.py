"""Brings a database to the state and the functions of this program, or leaves it exactly as it was."""

from __future__ import annotations

from dataclasses import dataclass

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from logosim.database import engine, present, sources
from logosim.store.translation import translated


@dataclass(frozen=True, slots=True)
class UpgradeReport:
    """What an upgrade did."""

    revision_before: str | None  # None: the database was empty
    revision: str
    applied: tuple[str, ...]  # files of sql/ and data that were new or different
    left_over: tuple[str, ...]  # files that earlier versions had; what they made is still there
    renamed_marks: int  # marks whose search keys were computed again because the rules changed

    @property
    def changed(self) -> bool:
        """False if everything was up to date already."""
        return self.revision != self.revision_before or bool(self.applied)

    def lines(self) -> tuple[str, ...]:
        """The report for a person."""
        if not self.changed:
            return (f"Up to date at revision {self.revision}.",)
        lines = [
            f"Revision {self.revision_before or 'none'} -> {self.revision}; {len(self.applied)} files put in force."
        ]
        if self.renamed_marks:
            lines.append(f"Search keys of {self.renamed_marks:,} names computed anew.")
        if self.left_over:
            lines.append(f"No longer part of logosim, still in the database: {', '.join(self.left_over)}.")
        return tuple(lines)


def upgrade(url: str, *, calibration: str | None = None) -> UpgradeReport:
    """Run the revisions, then put the function files and data in force: one transaction, under a lock.

    `calibration`: curves of evidence as a CSV file has them, already checked; None: the packaged ones.

    Raises:
        DatabaseUnavailable: the server does not answer.
        DatabaseTooOld, VectorExtensionMissing: server or pgvector will not do.
        PrivilegeMissing: the role may not do what the upgrade needs.
        DatabaseError: anything else that the server refused; nothing was changed.
    """
    config = Config()
    config.set_main_option("script_location", str(sources.migrations_dir()).replace("%", "%%"))
    with translated(), engine.connect(url) as connection, connection.begin():
        present.lock(connection)
        before = _revision(connection)
        config.attributes["connection"] = connection
        config.attributes["calibration"] = calibration
        command.upgrade(config, "head")
        report = config.attributes["report"]
        if not isinstance(report, present.PresentReport):
            raise TypeError("migrations/env.py left no report")
        after = _revision(connection)
    return UpgradeReport(before, after or "", report.applied, report.left_over, report.renamed_marks)


def _revision(connection: Connection) -> str | None:
    driver = engine.driver_connection(connection)
    exists = driver.execute("select to_regclass('logosim.revision') is not null").fetchone()
    if exists is None or not exists[0]:
        return None
    row = driver.execute("select version_num from logosim.revision").fetchone()
    return str(row[0]) if row else None
