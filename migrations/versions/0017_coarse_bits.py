"""The short rows of a first look carry their Vienna codes as bits.

The statements are in the file beside this one.
"""

from __future__ import annotations

from logosim.database import revisions

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    revisions.run_beside(__file__)


def downgrade() -> None:
    revisions.no_way_back()
