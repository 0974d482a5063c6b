"""`logosim evaluate explanations`: a page of explanations to look at."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np
import rich_click as click

from logosim.cli.display import console, progress_bar
from logosim.cli.searching import ROLE, read_picture
from logosim.domain.explanation import Explanation
from logosim.errors import InputError, PictureError
from logosim.evaluation.listing import picture_files
from logosim.imaging.overlay import overlay
from logosim.imaging.sheet import as_png
from logosim.runtime import Runtime
from logosim.settings import Settings

PAGE = "index.html"
_STYLE = """
body { font: 16px/1.5 sans-serif; max-width: 1000px; margin: 2em auto; color: #222 }
img { max-width: 100%; border: 1px solid #ccc }
"""


@dataclass(frozen=True, slots=True)
class Shown:
    """One explanation on the page."""

    picture: str  # name of the file that asked
    drawing: str  # name of the file with both marks
    rank: int
    explanation: Explanation


@click.command("explanations", epilog="Example: logosim evaluate explanations PICTURES page --count 12 --hits 2")
@click.argument("pictures", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.argument("page", type=click.Path(path_type=Path, file_okay=False))
@click.option("--count", type=click.IntRange(1, 200), default=12, show_default=True, help="How many pictures ask.")
@click.option("--hits", type=click.IntRange(1, 20), default=1, show_default=True, help="Hits explained of each.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Another number draws others.")
@click.pass_obj
def explanations(settings: Settings, pictures: Path, page: Path, count: int, hits: int, seed: int) -> None:
    """Ask with some of the pictures in the folder PICTURES and explain what is found, as a page in the folder PAGE.

    For a person to judge whether reasons convince: each hit with both marks, what matches in them, the sounds that
    answer each other, and the paragraph. The database is that of the settings; a picture that is itself a mark finds
    itself.
    """
    files = picture_files(pictures)
    chosen = sorted(np.random.default_rng(seed).permutation(len(files))[:count].tolist())
    try:
        page.mkdir(parents=True, exist_ok=True)
        with Runtime.open(settings, role=ROLE) as runtime, progress_bar("pictures") as bar:
            asked = bar.track([files[place] for place in chosen], description="Explaining")
            shown = [
                item
                for number, file in enumerate(asked, start=1)
                for item in _explained(runtime, file, page, number, hits)
            ]
        (page / PAGE).write_text(_page(shown), encoding="utf-8")
    except OSError as error:
        raise InputError(f"{page} cannot be written: {error.strerror}.") from None
    console.print(f"{len(shown)} explanations in {page / PAGE}", highlight=False, soft_wrap=True)


def _explained(runtime: Runtime, file: Path, page: Path, number: int, hits: int) -> list[Shown]:
    try:
        data = read_picture(file)
        answer = runtime.pipeline.by_picture(data, k=hits)
    except PictureError as error:
        console.print(f"{file}: {error}", highlight=False, markup=False, soft_wrap=True)
        return []
    shown = []
    for hit in answer.hits:
        compared = runtime.comparison.of_picture(data, hit.mark_id)
        drawing = f"{number:03d}-{hit.rank}.png"
        (page / drawing).write_bytes(as_png(overlay(compared.explanation, compared.pictures)))
        shown.append(Shown(file.name, drawing, hit.rank, compared.explanation))
    return shown


def _page(shown: list[Shown]) -> str:
    parts = [
        f"<h2>{escape(item.picture)}, hit {item.rank}: {item.explanation.score:.3f}, {item.explanation.risk}</h2>"
        f"<p>{escape(item.explanation.summary)}</p>"
        f'<img src="{escape(item.drawing)}" alt="Both marks with what matches in them">'
        for item in shown
    ]
    head = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Explanations</title><style>{_STYLE}</style>'
    return f"{head}<h1>Explanations</h1>{''.join(parts)}</html>"
