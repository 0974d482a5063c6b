"""`logosim evaluate pictures`: models side by side on truth sets; `synthesise`: a truth set from the demo's logos."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Mapping, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import rich_click as click
from rich.progress import Progress, TaskID

from logosim.cli.circumstances import circumstances
from logosim.cli.describers import build_describers, described
from logosim.cli.display import console, errors, progress_bar
from logosim.cli.hardest import draw_hardest
from logosim.cli.json_file import write_json
from logosim.cli.truth_sets import Asking, opened_truth, refuse_namesakes, truth_options
from logosim.demo.corpus import build
from logosim.demo.variations import write_variations
from logosim.errors import DependencyMissing, InputError
from logosim.evaluation.placing import Placings, place_by_cosine
from logosim.evaluation.plots import draw_difficulty, draw_recall
from logosim.evaluation.protocol import Describer
from logosim.evaluation.report import (
    BY_DIFFICULTY,
    LEGEND,
    ROW_HEADER,
    Circumstances,
    Result,
    benchmark_row,
    difficulty_table,
    measure,
    table,
    vienna_table,
)
from logosim.evaluation.truth import TruthSet
from logosim.evaluation.vertag import write_rankings
from logosim.imaging import DecodeLimits
from logosim.runtime import decode_limits
from logosim.settings import Settings


@click.command(
    epilog="Examples: logosim evaluate pictures --truth BRANDS --model bundled --model ~/artifacts/new --peer hog\n\n"
    "logosim evaluate pictures --truth LOGOS --kind changed --copies 100 --no-masking --plots plots --json result.json"
)
@click.option(
    "--model",
    "models",
    multiple=True,
    metavar="NAME|FOLDER",
    help="A bundled model (bundled: the default) or a folder; may be given several times.",
)
@click.option(
    "--peer",
    "peers",
    multiple=True,
    metavar="NAME",
    help="hog, phash, dhash, ahash, colour, sscd, sscd=FILE.onnx, or a model's folder, with text left standing.",
)
@truth_options
@click.option(
    "--masking/--no-masking",
    default=None,
    help="Read and mask text for the models, as ingestion does; unset: as LOGOSIM_OCR says.",
)
@click.option("--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write the results as data.")
@click.option(
    "--plots", type=click.Path(path_type=Path, file_okay=False), help="Write curves and sheets of the hardest queries."
)
@click.option(
    "--rankings",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write what each query found as CSV, a file for each model.",
)
@click.pass_obj
def pictures(
    settings: Settings,
    /,
    folders: tuple[Path, ...],
    models: tuple[str, ...],
    peers: tuple[str, ...],
    masking: bool | None,
    json_file: Path | None,
    plots: Path | None,
    rankings: Path | None,
    **given: Any,
) -> None:
    """Measure what models find in pictures by look alone, side by side, with 95 % intervals.

    A truth set is a folder with pictures and an index that says which should find which: index.csv (file, brand_group,
    drawing, role, difficulty; or file, brand), variations.csv, pairs.csv, relevant.csv, or METU's queries and pool.
    Queries never count themselves, and a drawing that stands in several collections counts once. Without --model the
    model of the settings is measured.
    """
    asking = Asking.of(given)
    if plots is not None and find_spec("matplotlib") is None:  # said now, not after the pictures have been seen
        raise DependencyMissing("--plots needs the package matplotlib", hint="Run pip install 'logosim[plots]'.")
    refuse_namesakes(folders)
    refuse_unwritable(json_file, plots, rankings)
    describers = build_describers(settings, models, peers, masking)
    given_now = circumstances(settings)
    results: list[Result] = []
    try:
        for folder in folders:
            with opened_truth(folder, asking, decode_limits(settings)) as truth:
                found = _found(truth, describers, decode_limits(settings))
                measured = _measured(truth, found)
                _print(measured)
                results += measured
                if json_file is not None:
                    write_results(json_file, given_now, results)
                if plots is not None:
                    _draw(plots, truth, found, decode_limits(settings))
                if rankings is not None:
                    _write_rankings(rankings, truth, found)
    finally:  # what was measured before something failed is not lost
        print_rows(results, given_now)


@click.command(epilog="Example: logosim evaluate synthesise ~/demo-truth --logos 1000 --queries 200")
@click.argument("out", type=click.Path(path_type=Path, file_okay=False))
@click.option("--logos", type=click.IntRange(2), help="Size of the corpus; unset: all logos of the demo.")
@click.option("--queries", type=click.IntRange(1), default=300, show_default=True, help="How many varied logos ask.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
def synthesise(out: Path, logos: int | None, queries: int, seed: int) -> None:
    """Make a truth set in OUT: the demo's logos as an L3D folder, and varied ones that should find them."""
    with progress_bar("pictures") as bar:
        task = bar.add_task("Drawing", total=None)
        try:
            corpus = build(out, limit=logos, progress=partial(_tick, bar, task))
            index = write_variations(corpus, queries, seed, partial(_tick, bar, bar.add_task("Varying", total=None)))
        except OSError as error:
            raise InputError(f"cannot write {error.filename or out}: {error.strerror}") from error
    console.print(f"{len(corpus.marks):,} logos; the queries are in {index}", highlight=False, soft_wrap=True)


def refuse_unwritable(file: Path | None, *folders: Path | None) -> None:
    """Make the folders that results go into; InputError if one cannot be made or written, before hours are spent."""
    for path in (file, *folders):
        if path is None:
            continue
        folder = path.parent if path is file else path
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"cannot write {path}: {error.strerror}") from error
        if not os.access(path if path.exists() else folder, os.W_OK):
            raise InputError(f"cannot write {path}: it may not be written")


def write_results(file: Path, given: Circumstances, results: Sequence[Result], **more: object) -> None:
    """Write the results so far as a JSON object; InputError if the file cannot be written."""
    write_json(file, {**dataclasses.asdict(given), **more, "results": [result.as_json() for result in results]})


def print_tables(results: Sequence[Result]) -> None:
    """All tables of one truth set, as Markdown."""
    by_difficulty = [difficulty_table(results, metric) for metric in BY_DIFFICULTY]
    for text in (table(results), *by_difficulty, vienna_table(results)):
        if text:
            _plain("\n" + text)
    console.print(f"\n{LEGEND}", style="dim", highlight=False, markup=False, soft_wrap=True)


def print_rows(results: Sequence[Result], given: Circumstances) -> None:
    """The rows for BENCHMARKS.md, if there are results."""
    if results:
        console.print("\nRows for BENCHMARKS.md:\n", highlight=False)
        _plain("\n".join((ROW_HEADER, *(benchmark_row(result, given) for result in results))))


def _found(truth: TruthSet, describers: Sequence[Describer], limits: DecodeLimits) -> dict[str, Placings]:
    started = time.perf_counter()
    vectors = described(describers, truth.files, limits)
    errors.print(
        f"{len(truth):,} pictures of {truth.name} seen in {time.perf_counter() - started:.0f} s", highlight=False
    )
    found: dict[str, Placings] = {}
    with progress_bar("queries") as bar:
        for name, of in vectors.items():
            found[name] = place_by_cosine(truth, of, partial(_tick, bar, bar.add_task("Ranking", total=None)))
    return found


def _tick(bar: Progress, task: TaskID, done: int, total: int) -> None:
    bar.update(task, completed=done, total=total)


def _measured(truth: TruthSet, found: Mapping[str, Placings]) -> list[Result]:
    first = next(iter(found.values()))
    return [measure(truth, name, placings, None if placings is first else first) for name, placings in found.items()]


def _print(results: Sequence[Result]) -> None:
    console.print(f"\n{results[0].truth}: {results[0].pictures:,} pictures", style="bold", highlight=False)
    print_tables(results)


def _draw(folder: Path, truth: TruthSet, found: Mapping[str, Placings], limits: DecodeLimits) -> None:
    name = _stem(truth.name)
    draw_recall(found, title=f"{truth.name}: what is among the first k", file=folder / f"{name}-recall.png")
    draw_difficulty(found, title=f"{truth.name}: recall by difficulty", file=folder / f"{name}-difficulty.png")
    draw_hardest(truth, found, folder / f"{name}-hardest.png", limits=limits)
    errors.print(f"Plots and the sheet of the hardest queries are in {folder}", highlight=False, soft_wrap=True)


def _write_rankings(folder: Path, truth: TruthSet, found: Mapping[str, Placings]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, placings in found.items():
            write_rankings(folder / f"{_stem(f'{truth.name}-{name}')}.csv", truth, placings)
    except OSError as error:
        raise InputError(f"cannot write the rankings into {folder}: {error.strerror}") from error


def _stem(name: str) -> str:
    """A name that can stand in a file's name everywhere."""
    return "".join(letter if letter.isalnum() or letter in "-." else "-" for letter in name)


def _plain(text: str) -> None:
    console.print(text, highlight=False, markup=False, soft_wrap=True)
