"""`logosim evaluate search`: the whole two-stage search through a database, on truth sets."""

from __future__ import annotations

import dataclasses
import hashlib
import tempfile
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
from logosim.cli.truth_sets import Asking, opened_truth, refuse_namesakes, truth_options
from logosim.cli.workforce import Workforce
from logosim.domain.hit import Answer
from logosim.domain.mark import Mark, Picture
from logosim.domain.query import Query, Weights
from logosim.embedding import model_folder
from logosim.errors import LogosimError, PictureError, RecordError
from logosim.evaluation.placing import place_rankings
from logosim.evaluation.report import Result, measure
from logosim.evaluation.truth import IntArray, TruthSet
from logosim.ingest.flow import ingest
from logosim.runtime import Runtime
from logosim.search.pipeline import features_of
from logosim.settings import Settings

_SOURCE = "truth"
_BATCH = 16
_K = 1000  # hits asked for: the deepest that a search gives

WHOLE = "whole search"
CHANNELS: Mapping[str, Weights] = {
    WHOLE: Weights(),
    "look": Weights(look=1, shape=0, sound=0, spelling=0, vienna=0),
    "shape": Weights(look=0, shape=1, sound=0, spelling=0, vienna=0),
    "look and shape": Weights(sound=0, spelling=0, vienna=0),
}
CHANNELS_OF_NAMES: Mapping[str, Weights] = {"sound and spelling": Weights(look=0, shape=0, vienna=0)}
"""What is asked beside these where the truth set knows the texts of its marks and queries have one."""


@click.command(
    epilog="Examples: logosim evaluate search --truth BRANDS --queries 200\n\n"
    "LOGOSIM_OCR=none logosim evaluate search --truth LOGOS --kind changed --copies 20 --json result.json"
)
@click.option(
    "--model",
    metavar="NAME|FOLDER",
    help="Model to search with; unset: the model of the settings.",
)
@truth_options
@click.option("--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write the results as data.")
@click.pass_obj
def search(
    settings: Settings, /, folders: tuple[Path, ...], model: str | None, json_file: Path | None, **given: Any
) -> None:
    """Measure the whole search: every picture of a truth set goes through the database, and the queries are asked.

    The pictures are taken in by workers into a database that is thrown away, text reader as set. Each query is asked
    with the usual weights and with single channels; the query itself is left out. Candidates are the same for all
    channels, so that rows differ by how stage 2 weighs them. What is not among the 1,000 hits counts as not found.
    """
    now = circumstances(settings)
    if model is not None:
        settings = dataclasses.replace(settings, model_dir=model_folder(model))
    asking = Asking.of(given)
    refuse_namesakes(folders)
    refuse_unwritable(json_file)
    results: list[Result] = []
    embedder = ""
    try:
        for folder in folders:
            with opened_truth(folder, asking) as truth:
                measured, stages, embedder = _searched(settings, truth)
            console.print(f"\n{truth.name}: {len(truth):,} pictures", style="bold", highlight=False)
            print_tables(measured)
            console.print(f"\n{stages}", highlight=False, soft_wrap=True)
            results += measured
            if json_file is not None:
                write_results(json_file, now, results, embedder=embedder)
    finally:  # what was measured before something failed is not lost
        print_rows([dataclasses.replace(of, model=f"{of.model}, {embedder}") for of in results], now)


def _searched(settings: Settings, truth: TruthSet) -> tuple[list[Result], str, str]:
    """Results by channel, what the stages of the whole search took, for a person, and the model's name."""
    marks = dict(_marks(truth))
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="logosim-evaluate-")))
        runtime, own = stack.enter_context(scratch_database(settings, scratch))
        _take_in(runtime, own, list(marks.values()))
        runtime.warm()
        of = runtime.extractor.embedder.manifest
        return *_asked(runtime, truth, marks), f"{of.name} {of.version}"


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


def _asked(runtime: Runtime, truth: TruthSet, marks: Mapping[int, Mark]) -> tuple[list[Result], str]:
    picture_of = {mark.mark_id: index for index, mark in marks.items()}
    asked: dict[int, Query] = {}
    with progress_bar("queries") as bar:  # those that are no stored marks are read and embedded: the slow part
        for query in bar.track(truth.queries().tolist(), description="Reading"):
            asked[query] = _query(runtime, truth, query, marks.get(query))
    named = truth.texts is not None and any(question.text for question in asked.values())
    channels = {**CHANNELS, **(CHANNELS_OF_NAMES if named else {})}
    found: dict[str, list[tuple[int, IntArray]]] = {name: [] for name in channels}
    timings: list[Mapping[str, float]] = []
    with progress_bar("queries") as bar:
        task = bar.add_task("Searching", total=len(asked))
        for query, question in asked.items():
            for name, weights in channels.items():
                answer = runtime.pipeline.search(dataclasses.replace(question, weights=weights))
                found[name].append((query, _pictures(answer, picture_of)))
                if name == WHOLE:
                    timings.append(answer.timings_ms)
            bar.update(task, advance=1)
    placings = {name: place_rankings(truth, rankings) for name, rankings in found.items()}
    first = placings[WHOLE]
    results = [measure(truth, name, of, None if of is first else first) for name, of in placings.items()]
    return results, _stages(timings)


def _query(runtime: Runtime, truth: TruthSet, picture: int, mark: Mark | None) -> Query:
    """The question that a picture of the truth set asks: a stored mark as it is stored, any other as a new picture."""
    if mark is not None:
        stored = runtime.marks.get(mark.mark_id)
        return Query(features_of(stored), stored.text, stored.vienna_codes, k=_K, exclude=mark.mark_id)
    (features,) = runtime.extractor.extract([truth.files[picture].read_bytes()])
    if isinstance(features, PictureError):
        raise RecordError(f"{truth.files[picture]}: {features}", hint=features.hint)
    return Query(features, features.text, k=_K)


def _pictures(answer: Answer, picture_of: Mapping[UUID, int]) -> IntArray:
    return np.asarray([picture_of[hit.mark_id] for hit in answer.hits], dtype=np.int64)


def _stages(timings: Sequence[Mapping[str, float]]) -> str:
    parts = [
        f"{stage} {np.percentile([of[stage] for of in timings], 50):.0f} (p99 "
        f"{np.percentile([of[stage] for of in timings], 99):.0f})"
        for stage in timings[0]
    ]
    return "Milliseconds of the whole search without extraction: " + ", ".join(parts)
