"""What the revisions in migrations/ have in common: each runs the SQL file beside it, and none has a way back."""

from __future__ import annotations

from pathlib import Path

from alembic import op


def run_beside(file: str) -> None:
    """Run the SQL file of a revision in its transaction.

    Args:
        file: that of the revision (`__file__`); the statements are in the one of that name ending in `.sql`.
    """
    statements = Path(file).with_suffix(".sql").read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(statements, execution_options={"no_parameters": True})


def no_way_back() -> None:
    """A revision cannot be undone: restore the backup that was taken before the upgrade."""
    raise NotImplementedError(no_way_back.__doc__)
