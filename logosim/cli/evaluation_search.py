"""`logosim evaluate search`: the whole two-stage search through a database, on truth sets."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import rich_click as click

from logosim.cli.circumstances import circumstances
from logosim.cli.display import console, progress_bar
from logosim.cli.evaluation_pictures import print_rows, print_tables, refuse_unwritable, write_results
from logosim.cli.second_opinions import Found, SecondOpinions
from logosim.cli.timing import Percentiles, percentiles, timing_table
from logosim.cli.truth_database import DEEPEST, pictures_by_mark, questions, truth_database, with_read_names
from logosim.cli.truth_sets import Asking, opened_truth, refuse_namesakes, truth_options
from logosim.demo.changes import IN_WORDS
from logosim.domain.hit import Answer
from logosim.domain.mark import Mark
from logosim.domain.query import Query, Weights
from logosim.embedding import model_folder
from logosim.evaluation.placing import place_rankings
from logosim.evaluation.report import Result, in_order, measure
from logosim.evaluation.truth import IntArray, TruthSet
from logosim.peers.opinions import OPINIONS
from logosim.runtime import Runtime, decode_limits
from logosim.settings import Settings

COSINE, LOOK, WHOLE = "cosine alone", "look", "whole search"
EXPANDED = "whole search, expanded"
CHANNELS: Mapping[str, Weights] = {
    COSINE: Weights(look=1, shape=0, sound=0, spelling=0, vienna=0),
    LOOK: Weights(look=1, shape=0, sound=0, spelling=0, vienna=0),
    "shape": Weights(look=0, shape=1, sound=0, spelling=0, vienna=0),
    "look and shape": Weights(sound=0, spelling=0, vienna=0),
    WHOLE: Weights(),
}
"""What is asked. The first is the cosine of the whole picture, so that differences are what all the rest gives; look
has the separate figures of the query beside it."""
CHANNELS_OF_NAMES: Mapping[str, Weights] = {"sound and spelling": Weights(look=0, shape=0, vienna=0)}
"""What is asked beside these where the truth set knows the texts of its marks and queries have one."""


@click.command(
    epilog="Examples: logosim evaluate search --truth BRANDS --queries 200 --expand 5\n\n"
    "LOGOSIM_OCR=none logosim evaluate search --truth LOGOS --kind changed --copies 20 --json result.json\n\n"
    "LOGOSIM_OCR=none logosim evaluate search --truth LOGOS --kind changed --distractors MORE --rerank-with sift"
)
@click.option(
    "--model",
    metavar="NAME|FOLDER",
    help="Model to search with; unset: the model of the settings.",
)
@click.option(
    "--expand",
    metavar="N",
    type=click.IntRange(0, 100),
    default=0,
    show_default=True,
    help="Measure also the whole search with queries put together with their N first answers by look.",
)
@truth_options
@click.option(
    "--rerank-with",
    "opinions",
    type=click.Choice(OPINIONS),
    multiple=True,
    help="Let others order the first of look again: sift, phash. May be given several times.",
)
@click.option(
    "--rerank-first",
    "first",
    type=click.IntRange(2, DEEPEST),
    default=100,
    show_default=True,
    help="How many of look they are shown.",
)
@click.option(
    "--read-names", is_flag=True, help="Marks have the text that is read in their pictures, where none is known."
)
@click.option("--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write the results as data.")
@click.pass_obj
def search(
    settings: Settings,
    /,
    folders: tuple[Path, ...],
    model: str | None,
    expand: int,
    opinions: tuple[str, ...],
    first: int,
    read_names: bool,
    json_file: Path | None,
    **given: Any,
) -> None:
    """Measure the whole search: every picture of a truth set goes through the database, and the queries are asked.

    The pictures are taken in by workers into a database that is thrown away, text reader as set. Each query is asked
    with single channels and with the usual weights; the query itself is left out. Candidates are the same for all
    rows but "cosine alone", which knows nothing but the whole picture, so that they differ by how stage 2 weighs them.
    What is not among the 1,000 hits counts as not found.
    """
    now = circumstances(settings)
    if model is not None:
        settings = dataclasses.replace(settings, model_dir=(model_folder(model),))
    asking = Asking.of(given)
    refuse_namesakes(folders)
    refuse_unwritable(json_file)
    limits = decode_limits(settings)
    results: list[Result] = []
    timings: dict[str, dict[str, dict[str, float]]] = {}
    embedder = ""
    try:
        for folder in folders:
            with opened_truth(folder, asking, limits) as truth:
                truth = with_read_names(settings, truth) if read_names else truth
                others = SecondOpinions(opinions, first, truth.files, limits)
                measured, took, embedder = _searched(settings, truth, others, expand)
            console.print(f"\n{truth.name}: {len(truth):,} pictures", style="bold", highlight=False)
            print_tables(measured)
            if truth.hidden is not None:
                _print_changes(measured)
            console.print(f"\n{timing_table(took)}", highlight=False, markup=False, soft_wrap=True)
            results += measured
            timings[truth.name] = {name: dataclasses.asdict(of) for name, of in took.items()}
            if json_file is not None:
                write_results(json_file, now, results, embedder=embedder, timings_ms=timings)
    finally:  # what was measured before something failed is not lost
        print_rows([dataclasses.replace(of, model=f"{of.model}, {embedder}") for of in results], now)


def _searched(
    settings: Settings, truth: TruthSet, others: SecondOpinions, expand: int
) -> tuple[list[Result], Mapping[str, Percentiles], str]:
    """Results by channel, milliseconds by stage of the whole search and by second opinion, and the model's name."""
    with truth_database(settings, truth) as (runtime, marks):
        of = runtime.extractor.embedder.manifest
        return *_asked(runtime, truth, marks, others, expand), f"{of.name} {of.version}"


def _asked(
    runtime: Runtime, truth: TruthSet, marks: Mapping[int, Mark], others: SecondOpinions, expand: int
) -> tuple[list[Result], Mapping[str, Percentiles]]:
    picture_of = pictures_by_mark(marks)
    asked = questions(runtime, truth, marks)
    named = truth.texts is not None and any(question.text for question in asked.values())
    channels = {**CHANNELS, **(CHANNELS_OF_NAMES if named else {}), **({EXPANDED: Weights()} if expand else {})}
    rankings: dict[str, list[tuple[int, IntArray]]] = defaultdict(list)
    stages: dict[str, list[float]] = defaultdict(list)
    with progress_bar("queries") as bar:
        for query, question in bar.track(asked.items(), description="Searching"):
            found: dict[str, Found] = {}
            for name, weights in channels.items():
                widened = expand if name == EXPANDED else 0
                this = _without_figures(question) if name == COSINE else question
                answer = runtime.pipeline.search(dataclasses.replace(this, weights=weights, expand=widened))
                found[name] = _found(answer, picture_of)
                rankings[name].append((query, found[name].pictures))
                if name == WHOLE:
                    for stage, milliseconds in answer.timings_ms.items():
                        stages[f"{WHOLE}: {stage}"].append(milliseconds)
            for name, pictures in others.rankings(query, found[COSINE], found[WHOLE]).items():
                rankings[name].append((query, pictures))
    placings = {name: place_rankings(truth, of) for name, of in rankings.items()}
    first = placings[COSINE]
    results = [measure(truth, name, of, None if of is first else first) for name, of in placings.items()]
    return results, percentiles({**stages, **others.timings_ms()})


def _without_figures(question: Query) -> Query:
    if question.features is None:
        return question
    return dataclasses.replace(question, features=dataclasses.replace(question.features, figures=()))


def _found(answer: Answer, picture_of: Mapping[UUID, int]) -> Found:
    pictures = np.asarray([picture_of[hit.mark_id] for hit in answer.hits], dtype=np.int64)
    return Found(
        pictures, np.asarray([sum(item.evidence for item in hit.evidence) for hit in answer.hits], dtype=np.float64)
    )


def _print_changes(results: Sequence[Result]) -> None:
    """What the labels of changed copies mean."""
    labels = in_order(label for result in results for label in result.by_difficulty)
    told = [f"{label}: {IN_WORDS[label]}" for label in labels if label in IN_WORDS]
    if told:
        console.print("; ".join(told) + ".", style="dim", highlight=False, markup=False, soft_wrap=True)
