"""Commands that go over to another model while searches go on, and that drop one."""

from __future__ import annotations

import rich_click as click
from rich.progress import Progress, TaskID

from logosim.cli.display import console, counted, errors, progress_bar
from logosim.cli.workforce import Workforce
from logosim.database import tuning
from logosim.errors import InputError
from logosim.runtime import Runtime, database_url
from logosim.settings import Settings
from logosim.store.model_indexes import IndexProgress
from logosim.store.model_versions import ModelState


@click.command(
    epilog="Example: logosim models backfill efficientnet-lite0-gem-whitened256\n\n"
    "Example: logosim models backfill ~/artifacts/logo-moco-1 --processes 2"
)
@click.argument("model", metavar="NAME|FOLDER")
@click.option("--processes", type=click.IntRange(1, 64), help="Worker processes; unset: one for each core.")
@click.option("--batch", type=click.IntRange(1, 256), default=16, show_default=True, help="Marks per claim.")
@click.option(
    "--queue-only",
    is_flag=True,
    help="Only queue the marks, for workers elsewhere (logosim worker --model NAME); run it once more for the index.",
)
@click.pass_obj
def backfill(settings: Settings, model: str, processes: int | None, batch: int, queue_only: bool) -> None:
    """Have a registered model look at all marks, and make its indexes. Searches go on with the active one.

    Of the active model it makes the indexes that it lacks: those of Vienna categories that many marks carry by now.

    From now on new and changed pictures are queued for it as well. Broken off, it goes on where it was when run again;
    several may run at once.
    """
    with Runtime.open(settings) as runtime:
        row = runtime.named_model(model)
        versions, queue = runtime.model_versions, runtime.work.for_model(row.model_id)
        with progress_bar("marks") as bar:
            task = bar.add_task("Queueing", total=runtime.marks.count())
            versions.queue_missing(row.model_id, lambda looked_at: bar.update(task, advance=looked_at))
        here = runtime.has_artifact(row)
        if queue.pending() and (queue_only or not here):
            _tell_of_workers(row.name, queue.pending(), here)
            return
        if queue.pending():
            count = processes or settings.inference_threads
            try:
                with Workforce(settings, processes=count, batch=batch, until_empty=True, model=model) as workforce:
                    workforce.watch(queue)
            except KeyboardInterrupt:
                left = counted(queue.pending(), "mark is", "marks are")
                errors.print(f"{left} left; run it again to go on.", highlight=False)
                return
        with progress_bar("blocks") as bar:
            shown = _IndexBar(bar)
            made = runtime.model_indexes.make(row.model_id, shown.show)
            shown.end("made" if made else "there already")
        _tell_of_state(versions.state(row.model_id))


@click.command(
    epilog="Example: logosim models activate efficientnet-lite0-gem-whitened256\n\n"
    "Example, back again: logosim models activate efficientnet-lite0-logos-whitened256"
)
@click.argument("model", metavar="NAME|FOLDER")
@click.option("--force", is_flag=True, help="Even if marks have no features of it yet, or its index is not there.")
@click.pass_obj
def activate(settings: Settings, model: str, force: bool) -> None:
    """Go over to a model that has been backfilled: at once, for all searches that begin from now on.

    The former model is kept up with new pictures as far as workers look at them with it (logosim worker --model), so
    that the same command goes back: after a backfill that is as short as the time in between.
    """
    with Runtime.open(settings) as runtime:
        row = runtime.named_model(model)
        tuning.prewarm(database_url(settings))  # the first search with it is to be as fast as the last one before
        former = runtime.model_versions.activate(row.model_id, force=force)
        state = runtime.model_versions.state(row.model_id)
        bundled_or_set = runtime.has_artifact(row)
    console.print(f"{row.name} is active.", highlight=False)
    if former not in (None, row.name):
        errors.print(f"Back: logosim models activate {former}", highlight=False, soft_wrap=True)
    if not bundled_or_set:
        errors.print(
            "Processes without its artifact refuse pictures: put its folder into LOGOSIM_MODEL_DIR.", soft_wrap=True
        )
    if state.waiting:
        waits = counted(state.waiting, "mark waits", "marks wait")
        errors.print(f"{waits} for a worker: logosim worker --until-empty", highlight=False)


@click.command(epilog="Example: logosim models drop efficientnet-lite0-gem-whitened256")
@click.argument("model", metavar="NAME|FOLDER")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def drop(settings: Settings, model: str, yes: bool) -> None:
    """Delete a model that is not active: its index, its features, what waits for it and pictures asked about with it.

    Pictures that watches keep stay, and are looked at with the active model when the watches are run. Broken off, it
    goes on where it was when run again; until then a backfill brings the model back.
    """
    with Runtime.open(settings) as runtime:
        row = runtime.named_model(model)
        state = runtime.model_versions.state(row.model_id)
        if row.active:
            raise InputError(
                f"{row.name} is the active model.", hint="Go over to another first: logosim models activate NAME"
            )
        if not yes:
            click.confirm(f"Delete {row.name} with features of {counted(state.seen, 'mark')}?", abort=True)
        runtime.model_versions.retire(row.model_id)
        runtime.model_indexes.drop(row.model_id)
        with progress_bar("marks") as bar:
            task = bar.add_task("Deleting", total=state.seen)
            runtime.model_versions.forget(row.model_id, lambda deleted: bar.update(task, advance=deleted))
    console.print(f"{row.name} is gone.", highlight=False)


class _IndexBar:
    """How far the making of an index is: a line for each phase that has a measure, and one for the others."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._task: TaskID = bar.add_task("Index", total=None)
        self._phase = ""

    def show(self, now: IndexProgress) -> None:
        """Move the bar to where the index is now."""
        if now.phase != self._phase:
            self._phase = now.phase
            if self._bar.tasks[-1].total:  # the phase before was counted: its line stays, full
                self._bar.update(self._task, completed=self._bar.tasks[-1].total)
                self._task = self._bar.add_task("", total=None)
        self._bar.update(self._task, description=f"Index: {now.phase}", completed=now.done, total=now.total or None)

    def end(self, said: str) -> None:
        """Say what came of it."""
        total = self._bar.tasks[-1].total or 1
        self._bar.update(self._task, description=f"Index {said}", completed=total, total=total)


def _tell_of_workers(name: str, waiting: int, here: bool) -> None:
    lacking = "" if here else "This process has no artifact of it. "
    waits = counted(waiting, "mark waits", "marks wait")
    errors.print(
        f"{waits} for workers with {name}. {lacking}Where its artifact is, run: logosim worker "
        f"--model {name}; when they are done, run this again for the index.",
        highlight=False,
        soft_wrap=True,
    )


def _tell_of_state(state: ModelState) -> None:
    given_up = f", {counted(state.dead, 'was', 'were')} given up (logosim work --dead)" if state.dead else ""
    console.print(f"{state.name} has seen {state.seen:,} of {counted(state.marks, 'mark')}{given_up}.", highlight=False)
    if state.state == "ready":
        errors.print(f"To go over: logosim models activate {state.name}", highlight=False, soft_wrap=True)
