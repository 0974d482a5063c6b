"""`logosim benchmark rerank`: what each part of stage 2 takes, on candidates of the database that the settings name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from uuid import UUID

import rich_click as click

from logosim.cli.benchmark_results import report
from logosim.cli.display import console, progress_bar
from logosim.cli.evaluation_pictures import refuse_unwritable
from logosim.cli.timing import percentiles
from logosim.domain.features import PatchArray
from logosim.domain.query import CHANNELS, Query, Weights
from logosim.errors import InputError
from logosim.runtime import Runtime
from logosim.search.explain import explain
from logosim.search.pipeline import NO_FILTER, name_keys, query_of
from logosim.search.rerank import rerank
from logosim.settings import Settings
from logosim.store.search import SearchStore

FETCH, PATCHES, RERANK, EXPLAIN = "fetch of records", "shape: fetch of patches", "re-ranking, all of it", "explain"
TOTAL = "fetch of records, re-ranking and explanation together"


@click.command(
    "rerank",
    epilog="Examples: logosim benchmark rerank\n\n"
    "LOGOSIM_DATABASE_URL=postgresql://host/marks logosim benchmark rerank --queries 200 --json rerank.json",
)
@click.option("--queries", type=click.IntRange(1), default=50, show_default=True, help="Stored marks that ask.")
@click.option(
    "--candidates", type=click.IntRange(1, 1000), default=1000, show_default=True, help="What each is compared with."
)
@click.option("--hits", type=click.IntRange(1, 1000), default=20, show_default=True, help="Hits that are explained.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Which marks ask.")
@click.option("--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write the results as data.")
@click.pass_obj
def reranking(settings: Settings, queries: int, candidates: int, hits: int, seed: int, json_file: Path | None) -> None:
    """Measure the parts of the re-ranking on the marks of your database; logosim demo makes one to try it on.

    Stored marks ask with all they have: picture, name and codes. Stage 1 finds their candidates; what stage 2 needs
    of these is fetched once more by itself, and then the re-ranking and the explanation of the hits run as a search
    runs them. The channels are parts of the re-ranking; patches are fetched and matched only where they can bring a
    candidate among the hits: with --hits 1000 those of all candidates. Nothing is written.
    """
    refuse_unwritable(json_file)
    took: dict[str, list[float]] = defaultdict(list)
    with Runtime.open(settings, role="logosim_api") as runtime:
        marks = runtime.marks.drawn(queries, seed)
        if len(marks) < min(queries, 2) or runtime.marks.count() < 2:
            raise InputError(
                "The database has no two marks whose pictures have been looked at.",
                hint="Run `logosim demo`, or take in marks of your own with `logosim ingest` and `logosim worker`.",
            )
        asked = [query_of(runtime.marks.get(mark), NO_FILTER, Weights(), hits) for mark in marks]
        measure(runtime, asked[0], candidates, defaultdict(list))  # untimed: pages and tables are read
        with progress_bar("queries") as bar:
            counts = [measure(runtime, query, candidates, took) for query in bar.track(asked, description="Re-ranking")]
        count = runtime.marks.count()
    console.print(
        f"{len(asked):,} of {count:,} stored marks asked, {sum(query.text is not None for query in asked):,} with a "
        f"name and {sum(bool(query.vienna_codes) for query in asked):,} with Vienna codes; each was compared with "
        f"{_range([of.compared for of in counts])} candidates, by their patches with "
        f"{_range([of.matched for of in counts])}",
        highlight=False,
        soft_wrap=True,
    )
    report(
        settings,
        percentiles(took),
        json_file,
        marks=count,
        queries=len(asked),
        fewest_candidates=min(of.compared for of in counts),
        most_candidates=max(of.compared for of in counts),
        fewest_matched=min(of.matched for of in counts),
        most_matched=max(of.matched for of in counts),
    )


def _range(counts: Sequence[int]) -> str:
    least, most = min(counts), max(counts)
    return f"{most:,}" if least == most else f"{least:,} to {most:,}"


@dataclass(frozen=True, slots=True)
class Counts:
    """Of one query's candidates."""

    compared: int
    matched: int  # those whose patches were matched: the others could not have come among the hits by their shape


def measure(runtime: Runtime, query: Query, limit: int, took: dict[str, list[float]]) -> Counts:
    """Time every part for one query, into `took` in milliseconds by part; how many candidates there were."""

    @contextmanager
    def part(name: str) -> Iterator[None]:
        started = perf_counter()
        yield
        took[name].append(1000 * (perf_counter() - started))

    fetches = [0.0]
    with SearchStore(runtime.pool, runtime.transcriber).snapshot() as marks:

        def patches(mark_ids: Sequence[UUID]) -> PatchArray:
            started = perf_counter()
            fetched = marks.patches(mark_ids)
            fetches.append(1000 * (perf_counter() - started))
            return fetched

        with part("stage 1, with its fetch"):
            first = marks.candidates(query)
        with part(FETCH):
            found = marks.fetched(query, replace(first, candidates=first.candidates[:limit]))
        calibration = runtime.calibrations.of(first.model)
        started = perf_counter()
        names = name_keys(query.text, runtime.transcriber.phonemes, found.words)
        ranking = rerank(query, names, found.candidates, patches, calibration)
        reranked = 1000 * (perf_counter() - started)
    for channel in CHANNELS:
        took[channel].append(ranking.timings_ms[channel])
        if channel == "shape":
            took[PATCHES].append(sum(fetches))
    took[RERANK].append(reranked)
    with part(EXPLAIN):
        explain(query, ranking)
    took[TOTAL].append(sum(took[name][-1] for name in (FETCH, RERANK, EXPLAIN)))
    return Counts(len(found.candidates), len(ranking.figures))
