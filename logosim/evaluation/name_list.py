"""Lists of names as they come: a line each, or a record each."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

from logosim.errors import RecordError


def read_names(path: Path) -> tuple[str, ...]:
    """The different names of a file, in its order; UTF-8, through gzip where the file's name ends in .gz.

    A file called .jsonl has an object with the field `text` on each line, others a name on each line. Lines without a
    name are passed over.

    Raises:
        RecordError: the file cannot be read, is not what its name says, or holds no names.
    """
    parts = path.name.lower().removesuffix(".gz")
    try:
        with (
            gzip.open(path, "rt", encoding="utf-8-sig")
            if path.suffix.lower() == ".gz"
            else path.open(encoding="utf-8-sig") as lines
        ):
            names = dict.fromkeys(name for name in _names(lines, parts.endswith(".jsonl")) if name)
    except (OSError, EOFError) as error:
        raise RecordError(f"cannot read the names in {path}: {error}") from error
    except ValueError as error:  # of the encoding, or of JSON
        raise RecordError(f"the names in {path} cannot be read: {error}") from error
    if not names:
        raise RecordError(f"there are no names in {path}")
    return tuple(names)


def _names(lines: Iterator[str], records: bool) -> Iterator[str]:
    for number, line in enumerate(lines, start=1):
        if not records:
            yield line.strip()
        elif line.strip():
            record = json.loads(line)
            text = record.get("text") if isinstance(record, dict) else 0
            if not isinstance(text, str | None):
                raise ValueError(f"line {number} is no object with a text")
            yield (text or "").strip()
