"""`logosim evaluate calibrate`: learn from truth what likeness is worth as evidence."""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import rich_click as click
from rich.table import Table

from logosim.cli.calibration_truth import judged_codes, judged_names
from logosim.cli.display import console, progress_bar
from logosim.cli.truth_database import pictures_by_mark, questions, truth_database, with_read_names
from logosim.cli.truth_sets import Asking, opened_truth, refuse_namesakes, truth_options
from logosim.domain.hit import Hit
from logosim.domain.query import CHANNELS
from logosim.errors import DependencyMissing, InputError
from logosim.evaluation.calibrating import (
    CODES,
    Curves,
    Judged,
    NothingToLearn,
    completed,
    fit,
    joined,
    judged,
)
from logosim.evaluation.names import read_pairs, read_register
from logosim.evaluation.plots import draw_curves
from logosim.evaluation.reliability import Bin, HeldOut, held_out, reliability
from logosim.evaluation.truth import TruthSet
from logosim.runtime import decode_limits
from logosim.search.calibration import COLUMNS, GREATEST, packaged_calibrations
from logosim.search.wording import listed
from logosim.settings import Settings

_GROUPS = 1_000_000  # more than any set has, so that the groups of two sets differ


@click.command(
    "calibrate",
    epilog="Example: logosim evaluate calibrate --truth BRANDS --truth COMPANY --names pairs.csv "
    "--register register.jsonl.gz calibration.csv",
)
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@truth_options
@click.option(
    "--copies-of",
    multiple=True,
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    metavar="FOLDER",
    help="Besides, learn from changed copies of the pictures of a folder.",
)
@click.option(
    "--names",
    "pairs",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    required=True,
    help="Pairs of names that were decided about: a CSV with mark_a, mark_b and label.",
)
@click.option(
    "--register",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    required=True,
    help="Names of a register, and their Vienna codes: a line each, or .jsonl(.gz) with text and vienna_codes.",
)
@click.option("--plots", type=click.Path(path_type=Path, file_okay=False), help="Draw the curves and the reliability.")
@click.pass_obj
def calibrate(
    settings: Settings,
    /,
    out: Path,
    folders: tuple[Path, ...],
    copies_of: tuple[Path, ...],
    pairs: Path,
    register: Path,
    plots: Path | None,
    **given: Any,
) -> None:
    """Learn what a likeness is worth as evidence of a confusion, and write the table OUT for LOGOSIM_CALIBRATION.

    Every query of the truth sets goes through the whole search, with the names that are read in the pictures; pairs of
    names are compared among those of the register; codes are learnt from marks of one name. Five-fold cross-validation
    says how well scores hold what they promise. A channel that no truth set says anything about keeps its packaged
    curve.
    """
    if find_spec("scipy") is None:  # said before the searches, which take long
        raise DependencyMissing("scipy is not installed.", hint="Install the extra: pip install 'logosim[peers]'")
    asking = Asking.of(given)
    refuse_namesakes(folders)
    refuse_namesakes(copies_of)
    rng = np.random.default_rng(asking.seed)
    known, decided = read_register(register), read_pairs(pairs)
    sets: list[Judged] = []
    plain = dataclasses.replace(asking, copies=None) if copies_of else asking
    changed = dataclasses.replace(asking, kind="changed", distractors=(), distractor_count=None)
    asked = [*((folder, plain) for folder in folders), *((folder, changed) for folder in copies_of)]
    for number, (folder, how) in enumerate(asked):
        with opened_truth(folder, how, decode_limits(settings)) as truth:
            sets.append(_judged_pictures(settings, truth, number * _GROUPS, rng))
    names = judged_names(decided, known, rng)
    sets.append(dataclasses.replace(names, groups=names.groups + len(asked) * _GROUPS))
    pictures_and_names = completed(sets, rng)
    try:
        curves = dict(fit(pictures_and_names))
        codes = judged_codes(register, rng)
        if codes is not None:
            knots, nats = fit([codes])["vienna"]
            curves["vienna"] = knots, tuple(CODES * value for value in nats)
        checked = held_out(pictures_and_names, asking.seed)
    except NothingToLearn as error:
        raise InputError(f"There is too little to learn from: {error}.") from error
    unknown = [channel for channel in CHANNELS if channel not in curves]
    for channel in unknown:
        packaged = packaged_calibrations().of(None)[channel]
        curves[channel] = packaged.values, packaged.evidence
    _write(out, curves)
    bins = reliability(checked)
    _print(sets, curves, checked, bins)
    if unknown:
        console.print(
            f"\nNo truth set says anything about {listed(unknown)}: as in the packaged table.", highlight=False
        )
    if plots is not None:
        _draw(plots, curves, bins)
    console.print(f"\nWritten to {out}; LOGOSIM_CALIBRATION={out} uses it.", highlight=False, soft_wrap=True)


def _judged_pictures(settings: Settings, truth: TruthSet, first_group: int, rng: np.random.Generator) -> Judged:
    truth = with_read_names(settings, truth)
    parts = []
    with truth_database(settings, truth) as (runtime, marks):
        picture_of = pictures_by_mark(marks)
        asked = questions(runtime, truth, marks)
        with progress_bar("queries") as bar:
            for query, question in bar.track(asked.items(), description="Searching"):
                right, ignored = truth.positives(query), truth.ignored(query)
                hits = runtime.pipeline.search(question).hits
                places = np.array([picture_of[hit.mark_id] for hit in hits], dtype=np.int64)
                kept = right[places] | ~ignored[places]
                if right[places].any():
                    values = np.array([_values(hit) for hit in hits])[kept]
                    group = first_group + int(truth.groups[query])
                    parts.append(judged(truth.name, values, right[places][kept], group, rng))
    if not parts:
        raise InputError(f"Nothing that should be found is found in {truth.name}: there is nothing to learn from.")
    return joined(parts)


def _values(hit: Hit) -> list[float]:
    found = {item.channel: item.value for item in hit.evidence}
    return [found.get(channel, float("nan")) for channel in CHANNELS]


def _write(out: Path, curves: Curves) -> None:
    try:
        with out.open("w", encoding="utf-8", newline="") as lines:
            table = csv.writer(lines, lineterminator="\n")
            table.writerow(COLUMNS)
            for channel in CHANNELS:
                for value, nats in zip(*curves[channel], strict=True):
                    told = min(max(nats, -GREATEST), GREATEST)  # where little truth parts right and wrong without rest
                    table.writerow(("", channel, f"{value:g}", f"{told:.3f}"))
    except OSError as error:
        raise InputError(f"{out} cannot be written: {error.strerror}.") from None


def _print(sets: Sequence[Judged], curves: Curves, checked: Sequence[HeldOut], bins: Sequence[Bin]) -> None:
    learnt = Table("channel", "evidence (nats) by value", title="What was learnt", title_justify="left")
    for channel in CHANNELS:
        learnt.add_row(
            channel, "  ".join(f"{value:g}: {nats:+.2f}" for value, nats in zip(*curves[channel], strict=True))
        )
    console.print(learnt)
    held = Table(
        "score", "candidates", "mean score", "of them right", "of all right", title="Held out", title_justify="left"
    )
    for of in bins:
        held.add_row(
            f"{of.low:g} to {of.high:g}",
            f"{of.candidates:,}",
            f"{of.score:.4f}",
            f"{of.right:.4f}",
            f"{of.of_all_right:.3f}",
        )
    console.print(held)
    for one in sets:
        console.print(
            f"{one.name}: {int(one.right.sum()):,} right of {len(one):,} candidates", style="dim", highlight=False
        )


def _draw(folder: Path, curves: Curves, bins: Sequence[Bin]) -> None:
    series: Mapping[str, tuple[Sequence[float], Sequence[float]]] = {channel: curves[channel] for channel in CHANNELS}
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder} cannot be made: {error.strerror}.") from None
    draw_curves(series, title="Evidence", x_label="value of the channel", y_label="nats", file=folder / "evidence.png")
    promised = [of.score for of in bins]
    draw_curves(
        {"as promised": (promised, promised), "held out": (promised, [of.right for of in bins])},
        title="Reliability",
        x_label="score",
        y_label="share that is right",
        file=folder / "reliability.png",
    )
