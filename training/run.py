"""A run as a command describes it: options, and the parts they name."""

from __future__ import annotations

import argparse
import hashlib
import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import torch

from training.augment.lettering import Lettering
from training.augment.views import ViewMaker
from training.batches import Batches
from training.collection import Collection, load_collection, parse_source
from training.configuration import Configuration, ConfigurationError, changed, load_configuration
from training.holdout import BRAND, read_exclusion
from training.neighbours import read_neighbours
from training.pictures import font_files
from training.validation import Validation
from training.words import names_of


@dataclass(frozen=True, slots=True)
class Run:
    """Where a run's parts are."""

    configuration: Configuration
    collection: Collection
    out: Path
    device: torch.device
    weights: Path | None
    neighbours: Path | None
    validation: Validation | None
    minutes: float | None

    def digest(self) -> str:
        """64 hexadecimal digits that stand for what is drawn: the pictures, how often each folder's, and neighbours.

        With an auxiliary classifier the pictures' codes count as well.
        """
        found = hashlib.sha256(self.collection.digest().encode())
        if self.configuration.loss.vienna_weight:
            found.update(repr(self.collection.codes).encode())
        found.update(self.collection.chances.astype("<f8").tobytes())
        if self.neighbours is not None:
            found.update(read_neighbours(self.neighbours, self.collection).tobytes())
        return found.hexdigest()


def run_parser(program: str, description: str | None) -> argparse.ArgumentParser:
    """The options that describe a run."""
    parser = argparse.ArgumentParser(
        prog=program, description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config", type=Path, required=True, help="TOML file of settings; see training/configs")
    parser.add_argument(
        "--data", type=parse_source, action="append", required=True, metavar="FOLDER[=SHARE]",
        help="folder with an index.csv or of L3D, and the share of the pairs drawn from it; may be repeated",
    )  # fmt: skip
    parser.add_argument("--exclude", type=Path, action="append", help="brands that never train: slugs, one a line")
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoints, journal and curves")
    parser.add_argument("--validate", type=Path, metavar="TRUTH", help="brands truth set to measure recall on")
    parser.add_argument("--leave-out", type=Path, help="file of brand groups that validation does not ask about")
    parser.add_argument("--weights", type=Path, help="checkpoint of a former run to start from, instead of ImageNet's")
    parser.add_argument("--neighbours", type=Path, help="file made by training.neighbours: hard negatives")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="change a setting, as loss.queue=0"
    )
    parser.add_argument("--minutes", type=float, help="stop after so long, with a checkpoint to go on from")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="threads of torch on a CPU")
    return parser


def run_of(options: argparse.Namespace) -> Run:
    """The run that the options describe; what was left out of its pictures is said on stderr."""
    wrong = [change for change in options.set if "=" not in change]
    if wrong:
        raise ConfigurationError(f"--set takes NAME=VALUE, not {wrong[0]}")
    configuration = changed(load_configuration(options.config), dict(change.split("=", 1) for change in options.set))
    collection = load_collection(options.data, read_exclusion(options.exclude) if options.exclude else None)
    sys.stderr.write("".join(f"{note}\n" for note in collection.notes))
    left_out = read_groups(options.leave_out) if options.leave_out else []
    validation = Validation(options.validate, left_out, configuration.data.pixels) if options.validate else None
    if validation is not None:
        refuse_trained_groups(validation, collection)
    return Run(
        configuration=configuration,
        collection=collection,
        out=options.out,
        device=_device(options.device),
        weights=options.weights,
        neighbours=options.neighbours,
        validation=validation,
        minutes=options.minutes,
    )


def refuse_trained_groups(validation: Validation, collection: Collection) -> None:
    """Raise ConfigurationError if validation asks about a brand group that trains: its recall would say nothing."""
    truth = validation.truth
    asked = {f"{BRAND}{truth.group_name(query)}" for query in truth.queries().tolist()}
    both = sorted(asked & set(collection.concepts))
    if both:
        raise ConfigurationError(
            f"{len(both)} brand groups both train and validate, such as {both[0].removeprefix(BRAND)}: "
            "name the file of the groups that train with --leave-out (training.holdout brands writes groups.txt)"
        )


def read_groups(file: Path) -> list[str]:
    """The brand groups that a file names, one a line. Raises ConfigurationError if it cannot be read."""
    try:
        return file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"--leave-out {file}: cannot be read as a list of brand groups: {error}") from error


def _device(name: str) -> torch.device:
    try:
        return torch.empty(0, device=name).device
    except (AssertionError, RuntimeError) as error:  # a torch without CUDA asserts
        reason = next(iter(str(error).splitlines()), "it is not there")
        raise ConfigurationError(f"--device {name} cannot be used here: {reason}") from error


def make_batches(run: Run) -> Batches:
    """The views of a run, by step."""
    configuration = run.configuration
    if run.neighbours and not configuration.data.hard_negatives:
        raise ConfigurationError("--neighbours is of no use while data.hard_negatives is 0")
    lettering = Lettering([Path(file) for file in font_files()], names_of(run.collection))
    return Batches(
        run.collection,
        ViewMaker(configuration.data.pixels, configuration.views, lettering),
        pairs=configuration.optimiser.pairs,
        other_hand=configuration.data.other_hand,
        seed=configuration.seed,
        neighbours=read_neighbours(run.neighbours, run.collection) if run.neighbours else None,
        hard_negatives=configuration.data.hard_negatives,
        cache_megabytes=configuration.machine.cache_megabytes,
    )


class Stop:
    """Asks whether to stop: after a time limit, or when the process is told to (SIGINT, SIGTERM)."""

    def __init__(self, minutes: float | None) -> None:
        self._deadline = None if minutes is None else time.monotonic() + 60 * minutes
        self._told = False

    def __enter__(self) -> Stop:
        self._former = {number: signal.signal(number, self._tell) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._former.items():
            signal.signal(number, handler)

    def _tell(self, *_: object) -> None:
        self._told = True

    def wanted(self) -> bool:
        """Whether the step that was just made is to be the last."""
        return self._told or (self._deadline is not None and time.monotonic() >= self._deadline)
