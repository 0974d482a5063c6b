"""`logosim demo`: the main job from nothing to a ranked, explained answer over real logos."""

from __future__ import annotations

import time
from itertools import islice
from pathlib import Path

import rich_click as click
from rich.markup import escape

from logosim.cli.display import console, print_answer, progress_bar
from logosim.cli.ingestion import ingest_folder, print_report
from logosim.cli.workforce import Workforce
from logosim.demo.corpus import Corpus, build
from logosim.demo.query import variations
from logosim.demo.sheet import answer_sheet
from logosim.runtime import Runtime, upgrade_database
from logosim.settings import Settings

SOURCE = "demo"


@click.command(epilog="Example: logosim demo --logos 500 --seed 3")
@click.option("--logos", type=click.IntRange(20), help="How many logos; unset: all of them, some 3,400.")
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="Another number asks with another logo."
)
@click.pass_obj
def demo(settings: Settings, logos: int | None, seed: int) -> None:
    """Take in real brand logos, search with a changed one, and show what was found and why.

    The logos are drawn from Simple Icons (CC0) with names in free fonts. Run again, the demo goes on where it stopped
    and takes seconds.
    """
    started = time.monotonic()
    _step("1. Database")
    upgrade_database(settings)

    _step("2. Logos")
    corpus = _drawn(settings.data_dir / "demo", logos)

    _step("3. Ingestion")
    with Runtime.open(settings) as runtime:
        print_report(ingest_folder(runtime, corpus.folder, SOURCE))
        processes = settings.inference_threads
        with Workforce(settings, processes=processes, batch=16, until_empty=True) as workforce:
            workforce.watch(runtime.work)

        _step("4. Search")
        (query,) = islice(variations(corpus.marks, 1, seed), 1)
        picture = corpus.folder / "query.png"
        picture.write_bytes(query.picture)
        console.print(
            f"The query is {escape(query.expected.text or '')} with changes: {', '.join(query.changes)}.\n",
            highlight=False,
        )
        answer = runtime.pipeline.by_picture(query.picture, k=12)
        print_answer(answer, as_json=False, reasons=3)
        sheet = corpus.folder / "answer.png"
        sheet.write_bytes(
            answer_sheet(query.picture, answer, limits=runtime.extractor.limits, note=", ".join(query.changes))
        )
    _farewell(settings, picture, sheet, time.monotonic() - started)


def _drawn(folder: Path, logos: int | None) -> Corpus:
    with progress_bar("logos") as bar:
        task = bar.add_task("Drawing", total=None)
        return build(folder, limit=logos, progress=lambda done, total: bar.update(task, completed=done, total=total))


def _step(name: str) -> None:
    console.print(f"\n[bold]{name}[/]", highlight=False)


def _farewell(settings: Settings, picture: Path, sheet: Path, seconds: float) -> None:
    lines = (
        ("Done in", f"{seconds:.0f} s"),
        ("Query and hits", f"{sheet}"),
        ("Search with it again", f"logosim search {picture}"),
        ("Your own picture", "logosim search LOGO.png --vienna 03.07 --year 2010:"),
        ("Your own marks", "logosim ingest L3D_FOLDER && logosim worker --until-empty"),
        ("REST", "logosim serve, then http://127.0.0.1:8000/schema/openapi.json"),
        ("SQL", "logosim db psql --analyst"),
        ("Data lies in", f"{settings.data_dir}"),
        ("Stop the database", "logosim db stop"),
    )
    console.print()
    for name, text in lines:
        console.print(f"[bold]{name:<22}[/]{escape(text)}", highlight=False, soft_wrap=True)
