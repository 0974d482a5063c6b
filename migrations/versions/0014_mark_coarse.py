"""A first look at all marks reads short rows.

The statements are in the file beside this one.
"""

from __future__ import annotations

from logosim.database import revisions

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    revisions.run_beside(__file__)


def downgrade() -> None:
    revisions.no_way_back()
