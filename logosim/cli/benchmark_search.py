"""`logosim benchmark search`: whole searches among as many marks as the largest registers have."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import rich_click as click

from logosim.cli.benchmark_results import report
from logosim.cli.display import progress_bar
from logosim.cli.evaluation_pictures import refuse_unwritable
from logosim.cli.register_database import register_database, register_options
from logosim.cli.register_dress import dress
from logosim.cli.timing import percentiles
from logosim.demo.corpus import demo_marks
from logosim.demo.query import similar_name, variations
from logosim.domain.features import Features, FloatArray
from logosim.domain.query import Filter, Query, Weights
from logosim.evaluation.register import Register
from logosim.imaging.figures import MOST as MOST_FIGURES
from logosim.runtime import Runtime
from logosim.search.pipeline import NO_FILTER
from logosim.search.timings import Timings
from logosim.settings import Settings

FILTERS = {
    "no filter": NO_FILTER,
    "one mark in two (years)": Filter(year_from=2010),
    "29 in 100 (27.05)": Filter(vienna_any=("27.05",)),
    "1 in 10 (26.11)": Filter(vienna_any=("26.11",)),
}
NAME_ALONE = "the name alone"
_WARM_UP = 20  # questions before any is measured


@dataclass(frozen=True, slots=True)
class Question:
    """A picture as it comes, and what is put in place of what is read and seen in it."""

    picture: bytes
    embeddings: FloatArray  # [1 + figures, dimensions]: of the whole and of its separate figures
    text: str | None
    vienna_codes: tuple[str, ...]

    def lent(self, seen: Features) -> Features:
        """What was seen in the picture, with embeddings as the register's marks have them."""
        return replace(
            seen,
            embedding=self.embeddings[0],
            figures=tuple(
                replace(figure, embedding=embedding)
                for figure, embedding in zip(seen.figures, self.embeddings[1:], strict=False)
            ),
        )


@click.command(
    "search",
    epilog="Examples: logosim benchmark search --folder build/register\n\n"
    "logosim benchmark search --names names.txt --queries 200 --json search.json\n\n"
    "logosim benchmark search --marks 20000 --queries 10",
)
@register_options
@click.option(
    "--queries", type=click.IntRange(1), default=100, show_default=True, help="Pictures that ask, each in every way."
)
@click.option("--hits", type=click.IntRange(1, 1000), default=20, show_default=True, help="Hits that are searched for.")
@click.option(
    "--names",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Names of whose words those of the marks are made, one a line, or objects a line with a field text. Unset: "
    "the names of the demo's logos.",
)
@click.option("--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write the results as data.")
@click.pass_obj
def at_size(
    settings: Settings,
    marks: int,
    queries: int,
    hits: int,
    names: Path | None,
    seed: int,
    folder: Path | None,
    json_file: Path | None,
) -> None:
    """Measure whole searches by picture and by name, on a made-up register as large as L3D.

    The register is that of `logosim benchmark selectivity`; its marks have names besides, made of the words of real
    ones, and the patches of real logos, so that both stages have all their work to do. 770,000 marks take 9 GB of disk
    and half an hour; --folder keeps them, for `logosim benchmark sql` as well (LOGOSIM_DATA_DIR).

    Each query is a changed logo of the demo, which is decoded, read and embedded as any picture is; what it asks with
    are then an embedding drawn as those of the marks are, its own patches, and a name that is confusable with that of a
    mark. Every query asks without a filter, with three filters, and by its name alone. Times are milliseconds of one
    question at a time. Whether right marks are found is not told here: made-up looks say nothing about that.
    """
    refuse_unwritable(json_file)
    with register_database(settings, marks, seed, folder, lambda runtime: dress(runtime, marks, names)) as (
        runtime,
        register,
    ):
        asked = list(questions(runtime, register, queries, seed))
        took: dict[str, list[float]] = defaultdict(list)
        with progress_bar("queries") as bar:
            task = bar.add_task("Warming up", total=len(asked))
            for question in asked[:_WARM_UP]:
                _ask(runtime, question, hits, defaultdict(list))
            bar.update(task, description="Searching")
            for question in asked:
                _ask(runtime, question, hits, took)
                bar.advance(task)
        report(settings, percentiles(took), json_file, marks=marks, queries=queries, hits=hits, seed=seed)


def questions(runtime: Runtime, register: Register, count: int, seed: int) -> Iterator[Question]:
    """So many pictures that ask, the same for the same register and seed.

    Raises:
        DependencyMissing: the extra `demo` is not installed.
    """
    rng = np.random.default_rng(seed)
    embeddings = register.queries(count * (1 + MOST_FIGURES)).reshape(count, 1 + MOST_FIGURES, register.dimensions)
    pictures = [query.picture for query in variations(demo_marks(), count, seed=seed)]
    for number, mark_id in enumerate(runtime.marks.drawn(count, seed)):
        mark = runtime.marks.get(mark_id)
        yield Question(
            picture=pictures[number % len(pictures)],
            embeddings=embeddings[number],
            text=similar_name(mark.text, rng)[0] if mark.text else None,
            vienna_codes=mark.vienna_codes,
        )


def _ask(runtime: Runtime, question: Question, hits: int, took: dict[str, list[float]]) -> None:
    """One question in every way; what it took, by way and stage."""
    for name, wanted in FILTERS.items():
        for stage, milliseconds in _by_picture(runtime, question, wanted, hits).items():
            took[f"{name}: {stage}"].append(milliseconds)
    if question.text:
        timings = runtime.pipeline.by_text(question.text, k=hits).timings_ms
        took[f"{NAME_ALONE}: total"].append(timings["total"])


def _by_picture(runtime: Runtime, question: Question, wanted: Filter, hits: int) -> dict[str, float]:
    """Milliseconds by stage of one search, as `Pipeline.by_picture` does it."""
    timings = Timings()
    with timings.stage("extract"):
        seen = runtime.extractor.extract_asking(question.picture)
    query = Query(question.lent(seen), question.text, question.vienna_codes, wanted, Weights(), hits)
    return runtime.pipeline.search(query, timings).timings_ms
