"""Commands that measure quality on truth sets the user has. They print rows for BENCHMARKS.md."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import get_args

import numpy as np
import rich_click as click

from logosim.cli.display import console, progress_bar
from logosim.cli.evaluation_pictures import pictures, synthesise
from logosim.cli.evaluation_search import search
from logosim.cli.nltk_measure import nltk_measure
from logosim.domain.features import FloatArray, RgbImage
from logosim.errors import InputError, RecordError
from logosim.evaluation.listing import picture_files
from logosim.evaluation.names import Similarities, measure_retrieval, read_pairs
from logosim.imaging import decode_file, mask_text
from logosim.imaging.sheet import as_png, contact_sheet, with_lines
from logosim.phonetics.aline import aline_similarities
from logosim.phonetics.normalise import normalise
from logosim.phonetics.protocol import Transcriber
from logosim.phonetics.spelling import jaro_winkler_similarity, spelling_similarities, trigram_similarity
from logosim.runtime import build_extractor, build_transcriber
from logosim.settings import PronunciationName, Settings

_ACROSS = 8  # pictures in a row of a sheet


@click.group()
def evaluate() -> None:
    """Measure how well logosim finds what it should find, on truth sets of your own.

    \b
      logosim evaluate pictures --truth BRANDS               the bundled model
      logosim evaluate pictures --truth BRANDS --peer hog    and what it is compared with
      logosim evaluate search --truth BRANDS --queries 200   the whole search through the database
      logosim evaluate synthesise OUT                        a truth set from the demo's logos
      logosim evaluate names PAIRS.csv                       the name channels
    """


for _command in (pictures, search, synthesise):
    evaluate.add_command(_command)


@evaluate.command("names", epilog="Example: logosim evaluate names confusable_marks.csv --engine epitran")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--engine", type=click.Choice(get_args(PronunciationName)), help="What pronounces; unset: LOGOSIM_PRONUNCIATION."
)
@click.pass_obj
def names(settings: Settings, file: Path, engine: PronunciationName | None) -> None:
    """Measure the name channels: pairs of marks that were found confusable.

    FILE is a CSV with the columns mark_a, mark_b and label (1: confusable). Each mark of a confusable pair asks, and
    its partner is ranked among all marks of the file.
    """
    pairs = read_pairs(file)
    if not any(pair.confusable for pair in pairs):
        raise RecordError(f"no pair of {file} has the label 1: there is nothing to find")
    sounds = _Sounds(build_transcriber(engine or settings.pronunciation))
    sounds.learn(text for pair in pairs for text in (pair.one, pair.other))
    console.print("measure                          MRR    R@1   R@20", highlight=False)
    for name, similarities in {**_name_measures(sounds), **nltk_measure(pairs, sounds.said)}.items():
        found = measure_retrieval(pairs, similarities)
        console.print(
            f"{name:<28}{found.mean_reciprocal_rank:>8.3f}{found.recall_at_1:>7.3f}{found.recall_at_20:>7.3f}",
            highlight=False,
        )
    console.print(f"{found.queries} queries; {sounds.told}", style="dim", highlight=False)


@evaluate.command("masks", epilog="Example: logosim evaluate masks PICTURES masks.png --count 30")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.argument("sheet", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--count", type=click.IntRange(1, 200), default=30, show_default=True, help="How many pictures.")
@click.pass_obj
def masks(settings: Settings, folder: Path, sheet: Path, count: int) -> None:
    """Draw a contact sheet of what the text mask does to pictures of FOLDER, evenly chosen, into the PNG file SHEET.

    Each picture is shown with the lines that were read in it, and as the model sees it.
    """
    files = picture_files(folder)
    extractor = build_extractor(settings)
    shown: list[RgbImage] = []
    captions: list[str] = []
    with progress_bar("pictures") as bar:
        task = bar.add_task("Masking", total=min(count, len(files)))
        for place in np.linspace(0, len(files) - 1, min(count, len(files))).round().astype(int):
            file = files[place]
            image, lines = extractor.read(decode_file(file, extractor.limits))
            shown += [with_lines(image, lines), mask_text(image, lines)]
            captions += [file.stem, " ".join(line.text for line in lines)]
            bar.update(task, advance=1)
    across = range(0, len(shown), _ACROSS)
    drawn = contact_sheet([shown[i : i + _ACROSS] for i in across], [captions[i : i + _ACROSS] for i in across])
    try:
        sheet.write_bytes(as_png(drawn))
    except OSError as error:
        raise InputError(f"cannot write the contact sheet {sheet}: {error.strerror}") from error
    console.print(f"{len(shown) // 2} pictures in {sheet}", highlight=False, soft_wrap=True)


class _Sounds:
    """Names as an engine pronounces them, each once."""

    def __init__(self, transcriber: Transcriber) -> None:
        self._transcriber = transcriber
        self._known: dict[str, str | None] = {}
        self.told = ""  # what pronounced, and how fast

    def learn(self, texts: Iterable[str]) -> None:
        """Pronounce the texts and take the time; loading the engine is not counted."""
        wanted = sorted(set(texts))
        self._transcriber.phonemes("warm")
        started = time.perf_counter()
        self._known = {text: self._transcriber.phonemes(text) for text in wanted}
        words = sum(len(text.split()) for text in wanted)
        speed = words / (time.perf_counter() - started)
        self.told = f"pronounced by {self._transcriber.name}, {speed:,.0f} words/s"

    def said(self, text: str) -> str | None:
        """The sounds of a text that was learnt."""
        return self._known[text]

    def aline(self, query: str, marks: Sequence[str]) -> FloatArray:
        asked = self.said(query)
        if asked is None:
            return np.full(len(marks), np.nan, np.float32)
        return aline_similarities(asked, [self.said(mark) for mark in marks])

    def together(self, query: str, marks: Sequence[str]) -> FloatArray:
        mean: FloatArray = self.aline(query, marks) + _jaro_winkler(query, marks) + _trigram(query, marks)
        return mean / np.float32(3)


def _spelling(query: str, marks: Sequence[str]) -> FloatArray:
    return spelling_similarities(normalise(query) or "", [normalise(mark) for mark in marks])


def _jaro_winkler(query: str, marks: Sequence[str]) -> FloatArray:
    asked = normalise(query) or ""
    return np.array([jaro_winkler_similarity(asked, normalise(mark) or "") for mark in marks], np.float32)


def _trigram(query: str, marks: Sequence[str]) -> FloatArray:
    asked = normalise(query) or ""
    return np.array([trigram_similarity(asked, normalise(mark) or "") for mark in marks], np.float32)


def _name_measures(sounds: _Sounds) -> dict[str, Similarities]:
    return {
        "ALINE (channel sound)": sounds.aline,
        "Jaro-Winkler": _jaro_winkler,
        "trigram": _trigram,
        "channel spelling": _spelling,
        "mean of ALINE, JW, trigram": sounds.together,
    }
