"""Stage 1 is called logosim.candidates, and blank pictures are known without their patches."""

from __future__ import annotations

from logosim.database import revisions

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    revisions.run_beside(__file__)


def downgrade() -> None:
    revisions.no_way_back()
