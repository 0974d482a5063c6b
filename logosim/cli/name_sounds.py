"""Names as an engine pronounces them, for `logosim evaluate names`."""

from __future__ import annotations

import time
from collections.abc import Iterable

from logosim.phonetics.protocol import Transcriber


class NameSounds:
    """The sounds of names, each pronounced once, with the time that it took."""

    def __init__(self, transcriber: Transcriber, names: Iterable[str]) -> None:
        """Pronounce the names and take the time; loading the engine is not counted."""
        wanted = sorted(set(names))
        transcriber.phonemes("warm")
        started = time.perf_counter()
        self._known = {name: transcriber.phonemes(name) for name in wanted}
        words = sum(len(name.split()) for name in wanted)
        speed = words / (time.perf_counter() - started)
        self.told = f"pronounced by {transcriber.name}, {speed:,.0f} words/s"

    def of(self, name: str) -> str | None:
        """The sounds of one of the names; None where nothing in it is pronounceable."""
        return self._known[name]
