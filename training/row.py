"""One training picture as its folder describes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from training.holdout import Exclusion


class CollectionError(Exception):
    """A folder of training pictures cannot be used."""


@dataclass(frozen=True, slots=True)
class Row:
    """Where a picture is and what is known of it."""

    file: str  # relative to the root of its folder, with the system's separators
    concept: str  # pictures of one concept show the same thing; empty: nothing else shows it
    name: str  # words it goes by, for lettering; may be empty
    codes: tuple[str, ...]  # Vienna codes


class PictureFolder(Protocol):
    """A kind of folder of training pictures. The pictures are not opened."""

    @property
    def root(self) -> Path:
        """What the files of the rows are relative to."""
        ...

    def rows(self) -> Iterator[Row]:
        """Every picture, in an order that depends on the folder alone. Raises CollectionError if there is none."""
        ...

    def shows_excluded(self, exclusion: Exclusion) -> Callable[[Row], bool]:
        """A test of whether a picture may show an excluded brand."""
        ...

    def notes(self) -> list[str]:
        """What was left out and why, in sentences for a person; known once `rows` has come to its end."""
        ...
