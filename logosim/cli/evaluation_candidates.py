"""`logosim evaluate name-candidates`: how many earlier marks stage 1 finds by name, and how fast."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import rich_click as click

from logosim.cli.display import console, progress_bar
from logosim.cli.scratch import scratch_database
from logosim.cli.timing import percentiles, timing_table
from logosim.errors import RecordError
from logosim.evaluation.containing import containing_truth
from logosim.evaluation.made_names import made_names
from logosim.evaluation.names import NameQuestion, questions_of, read_pairs, read_register
from logosim.evaluation.report import markdown
from logosim.phonetics.normalise import normalise
from logosim.runtime import Runtime
from logosim.settings import Settings
from logosim.store.named_marks import NameFound, SpokenName, candidates_by_name, load_names

CHANNELS = ("spelling", "sound")
_ROUNDS = 50  # of making names in place of those that were there already


@dataclass(frozen=True, slots=True)
class _Answer:
    """What stage 1 says to one question."""

    channels: tuple[str, ...]  # that found the partner
    rank: int | None  # of the partner in the order of stage 1; None: it was not found
    milliseconds: float


@click.command(
    "name-candidates",
    epilog="Examples: logosim evaluate name-candidates confusable_marks.csv --register register.jsonl.gz\n\n"
    "logosim evaluate name-candidates --containing --register names.txt --among 770000",
)
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--register",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="Names among which the earlier marks have to be found, one a line, or objects a line with a field text.",
)
@click.option(
    "--among", type=click.IntRange(1), help="How many names: of the register, and more that are made of its words."
)
@click.option("--limit", type=click.IntRange(1, 100_000), default=200, show_default=True, help="Candidates by channel.")
@click.option("--containing", is_flag=True, help="Ask for names of the register with frequent words added to them.")
@click.option("--queries", type=click.IntRange(1), default=200, show_default=True, help="With --containing: how many.")
@click.pass_obj
def name_candidates(
    settings: Settings,
    file: Path | None,
    register: Path,
    among: int | None,
    limit: int,
    containing: bool,
    queries: int,
) -> None:
    """Measure stage 1 by name: the share of earlier marks among the candidates of each channel, and its time.

    FILE is a CSV with the columns mark_a, mark_b and label (1: confusable). Each mark of a confusable pair asks for the
    other, in a database of its own that is thrown away. `logosim evaluate names` measures what stage 2 makes of it.
    """
    if containing == (file is not None):
        raise click.UsageError("Name a FILE of pairs, or --containing.")
    known = tuple(dict.fromkeys(read_register(register)))
    questions = _questions(file, known, queries)
    partners = dict.fromkeys(asked.partner for asked in questions)
    total = among or len(known) + len(partners)
    with (
        tempfile.TemporaryDirectory(prefix="logosim-evaluate-") as folder,
        scratch_database(settings, Path(folder)) as (runtime, _),
    ):
        names = _names(list(partners), known, total)
        _load(runtime, names)
        answers = _asked(runtime, questions, limit)
    _print(answers, f"{len(names):,} names, {limit:,} candidates by each channel, {len(questions):,} queries")


def _questions(file: Path | None, known: Sequence[str], queries: int) -> Sequence[NameQuestion]:
    if file is None:
        return containing_truth(known, normalise, queries=queries, among=len(known)).questions
    questions = questions_of(read_pairs(file))
    if not questions:
        raise RecordError(f"no pair of {file} has the label 1: there is nothing to find")
    return questions


def _names(partners: Sequence[str], known: Sequence[str], total: int) -> list[str]:
    """What is to be found, names of the register, and as many made ones as are wanting; all different.

    Raises:
        RecordError: so many different names cannot be made of this register.
    """
    names = dict.fromkeys(islice(dict.fromkeys([*partners, *known]), max(total, len(partners))))
    written = [key for name in known if (key := normalise(name))]
    for seed in range(_ROUNDS):
        if len(names) >= total:
            return list(names)
        names.update(dict.fromkeys(made_names(written, total - len(names), seed)))
    raise RecordError(f"of {len(known):,} names no {total:,} different ones can be made")


def _load(runtime: Runtime, names: Sequence[str]) -> None:
    with progress_bar("names") as bar:
        transcriber = runtime.transcriber
        task = bar.add_task("Taking in", total=len(names))
        spoken = (SpokenName(name, normalise(name), transcriber.phonemes(name)) for name in names)
        load_names(
            runtime.pool,
            bar.track(spoken, total=len(names), task_id=task),
            sketching=lambda: bar.update(task, description="Sketching"),
        )


def _asked(runtime: Runtime, questions: Sequence[NameQuestion], limit: int) -> list[_Answer]:
    candidates_by_name(runtime.pool, questions[0].query, runtime.transcriber.phonemes(questions[0].query), limit)
    answers = []
    with progress_bar("queries") as bar:
        for asked in bar.track(questions, description="Asking"):
            sounds = runtime.transcriber.phonemes(asked.query)
            started = time.perf_counter()
            found = candidates_by_name(runtime.pool, asked.query, sounds, limit)
            answers.append(_answer(asked, found, 1000 * (time.perf_counter() - started)))
    return answers


def _answer(asked: NameQuestion, found: Sequence[NameFound], milliseconds: float) -> _Answer:
    others = [name for name in found if name.text != asked.query]
    rank = next((place for place, name in enumerate(others, start=1) if name.text == asked.partner), None)
    return _Answer(others[rank - 1].channels if rank else (), rank, milliseconds)


def _print(answers: Sequence[_Answer], what: str) -> None:
    rows = [["found by", "share of earlier marks"]]
    rows += [[name, f"{np.mean([name in answer.channels for answer in answers]):.3f}"] for name in CHANNELS]
    rows.append(["either", f"{np.mean([answer.rank is not None for answer in answers]):.3f}"])
    console.print(markdown(rows), highlight=False)
    reciprocal = [1 / answer.rank if answer.rank else 0.0 for answer in answers]
    console.print(f"mean reciprocal rank in the order of stage 1: {np.mean(reciprocal):.3f}", highlight=False)
    console.print(timing_table(percentiles({"stage 1 by name": [answer.milliseconds for answer in answers]})))
    console.print(what, style="dim", highlight=False)
