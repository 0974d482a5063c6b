"""`logosim evaluate vienna`: Vienna codes that are suggested, held against those that marks carry."""

from __future__ import annotations

import dataclasses
import hashlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import numpy as np
import rich_click as click

from logosim.cli.circumstances import circumstances
from logosim.cli.display import console, errors, progress_bar
from logosim.cli.evaluation_pictures import refuse_unwritable
from logosim.cli.json_file import write_json
from logosim.cli.scratch import scratch_database
from logosim.cli.workforce import Workforce
from logosim.domain.mark import Mark, Picture, Rejection
from logosim.domain.vienna import ViennaLevel
from logosim.embedding import model_folder
from logosim.errors import InputError, RecordError
from logosim.evaluation.coded import has_coded_index, read_coded
from logosim.evaluation.intervals import Interval, bootstrap
from logosim.evaluation.label_ranking import Scores, label_precision, label_ranking_average_precision, label_recall
from logosim.evaluation.truth import BoolArray
from logosim.ingest import l3d
from logosim.ingest.flow import ingest
from logosim.runtime import Runtime
from logosim.settings import Settings

SOURCE = "truth"
FIGURES = "24"  # the last category of things shown; 25 to 29 are ornaments, shapes, writing and colours
LEVELS = tuple(ViennaLevel)[::-1]


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured at one level."""

    level: str
    codes: str  # all, or figures: categories 01 to 24 alone
    ranking: str  # suggested; or then the others, most frequent first; or for every mark the most frequent codes
    marks: int  # that carry such a code, and asked
    labels: int  # different codes of this level in the register: what is ranked
    precision_at_1: float
    precision_at_5: float
    recall_at_10: float
    lrap: Interval


@click.command(
    "vienna",
    epilog="Examples: logosim evaluate vienna --marks 1000\n\n"
    "LOGOSIM_OCR=none logosim evaluate vienna --truth L3D_FOLDER --neighbours 40 --json vienna.json",
)
@click.option(
    "--truth",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="An L3D folder, or pictures with an index.csv of file and codes; unset: the marks of the database.",
)
@click.option("--model", metavar="NAME|FOLDER", help="With --truth: model to look with; unset: that of the settings.")
@click.option("--marks", type=click.IntRange(1), default=1000, show_default=True, help="Marks that ask, at most.")
@click.option("--neighbours", type=click.IntRange(1, 1000), default=20, show_default=True, help="Whose codes count.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Which marks ask.")
@click.option("--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write the results as data.")
@click.pass_obj
def suggestions(
    settings: Settings,
    truth: Path | None,
    model: str | None,
    marks: int,
    neighbours: int,
    seed: int,
    json_file: Path | None,
) -> None:
    """Measure logosim.suggest_vienna: marks with codes ask, their own codes are held back, and compared.

    By level of the classification, for all codes and for those of figures alone (categories 01 to 24, for lettering
    and colours are easily right): precision of the first suggestion and of the first five, recall among ten, and
    label-ranking average precision (LRAP) over all codes that the register has. Codes that are not suggested stand
    last: all in one place, as LRAP counts ties, or ("then frequent") the most frequent first. Beside it the same of
    always suggesting what is most frequent.
    """
    if model is not None and truth is None:
        raise InputError("--model says nothing about your database, whose marks were looked at.", hint="Add --truth.")
    refuse_unwritable(json_file)
    given = circumstances(settings)
    with _opened(settings, truth, model) as runtime:
        asked = runtime.vienna.coded(marks, seed)
        if not asked:
            raise InputError("The database has no mark with Vienna codes whose picture has been looked at.")
        frequencies = runtime.vienna.frequencies()
        count, name = runtime.marks.count(), runtime.models.active().name
        rows = [row for level in LEVELS for row in _level(runtime, asked, frequencies, level, neighbours)]
    told = f"{len(asked):,} of {count:,} marks asked, with {neighbours} neighbours; model {name}"
    under = f"{given.date}, commit {given.commit}, {given.machine}: {given.command}"
    console.print(f"\n{under}", style="dim", highlight=False, markup=False, soft_wrap=True)
    console.print(told + "\n", highlight=False)
    console.print(_table(rows), highlight=False, markup=False, soft_wrap=True)
    if json_file is not None:
        of_rows = [dataclasses.asdict(row) for row in rows]
        results = {"marks": count, "model": name, "neighbours": neighbours, "rows": of_rows}
        write_json(json_file, {**dataclasses.asdict(given), **results})


@contextmanager
def _opened(settings: Settings, truth: Path | None, model: str | None) -> Iterator[Runtime]:
    """The database of the settings, or one that is made of a truth set and thrown away."""
    if truth is None:
        with Runtime.open(settings, role="logosim_analyst") as runtime:
            yield runtime
        return
    if model is not None:
        settings = dataclasses.replace(settings, model_dir=(model_folder(model),))
    records = _marks(truth) if has_coded_index(truth) else l3d.read(truth, SOURCE)
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="logosim-evaluate-")))
        runtime, own = stack.enter_context(scratch_database(settings, scratch))
        taken = ingest(records, runtime.ingest_store, source=SOURCE, path=truth)
        with Workforce(own, processes=own.inference_threads, batch=16, until_empty=True) as workforce:
            workforce.watch(runtime.work)
        left_out = taken.rejected_count + len(runtime.work.dead_letters())
        if left_out:
            errors.print(f"{left_out:,} records could not be used.", highlight=False)
        yield runtime


def _marks(folder: Path) -> Iterator[Mark | Rejection]:
    for file, codes in read_coded(folder):
        path = (folder / file).resolve()
        try:
            data = path.read_bytes()
        except OSError as error:
            raise RecordError(f"cannot read the picture {path}: {error.strerror}") from error
        yield Mark(SOURCE, file, None, codes, None, Picture(str(path), hashlib.sha256(data).hexdigest(), len(data)))


def _level(
    runtime: Runtime,
    asked: Sequence[tuple[UUID, tuple[str, ...]]],
    frequencies: Mapping[str, int],
    level: ViennaLevel,
    neighbours: int,
) -> Iterator[Row]:
    """Rows of one level: all codes and figures, suggested and by frequency."""
    width = 3 * tuple(ViennaLevel).index(level) + 2
    labels = sorted(code for code in frequencies if len(code) == width)
    places = {code: place for place, code in enumerate(labels)}
    truth = np.zeros((len(asked), len(labels)), np.bool_)
    scores = np.zeros((len(asked), len(labels)))
    with progress_bar("marks") as bar:
        for row, (mark, keys) in enumerate(bar.track(asked, description=level.value.capitalize())):
            truth[row, [places[key] for key in keys if key in places]] = True
            for code, weight in runtime.vienna.suggested(mark, level=level, neighbours=neighbours).items():
                scores[row, places[code]] = weight
    # As often as the other marks carry it.
    frequent = np.array([frequencies[code] for code in labels], np.float64) - truth
    completed = scores + frequent / (1e6 * max(1.0, frequent.max()))  # breaks ties, and nothing else
    figures = np.array([code[:2] <= FIGURES for code in labels], np.bool_)
    for codes, columns in (("all", np.ones(len(labels), np.bool_)), ("figures", figures)):
        carrying = truth[:, columns].any(axis=1)
        if carrying.any():
            for ranking, given in (("suggested", scores), ("then frequent", completed), ("frequent", frequent)):
                found = given[np.ix_(carrying, columns)]
                yield _row(level, codes, ranking, truth[np.ix_(carrying, columns)], found)


def _row(level: ViennaLevel, codes: str, ranking: str, truth: BoolArray, scores: Scores) -> Row:
    return Row(
        level=level.value,
        codes=codes,
        ranking=ranking,
        marks=len(truth),
        labels=truth.shape[1],
        precision_at_1=float(label_precision(truth, scores, 1).mean()),
        precision_at_5=float(label_precision(truth, scores, 5).mean()),
        recall_at_10=float(label_recall(truth, scores, 10).mean()),
        lrap=bootstrap(label_ranking_average_precision(truth, scores), np.arange(len(truth))),
    )


def _table(rows: Sequence[Row]) -> str:
    lines = ["level     codes    ranking          marks  labels    P@1    P@5   R@10  LRAP"]
    lines += [
        f"{row.level:<10}{row.codes:<9}{row.ranking:<15}{row.marks:>7}{row.labels:>8}{row.precision_at_1:>7.3f}"
        f"{row.precision_at_5:>7.3f}{row.recall_at_10:>7.3f}  {_told(row.lrap)}"
        for row in rows
    ]
    return "\n".join(lines)


def _told(interval: Interval) -> str:
    return f"{interval.mean:.3f} ({interval.low:.3f} to {interval.high:.3f})"
