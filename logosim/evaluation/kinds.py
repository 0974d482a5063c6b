"""Which kind of truth set a folder holds, told by the file that each kind has and no other."""

from __future__ import annotations

from pathlib import Path

from logosim.errors import RecordError
from logosim.evaluation import brands, metu, opposition, variations, vertag

KINDS = ("brands", "changed", "variations", "opposition", "metu", "vertag")

_SIGNS = {
    variations.INDEX: "variations",
    opposition.INDEX: "opposition",
    vertag.INDEX: "vertag",
    metu.LIST: "metu",
    brands.INDEX: "brands",
}


def recognised(folder: Path) -> str:
    """The kind of truth set in `folder`.

    Raises:
        RecordError: there is no such folder, or none of the files that tell.
    """
    if not folder.is_dir():
        raise RecordError(f"there is no folder {folder}")
    for file, kind in _SIGNS.items():
        if (folder / file).is_file():
            return kind
    if (folder / metu.QUERIES).is_dir() and (folder / metu.POOL).is_dir():
        return "metu"
    raise RecordError(
        f"{folder} is no truth set that is known",
        hint=f"It holds one of {', '.join(sorted(_SIGNS))}. Any folder of pictures serves with --kind changed.",
    )
