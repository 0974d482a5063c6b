"""`logosim benchmark names`: how fast names are transcribed and compared."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import rich_click as click

from logosim.cli.benchmark_results import report
from logosim.cli.display import console, errors, progress_bar
from logosim.cli.evaluation_pictures import refuse_unwritable
from logosim.cli.timing import percentiles
from logosim.errors import DependencyMissing, InputError
from logosim.evaluation.name_list import read_names
from logosim.peers.nltk_aline import NltkAline
from logosim.phonetics import aline_similarities, normalise, phonemes, spelling_similarities
from logosim.settings import Settings

Name = tuple[str, str]  # normalised, transcribed
Compare = Callable[[Name, Sequence[Name]], object]


@click.command(
    epilog="Examples: logosim benchmark names NAMES.txt\n\n"
    "logosim benchmark names register.jsonl.gz --queries 500 --nltk-queries 3 --json names.json"
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--queries", type=click.IntRange(1), default=200, show_default=True, help="Names that are compared.")
@click.option("--candidates", type=click.IntRange(1), default=1000, show_default=True, help="With how many others.")
@click.option(
    "--nltk-queries",
    type=click.IntRange(0),
    default=1,
    show_default=True,
    help="The same with NLTK's ALINE, where NLTK is installed: 10 s and more a query with 1,000.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Which names are compared.")
@click.option("--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write the results as data.")
@click.pass_obj
def names(
    settings: Settings,
    file: Path,
    queries: int,
    candidates: int,
    nltk_queries: int,
    seed: int,
    json_file: Path | None,
) -> None:
    """Measure grapheme-to-phoneme and the comparison of whole names on the names of FILE.

    FILE has a name on each line, or is .jsonl or .jsonl.gz with records that have a text. Transcribed is every
    different name once, in one thread, so that nothing can have been remembered. Then one name is compared with many:
    ALINE in three pronunciation profiles, spelling, and NLTK's ALINE on the same transcriptions. What the channels do
    besides, word by word, is in the numbers of `logosim benchmark rerank`.
    """
    refuse_unwritable(json_file)
    given = read_names(file)
    phonemes("logosim")  # reads the table of rules
    transcribed, seconds = _transcribed(given)
    words = sum(len(name.split()) for name in given)
    console.print(
        f"grapheme to phoneme, three profiles: {len(given):,} names of {words:,} words in {seconds:.2f} s = "
        f"{len(given) / seconds:,.0f} names/s, {words / seconds:,.0f} words/s",
        highlight=False,
        soft_wrap=True,
    )
    if len(transcribed) < 2:
        raise InputError(f"{file} has no two names that can be pronounced: there is nothing to compare.")
    asked = _asked(transcribed, queries, candidates, seed)
    size = min(candidates, len(transcribed) - 1)
    took = {
        f"ALINE, three profiles, 1 x {size:,}": _timed(_aline, asked, "ALINE"),
        f"spelling, 1 x {size:,}": _timed(_spelling, asked, "Spelling"),
    }
    if nltk := _nltk(nltk_queries):
        took[f"NLTK's ALINE, three profiles, 1 x {size:,}"] = _timed(nltk, asked[:nltk_queries], "NLTK")
    report(
        settings,
        percentiles(took),
        json_file,
        names=len(given),
        words=words,
        seconds=seconds,
        names_per_second=len(given) / seconds,
        words_per_second=words / seconds,
    )


def _transcribed(names: Sequence[str]) -> tuple[list[Name], float]:
    """The names that can be compared, and how long the transcription of all took, in seconds."""
    started = time.perf_counter()
    sounds = [phonemes(name) for name in names]
    seconds = time.perf_counter() - started
    pairs = ((normalise(name), sound) for name, sound in zip(names, sounds, strict=True))
    return [(spelt, sound) for spelt, sound in pairs if spelt and sound], seconds


def _asked(names: Sequence[Name], queries: int, candidates: int, seed: int) -> list[tuple[Name, list[Name]]]:
    """Queries with their candidates, drawn anew for each."""
    rng = np.random.default_rng(seed)
    drawn: list[tuple[Name, list[Name]]] = []
    for _ in range(queries):
        query, *others = rng.choice(len(names), size=min(candidates + 1, len(names)), replace=False).tolist()
        drawn.append((names[query], [names[other] for other in others]))
    return drawn


def _timed(compare: Compare, asked: Sequence[tuple[Name, list[Name]]], title: str) -> list[float]:
    """Milliseconds of each query; the first is asked once more, before, so that tables are there."""
    compare(asked[0][0], asked[0][1][:1])
    with progress_bar("queries") as bar:
        return list(_milliseconds(compare, bar.track(asked, description=title)))


def _milliseconds(compare: Compare, asked: Iterable[tuple[Name, list[Name]]]) -> Iterator[float]:
    for query, candidates in asked:
        started = time.perf_counter()
        compare(query, candidates)
        yield 1000 * (time.perf_counter() - started)


def _aline(query: Name, candidates: Sequence[Name]) -> object:
    return aline_similarities(query[1], [sounds for _, sounds in candidates])


def _spelling(query: Name, candidates: Sequence[Name]) -> object:
    return spelling_similarities(query[0], [spelt for spelt, _ in candidates])


def _nltk(queries: int) -> Compare | None:
    """NLTK's own function, pair by pair; None, and said so, where it is not installed."""
    if not queries:
        return None
    try:
        aline = NltkAline()
    except DependencyMissing as error:
        errors.print(f"Without the row of NLTK's ALINE: {error}", highlight=False)
        return None
    return lambda query, candidates: [aline.align(query[1], sounds) for _, sounds in candidates]
