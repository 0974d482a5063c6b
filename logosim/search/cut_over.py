"""Questions that meet a cut-over: asked anew with the model that is active by then.

Features made with one model are never compared with those of another: the store refuses with ModelMismatch. So a
question that was looked at just before another model became the active one is looked at once more.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from logosim.errors import ModelMismatch

ATTEMPTS = 4  # one suffices unless models change several times within one question

P = ParamSpec("P")
T = TypeVar("T")


def steady(ask: Callable[P, T]) -> Callable[P, T]:
    """`ask`, which looks at its question itself, tried anew up to three times where another model is active by then.

    Timings in the answer are those of the attempt that gave it.

    Raises:
        ModelMismatch: the last attempt ended so too, as all do in a process that has no artifact of the active model.
    """

    @wraps(ask)
    def asked(*args: P.args, **named: P.kwargs) -> T:
        for _ in range(ATTEMPTS - 1):
            try:
                return ask(*args, **named)
            except ModelMismatch:  # the features are of the model before
                continue
        return ask(*args, **named)

    return asked
