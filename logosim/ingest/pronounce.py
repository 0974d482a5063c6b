"""Going over to another pronunciation engine: all stored names, in batches, so that a run can be broken off."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol
from uuid import UUID

from logosim.phonetics.protocol import Transcriber

BATCH = 2_000  # names in one transaction; merges wait for it


class NameStore(Protocol):
    """The stored names. Each call is a transaction of its own."""

    def begin(self, engine: str) -> bool:
        """Go over to `engine`, or go on where that was broken off. False: all names are pronounced by it already."""

    def waiting(self, limit: int) -> list[tuple[UUID, str]]:
        """The next marks to go over, with their texts."""

    def store(self, engine: str, names: Sequence[tuple[UUID, str]], sounds: Sequence[str | None]) -> None:
        """Keep the sounds of the marks that `waiting` gave; without any, all are done."""


def pronounce_all(store: NameStore, engine: Transcriber, progress: Callable[[int], None] = lambda names: None) -> int:
    """Pronounce every stored name by `engine` and return how many were gone over.

    Names are taken in meanwhile by this engine alone, and sounds are not compared until it is done. A run that was
    broken off goes on where it was.

    Args:
        store: the names.
        engine: what pronounces them from now on.
        progress: told how many names were stored, batch by batch.

    Raises:
        PronunciationMismatch: somebody else goes over to another engine meanwhile.
    """
    if not store.begin(engine.name):
        return 0
    done = 0
    while True:
        names = store.waiting(BATCH)
        store.store(engine.name, names, [engine.phonemes(text) for _, text in names])
        if not names:
            return done
        done += len(names)
        progress(len(names))
