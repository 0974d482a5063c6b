"""What searches by look read, side by side: embeddings and what filters ask about; signatures with vienna_none.

The vector indexes are built anew with denser links, which takes minutes where there are hundreds of thousands of marks.
The table is filled from the marks and features that are there; from now on triggers keep it in step, see
sql/functions/033_mark_look.sql.
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    statements = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(statements, execution_options={"no_parameters": True})


def downgrade() -> None:
    """There is no way back: restore the backup that was taken before the upgrade."""
    raise NotImplementedError
