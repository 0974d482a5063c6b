"""Which models are kept up with new pictures, and pictures that SQL clients hand to a worker.

The statements are in the file beside this one.
"""

from __future__ import annotations

from logosim.database import revisions

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    revisions.run_beside(__file__)


def downgrade() -> None:
    revisions.no_way_back()
