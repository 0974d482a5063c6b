"""SQLAlchemy connections for Alembic, which wants one; everything else talks psycopg."""

from __future__ import annotations

from typing import Any

import psycopg
from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import NullPool


def connect(url: str) -> Connection:
    """Open one SQLAlchemy connection to `url`, any connection string libpq understands.

    Raises:
        psycopg.OperationalError: the server does not answer.
    """

    def creator() -> psycopg.Connection[Any]:
        return psycopg.connect(url, connect_timeout=10, application_name="logosim upgrade")

    return create_engine("postgresql+psycopg://", creator=creator, poolclass=NullPool).connect()


def driver_connection(connection: Connection) -> psycopg.Connection[Any]:
    """The psycopg connection under a SQLAlchemy one: same session, same transaction."""
    driver = connection.connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError(f"The database driver is {type(driver).__module__}, not psycopg.")
    return driver
