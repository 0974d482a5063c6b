"""Words to set beside figures: the names that the training pictures go by."""

from __future__ import annotations

import re
import unicodedata

from training.collection import Collection

_MOST = 20_000


def names_of(collection: Collection) -> list[str]:
    """Words of 2 to 14 letters a to z that the pictures go by, sorted; of more than 40,000 every n-th."""
    words = {word for name in collection.names for word in re.split(r"[^a-z]+", _plain(name)) if 2 <= len(word) <= 14}
    listed = sorted(words) or ["logo"]
    return listed[:: max(1, len(listed) // _MOST)]


def _plain(name: str) -> str:
    """Lower case, letters without their accents: most free fonts have these."""
    lower = name.lower()
    return lower if lower.isascii() else unicodedata.normalize("NFKD", lower).encode("ascii", "ignore").decode()
