"""NLTK's ALINE as one more measure of `logosim evaluate names`, where NLTK is installed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from logosim.cli.display import errors
from logosim.domain.features import FloatArray
from logosim.errors import DependencyMissing
from logosim.evaluation.names import Similarities
from logosim.peers.nltk_aline import NltkAline


def nltk_measure(said: Callable[[str], str | None]) -> dict[str, Similarities]:
    """The measure by its name, of what `said` pronounces; empty, and said so, without NLTK."""
    try:
        aline = NltkAline()
    except DependencyMissing as error:
        errors.print(f"Without the row of NLTK's ALINE: {error}", highlight=False)
        return {}

    def similarities(query: str, marks: Sequence[str]) -> FloatArray:
        asked = said(query)
        if asked is None:
            return np.full(len(marks), np.nan, np.float32)
        return aline.similarities(asked, [said(mark) for mark in marks])

    return {"NLTK's ALINE": similarities}
