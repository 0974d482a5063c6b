"""JSON records one by one out of files of any size, in bounded memory, each with its number and line.

Both forms are read: one JSON array of records, and JSON Lines (values parted by white space). The standard library's
C scanner decodes each record; the streaming parsers on offer do not say on which line a record stands.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from logosim.errors import RecordError

CHUNK = 1 << 20  # characters read at a time
MAX_RECORD = 4 << 20  # characters; a longer value is not a record but a missing bracket

_SPACE = re.compile(r"[ \t\r\n]*")


@dataclass(frozen=True, slots=True)
class JsonValue:
    """One decoded value and where it stands."""

    line: int  # 1-based line its first character is on
    record: int  # 1-based number among the values of the file
    value: object


class MalformedJson(RecordError):
    """The JSON is damaged here; what stands before it has been read."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message, reason="malformed-json")
        self.line = line


def values(stream: BinaryIO) -> Iterator[JsonValue]:
    """Yield the values of the array, or of the lines, in `stream`.

    Bytes that are not UTF-8 become halves of surrogate pairs, so that only the record that holds them is refused.

    Raises:
        MalformedJson: after everything before the damage has been yielded.
    """
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")
    window = _Window(text)
    in_array = window.take("[")
    if not in_array and window.at_end():
        raise MalformedJson("The file is empty.", window.line)
    first = True
    while True:
        if in_array and window.take("]"):
            if not window.at_end():
                raise MalformedJson("Something follows the end of the array.", window.line)
            return
        if window.at_end():
            if in_array:
                raise MalformedJson("The file ends in the middle of the array.", window.line)
            return
        if in_array and not first and not window.take(","):
            raise MalformedJson("A comma is missing between records.", window.line)
        first = False
        yield window.value()


class _Window:
    """The part of the text that is in memory, and the position and line in it."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self._buffer = ""
        self._position = 0
        self._exhausted = False
        self._decode = json.JSONDecoder().raw_decode
        self._records = 0
        self.line = 1

    def take(self, character: str) -> bool:
        """Step over `character` if it is the next one after white space."""
        if self.at_end() or self._buffer[self._position] != character:
            return False
        self._position += 1
        return True

    def at_end(self) -> bool:
        """Step over white space and say whether nothing follows."""
        while True:
            match = _SPACE.match(self._buffer, self._position)
            self._advance(match.end() if match else self._position)
            if self._position < len(self._buffer):
                return False
            if not self._more():
                return True

    def value(self) -> JsonValue:
        """Decode the value that starts after white space."""
        if self.at_end():
            raise MalformedJson("The file ends where a record should stand.", self.line)
        while True:
            try:
                value, end = self._decode(self._buffer, self._position)
            except RecursionError as error:
                raise MalformedJson("The JSON is nested too deeply.", self.line) from error
            except ValueError as error:
                # The value may only be cut off by the end of the window: read on, then try once more.
                if len(self._buffer) - self._position < MAX_RECORD and self._more():
                    continue
                raise MalformedJson(*self._damage(error)) from error
            if end == len(self._buffer) and self._more():
                continue  # a number may go on beyond the window
            self._records += 1
            found = JsonValue(line=self.line, record=self._records, value=value)
            self._advance(end)
            return found

    def _more(self) -> bool:
        """Read another chunk, at least as long as what is left so that retries stay linear; False at the end."""
        if self._exhausted:
            return False
        chunk = self._text.read(max(CHUNK, len(self._buffer) - self._position))
        if not chunk:
            self._exhausted = True
            return False
        self._buffer, self._position = self._buffer[self._position :] + chunk, 0
        return True

    def _advance(self, end: int) -> None:
        self.line += self._buffer.count("\n", self._position, end)
        self._position = end

    def _damage(self, error: ValueError) -> tuple[str, int]:
        if not isinstance(error, json.JSONDecodeError):
            return "A number is too long.", self.line
        line = self.line + self._buffer.count("\n", self._position, error.pos)
        if self._exhausted and error.pos >= len(self._buffer.rstrip()):
            return "The file ends in the middle of a record.", line
        return f"{error.msg}, column {error.pos - self._buffer.rfind(chr(10), 0, error.pos)}.", line
