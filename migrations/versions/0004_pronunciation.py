"""Which engine pronounced the names that are stored, so that two are never mixed.

All that a database has by now was pronounced by our rules.
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    statements = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(statements, execution_options={"no_parameters": True})


def downgrade() -> None:
    """There is no way back: restore the backup that was taken before the upgrade."""
    raise NotImplementedError
