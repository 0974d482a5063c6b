"""`logosim benchmark selectivity`: stage 1 by look under filters of every selectivity, beside two other designs."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Protocol
from uuid import UUID

import numpy as np
import rich_click as click

from logosim.cli.circumstances import circumstances
from logosim.cli.display import console, errors, progress_bar
from logosim.cli.evaluation_pictures import refuse_unwritable
from logosim.cli.json_file import write_json
from logosim.cli.register_database import register_database, register_options
from logosim.domain.features import FloatArray
from logosim.domain.query import Filter
from logosim.errors import DependencyMissing
from logosim.evaluation.report import markdown
from logosim.evaluation.selectivity import Brute, Case, Flags
from logosim.peers.faiss_hnsw import FaissHnsw
from logosim.settings import Settings
from logosim.store.measuring import LookMeasurement, Measured

OURS, PLANNER, FAISS = "logosim", "planner", "faiss"
NO_FIRST_LOOK, ONE_PROCESS = "no-first-look", "one-process"
_LINKS, _BREADTH = 16, 64  # of FAISS's index: the numbers that pgvector's builds with unless told otherwise
_WARM_UP = 100  # searches of each way before any is measured
_ASKED = 4  # times as many as are wanted FAISS is asked for, so that some pass


@dataclass(frozen=True, slots=True)
class Found:
    """One answer of one way."""

    ids: Sequence[UUID]
    route: str
    milliseconds: float


class Way(Protocol):
    """A design that is measured."""

    def __call__(self, query: int, wanted: Filter, passes: Flags) -> Found:
        """Answer the query with that number."""
        ...


@dataclass(frozen=True, slots=True)
class Row:
    """One way under one kind of filter."""

    filter: str
    passing_least: int  # marks that pass, over the queries
    passing_most: int
    way: str
    routes: dict[str, int]  # how many queries took which
    p50_ms: float
    p99_ms: float
    recall: float  # mean share of the truly nearest that were found
    worst_recall: float
    short: int  # queries that got fewer rows than asked for while more exist


@click.command(
    "selectivity",
    epilog="Examples: logosim benchmark selectivity\n\n"
    "logosim benchmark selectivity --folder build/register --queries 200 --json selectivity.json\n\n"
    "logosim benchmark selectivity --marks 20000 --queries 10 --way logosim",
)
@register_options
@click.option(
    "--queries",
    type=click.IntRange(1),
    default=100,
    show_default=True,
    help="Pictures that ask, each under every filter.",
)
@click.option(
    "--candidates",
    type=click.IntRange(1, 10_000),
    default=1000,
    show_default=True,
    help="How many nearest marks each wants.",
)
@click.option(
    "--way",
    "ways",
    type=click.Choice([OURS, PLANNER, FAISS, NO_FIRST_LOOK, ONE_PROCESS]),
    multiple=True,
    help="What is measured; repeatable. Unset: the first three; FAISS where the extra `peers` is installed.",
)
@click.option("--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write the results as data.")
@click.pass_obj
def selectivity(
    settings: Settings,
    marks: int,
    queries: int,
    candidates: int,
    ways: Sequence[str],
    seed: int,
    folder: Path | None,
    json_file: Path | None,
) -> None:
    """Measure stage 1 by look under filters that pass from all marks to single ones.

    A register is made up, with embeddings that cluster as pictures do and Vienna codes as frequent as in L3D, and put
    into a database of its own, tuned as `logosim db tune` recommends; 770,000 marks take 3 GB of disk, 5 GB of memory
    and some minutes. Every query asks under every filter; what is truly nearest is computed apart, by comparing with
    every mark. The last three filters are correlated with the query: two exclude what its neighbours carry, by
    divisions and by sections, one keeps only what they lack.

    \b
      logosim   logosim.candidates as the API calls it
      planner   a plain query with a join, pgvector's iterative scan on, all else left to the planner
      faiss     FAISS's HNSW in memory, asked for four times as many, and filtered afterwards
      no-first-look   as logosim, without the route coarse; only where it is named
      one-process     as logosim, but one process follows the vector index; only where it is named

    The ways take turns, query by query, so that ratios hold on a machine that does other work as well. An answer is
    short if it has fewer rows than asked for while more marks pass.
    """
    refuse_unwritable(json_file)
    given = circumstances(settings)  # before it starts: files may change while it runs
    with register_database(settings, marks, seed, folder) as (runtime, register):
        given = dataclasses.replace(given, machine=f"{given.machine}, {runtime.versions()['pages']} pages")
        brute = Brute(register.chunks(), register.queries(queries))
        measurement, named = LookMeasurement(runtime.pool), ways or (OURS, PLANNER, FAISS)
        if PLANNER in named:
            errors.print("Building the planner's index, unless it is there ...", highlight=False)
            measurement.make_planners_index()
        chosen = _ways(named, brute, measurement, candidates, bool(ways))
        rows: list[Row] = []
        cases = brute.cases()
        with progress_bar("searches") as bar:
            task = bar.add_task("Warming up", total=len(cases) * queries * len(chosen))
            _warm_up(cases[0], chosen, brute)
            bar.update(task, description="Searching")
            for case in cases:
                rows += _measured(case, chosen, brute, candidates, lambda: bar.advance(task))
    told = f"{given.date}, commit {given.commit or 'not from a clone'}, {given.machine}: {given.command}"
    console.print(f"\n{told}\n", style="dim", highlight=False, markup=False, soft_wrap=True)
    console.print(table(rows, candidates), highlight=False, markup=False, soft_wrap=True)
    if json_file is not None:
        told_rows = [dataclasses.asdict(row) for row in rows]
        asked = {"marks": marks, "queries": queries, "candidates": candidates, "seed": seed}
        write_json(json_file, {**dataclasses.asdict(given), **asked, "rows": told_rows})


def _ways(
    names: Sequence[str], brute: Brute, measurement: LookMeasurement, candidates: int, demanded: bool
) -> dict[str, Way]:
    """The ways by name, in order; without FAISS, and said so, where it is not installed and was not demanded."""
    asked = {
        OURS: measurement.candidates,
        PLANNER: measurement.planned,
        NO_FIRST_LOOK: measurement.without_first_look,
        ONE_PROCESS: measurement.by_one_process,
    }
    ways: dict[str, Way] = {}
    for name in dict.fromkeys(names):
        if name != FAISS:
            ways[name] = _by_database(asked[name], brute, candidates)
            continue
        try:
            ways[name] = _by_faiss(brute, candidates)
        except DependencyMissing as error:
            if demanded:
                raise
            errors.print(f"Without the rows of FAISS: {error}", highlight=False)
    return ways


def _by_database(ask: Callable[[FloatArray, Filter, int], Measured], brute: Brute, candidates: int) -> Way:
    def answer(query: int, wanted: Filter, passes: Flags) -> Found:
        found = ask(brute.queries[query], wanted, candidates)
        return Found(found.mark_ids, found.route, found.milliseconds)

    return answer


def _by_faiss(brute: Brute, candidates: int) -> Way:
    errors.print("Building FAISS's index ...", highlight=False)
    index = FaissHnsw(brute.embeddings, links=_LINKS, breadth=_BREADTH)

    def answer(query: int, wanted: Filter, passes: Flags) -> Found:
        started = perf_counter()
        found = index.passing(brute.queries[query], passes, count=candidates, asked=_ASKED * candidates)
        took = 1000 * (perf_counter() - started)
        return Found([brute.ids[number] for number in found], "hnsw, filtered afterwards", took)

    return answer


def _warm_up(everything: Case, ways: dict[str, Way], brute: Brute) -> None:
    """Searches that nobody measures: a process of the server reaches memory slowly until it has read it once."""
    wanted = everything.filters[0]
    passes = brute.passing(wanted)
    for query in range(min(_WARM_UP, len(brute.queries))):
        for answer in ways.values():
            answer(query, wanted, passes)


def _measured(case: Case, ways: dict[str, Way], brute: Brute, candidates: int, done: Callable[[], None]) -> list[Row]:
    """Every query under its filter, the ways in turn; the first query is asked once more, before."""
    answers: dict[str, list[tuple[Found, float, bool]]] = {name: [] for name in ways}
    counts = []
    known: tuple[Filter, Flags] | None = None
    for query, wanted in enumerate(case.filters):
        if known is None or known[0] != wanted:
            known = wanted, brute.passing(wanted)
        passes = known[1]
        counts.append(int(passes.sum()))
        true = set(brute.nearest(query, passes, candidates))
        for name, answer in ways.items():
            if query == 0:
                answer(query, wanted, passes)
            found = answer(query, wanted, passes)
            share = len(true.intersection(found.ids)) / len(true) if true else 1.0
            answers[name].append((found, share, len(found.ids) < len(true)))
            done()
    return [_row(case.name, counts, name, of) for name, of in answers.items()]


def _row(case: str, counts: Sequence[int], way: str, answers: Sequence[tuple[Found, float, bool]]) -> Row:
    times = [found.milliseconds for found, _, _ in answers]
    shares = [share for _, share, _ in answers]
    return Row(
        filter=case,
        passing_least=min(counts),
        passing_most=max(counts),
        way=way,
        routes=dict(Counter(found.route for found, _, _ in answers).most_common()),
        p50_ms=float(np.percentile(times, 50)),
        p99_ms=float(np.percentile(times, 99)),
        recall=float(np.mean(shares)),
        worst_recall=min(shares),
        short=sum(short for *_, short in answers),
    )


def table(rows: Sequence[Row], candidates: int) -> str:
    """A Markdown table, one row a way under each kind of filter."""
    lines = [
        ["filter", "marks that pass", "way", "route", "p50 ms", "p99 ms", f"recall@{candidates:,}", "worst", "short"]
    ]
    for row in rows:
        least, most = f"{row.passing_least:,}", f"{row.passing_most:,}"
        routes = row.routes if len(row.routes) > 1 else dict.fromkeys(row.routes, 0)
        lines.append(
            [
                row.filter,
                least if least == most else f"{least} to {most}",
                row.way,
                ", ".join(f"{count} {route}" if count else route for route, count in routes.items()),
                f"{row.p50_ms:.1f}",
                f"{row.p99_ms:.1f}",
                f"{row.recall:.4f}",
                f"{row.worst_recall:.3f}",
                str(row.short),
            ]
        )
    return markdown(lines)
