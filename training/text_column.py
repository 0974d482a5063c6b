"""Many short texts in little memory: what a data set of hundreds of thousands of pictures is named by."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import overload


class TextColumn(Sequence[str]):
    """Texts in the order in which they were appended: one block of UTF-8, and 8 bytes for where each ends.

    A list takes some 60 bytes a text more, and each worker process that looks at it soon has a copy of its own,
    because looking writes a reference count.
    """

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._ends = array("Q", [0])

    def append(self, text: str) -> None:
        """Add a text. Undecodable bytes of a file name (halves of surrogate pairs) are kept."""
        self._bytes += text.encode("utf-8", "surrogateescape")
        self._ends.append(len(self._bytes))

    def __len__(self) -> int:
        return len(self._ends) - 1

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[one] for one in range(*index.indices(len(self)))]
        place = index + len(self) if index < 0 else index
        if not 0 <= place < len(self):
            raise IndexError(index)
        return self._bytes[self._ends[place] : self._ends[place + 1]].decode("utf-8", "surrogateescape")
