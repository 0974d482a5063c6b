"""Which engine pronounced the names that are stored, so that two are never mixed.

All that a database has by now was pronounced by our rules.
"""

from __future__ import annotations

from logosim.database import revisions

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    revisions.run_beside(__file__)


def downgrade() -> None:
    revisions.no_way_back()
