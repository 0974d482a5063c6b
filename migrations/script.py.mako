"""${message}

The statements are in the file beside this one.
"""

from __future__ import annotations

from logosim.database import revisions

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    revisions.run_beside(__file__)


def downgrade() -> None:
    revisions.no_way_back()
