"""The declared schema: every table of `logosim` with its keys, indexes and comments.

Revisions in migrations/ bring a database here; a test holds the two equal. The vector indexes, one per model, are made
by `logosim._make_model_indexes` and are not declared.
"""

from __future__ import annotations

from logosim.store.tables import asked, intake, judging, marks, names, requests, upkeep, watches
from logosim.store.tables.metadata import METADATA

__all__ = ["METADATA", "asked", "intake", "judging", "marks", "names", "requests", "upkeep", "watches"]
