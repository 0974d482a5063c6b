"""The contact sheet of the queries a model fails at, as a PNG file; with two models, before and after."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from logosim.domain.features import RgbImage
from logosim.errors import ConfigurationError
from logosim.evaluation import Placings, TruthSet
from logosim.evaluation.sheets import Role, SheetRow, hardest_rows, sheet_groups
from logosim.imaging import DecodeLimits, canvas, decode_file
from logosim.imaging.sheet import Rgb, Tile, as_png, tile_sheet

CELL = 96  # pixels, side of a picture: 21 columns of before and after are 2,232 pixels wide
# Okabe and Ito's bluish green and vermilion: told apart by people of all kinds of colour vision.
BORDERS: Mapping[Role, Rgb | None] = {
    "query": (51, 51, 51),
    "expected": None,
    "right": (0, 158, 115),
    "wrong": (213, 94, 0),
}


def draw_hardest(
    truth: TruthSet, models: Mapping[str, Placings], file: Path, *, limits: DecodeLimits | None = None, count: int = 50
) -> int:
    """Draw the hardest queries under the first of `models` into the PNG file and return how many they are.

    A row shows the query, up to 4 of the drawings it should find, and the first 8 answers of every model: right ones in
    green, wrong ones in red. Raises ValueError as `hardest_rows` does, RecordError if a picture cannot be read again,
    ConfigurationError if the file cannot be written.
    """

    @cache
    def tile_picture(picture: int) -> RgbImage:
        return canvas(decode_file(truth.files[picture], limits), CELL)

    rows = hardest_rows(truth, models, count)
    sheet = tile_sheet([_tiles(row, tile_picture) for row in rows], cell=CELL, groups=sheet_groups(models))
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(as_png(sheet))
    except OSError as error:
        raise ConfigurationError(f"cannot write the contact sheet {file}: {error.strerror}") from error
    return len(rows)


def _tiles(row: SheetRow, picture_of: Callable[[int], RgbImage]) -> list[Tile | None]:
    return [None if cell is None else Tile(picture_of(cell.picture), cell.caption, BORDERS[cell.role]) for cell in row]
