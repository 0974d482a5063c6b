"""Runs the revisions, then puts the present of sql/ in force, all in one transaction.

`logosim db upgrade` hands its connection over; the `alembic` command makes its own from the settings.
"""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from logosim.database import embedded, engine, present
from logosim.settings import Settings

config = context.config


def run(connection: Connection) -> None:
    """Revisions, then function files and data."""
    present.prepare(connection)
    context.configure(
        connection=connection,
        version_table="revision",
        version_table_schema="logosim",
        transaction_per_migration=False,
    )
    context.run_migrations()
    config.attributes["report"] = present.apply(connection, calibration=config.attributes.get("calibration"))


def run_standalone() -> None:
    """The `alembic` command's way: the database that logosim itself would use."""
    settings = Settings.from_environment()
    url = settings.database_url or embedded.start(settings.data_dir)
    with engine.connect(url) as connection, connection.begin():
        run(connection)


if context.is_offline_mode():
    raise SystemExit("Offline mode is not offered: the function files are compared with what the database holds.")
handed_over: Connection | None = config.attributes.get("connection")
if handed_over is not None:
    run(handed_over)
else:
    run_standalone()
