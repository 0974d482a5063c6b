"""NLTK's ALINE as one more measure of `logosim evaluate names`, where NLTK is installed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from click import get_current_context

from logosim.cli.display import errors, progress_bar
from logosim.domain.features import FloatArray
from logosim.errors import DependencyMissing
from logosim.evaluation.names import MarkPair, Similarities
from logosim.peers.nltk_aline import NltkAline


def nltk_measure(pairs: Sequence[MarkPair], said: Callable[[str], str | None]) -> dict[str, Similarities]:
    """The measure by its name, of what `said` pronounces; empty, and said so, without NLTK.

    It shows a progress bar over the queries of `pairs`.
    """
    try:
        aline = NltkAline()
    except DependencyMissing as error:
        errors.print(f"Without the row of NLTK's ALINE: {error}", highlight=False)
        return {}
    bar = progress_bar("queries")
    get_current_context().call_on_close(bar.stop)  # however the command ends
    task = bar.add_task("NLTK", total=2 * sum(pair.confusable for pair in pairs))

    def similarities(query: str, marks: Sequence[str]) -> FloatArray:
        bar.start()
        asked = said(query)
        if asked is None:
            values = np.full(len(marks), np.nan, np.float32)
        else:
            values = aline.similarities(asked, [said(mark) for mark in marks])
        bar.update(task, advance=1)
        if bar.finished:
            bar.stop()
        return values

    return {"NLTK's ALINE": similarities}
