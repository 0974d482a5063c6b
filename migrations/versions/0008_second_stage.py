"""What the second stage of a search judges by: costs of sounds, words that distinguish nothing, curves of evidence.

The tables are filled by the upgrade itself, as all that the program brings along.
"""

from __future__ import annotations

from logosim.database import revisions

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    revisions.run_beside(__file__)


def downgrade() -> None:
    revisions.no_way_back()
