"""Each vector index is of two halves, which two processes may follow.

The statements are in the file beside this one.
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    statements = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(statements, execution_options={"no_parameters": True})


def downgrade() -> None:
    """There is no way back: restore the backup that was taken before the upgrade."""
    raise NotImplementedError
