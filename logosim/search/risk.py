"""From a score to a word: how likely a person is to object.

The bounds are set by judgement and not calibrated yet: a score is an ordered number, not a probability.
"""

from __future__ import annotations

IDENTICAL = 0.97  # every channel that can be compared is the same, but for rounding and recompression
HIGH = 0.70  # most of what can be compared is nearly the same
MEDIUM = 0.45  # one strong likeness, or several weak ones; below, chance likeness is common


def risk(score: float) -> str:
    """`"identical"`, `"high"`, `"medium"` or `"low"` for a score of 0..1."""
    if score >= IDENTICAL:
        return "identical"
    if score >= HIGH:
        return "high"
    return "medium" if score >= MEDIUM else "low"
