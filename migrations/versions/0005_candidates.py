"""Stage 1 is called logosim.candidates; logosim.search is the whole search."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "drop function if exists logosim.search("
        "public.halfvec, text, text, text[], text[], integer, integer, text[], boolean, uuid"
        ", integer, integer, boolean)"
    )


def downgrade() -> None:
    """There is no way back: restore the backup that was taken before the upgrade."""
    raise NotImplementedError
