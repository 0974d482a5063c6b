"""Names as bit sets with an index for the nearest, in place of trigram indexes over whole names.

The statements are in the file beside this one.
"""

from __future__ import annotations

from logosim.database import revisions

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    revisions.run_beside(__file__)


def downgrade() -> None:
    revisions.no_way_back()
