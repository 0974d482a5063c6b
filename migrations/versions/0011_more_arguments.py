"""Searches by the features of a model that is not active, and near-duplicates without some Vienna codes.

The statements are in the file beside this one.
"""

from __future__ import annotations

from logosim.database import revisions

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    revisions.run_beside(__file__)


def downgrade() -> None:
    revisions.no_way_back()
