"""`logosim benchmark rerank`: what each part of stage 2 takes, on candidates of the database that the settings name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

import numpy as np
import rich_click as click

from logosim.cli.benchmark_results import report
from logosim.cli.display import console, progress_bar
from logosim.cli.evaluation_pictures import refuse_unwritable
from logosim.cli.timing import percentiles
from logosim.domain.features import FloatArray
from logosim.domain.hit import Candidate
from logosim.domain.query import Query, Weights
from logosim.errors import InputError
from logosim.phonetics import aline_similarities, spelling_similarities
from logosim.runtime import Runtime
from logosim.search.explain import explain
from logosim.search.pipeline import NO_FILTER, name_keys, query_of
from logosim.search.rerank import compose, rerank
from logosim.search.vienna_overlap import vienna_similarities
from logosim.settings import Settings
from logosim.spatial.matching import match_patches
from logosim.store.search import SearchStore

FETCH, RERANK, EXPLAIN = "fetch", "re-ranking, all of it", "explain"
TOTAL = "fetch, re-ranking and explanation together"


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
    of these is fetched once more by itself, each channel compares them by itself, and then the whole re-ranking and
    the explanation of the hits run as a search runs them. Nothing is written.
    """
    refuse_unwritable(json_file)
    took: dict[str, list[float]] = defaultdict(list)
    with Runtime.open(settings, role="logosim_api") as runtime:
        store = SearchStore(runtime.pool)
        marks = runtime.marks.drawn(queries, seed)
        if len(marks) < min(queries, 2) or runtime.marks.count() < 2:
            raise InputError(
                "The database has no two marks whose pictures have been looked at.",
                hint="Run `logosim demo`, or take in marks of your own with `logosim ingest` and `logosim worker`.",
            )
        asked = [query_of(runtime.marks.get(mark), NO_FILTER, Weights(), hits) for mark in marks]
        measure(store, asked[0], candidates, defaultdict(list))  # untimed: pages and tables are read
        with progress_bar("queries") as bar:
            compared = [measure(store, query, candidates, took) for query in bar.track(asked, description="Re-ranking")]
        count = runtime.marks.count()
    console.print(
        f"{len(asked):,} of {count:,} stored marks asked, {sum(query.text is not None for query in asked):,} with a "
        f"name and {sum(bool(query.vienna_codes) for query in asked):,} with Vienna codes; each was compared with "
        f"{_range(compared)} candidates",
        highlight=False,
        soft_wrap=True,
    )
    report(
        settings,
        percentiles(took),
        json_file,
        marks=count,
        queries=len(asked),
        fewest_candidates=min(compared),
        most_candidates=max(compared),
    )


def _range(counts: Sequence[int]) -> str:
    least, most = min(counts), max(counts)
    return f"{most:,}" if least == most else f"{least:,} to {most:,}"


def measure(store: SearchStore, query: Query, limit: int, took: dict[str, list[float]]) -> int:
    """Time every part for one query, into `took` in milliseconds by part; how many candidates there were."""

    @contextmanager
    def part(name: str) -> Iterator[None]:
        started = perf_counter()
        yield
        took[name].append(1000 * (perf_counter() - started))

    with part("stage 1, with its fetch"):
        first = store.candidates(query).candidates[:limit]
    with part(FETCH):
        found = store.fetched(first)
    values: dict[str, FloatArray] = {}
    for channel, compare in channel_functions(query, found).items():
        with part(channel):
            values[channel] = compare()
    with part("compose"):
        compose(np.stack([values[channel] for channel in query.weights.as_dict()], axis=1), query.weights)
    with part(RERANK):
        ranking = rerank(query, name_keys(query.text), found)
    with part(EXPLAIN):
        explain(query, ranking)
    took[TOTAL].append(sum(took[name][-1] for name in (FETCH, RERANK, EXPLAIN)))
    return len(found)


def channel_functions(query: Query, found: Sequence[Candidate]) -> Mapping[str, Callable[[], FloatArray]]:
    """What each channel does for a query with a picture, by itself; channels that the query lacks do nothing."""
    names = name_keys(query.text)
    nothing = np.full(len(found), np.nan, dtype=np.float32)

    def look() -> FloatArray:  # the cosines have come with the candidates
        cosines = [np.nan if of.cosine is None else of.cosine for of in found]
        return np.clip(np.array(cosines, dtype=np.float32), 0, 1)

    def shape() -> FloatArray:
        stacks = [of.patches for of in found if of.patches is not None]
        if query.features is None or not stacks:
            return nothing
        values = nothing.copy()
        there = [of.patches is not None for of in found]
        values[there] = match_patches(query.features.patches, np.stack(stacks)).similarity
        return values

    def sound() -> FloatArray:
        return nothing if names.phonemes is None else aline_similarities(names.phonemes, [of.phonemes for of in found])

    def spelling() -> FloatArray:
        texts = [of.normalised_text for of in found]
        return nothing if names.normalised is None else spelling_similarities(names.normalised, texts)

    def vienna() -> FloatArray:
        return vienna_similarities(query.vienna_codes, [of.vienna_codes for of in found])

    return {"look": look, "shape": shape, "sound": sound, "spelling": spelling, "vienna": vienna}
