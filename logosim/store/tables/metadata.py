"""Where all tables are declared, and what they share."""

from __future__ import annotations

from sqlalchemy import TIMESTAMP, MetaData

METADATA = MetaData(schema="logosim")
TIMESTAMPTZ = TIMESTAMP(timezone=True)
