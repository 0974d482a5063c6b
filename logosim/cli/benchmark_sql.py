"""`logosim benchmark sql`: the second stage of a search in SQL beside the program's own, in one run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from uuid import UUID

import rich_click as click

from logosim.cli.benchmark_results import report
from logosim.cli.display import console, progress_bar
from logosim.cli.evaluation_pictures import refuse_unwritable
from logosim.cli.timing import percentiles
from logosim.database import tuning
from logosim.domain.query import Weights
from logosim.errors import InputError
from logosim.phonetics.aline import aline_similarities
from logosim.phonetics.names import sound_of_names, spelling_of_names
from logosim.runtime import Runtime, database_url
from logosim.search.pipeline import NO_FILTER, name_keys, query_of
from logosim.settings import Settings
from logosim.spatial.matching import match_patches
from logosim.store.search import SearchStore
from logosim.store.second_stage import SecondStage

PROGRAM, SQL = "program", "SQL"
_GONE_OVER = 100  # marks whose near-duplicates are asked for at once
SAME = 1e-5  # scores that differ by less are the same


@click.command(
    "sql",
    epilog="Examples: logosim benchmark sql\n\n"
    "LOGOSIM_DATABASE_URL=postgresql://host/marks logosim benchmark sql --queries 100 --json sql.json",
)
@click.option("--queries", type=click.IntRange(1), default=25, show_default=True, help="Stored marks that ask.")
@click.option("--names", type=click.IntRange(1, 1000), default=500, show_default=True, help="Names for each.")
@click.option("--pictures", type=click.IntRange(1, 1000), default=50, show_default=True, help="Pictures for each.")
@click.option("--hits", type=click.IntRange(1, 1000), default=20, show_default=True, help="Hits that are searched for.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Which marks ask.")
@click.option("--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write the results as data.")
@click.pass_obj
def in_sql(
    settings: Settings, queries: int, names: int, pictures: int, hits: int, seed: int, json_file: Path | None
) -> None:
    """Measure the search in SQL beside the program's own, on the marks of your database.

    Stored marks ask. Of the candidates of each, names are compared by sound (ALINE alone, then both channels of names)
    and pictures by their patches; then the whole search and the explanation of its first hit run, in SQL and in the
    program. It is counted how often both gave the same hits in the same order with the same scores. What only SQL does
    is timed besides: facets of all candidates, suggested Vienna codes, near-duplicates of some 100 marks. Nothing is
    written; what searches read is read into memory first, as a server does before it answers.
    """
    refuse_unwritable(json_file)
    took: dict[str, list[float]] = defaultdict(list)
    with Runtime.open(settings, role="logosim_api") as runtime:
        marks = runtime.marks.drawn(queries, seed)
        if not marks or runtime.marks.count() < 2:
            raise InputError(
                "The database has no two marks whose pictures have been looked at.",
                hint="Run `logosim demo`, or take in marks of your own with `logosim ingest` and `logosim worker`.",
            )
        if not runtime.judges_as_sql():
            raise InputError(
                "SQL judges by another calibration than this process.",
                hint="Run `logosim db upgrade` with the LOGOSIM_CALIBRATION of this process.",
            )
        tuning.prewarm(database_url(settings))
        count = runtime.marks.count()
        parts = max(1, count // _GONE_OVER)
        Measurement(runtime, names, pictures, hits, parts, defaultdict(list)).of(marks[0])  # untimed: pages are read
        measurement = Measurement(runtime, names, pictures, hits, parts, took)
        with progress_bar("queries") as bar:
            same = [measurement.of(mark) for mark in bar.track(marks, description="Searching")]
    console.print(
        f"{len(marks):,} of {count:,} stored marks asked; {sum(same):,} answers in SQL were those of the program: the "
        "same marks in the same order with the same scores",
        highlight=False,
        soft_wrap=True,
    )
    report(
        settings, percentiles(took), json_file, marks=count, queries=len(marks), names=names, pictures=pictures,
        hits=hits, same_answers=sum(same),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Measurement:
    """Times both for one question after the other, into `took` in milliseconds by what was done."""

    runtime: Runtime
    names: int
    pictures: int
    hits: int
    parts: int  # of the register, of some _GONE_OVER marks each
    took: dict[str, list[float]]

    def of(self, mark: UUID) -> bool:
        """Time all parts for one stored mark; whether both searches gave the same answer."""
        in_sql = SecondStage(self.runtime.pool)
        query = query_of(self.runtime.marks.get(mark), NO_FILTER, Weights(), self.hits)
        with SearchStore(self.runtime.pool, self.runtime.transcriber).snapshot() as marks:
            found = marks.candidates(query)
            shown = marks.patches([c.mark_id for c in found.candidates if c.blank is False][: self.pictures])
        keys = name_keys(query.text, self.runtime.transcriber.phonemes, found.words)
        named = [c for c in found.candidates if c.normalised_text and c.phonemes][: self.names]
        if keys.normalised and keys.phonemes and named:
            written, spoken = [c.normalised_text for c in named], [c.phonemes for c in named]
            with self._part(f"ALINE, up to {self.names} names", PROGRAM):
                aline_similarities(keys.phonemes, spoken)
            with self._part(f"ALINE, up to {self.names} names", SQL):
                in_sql.aline(keys.phonemes, spoken)
            with self._part(f"names, up to {self.names}", PROGRAM):
                sound_of_names(keys.normalised, keys.phonemes, written, spoken, found.words)
                spelling_of_names(keys.normalised, written, found.words)
            with self._part(f"names, up to {self.names}", SQL):
                in_sql.names(keys.normalised, keys.phonemes, written, spoken)
        if query.features is not None and len(shown):
            with self._part(f"patches, up to {self.pictures} pictures", PROGRAM):
                match_patches(query.features.patches, shown)
            with self._part(f"patches, up to {self.pictures} pictures", SQL):
                in_sql.patches(query.features.patches, list(shown))
        with self._part("search", PROGRAM):
            answer = self.runtime.pipeline.by_mark(mark, k=self.hits)
        with self._part("search", SQL):
            hits = in_sql.search(mark, self.hits)
        if answer.hits:
            with self._part("explain", PROGRAM):
                self.runtime.comparison.of_marks(mark, answer.hits[0].mark_id, places=False)
            with self._part("explain", SQL):
                in_sql.explain(mark, answer.hits[0].mark_id)
        with self._part("facets of all candidates", SQL):
            in_sql.facets([c.mark_id for c in found.candidates])
        with self._part("suggested Vienna codes", SQL):
            in_sql.suggested_codes(mark)
        with self._part(f"near-duplicates of {_GONE_OVER} marks", SQL):
            in_sql.near_duplicates(mark.int % self.parts + 1, self.parts)
        return len(hits) == len(answer.hits) and all(
            mark_id == hit.mark_id and abs(score - hit.score) < SAME
            for (mark_id, score), hit in zip(hits, answer.hits, strict=True)
        )

    @contextmanager
    def _part(self, name: str, where: str) -> Iterator[None]:
        started = perf_counter()
        yield
        self.took[f"{name}: {where}"].append(1000 * (perf_counter() - started))
