"""Trains the embedder: MoCo v3 on views of logos.

    python -m training.train --config training/configs/cpu.toml --data build/icons --data build/brands=0.2 \\
        --validate TRUTH --leave-out build/brands/groups.txt --out build/run

Run the same command again to go on where a run was stopped or killed: the weights come out as if it never had been.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from training.assembly import assemble
from training.batches import batch_loader
from training.checkpoint import (
    BEST,
    CheckpointError,
    checkpoint_file,
    differences,
    newest,
    prune,
    read_checkpoint,
    write_checkpoint,
)
from training.command import reported
from training.dry_run import dry_run
from training.journal import Journal
from training.run import Run, Stop, make_batches, run_of, run_parser
from training.trainer import Trainer


def train(run: Run) -> Trainer:
    """Train until the last step, the time limit or a signal; a checkpoint holds whatever has been reached."""
    run.out.mkdir(parents=True, exist_ok=True)
    keeping, steps = run.configuration.keeping, run.configuration.optimiser.steps
    batches = make_batches(run)
    reached = last_checkpoint(run)
    start = read_checkpoint(run.weights) if run.weights and reached is None else reached
    trainer = assemble(run.configuration, batches, run.device, start)
    if reached is not None:
        trainer.restore(reached)
    journal, drawn = Journal(run.out, trainer.step), run.digest()
    loader = batch_loader(batches, range(trainer.step, steps), run.configuration.machine.workers)
    with Stop(run.minutes) as stop, _progress() as progress:
        task = progress.add_task("training", total=steps, completed=trainer.step, now="")
        for batch in loader:
            result = trainer.take(batch)
            journal.step(result, pictures=2 * len(batch), every=keeping.log_every)
            progress.update(task, completed=trainer.step, now=journal.now)
            last = trainer.step == steps or stop.wanted()
            if trainer.step % keeping.validate_every == 0 or trainer.step == steps:
                validate(trainer, run, journal, drawn)
            if last or trainer.step % keeping.checkpoint_every == 0:
                write_checkpoint(checkpoint_file(run.out, trainer.step), _state(trainer, drawn))
                prune(run.out, keeping.keep_last)
            if last:
                break
    journal.draw()
    if batches.damaged:
        sys.stderr.write(f"{batches.damaged:,} damaged or blank pictures were left out\n")
    return trainer


def last_checkpoint(run: Run) -> dict[str, Any] | None:
    """The newest whole checkpoint in a run's folder, if there is any. Raises CheckpointError if it is another run's."""
    state = next(newest(run.out), None)
    if state is None:
        return None
    other = differences(run.configuration, state["configuration"])
    if other:
        raise CheckpointError(
            f"the checkpoints in {run.out} are of a run with other settings: {'; '.join(other)}. "
            "Name another folder with --out, or train with the former settings"
        )
    if state.get("pictures") != run.digest():
        raise CheckpointError(
            f"the checkpoints in {run.out} are of a run on other pictures, or of an earlier version. Name "
            "another folder with --out (and "
            "--weights to start from one of them), or the same --data with the same shares, --exclude and "
            "--neighbours in the same order"
        )
    return state


def _state(trainer: Trainer, drawn: str) -> dict[str, Any]:
    return {**trainer.state(), "pictures": drawn}


def validate(trainer: Trainer, run: Run, journal: Journal, drawn: str) -> None:
    """Measure, write down, and keep the weights if they are the best so far; `drawn` is the run's digest."""
    if run.validation is None:
        return
    metrics = run.validation.measure(trainer.moco, run.device, trainer.autocast(gradient=False))
    if journal.validated(trainer.step, asdict(metrics)):
        write_checkpoint(run.out / BEST, _state(trainer, drawn))
    journal.draw()


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("step {task.completed:.0f}/{task.total:.0f}{task.fields[now]}, for"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )


def _work(options: argparse.Namespace) -> str:
    run = run_of(options)
    if options.dry_run:
        return dry_run(run.configuration, make_batches(run), run.device)
    trainer = train(run)
    return f"step {trainer.step} of {run.configuration.optimiser.steps}: {run.out}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, or try whether a batch fits."""
    parser = run_parser("python -m training.train", __doc__)
    parser.add_argument("--dry-run", action="store_true", help="try one batch: memory, time; write nothing")
    return reported(parser, arguments, _work)


if __name__ == "__main__":
    sys.exit(main())
