"""Connections to the database, with pgvector's types known and a time limit on every statement."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, LiteralString

import psycopg
from pgvector.psycopg import register_vector
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import ConnectionPool

from logosim.errors import ConfigurationError, NotMigrated, PrivilegeMissing
from logosim.store.translation import translated, without_secrets

Pool = ConnectionPool[psycopg.Connection[Any]]

_PAUSES = (0.05, 0.2, 0.8)  # seconds between attempts at a statement that another transaction was in the way of


def open_pool(
    url: str,
    *,
    role: str | None = None,
    least: int = 1,
    most: int = 8,
    statement_seconds: float | None = 60.0,
    wait_seconds: float = 10.0,
) -> Pool:
    """Open a pool whose first connection has been made: a database that is down or not migrated is noticed here.

    Args:
        url: any connection string libpq understands.
        role: role to act in (`logosim_analyst`, `logosim_worker`, `logosim_api`), for less may then go wrong. A
            login role that has its rights but may not take it acts as itself.
        least: connections kept open.
        most: connections at most.
        statement_seconds: longest a statement may take; None for no limit.
        wait_seconds: how long to wait for a free connection.

    Raises:
        ConfigurationError: `url` is not a connection string.
        DatabaseUnavailable: the database does not answer.
        NotMigrated: it has no pgvector types or no such role, so it was never upgraded.
        PrivilegeMissing: the login role may not act as `role`.
    """
    try:
        conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        raise ConfigurationError(
            f"LOGOSIM_DATABASE_URL cannot be read: {without_secrets(str(error)).strip()}.",
            hint="It looks like postgresql://user:password@host:5432/database.",
        ) from None

    def configure(connection: psycopg.Connection[Any]) -> None:
        connection.autocommit = True
        try:
            register_vector(connection)
        except psycopg.ProgrammingError:
            raise NotMigrated("The database has no pgvector extension yet.") from None
        if statement_seconds is not None:
            connection.execute(
                "select set_config('statement_timeout', %s, false)", (f"{statement_seconds * 1000:.0f}",)
            )
        if role is not None:
            _take_role(connection, role)

    # A pool makes its connections in the background, where a failure is a log line and a time-out: so the first one is
    # made here, where it can say what is wrong.
    with translated(), psycopg.connect(url, connect_timeout=10) as first:
        configure(first)
    return ConnectionPool(
        url,
        connection_class=psycopg.Connection[Any],
        kwargs={"connect_timeout": 10, "application_name": "logosim"},
        configure=configure,
        check=ConnectionPool.check_connection,  # after the server was away, the first request gets a fresh one
        min_size=least,
        max_size=most,
        timeout=wait_seconds,
        open=True,
        name="logosim",
    )


def _take_role(connection: psycopg.Connection[Any], role: str) -> None:
    row = connection.execute(
        "select r.rolname, pg_has_role(r.oid, 'set') from pg_roles r where r.rolname = %s", (role,)
    ).fetchone()
    if row is None:
        raise NotMigrated(f"The role {role} does not exist.")
    if row[1]:
        connection.execute(sql.SQL("set role {}").format(sql.Identifier(role)))
    elif not _is_member(connection, role):
        raise PrivilegeMissing(f"The database role may not act as {role}.", hint=f"Run: grant {role} to <login role>;")


def _is_member(connection: psycopg.Connection[Any], role: str) -> bool:
    row = connection.execute("select pg_has_role(%s, 'usage')", (role,)).fetchone()
    return bool(row and row[0])


def fetch_row(pool: Pool, statement: LiteralString, parameters: Sequence[Any]) -> tuple[Any, ...] | None:
    """The first row of a statement that is a transaction of its own and may be repeated.

    It is run again, up to three times after growing pauses, where another transaction was in the way: a deadlock, or a
    serialisation failure where that is the database's default isolation. Without a pause it could take its first lock
    again before the other one has woken up.

    Raises:
        LogosimError: as `logosim.store.translation.translate` chooses.
    """
    with borrowed(pool) as connection:
        for pause in _PAUSES:
            try:
                return connection.execute(statement, parameters).fetchone()
            except (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure):
                time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311  so that two that met do not meet again
        return connection.execute(statement, parameters).fetchone()


@contextmanager
def borrowed(pool: Pool) -> Iterator[psycopg.Connection[Any]]:
    """A connection of the pool; what the database raises in this block becomes one of our errors.

    Raises:
        LogosimError: as `logosim.store.translation.translate` chooses.
    """
    with translated(), pool.connection() as connection:
        yield connection


@contextmanager
def without_time_limit(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """Statements of this connection may take as long as they take."""
    row = connection.execute("select current_setting('statement_timeout')").fetchone()
    connection.execute("select set_config('statement_timeout', '0', false)")
    try:
        yield
    finally:
        if not connection.broken and not connection.closed:
            connection.execute("select set_config('statement_timeout', %s, false)", (row[0] if row else "0",))
