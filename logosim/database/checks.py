"""Can logosim work on this database? Each way it cannot has its own error, which says what to do."""

from __future__ import annotations

import re
from typing import Any

import psycopg

from logosim.database import sources
from logosim.errors import DatabaseError, DatabaseTooOld, NotMigrated, VectorExtensionMissing
from logosim.store.translation import translated

LEAST_SERVER = 16
LEAST_VECTOR = (0, 8, 4)  # earlier: CVE-2026-3172 and an HNSW index that vacuum can damage


def parse_version(text: str) -> tuple[int, ...]:
    """`"0.8.4"` -> `(0, 8, 4)`; anything after the numbers is ignored."""
    match = re.match(r"[0-9]+(?:\.[0-9]+)*", text)
    return tuple(int(part) for part in match.group().split(".")) if match else ()


def require_server_version(version_number: int) -> None:
    """Raise unless the server's `server_version_num` (160004 is 16.4) is recent enough.

    Raises:
        DatabaseTooOld: it is not.
    """
    if version_number // 10000 < LEAST_SERVER:
        raise DatabaseTooOld(
            f"The server is Postgres {version_number // 10000}; logosim needs {LEAST_SERVER} or later.",
            hint="Upgrade the server, or unset LOGOSIM_DATABASE_URL to use the embedded one.",
        )


def require_vector_version(version: str | None, *, installed: bool) -> None:
    """Raise unless pgvector is there and recent enough.

    Args:
        version: version that the database has installed or else the server offers; None if neither.
        installed: whether it is the installed one.

    Raises:
        VectorExtensionMissing: the server has none.
        DatabaseTooOld: it is older than 0.8.4.
    """
    if version is None:
        raise VectorExtensionMissing()
    if parse_version(version) < LEAST_VECTOR:
        wanted = ".".join(map(str, LEAST_VECTOR))
        raise DatabaseTooOld(
            f"pgvector {version} is {'installed' if installed else 'what the server offers'}; "
            f"logosim needs {wanted} or later.",
            hint="Install a newer pgvector on the server, then run: alter extension vector update;",
        )


def require_server(connection: psycopg.Connection[Any]) -> None:
    """Raise unless server, pgvector, encoding and locale will do. Reads only.

    Raises:
        DatabaseTooOld, VectorExtensionMissing, DatabaseError: what is wrong, and what to do.
    """
    require_server_version(connection.info.server_version)
    row = connection.execute(
        """
        select e.extversion, a.default_version, n.nspname
          from (select 1) one
          left join pg_available_extensions a on a.name = 'vector'
          left join pg_extension e on e.extname = 'vector'
          left join pg_namespace n on n.oid = e.extnamespace
        """
    ).fetchone()
    installed, offered, schema = row if row else (None, None, None)
    require_vector_version(installed or offered, installed=installed is not None)
    if schema not in (None, "public"):
        raise DatabaseError(
            f"pgvector is installed in schema {schema}; logosim looks for it in public.",
            hint="Run: alter extension vector set schema public;",
        )
    if connection.execute("select 1 from pg_available_extensions where name = 'pg_trgm'").fetchone() is None:
        raise DatabaseError(
            "The server has no pg_trgm extension.", hint="Install Postgres's contrib modules on the server."
        )
    row = connection.execute(
        """
        select current_setting('server_encoding'), lower('Ə') = 'ə' and datctype not in ('C', 'POSIX'), datname
          from pg_database
         where datname = current_database()
        """
    ).fetchone()
    encoding, knows_letters, name = row if row else ("", False, "")
    if encoding != "UTF8" or not knows_letters:
        raise DatabaseError(
            f"Database {name} has encoding {encoding} and a locale that does not know letters beyond ASCII.",
            hint="Create it with: create database ... template template0 encoding 'UTF8' locale 'C.UTF-8';",
        )


def require_migrated(connection: psycopg.Connection[Any]) -> None:
    """Raise unless the database is at the newest revision and holds the present functions.

    Raises:
        NotMigrated: it is older or newer than this program.
    """
    schema = connection.execute("select to_regclass('logosim.sql_file') is not null").fetchone()
    if schema is None or not schema[0]:
        raise NotMigrated("The database has no logosim schema yet.")
    revision = connection.execute("select version_num from logosim.revision").fetchone()
    head = head_revision()
    if revision is None or revision[0] != head:
        at = revision[0] if revision else "none"
        known = revision is not None and revision[0] in revisions()
        raise NotMigrated(
            f"The database is at revision {at}; this logosim wants {head}.",
            hint=None if known or revision is None else "The database is newer than this program: upgrade logosim.",
        )
    known_files = dict(connection.execute("select name, sha256 from logosim.sql_file").fetchall())
    wanted = [*sources.sql_files(), *(table.file for table in sources.data_tables())]
    stale = [file.name for file in wanted if known_files.get(file.name) != file.sha256]
    if stale:
        raise NotMigrated(f"The database holds another version of {stale[0]} than this logosim brings.")


def require_ready(url: str) -> None:
    """Raise unless `url` leads to a database that logosim can work on right now.

    Raises:
        DatabaseUnavailable: it does not answer.
        DatabaseError: one of its kinds, as `require_server` and `require_migrated` say.
    """
    with translated(), psycopg.connect(url, connect_timeout=10, autocommit=True) as connection:
        require_server(connection)
        require_migrated(connection)


def versions(connection: psycopg.Connection[Any]) -> dict[str, str]:
    """Versions of Postgres and pgvector, and the pages of the server's memory (huge, ordinary), for a person."""
    row = connection.execute(
        """
        select current_setting('server_version')
             , (select extversion from pg_extension where extname = 'vector')
             , case current_setting('huge_pages_status', true) when 'on' then 'huge' else 'ordinary' end
        """
    ).fetchone()
    postgres, pgvector, pages = row if row else (None, None, None)
    return {"Postgres": postgres or "unknown", "pgvector": pgvector or "missing", "pages": pages or "unknown"}


def revisions() -> tuple[str, ...]:
    """Revisions this program knows, oldest first."""
    names = sorted(path.name for path in (sources.migrations_dir() / "versions").glob("[0-9]*.py"))
    return tuple(name.split("_", 1)[0] for name in names)


def head_revision() -> str:
    """The newest revision this program knows. Revisions are numbered, so it is the last."""
    return revisions()[-1]
