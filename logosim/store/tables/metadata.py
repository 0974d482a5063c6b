"""Where all tables are declared, and what they share."""

from __future__ import annotations

from typing import Any

from sqlalchemy import TIMESTAMP, MetaData
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.types import UserDefinedType

METADATA = MetaData(schema="logosim")
TIMESTAMPTZ = TIMESTAMP(timezone=True)


class TID(UserDefinedType[str]):
    """Place of a row in its table, as Postgres has it; SQLAlchemy brings no type for it."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """What the column is declared as."""
        return "tid"


ischema_names["tid"] = TID  # so that a table that is read back has the same type
