"""`logosim evaluate search`: the whole two-stage search through a database, on truth sets."""

from __future__ import annotations

import dataclasses
import hashlib
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import rich_click as click

from logosim.cli.circumstances import circumstances
from logosim.cli.display import console, progress_bar
from logosim.cli.evaluation_pictures import print_rows, print_tables, refuse_unwritable, write_results
from logosim.cli.scratch import scratch_database
from logosim.cli.second_opinions import Found, SecondOpinions
from logosim.cli.timing import Percentiles, percentiles, timing_table
from logosim.cli.truth_sets import Asking, opened_truth, refuse_namesakes, truth_options
from logosim.cli.workforce import Workforce
from logosim.demo.changes import IN_WORDS
from logosim.domain.hit import Answer
from logosim.domain.mark import Mark, Picture
from logosim.domain.query import Query, Weights
from logosim.embedding import model_folder
from logosim.errors import LogosimError, PictureError, RecordError
from logosim.evaluation.placing import place_rankings
from logosim.evaluation.report import Result, in_order, measure
from logosim.evaluation.truth import IntArray, TruthSet
from logosim.ingest.flow import ingest
from logosim.peers.opinions import OPINIONS
from logosim.runtime import Runtime, decode_limits
from logosim.search.pipeline import features_of
from logosim.settings import Settings

_SOURCE = "truth"
_BATCH = 16
_K = 1000  # hits asked for: the deepest that a search gives

LOOK, WHOLE = "look", "whole search"
EXPANDED = "whole search, expanded"
CHANNELS: Mapping[str, Weights] = {
    LOOK: Weights(look=1, shape=0, sound=0, spelling=0, vienna=0),
    "shape": Weights(look=0, shape=1, sound=0, spelling=0, vienna=0),
    "look and shape": Weights(sound=0, spelling=0, vienna=0),
    WHOLE: Weights(),
}
"""What is asked. The first is the nearest by cosine as they come, so that differences are what re-ranking gives."""
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
    type=click.IntRange(2, _K),
    default=100,
    show_default=True,
    help="How many of look they are shown.",
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
    json_file: Path | None,
    **given: Any,
) -> None:
    """Measure the whole search: every picture of a truth set goes through the database, and the queries are asked.

    The pictures are taken in by workers into a database that is thrown away, text reader as set. Each query is asked
    with single channels and with the usual weights; the query itself is left out. Candidates are the same for all
    channels, so that rows differ by how stage 2 weighs them: look is the order of the cosines alone. What is not
    among the 1,000 hits counts as not found.
    """
    now = circumstances(settings)
    if model is not None:
        settings = dataclasses.replace(settings, model_dir=model_folder(model))
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
    marks = dict(_marks(truth))
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="logosim-evaluate-")))
        runtime, own = stack.enter_context(scratch_database(settings, scratch))
        _take_in(runtime, own, list(marks.values()))
        runtime.warm()
        of = runtime.extractor.embedder.manifest
        return *_asked(runtime, truth, marks, others, expand), f"{of.name} {of.version}"


def _marks(truth: TruthSet) -> Iterator[tuple[int, Mark]]:
    """Every picture that can be found, as a mark; its file's name is made unique by its number."""
    for index, file in enumerate(truth.files):
        if truth.hidden is not None and truth.hidden[index]:
            continue
        try:
            data = file.read_bytes()
        except OSError as error:
            raise RecordError(f"cannot read the picture {file}: {error.strerror}") from error
        yield (
            index,
            Mark(
                source=_SOURCE,
                file=f"{index:07d}-{file.name}",
                text=truth.texts[index] if truth.texts else None,
                vienna_codes=truth.codes[index] if truth.codes else (),
                year=None,
                picture=Picture(str(file.resolve()), hashlib.sha256(data).hexdigest(), len(data)),
            ),
        )


def _take_in(runtime: Runtime, settings: Settings, marks: Sequence[Mark]) -> None:
    ingest(marks, runtime.ingest_store, source=_SOURCE, path=_SOURCE)
    with Workforce(settings, processes=settings.inference_threads, batch=_BATCH, until_empty=True) as workforce:
        workforce.watch(runtime.work)
    dead = runtime.work.dead_letters()
    if dead:
        raise LogosimError(f"{len(dead):,} pictures cannot be used, the first is {dead[0].file}: {dead[0].error}")


def _asked(
    runtime: Runtime, truth: TruthSet, marks: Mapping[int, Mark], others: SecondOpinions, expand: int
) -> tuple[list[Result], Mapping[str, Percentiles]]:
    picture_of = {mark.mark_id: index for index, mark in marks.items()}
    asked: dict[int, Query] = {}
    with progress_bar("queries") as bar:  # those that are no stored marks are read and embedded: the slow part
        for query in bar.track(truth.queries().tolist(), description="Reading"):
            asked[query] = _query(runtime, truth, query, marks.get(query))
    named = truth.texts is not None and any(question.text for question in asked.values())
    channels = {**CHANNELS, **(CHANNELS_OF_NAMES if named else {}), **({EXPANDED: Weights()} if expand else {})}
    rankings: dict[str, list[tuple[int, IntArray]]] = defaultdict(list)
    stages: dict[str, list[float]] = defaultdict(list)
    with progress_bar("queries") as bar:
        for query, question in bar.track(asked.items(), description="Searching"):
            found: dict[str, Found] = {}
            for name, weights in channels.items():
                widened = expand if name == EXPANDED else 0
                answer = runtime.pipeline.search(dataclasses.replace(question, weights=weights, expand=widened))
                found[name] = _found(answer, picture_of)
                rankings[name].append((query, found[name].pictures))
                if name == WHOLE:
                    for stage, milliseconds in answer.timings_ms.items():
                        stages[f"{WHOLE}: {stage}"].append(milliseconds)
            for name, pictures in others.rankings(query, found[LOOK], found[WHOLE]).items():
                rankings[name].append((query, pictures))
    placings = {name: place_rankings(truth, of) for name, of in rankings.items()}
    first = placings[LOOK]
    results = [measure(truth, name, of, None if of is first else first) for name, of in placings.items()]
    return results, percentiles({**stages, **others.timings_ms()})


def _query(runtime: Runtime, truth: TruthSet, picture: int, mark: Mark | None) -> Query:
    """The question that a picture of the truth set asks: a stored mark as it is stored, any other as a new picture."""
    if mark is not None:
        stored = runtime.marks.get(mark.mark_id)
        return Query(features_of(stored), stored.text, stored.vienna_codes, k=_K, exclude=mark.mark_id)
    try:
        features = runtime.extractor.extract_asking(truth.files[picture].read_bytes())
    except PictureError as error:
        raise RecordError(f"{truth.files[picture]}: {error}", hint=error.hint) from error
    return Query(features, features.text, k=_K)


def _found(answer: Answer, picture_of: Mapping[UUID, int]) -> Found:
    pictures = np.asarray([picture_of[hit.mark_id] for hit in answer.hits], dtype=np.int64)
    return Found(pictures, np.asarray([hit.score for hit in answer.hits], dtype=np.float64))


def _print_changes(results: Sequence[Result]) -> None:
    """What the labels of changed copies mean."""
    labels = in_order(label for result in results for label in result.by_difficulty)
    told = [f"{label}: {IN_WORDS[label]}" for label in labels if label in IN_WORDS]
    if told:
        console.print("; ".join(told) + ".", style="dim", highlight=False, markup=False, soft_wrap=True)
