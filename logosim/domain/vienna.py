"""Vienna codes as values: one spelling, three levels.

The Vienna classification of figurative elements (WIPO) has categories (`26`), divisions (`26.04`) and sections
(`26.04.05`). Registers spell them with and without leading zeros (`26.4.5`); here they are always zero-padded. Codes
outside the classification (groups 98 and 99 of European data) are well-formed and therefore accepted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum

from logosim.errors import ViennaCodeError

_CODE = re.compile(r"\s*([0-9]{1,2})(?:[.\s]([0-9]{1,2}))?(?:[.\s]([0-9]{1,2}))?\s*", re.ASCII)


class ViennaLevel(StrEnum):
    """The three levels of the classification."""

    CATEGORY = "category"
    DIVISION = "division"
    SECTION = "section"


def canonical(code: str) -> str:
    """Return `code` zero-padded (`"3.7"` -> `"03.07"`).

    Raises:
        ViennaCodeError: the text is not one to three groups of one or two digits.
    """
    match = _CODE.fullmatch(code)
    if match is None:
        raise ViennaCodeError(f"Not a Vienna code: {code[:40]!r}. {ViennaCodeError.__doc__}")
    return ".".join(group.zfill(2) for group in match.groups() if group is not None)


def canonical_all(codes: Iterable[str]) -> tuple[str, ...]:
    """Canonical codes, each once, in order of appearance."""
    return tuple(dict.fromkeys(canonical(code) for code in codes))


def level(code: str) -> ViennaLevel:
    """The level of a canonical code, by the number of its groups."""
    return tuple(ViennaLevel)[code.count(".")]


def keys(codes: Iterable[str]) -> tuple[str, ...]:
    """Every canonical code with its ancestors, sorted: what a filter at any level is compared with.

    `("26.04.05",)` -> `("26", "26.04", "26.04.05")`. Equals the SQL function `logosim.vienna_keys`.
    """
    return tuple(sorted({code[:end] for code in codes for end in (2, 5, 8) if len(code) >= end}))
