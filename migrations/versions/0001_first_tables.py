"""The first tables: marks, features by model, models, work, ingestion, names, Vienna, keys.

The statements are in the file beside this one.
"""

from __future__ import annotations

from logosim.database import revisions

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    revisions.run_beside(__file__)


def downgrade() -> None:
    revisions.no_way_back()
