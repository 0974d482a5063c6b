"""Trains short runs that differ in one part each, and says what each part gives.

    python -m training.ablate --config training/configs/cpu.toml --variants training/configs/ablations.toml \\
        --steps 150 --data build/icons --data build/brands=0.2 --neighbours build/neighbours.npz \\
        --validate TRUTH --leave-out build/brands/groups.txt --out build/ablations

Prints a Markdown table. A variant whose run is done is not run again, so a stopped command goes on where it was.
"""

from __future__ import annotations

import argparse
import dataclasses
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from training.command import reported
from training.configuration import Configuration, ConfigurationError, changed, read_toml
from training.journal import read_journal
from training.run import Run, run_of, run_parser
from training.train import last_checkpoint, train

_COLUMNS = ("recall_at_100", "recall_at_10", "map_at_100", "hit_at_1")


def load_variants(file: Path) -> dict[str, dict[str, Any]]:
    """Changes of settings by the variant's name, in the file's order. Raises ConfigurationError."""
    variants = read_toml(file)
    wrong = [name for name, changes in variants.items() if not isinstance(changes, dict)]
    if wrong or not variants:
        raise ConfigurationError(
            f"{file} must have a table of settings for each variant" + "".join(map(": {}".format, wrong))
        )
    return variants


def shortened(configuration: Configuration, steps: int) -> Configuration:
    """The configuration for so many steps: a schedule of its own, validated and saved once, at its end."""
    optimiser = dataclasses.replace(
        configuration.optimiser, steps=steps, warmup_steps=min(configuration.optimiser.warmup_steps, steps // 5)
    )
    keeping = dataclasses.replace(configuration.keeping, validate_every=steps, checkpoint_every=steps, keep_last=1)
    return dataclasses.replace(configuration, optimiser=optimiser, keeping=keeping)


def variant_of(base: Run, name: str, changes: Mapping[str, Any]) -> Run:
    """The run of a variant, in its own folder below the base run's.

    With `weights = "imagenet"` among its changes it does not start where the others do: for heads of another kind.
    Neighbours are for the variants with `data.hard_negatives`.

    Raises ConfigurationError if it lacks what it needs.
    """
    folder = base.out / re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    start = changes.get("weights")
    if start not in (None, "imagenet"):
        raise ConfigurationError(f'the variant {name!r} can start from weights = "imagenet", not from {start!r}')
    settings = {setting: value for setting, value in changes.items() if setting != "weights"}
    configuration = changed(base.configuration, settings)
    if configuration.data.hard_negatives and base.neighbours is None:
        raise ConfigurationError(f"the variant {name!r} needs --neighbours")
    if configuration.loss.vienna_weight and not any(base.collection.codes):
        raise ConfigurationError(f"the variant {name!r} needs pictures with Vienna codes (training.vienna_codes)")
    return dataclasses.replace(
        base,
        configuration=configuration,
        out=folder,
        weights=None if start else base.weights,
        neighbours=base.neighbours if configuration.data.hard_negatives else None,
    )


def trained(run: Run) -> dict[str, float]:
    """The metrics of a variant's last step; it is trained unless that is done.

    Raises CheckpointError if what lies in its folder is of a run with other settings or pictures.
    """
    steps = run.configuration.optimiser.steps
    if last_checkpoint(run) is None or _metrics(run.out, steps) is None:
        train(run)
    metrics = _metrics(run.out, steps)
    if metrics is None:
        raise ConfigurationError(f"the run in {run.out} was stopped before its end: start again to go on")
    return metrics


def _metrics(folder: Path, step: int) -> dict[str, float] | None:
    found = [entry for entry in read_journal(folder) if entry["step"] == step and _COLUMNS[0] in entry]
    return found[-1] if found else None


def row(name: str, metrics: Mapping[str, float], first: Mapping[str, float]) -> str:
    """A line of the table; the last column is the difference of recall@100 to the first variant."""
    numbers = [f"{metrics[column]:.3f}" for column in _COLUMNS]
    difference = f"{metrics[_COLUMNS[0]] - first[_COLUMNS[0]]:+.3f}" if metrics is not first else ""
    return "| " + " | ".join([name, *numbers, difference]) + " |"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all variants and print the table line by line."""
    parser = run_parser("python -m training.ablate", __doc__)
    parser.add_argument("--variants", type=Path, required=True, help="TOML file: settings changed, by variant")
    parser.add_argument("--steps", type=int, default=150, help="steps of each run")
    return reported(parser, arguments, _all)


def _all(options: argparse.Namespace) -> str:
    base = run_of(options)
    if base.validation is None:
        raise ConfigurationError("--validate is needed: the variants are judged by it")
    base = dataclasses.replace(base, configuration=shortened(base.configuration, options.steps))
    variants = {name: variant_of(base, name, changes) for name, changes in load_variants(options.variants).items()}
    sys.stdout.write("| run | R@100 | R@10 | MAP@100 | hit@1 | R@100 against the first |\n|---|---|---|---|---|---|\n")
    first: dict[str, float] | None = None
    for name, run in variants.items():
        metrics = trained(run)
        first = metrics if first is None else first
        sys.stdout.write(row(name, metrics, first) + "\n")
        sys.stdout.flush()
    return f"{options.steps} steps each; {base.out}"


if __name__ == "__main__":
    sys.exit(main())
