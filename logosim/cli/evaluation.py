"""Commands that measure quality on truth sets the user has. They print rows for BENCHMARKS.md."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import rich_click as click

from logosim.cli.display import console, progress_bar
from logosim.cli.evaluation_calibrate import calibrate
from logosim.cli.evaluation_candidates import name_candidates
from logosim.cli.evaluation_explanations import explanations
from logosim.cli.evaluation_names import names
from logosim.cli.evaluation_pictures import pictures, synthesise
from logosim.cli.evaluation_search import search
from logosim.cli.evaluation_vienna import suggestions
from logosim.domain.features import RgbImage
from logosim.errors import InputError
from logosim.evaluation.listing import picture_files
from logosim.imaging import decode_file, mask_text
from logosim.imaging.sheet import as_png, contact_sheet, with_lines
from logosim.runtime import build_extractor
from logosim.settings import Settings

_ACROSS = 8  # pictures in a row of a sheet


@click.group()
def evaluate() -> None:
    """Measure how well logosim finds what it should find, on truth sets of your own.

    \b
      logosim evaluate pictures --truth BRANDS               the bundled model
      logosim evaluate pictures --truth BRANDS --peer hog    and what it is compared with
      logosim evaluate search --truth BRANDS --queries 200   the whole search through the database
      logosim evaluate synthesise OUT                        a truth set from the demo's logos
      logosim evaluate names PAIRS.csv                       the name channels
      logosim evaluate name-candidates PAIRS.csv ...         what stage 1 finds by name
      logosim evaluate calibrate OUT.csv ...                 what likeness is worth as evidence, learnt from truth
      logosim evaluate vienna                                suggested Vienna codes, on marks that carry some
      logosim evaluate explanations PICTURES PAGE            a page of reasons to look at
    """


for _command in (calibrate, explanations, name_candidates, names, pictures, search, suggestions, synthesise):
    evaluate.add_command(_command)


@evaluate.command("masks", epilog="Example: logosim evaluate masks PICTURES masks.png --count 30")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.argument("sheet", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--count", type=click.IntRange(1, 200), default=30, show_default=True, help="How many pictures.")
@click.pass_obj
def masks(settings: Settings, folder: Path, sheet: Path, count: int) -> None:
    """Draw a contact sheet of what the text mask does to pictures of FOLDER, evenly chosen, into the PNG file SHEET.

    Each picture is shown with the lines that were read in it, and as the model sees it.
    """
    files = picture_files(folder)
    extractor = build_extractor(settings)
    shown: list[RgbImage] = []
    captions: list[str] = []
    with progress_bar("pictures") as bar:
        task = bar.add_task("Masking", total=min(count, len(files)))
        for place in np.linspace(0, len(files) - 1, min(count, len(files))).round().astype(int):
            file = files[place]
            image, lines = extractor.read(decode_file(file, extractor.limits))
            shown += [with_lines(image, lines), mask_text(image, lines)]
            captions += [file.stem, " ".join(line.text for line in lines)]
            bar.update(task, advance=1)
    across = range(0, len(shown), _ACROSS)
    drawn = contact_sheet([shown[i : i + _ACROSS] for i in across], [captions[i : i + _ACROSS] for i in across])
    try:
        sheet.write_bytes(as_png(drawn))
    except OSError as error:
        raise InputError(f"cannot write the contact sheet {sheet}: {error.strerror}") from error
    console.print(f"{len(shown) // 2} pictures in {sheet}", highlight=False, soft_wrap=True)
