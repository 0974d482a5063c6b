"""Answering SQL clients: take a picture they have handed in, look at it as a search does, and tell them its handle.

A worker killed at any instruction leaves its lease to run out, and another worker takes the picture; the handle is kept
and told in one transaction.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol
from uuid import UUID

from logosim.domain.asked import AskedPicture
from logosim.domain.parse import parse_codes, parse_text
from logosim.errors import DatabaseError, DatabaseUnavailable, InputError, LeaseLost, LogosimError, ModelMismatch
from logosim.search.pipeline import FeatureExtractor, understood
from logosim.store.picture_requests import PictureRequest
from workers.lease import kept_alive

logger = logging.getLogger(__name__)


class RequestSource(Protocol):
    """Pictures that wait; `logosim.store.picture_requests.PictureRequestStore` is the real one."""

    def claim(self, worker: str, model_id: int, lease: timedelta) -> PictureRequest | None:
        """The picture that waits longest; None if none waits for this model."""

    def heartbeat(self, request: PictureRequest, lease: timedelta) -> bool:
        """Extend the lease."""

    def answer(self, request: PictureRequest, asked: AskedPicture) -> UUID:
        """Keep what was seen and tell the client its handle."""

    def refuse(self, request: PictureRequest, error: LogosimError) -> None:
        """Tell the client why there is none."""

    def release(self, request: PictureRequest) -> None:
        """Give the picture back."""

    def pending(self) -> int:
        """How many wait or are being looked at."""


class Loaded(Protocol):
    """A model that is loaded."""

    @property
    def model_id(self) -> int:
        """Its number in the database."""

    @property
    def extractor(self) -> FeatureExtractor:
        """What looks at pictures with it."""


@dataclass(frozen=True, slots=True)
class PictureClerk:
    """Answers the pictures that wait, with the parts it is given.

    `model` is asked before every picture for the model to look with, so that a cut-over is followed. `bell` waits until
    a picture is handed in, at most so many seconds.
    """

    name: str
    requests: RequestSource
    model: Callable[[], Loaded]
    bell: Callable[[float], object]
    lease: timedelta = timedelta(seconds=5)
    idle_wait_s: float = 0.5
    database_wait_s: float = 5.0

    def run(self, stop: threading.Event, *, until_empty: bool = False) -> int:
        """Answer pictures until `stop` is set, or until none waits; how many were answered.

        Raises:
            ModelMismatch: this process has no artifact of the active model.
            LogosimError: no model is active, or the database went away (`until_empty`).
        """
        answered = 0
        while not stop.is_set():
            try:
                answered += self.answer_waiting(stop)
                if until_empty and self.requests.pending() == 0:
                    break
                self.bell(self.idle_wait_s)
            except DatabaseUnavailable as error:
                if until_empty:
                    raise
                logger.warning(
                    "Database unavailable, trying again",
                    extra={"action": "database_unavailable", "worker": self.name, "error": str(error)},
                )
                stop.wait(self.database_wait_s)
        return answered

    def answer_waiting(self, stop: threading.Event) -> int:
        """Answer all pictures that wait now, one after the other; how many.

        Raises as `run`.
        """
        answered = 0
        while not stop.is_set():
            loaded = self.model()
            request = self.requests.claim(self.name, loaded.model_id, self.lease)
            if request is None:
                return answered
            with kept_alive(lambda taken=request: self.requests.heartbeat(taken, self.lease), self.lease):  # type: ignore[misc]
                self._answer(request, loaded.extractor)
            answered += 1
        return answered

    def _answer(self, request: PictureRequest, extractor: FeatureExtractor) -> None:
        try:
            self.requests.answer(request, _seen(request, extractor))
        except LeaseLost:
            logger.warning("Picture answered too late", extra={"action": "picture_answered_late", "worker": self.name})
        except ModelMismatch:  # another model became active meanwhile; the next turn looks with that one
            self.requests.release(request)
        except DatabaseError:
            raise  # nothing is wrong with the picture, and its lease runs out
        except LogosimError as error:
            self.requests.refuse(request, error)
        else:
            logger.info("Picture answered", extra={"action": "picture_answered", "worker": self.name})


def _seen(request: PictureRequest, extractor: FeatureExtractor) -> AskedPicture:
    """What a search would see in the picture. A fault of a library must not end the worker, and is the picture's."""
    try:
        text = None if request.text is None else parse_text(request.text) or ""
        return understood(extractor, request.picture, text, parse_codes(request.vienna_codes), request.regions)
    except LogosimError:
        raise
    except Exception as error:
        logger.exception("Extraction failed", extra={"action": "extraction_failed", "pictures": 1})
        raise InputError(
            f"The picture cannot be looked at: {type(error).__name__}: {error}", hint="Save it anew in another format."
        ) from error
