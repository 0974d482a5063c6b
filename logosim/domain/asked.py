"""A picture that is asked about and is no mark: what was seen in it, and the handle it is kept under."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from logosim.domain.features import Features
from logosim.domain.rectangle import Rectangle


@dataclass(frozen=True, slots=True, eq=False)
class AskedPart:
    """What is searched of a picture: the whole, or one region of it."""

    region: Rectangle | None  # None: the whole picture
    features: Features
    text: str | None  # the name that is compared, given or read; None: none


@dataclass(frozen=True, slots=True, eq=False)
class AskedPicture:
    """A picture as it is asked about: the whole alone, or its regions in the order given."""

    parts: tuple[AskedPart, ...]
    vienna_codes: tuple[str, ...]  # canonical codes of the picture itself

    @property
    def text(self) -> str | None:
        """The names that are compared, each once; None where there is none."""
        return " | ".join(dict.fromkeys(part.text for part in self.parts if part.text)) or None


@dataclass(frozen=True, slots=True)
class KeptPicture:
    """What a picture that was kept is asked about by."""

    handle: UUID
    expires_at: datetime  # with time zone; from then on the handle is refused
    query_text: str | None  # the name that is compared, given or read
    regions: int  # 0: the whole picture is searched

    @property
    def sql(self) -> str:
        """The statement that searches with it in SQL."""
        return f"select * from logosim.search('{self.handle}', k => 20);"  # noqa: S608  a UUID
