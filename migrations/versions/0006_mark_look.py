"""What searches by look read, side by side: embeddings and what filters ask about; signatures with vienna_none.

The vector indexes are built anew with denser links, which takes minutes where there are hundreds of thousands of marks.
The table is filled from the marks and features that are there; from now on triggers keep it in step, see
sql/functions/033_mark_look.sql.
"""

from __future__ import annotations

from logosim.database import revisions

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    revisions.run_beside(__file__)


def downgrade() -> None:
    revisions.no_way_back()
