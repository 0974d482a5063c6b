"""From a score to a word that an examiner uses.

The bounds of a score are probabilities: of marks in the band "high", more than half should be confusable, of those in
"medium" between one in ten and one in two. "identical" is not a matter of probability: it says that nothing in which
the two marks could be compared tells them apart. So a mean is not enough: among equal pictures, sounds and codes a name
with one letter more would not be seen.
"""

from __future__ import annotations

from collections.abc import Sequence

IDENTICAL = 0.97  # mean of the values of all channels that were compared; the rest is rounding and recompression
LEAST_IDENTICAL = 0.9  # of any of them
HIGH = 0.5
MEDIUM = 0.1


def risk(score: float, values: Sequence[float]) -> str:
    """`"identical"`, `"high"`, `"medium"` or `"low"` for a score of 0..1 and the values of the channels behind it."""
    if score >= HIGH and sum(values) >= IDENTICAL * len(values) and min(values, default=1.0) >= LEAST_IDENTICAL:
        return "identical"
    if score >= HIGH:
        return "high"
    return "medium" if score >= MEDIUM else "low"
