"""How often words stand in the names of the register: by this a word is distinctive or not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class WordCounts:
    """Counts of those words that a question needs; a word that is missing stands in no name."""

    names: int = 0  # names in the register
    marks: Mapping[str, int] = field(default_factory=dict)  # word of a normalised name -> names that have it

    @classmethod
    def of(cls, names: Iterable[str | None]) -> WordCounts:
        """Counted from normalised names; each counts a word once, and None is no name."""
        there = [name for name in names if name]
        return cls(len(there), Counter(word for name in there for word in set(name.split())))


NO_COUNTS = WordCounts()
"""Of a register that is not known: all words but the packaged generic ones are distinctive."""
