"""Commands that bring marks in: read records, run workers, look at the queue."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from logosim.cli.display import console, counted, errors, progress_bar
from logosim.cli.workforce import Workforce
from logosim.domain.ingest import IngestReport
from logosim.domain.parse import parse_text
from logosim.errors import InputError
from logosim.ingest import l3d
from logosim.ingest.flow import ingest as ingest_flow
from logosim.runtime import Runtime
from logosim.settings import Settings
from logosim.store.picture_requests import PictureRequestStore


@click.command(epilog="Example: logosim ingest ~/l3d && logosim worker --until-empty")
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--source", default="l3d", show_default=True, help="Name of the data set or register the marks come from."
)
@click.pass_obj
def ingest(settings: Settings, path: Path, source: str) -> None:
    """Take in an L3D folder: JSON files and pictures. Running it again takes in only what changed."""
    name = parse_text(source)
    if name is None:
        raise InputError("The source is empty.", hint="Name the data set or register: --source NAME")
    with Runtime.open(settings, role="logosim_worker") as runtime:
        report = ingest_folder(runtime, path, name)
        waiting = runtime.work.pending()
    print_report(report)
    if waiting:
        waits = counted(waiting, "mark waits", "marks wait")
        errors.print(f"{waits} for a worker: logosim worker --until-empty", highlight=False)


def ingest_folder(runtime: Runtime, path: Path, source: str) -> IngestReport:
    """Ingest an L3D folder with a progress bar."""
    reading = l3d.read(path, source)
    with progress_bar("records") as bar:
        task = bar.add_task("Reading", total=l3d.count_hint(path))
        report = ingest_flow(
            reading,
            runtime.ingest_store,
            source=source,
            path=path,
            progress=lambda read: bar.update(task, completed=read),
        )
        bar.update(task, total=report.read, completed=report.read)
    return report


def print_report(report: IngestReport) -> None:
    """Counts of an ingestion, and why records were rejected."""
    console.print(
        f"{counted(report.read, 'record')}: {report.inserted:,} new, {report.updated:,} changed, "
        f"{report.unchanged:,} unchanged, {report.rejected_count:,} rejected; {report.queued:,} queued.",
        highlight=False,
    )
    for reason, count in sorted(report.rejected_by_reason.items()):
        console.print(f"  {count:>8,} {reason}", highlight=False)
    if report.rejected_count:
        errors.print("Each one with file, line and record: select * from logosim.ingest_reject", highlight=False)


@click.command(
    epilog="Example: logosim worker --until-empty --processes 2\n\n"
    "Example: logosim worker --pictures\n\n"
    "Example: logosim worker --model efficientnet-lite0-gem-whitened256"
)
@click.option("--until-empty", is_flag=True, help="End when nothing is left to do.")
@click.option("--processes", type=click.IntRange(1, 64), help="Worker processes; unset: one for each core.")
@click.option("--batch", type=click.IntRange(1, 256), default=16, show_default=True, help="Marks per claim.")
@click.option(
    "--model", metavar="NAME|FOLDER", help="Work for this registered model, active or not; unset: whichever is active."
)
@click.option(
    "--pictures",
    is_flag=True,
    help="Leave marks alone and answer only SQL clients that hand in a picture, at once; one process unless said.",
)
@click.pass_obj
def worker(
    settings: Settings, until_empty: bool, processes: int | None, batch: int, model: str | None, pictures: bool
) -> None:
    """Work off the queue: look at pictures, store their features.

    Before each batch, SQL clients are answered that have handed in a picture (`call logosim.embed_picture`). Workers
    follow a cut-over: they work for the model that is active. With --model they work for that one, before it is active
    or after.
    """
    if model and pictures:
        raise InputError("Pictures of SQL clients are looked at with the active model.", hint="Leave --model out.")
    with Runtime.open(settings, role="logosim_worker") as runtime:
        count = processes or (1 if pictures else settings.inference_threads)
        named = runtime.named_model(model) if model else None
        queue = runtime.work.for_model(named.model_id) if named else runtime.work
        try:
            with Workforce(
                settings, processes=count, batch=batch, until_empty=until_empty, model=model, pictures=pictures
            ) as workforce:
                if pictures:
                    workforce.watch(PictureRequestStore(runtime.pool), "pictures")
                    return
                workforce.watch(queue)
        except KeyboardInterrupt:  # which is how it is ended
            return
        states = runtime.work.status()
        looked_with = named or runtime.models.active()
        lacking = runtime.model_indexes.lacking(looked_with.model_id)
    if dead := states.get("dead", 0):
        errors.print(f"{counted(dead, 'mark')} could not be finished: logosim work --dead", highlight=False)
    if lacking:
        indexes = counted(lacking, "index that makes", "indexes that make")
        errors.print(
            f"There could be {indexes} searches faster: logosim models backfill {looked_with.name}",
            highlight=False,
            soft_wrap=True,
        )


@click.command(epilog="Example: logosim work --dead, then logosim work --retry")
@click.option("--dead", is_flag=True, help="List marks that were set aside, with their last error.")
@click.option("--retry", is_flag=True, help="Queue the marks that were set aside once more.")
@click.pass_obj
def work(settings: Settings, dead: bool, retry: bool) -> None:
    """Say what is queued, leased and set aside."""
    with Runtime.open(settings, role="logosim_worker") as runtime:
        if retry:
            console.print(f"{counted(runtime.work.retry_dead(), 'mark')} queued again.", highlight=False)
        if dead:
            for letter in runtime.work.dead_letters():
                console.print(f"{letter.mark_id} {letter.file}: {letter.error}", highlight=False, markup=False)
            return
        for state, count in runtime.work.status().items():
            console.print(f"{state:<8} {count:,}", highlight=False)
