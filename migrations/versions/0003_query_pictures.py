"""Pictures that are asked about, kept under a handle for a while, with the features of their regions.

The statements are in the file beside this one.
"""

from __future__ import annotations

from logosim.database import revisions

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    revisions.run_beside(__file__)


def downgrade() -> None:
    revisions.no_way_back()
