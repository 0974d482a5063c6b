"""Puts the present of sql/ and of the data tables in force, inside the transaction of the upgrade.

Revisions say how state came about; function, view and grant files simply say how things are. When any of them differs
from what `logosim.sql_file` remembers, all are applied again in order: they are quick, and one may use another. A file
that is gone leaves its objects behind, for dropping something that others may use is the work of a revision; the
report names it. A new signature of a published function is a new name, or a revision that drops the old one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Connection

from logosim.database import checks, engine, sources
from logosim.store.translation import translate

UPGRADE_LOCK = 0x6C6F676F  # "logo": one upgrade of a database at a time


_NAME_FUNCTIONS = ("functions/020_normalise_text.sql", "functions/021_phonemes.sql")  # what search keys are made by
_SKETCH_FUNCTIONS = "functions/023_name_sketches.sql"  # what sketches of them are made by
_NAME_TABLES = ("transliteration", "phoneme_rule")


@dataclass(frozen=True, slots=True)
class PresentReport:
    """What putting the present in force changed."""

    applied: tuple[str, ...]  # files that were new or different, in order
    left_over: tuple[str, ...]  # files that are gone; what they made is still there
    renamed_marks: int  # marks whose search keys were computed again because the rules changed


def lock(connection: Connection) -> None:
    """Lock out other upgrades of this database until the transaction ends."""
    engine.driver_connection(connection).execute("select pg_advisory_xact_lock(%s)", (UPGRADE_LOCK,))


def prepare(connection: Connection) -> None:
    """Lock out other upgrades, check the server, and make the schema.

    Raises:
        DatabaseError: the server is too old, lacks pgvector, or its locale cannot be used.
    """
    lock(connection)
    driver = engine.driver_connection(connection)
    checks.require_server(driver)
    driver.execute("set local search_path = public")  # where the types of pgvector are looked for
    driver.execute("create schema if not exists logosim")


def apply(connection: Connection, folder: Path | None = None, calibration: str | None = None) -> PresentReport:
    """Apply files and data tables that differ from what the database holds.

    Args:
        connection: inside the transaction of the upgrade, after the revisions.
        folder: where functions/, views/ and grants/ lie, if not the program's own.
        calibration: curves of evidence as a CSV file has them, if not the program's own.

    Raises:
        DatabaseError: a file cannot be applied; the transaction is then to be rolled back.
    """
    driver = engine.driver_connection(connection)
    known = dict(driver.execute("select name, sha256 from logosim.sql_file").fetchall())
    tables = (*sources.data_tables(), sources.calibration_table(calibration))
    names_changed, data_applied = _apply_data(driver, tables, known)
    files = sources.sql_files(folder)
    changed = tuple(file.name for file in files if known.get(file.name) != file.sha256)
    if changed:
        # Loads the extensions' libraries: only then may an owner who is no superuser put their settings on functions.
        driver.execute("select '[1]'::public.halfvec, public.similarity('', '')")
        for file in files:
            _execute(driver, file)
            _remember(driver, file)
    present = {file.name for file in files} | {table.file.name for table in tables}
    renamed = 0
    if names_changed or any(name in _NAME_FUNCTIONS for name in changed):
        row = driver.execute("select logosim.refresh_names()").fetchone()
        renamed = int(row[0]) if row else 0
    elif _SKETCH_FUNCTIONS in changed:
        driver.execute("select logosim._refresh_sketches()")
    # Where words were never counted, or the names they stand in have changed without a batch.
    driver.execute(
        "select logosim.count_words() where %s or not exists (select from logosim.word_census)", (renamed > 0,)
    )
    return PresentReport((*data_applied, *changed), tuple(sorted(set(known) - present)), renamed)


def _execute(driver: psycopg.Connection[Any], file: sources.SourceFile) -> None:
    """Run a whole file. Without parameters psycopg sends it as it stands, percent signs and all."""
    try:
        driver.execute(file.text.encode())
    except psycopg.Error as error:
        ours = translate(error)
        raise type(ours)(f"sql/{file.name} cannot be applied: {ours}", hint=ours.hint) from error


def _apply_data(
    driver: psycopg.Connection[Any], tables: Iterable[sources.DataTable], known: Mapping[str, str]
) -> tuple[bool, tuple[str, ...]]:
    """Fill the data tables that changed. Returns whether names are read otherwise now, and the files applied."""
    changed = [table for table in tables if known.get(table.file.name) != table.file.sha256]
    for table in changed:
        rows = list(table.rows())
        if table.table == "vienna":
            _seed_vienna(driver, rows)
        else:
            _replace(driver, table.table, rows)
        _remember(driver, table.file)
    return any(table.table in _NAME_TABLES for table in changed), tuple(table.file.name for table in changed)


def _replace(driver: psycopg.Connection[Any], table: str, rows: list[dict[str, str]]) -> None:
    target = sql.Identifier("logosim", table)
    columns = list(rows[0])
    driver.execute(sql.SQL("delete from {}").format(target))
    statement = sql.SQL("copy {} ({}) from stdin").format(target, sql.SQL(", ").join(map(sql.Identifier, columns)))
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row([row[column] for column in columns])
    driver.execute(sql.SQL("analyze {}").format(target))


def _seed_vienna(driver: psycopg.Connection[Any], rows: Iterable[Mapping[str, str]]) -> None:
    """Put our own labels in; an imported label stays."""
    with driver.cursor() as cursor:
        cursor.executemany(
            """
            insert into logosim.vienna as v (code, level, label, origin)
            values (%(code)s, %(level)s, %(label)s, 'seed')
            on conflict (code) do update set level = excluded.level, label = excluded.label where v.origin = 'seed'
            """,
            [dict(row) for row in rows],
        )


def _remember(driver: psycopg.Connection[Any], file: sources.SourceFile) -> None:
    driver.execute(
        """
        insert into logosim.sql_file (name, sha256) values (%s, %s)
        on conflict (name) do update set sha256 = excluded.sha256, applied_at = now()
        """,
        (file.name, file.sha256),
    )
