"""Numbers and lists as a person says them."""

from __future__ import annotations

from collections.abc import Sequence

_DEGREES = (
    (0.995, "the same"),
    (0.85, "almost the same"),
    (0.65, "much alike"),
    (0.40, "somewhat alike"),
    (0.15, "little alike"),
)


def degree(value: float) -> str:
    """A similarity of 0..1 in words that follow "they look" or "they are spelt"."""
    return next((words for bound, words in _DEGREES if value >= bound), "quite different")


def counted(count: int, noun: str) -> str:
    """A number with its noun: "1 part", "3 parts"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def listed(words: Sequence[str]) -> str:
    """One or more words as "a, b and c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
