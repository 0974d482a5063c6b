"""`logosim evaluate names`: the channels of names on pairs that were decided, and on containing marks."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import get_args

import numpy as np
import rich_click as click
from numpy.typing import NDArray

from logosim.cli.display import console, progress_bar
from logosim.cli.name_sounds import NameSounds
from logosim.cli.nltk_measure import nltk_measure
from logosim.domain.features import FloatArray
from logosim.domain.words import WordCounts
from logosim.errors import RecordError
from logosim.evaluation.containing import containing_truth
from logosim.evaluation.names import (
    NameQuestion,
    Similarities,
    measure_questions,
    questions_of,
    read_pairs,
    read_register,
)
from logosim.phonetics.aline import aline_similarities
from logosim.phonetics.names import sound_of_names, spelling_of_names
from logosim.phonetics.normalise import normalise
from logosim.phonetics.spelling import jaro_winkler_similarity, spelling_similarities, trigram_similarity
from logosim.runtime import build_transcriber
from logosim.settings import PronunciationName, Settings


@click.command(
    "names",
    epilog="Examples: logosim evaluate names confusable_marks.csv --register register.jsonl.gz --engine epitran\n\n"
    "logosim evaluate names --containing --register names.txt",
)
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--register",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Names by which words are frequent or rare, one a line, or objects a line with a field text (.jsonl, "
    ".jsonl.gz). Unset: the names of FILE.",
)
@click.option(
    "--engine", type=click.Choice(get_args(PronunciationName)), help="What pronounces; unset: LOGOSIM_PRONUNCIATION."
)
@click.option("--containing", is_flag=True, help="Ask for names of the register with frequent words added to them.")
@click.option("--queries", type=click.IntRange(1), default=200, show_default=True, help="With --containing: how many.")
@click.option(
    "--among",
    type=click.IntRange(2),
    default=3000,
    show_default=True,
    help="With --containing: names of the register that are ranked.",
)
@click.pass_obj
def names(
    settings: Settings,
    file: Path | None,
    register: Path | None,
    engine: PronunciationName | None,
    containing: bool,
    queries: int,
    among: int,
) -> None:
    """Measure the name channels: pairs of marks that were found confusable, or marks contained in others.

    FILE is a CSV with the columns mark_a, mark_b and label (1: confusable). Each mark of a confusable pair asks, and
    its partner is ranked among all marks of the file. Where NLTK is installed, its ALINE is measured as well.

    With --containing, distinctive names of one word of the register are asked for with one or two of its frequent
    words before or behind them, every second one with a letter changed.
    """
    transcriber = build_transcriber(engine or settings.pronunciation)
    if containing:
        if register is None or file is not None:
            raise click.UsageError("--containing takes a --register and no FILE.")
        known = read_register(register)
        truth = containing_truth(known, normalise, queries=queries, among=among)
        sounds = NameSounds(transcriber, [*truth.names, *(asked.query for asked in truth.questions)])
        _measured(truth.questions, truth.names, _measures(_counted(known), sounds.of))
        console.print(f"ranked among {len(truth.names)} names; {sounds.told}", style="dim", highlight=False)
        return
    if file is None:
        raise click.UsageError("Name a FILE of pairs, or a --register with --containing.")
    pairs = read_pairs(file)
    questions = questions_of(pairs)
    if not questions:
        raise RecordError(f"no pair of {file} has the label 1: there is nothing to find")
    marks = tuple(dict.fromkeys(mark for pair in pairs for mark in (pair.one, pair.other)))
    sounds = NameSounds(transcriber, marks)
    counts = _counted(read_register(register) if register else marks)
    _measured(questions, marks, {**_measures(counts, sounds.of), **nltk_measure(sounds.of)})
    console.print(sounds.told, style="dim", highlight=False)


def _counted(known: Sequence[str]) -> WordCounts:
    return WordCounts.of([normalise(name) for name in dict.fromkeys(known)])


def _measured(questions: Sequence[NameQuestion], marks: Sequence[str], measures: Mapping[str, Similarities]) -> None:
    """Rank by every measure, and print a row for each."""
    rows = []
    with progress_bar("queries") as bar:
        for name, similarities in measures.items():
            task = bar.add_task(name, total=len(questions))
            announced = _announced(similarities, functools.partial(bar.advance, task))
            rows.append((name, measure_questions(questions, marks, announced)))
            bar.remove_task(task)
    console.print("measure                              MRR    R@1   R@20", highlight=False)
    for name, found in rows:
        console.print(
            f"{name:<32}{found.mean_reciprocal_rank:>8.3f}{found.recall_at_1:>7.3f}{found.recall_at_20:>7.3f}",
            highlight=False,
        )
    console.print(f"{len(questions)} queries", style="dim", highlight=False)


def _announced(similarities: Similarities, asked: Callable[[], None]) -> Similarities:
    """The same similarities; `asked` is told of every query."""

    def announced(query: str, marks: Sequence[str]) -> NDArray[np.floating]:
        asked()
        return similarities(query, marks)

    return announced


def _measures(counts: WordCounts, spoken: Callable[[str], str | None]) -> dict[str, Similarities]:
    """What is measured; the channels as a search compares them have the words of `counts`."""
    written = functools.cache(lambda name: normalise(name) or "")

    def whole_sound(query: str, marks: Sequence[str]) -> FloatArray:
        asked = spoken(query)
        if asked is None:
            return np.full(len(marks), np.nan, np.float32)
        return aline_similarities(asked, [spoken(mark) for mark in marks])

    def sound(query: str, marks: Sequence[str]) -> FloatArray:
        asked = spoken(query)
        if asked is None:
            return np.full(len(marks), np.nan, np.float32)
        texts = [written(mark) or None for mark in marks]
        return sound_of_names(written(query), asked, texts, [spoken(mark) for mark in marks], counts)

    def whole_spelling(query: str, marks: Sequence[str]) -> FloatArray:
        return spelling_similarities(written(query), [written(mark) for mark in marks])

    def spelling(query: str, marks: Sequence[str]) -> FloatArray:
        return spelling_of_names(written(query), [written(mark) or None for mark in marks], counts)

    def jaro_winkler(query: str, marks: Sequence[str]) -> FloatArray:
        asked = written(query)
        return np.array([jaro_winkler_similarity(asked, written(mark)) for mark in marks], np.float32)

    def trigram(query: str, marks: Sequence[str]) -> FloatArray:
        asked = written(query)
        return np.array([trigram_similarity(asked, written(mark)) for mark in marks], np.float32)

    def mean(one: Similarities, other: Similarities) -> Similarities:
        """Of ALINE, Jaro-Winkler and trigram, of which the last two are the channel spelling."""
        return lambda query, marks: (one(query, marks) + 2 * other(query, marks)) / np.float32(3)

    return {
        "Jaro-Winkler": jaro_winkler,
        "trigram": trigram,
        "ALINE": whole_sound,
        "spelling": whole_spelling,
        "mean of ALINE, JW, trigram": mean(whole_sound, whole_spelling),
        "with words: channel sound": sound,
        "with words: channel spelling": spelling,
        "with words: mean": mean(sound, spelling),
    }
