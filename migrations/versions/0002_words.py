"""The words of the register's names with their counts, by which a word is distinctive or generic.

The statements are in the file beside this one.
"""

from __future__ import annotations

from logosim.database import revisions

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    revisions.run_beside(__file__)


def downgrade() -> None:
    revisions.no_way_back()
