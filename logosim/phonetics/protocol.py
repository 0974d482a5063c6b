"""What a pronunciation engine is."""

from __future__ import annotations

from typing import Protocol


class Transcriber(Protocol):
    """Turns names into sounds, in the segments of `logosim.phonetics.segments`."""

    @property
    def name(self) -> str:
        """What a database remembers its transcriptions by; two that may differ in a sound have different names."""

    def phonemes(self, text: str) -> str | None:
        """IPA of `text` by profile, "en|de|ro", or None where nothing in it is pronounceable. Never raises."""
