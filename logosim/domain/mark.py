"""A trademark as it is known before anything has been seen in its picture."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from uuid import UUID

_NAMESPACE = b"logosim mark\x00"


def mark_id(source: str, file: str) -> UUID:
    """The stable id of a mark: the same source and file name give the same id everywhere and for ever.

    A name-based UUID of version 8 (RFC 9562) over SHA-256; the case of A to Z in the file name is ignored,
    because data sets disagree about it. Equals the SQL function `logosim.mark_id`.
    """
    name = f"{source}/".encode() + file.encode().lower()  # of bytes: A to Z alone, whatever the locale
    digest = bytearray(hashlib.sha256(_NAMESPACE + name).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x80
    digest[8] = digest[8] & 0x3F | 0x80
    return UUID(bytes=bytes(digest))


@dataclass(frozen=True, slots=True)
class Picture:
    """Where a mark's picture lies and what it is."""

    location: str  # absolute path of the file
    sha256: str  # hexadecimal
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark of a register or data set."""

    source: str  # data set or register, such as "l3d"
    file: str  # file name within the source, as the record spells it
    text: str | None  # verbal element; None where there is none, never ""
    vienna_codes: tuple[str, ...]  # canonical
    year: int | None
    picture: Picture

    @property
    def mark_id(self) -> UUID:
        """Stable id derived from source and file."""
        return mark_id(self.source, self.file)


@dataclass(frozen=True, slots=True)
class Rejection:
    """A record that was not taken in, and why. It becomes a row, never a silence."""

    path: (
        str  # the file the record was read from; of an upload, "upload/<its name>/records" or ".../pictures/<picture>"
    )
    line: int | None  # 1-based line of it on which the record, or the damage, starts; None where no line is meant
    record: int | None  # 1-based number of the record in it; None where no record is meant, as with damaged JSON
    reason: str  # stable kebab-case name, such as "picture-missing"
    detail: str  # one sentence for a person
