"""Commands that ask: by picture, by stored mark, by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import rich_click as click

from logosim.cli.display import print_answer
from logosim.cli.options import expand_option, filter_of, search_options, weights_of
from logosim.domain.parse import parse_codes, parse_regions, parse_text
from logosim.errors import PictureError
from logosim.runtime import Runtime
from logosim.settings import Settings

ROLE = "logosim_api"  # as which commands ask


@click.command(
    epilog="Example: logosim search logo.png --text ACME --vienna 03.07 --year 2010: --k 10\n\n"
    "Example: logosim search logo.png --region 10,20,200,150\n\n"
    "Example: logosim search logo.png --keep"
)
@click.argument("picture", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--text", help="The mark's verbal element; unset: what can be read in the picture.")
@click.option(
    "--codes",
    multiple=True,
    metavar="CODE",
    help="Vienna codes of the picture itself, compared with those of the hits.",
)
@click.option(
    "--region",
    "regions",
    multiple=True,
    metavar="LEFT,TOP,WIDTH,HEIGHT",
    help="Search with this part of the picture (pixels) in place of the whole; may be repeated.",
)
@click.option(
    "--keep",
    is_flag=True,
    help="Keep the picture for 24 hours under a handle, which is printed: SQL and REST search with it.",
)
@expand_option
@search_options
@click.pass_obj
def search(
    settings: Settings,
    /,
    picture: Path,
    text: str | None,
    codes: tuple[str, ...],
    regions: tuple[str, ...],
    keep: bool,
    **given: Any,
) -> None:
    """Search with a PICTURE: which earlier marks could it be confused with?"""
    asked: dict[str, Any] = {
        "text": None if text is None else parse_text(text) or "",  # "": names are not compared
        "vienna_codes": parse_codes(codes),
        "regions": parse_regions(regions),
    }
    how = _how(given)
    data = read_picture(picture)
    with Runtime.open(settings, role=ROLE) as runtime:
        if keep:  # looked at once; the answer is the same
            kept = runtime.pipeline.remember(data, **asked)
            print_answer(runtime.pipeline.by_handle(kept.handle, **how), as_json=given["as_json"], kept=kept)
        else:
            print_answer(runtime.pipeline.by_picture(data, **asked, **how), as_json=given["as_json"])


@click.command(epilog="Example: logosim similar 0d3c1f2e-5a6b-8c7d-9e0f-112233445566 --expand 5 --k 10")
@click.argument("mark_id", type=click.UUID)
@expand_option
@search_options
@click.pass_obj
def similar(settings: Settings, /, mark_id: UUID, **given: Any) -> None:
    """Search with a stored mark, by its id; the mark itself is left out."""
    with Runtime.open(settings, role=ROLE) as runtime:
        answer = runtime.pipeline.by_mark(mark_id, **_how(given))
    print_answer(answer, as_json=given["as_json"])


@click.command(epilog="Example: logosim text FILDOR --year :2015")
@click.argument("name")
@click.option("--codes", multiple=True, metavar="CODE", help="Vienna codes to compare with those of the hits.")
@search_options
@click.pass_obj
def text(settings: Settings, /, name: str, codes: tuple[str, ...], **given: Any) -> None:
    """Search with a NAME: marks that are spelt or sound alike."""
    with Runtime.open(settings, role=ROLE) as runtime:
        answer = runtime.pipeline.by_text(
            parse_text(name) or "",
            vienna_codes=parse_codes(codes),
            filter=filter_of(given),
            weights=weights_of(given),
            k=given["k"],
        )
    print_answer(answer, as_json=given["as_json"])


def _how(given: dict[str, Any]) -> dict[str, Any]:
    """How a search by look is done, out of the options of `search_options` and `expand_option`."""
    return {"filter": filter_of(given), "weights": weights_of(given), "k": given["k"], "expand": given["expand"]}


def read_picture(path: Path) -> bytes:
    """The bytes of a picture the user named.

    Raises:
        PictureError: there is no such file or it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise PictureError(f"{path} cannot be read: {error.strerror}.") from None
