"""A truth set taken into a database of its own, and the questions that its pictures ask there."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from uuid import UUID

from logosim.cli.display import progress_bar
from logosim.cli.scratch import scratch_database
from logosim.cli.workforce import Workforce
from logosim.domain.mark import Mark, Picture
from logosim.domain.query import Query
from logosim.errors import LogosimError, PictureError, RecordError
from logosim.evaluation.truth import TruthSet
from logosim.extract import Extractor
from logosim.ingest.flow import ingest
from logosim.runtime import Runtime, build_extractor
from logosim.settings import Settings

SOURCE = "truth"
DEEPEST = 1000  # hits: the most that a search gives
_BATCH = 16


@contextmanager
def truth_database(settings: Settings, truth: TruthSet) -> Iterator[tuple[Runtime, Mapping[int, Mark]]]:
    """All pictures that can be found, looked at by workers in a database that is thrown away; marks by picture."""
    marks = dict(_marks(truth))
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="logosim-evaluate-")))
        runtime, own = stack.enter_context(scratch_database(settings, scratch))
        _take_in(runtime, own, list(marks.values()))
        runtime.warm()
        yield runtime, marks


def with_read_names(settings: Settings, truth: TruthSet) -> TruthSet:
    """The truth set with the text that is read in each picture as its brand text, where it knows none itself.

    Raises:
        RecordError: a picture cannot be used.
    """
    if truth.texts is not None or settings.ocr == "none":
        return truth
    processes = settings.inference_threads
    own = replace(settings, threads=1)
    with (
        ProcessPoolExecutor(processes, get_context("spawn"), _open_reader, (own,)) as readers,
        progress_bar("pictures") as bar,
    ):
        read = readers.map(_read_name, truth.files, chunksize=_BATCH)
        return replace(truth, texts=tuple(bar.track(read, total=len(truth.files), description="Reading names")))


_extractor: Extractor | None = None  # of a process that reads names


def _open_reader(settings: Settings) -> None:
    global _extractor
    _extractor = build_extractor(settings)


def _read_name(file: Path) -> str | None:
    if _extractor is None:
        raise RuntimeError("a process that reads names has no reader")
    try:
        return _extractor.see(file.read_bytes()).text
    except PictureError as error:
        raise RecordError(f"{file}: {error}", hint=error.hint) from error


def questions(runtime: Runtime, truth: TruthSet, marks: Mapping[int, Mark]) -> dict[int, Query]:
    """What the queries of a truth set ask, by picture: each as a new picture, though not for its own mark.

    A query whose text the truth set knows asks with it, any other with what is read in it.
    """
    asked = {}
    with progress_bar("queries") as bar:
        for picture in bar.track(truth.queries().tolist(), description="Reading"):
            asked[picture] = _question(runtime, truth, picture, marks.get(picture))
    return asked


def _question(runtime: Runtime, truth: TruthSet, picture: int, mark: Mark | None) -> Query:
    try:
        features = runtime.extractor.extract_asking(truth.files[picture].read_bytes())
    except PictureError as error:
        raise RecordError(f"{truth.files[picture]}: {error}", hint=error.hint) from error
    text = truth.texts[picture] if truth.texts else features.text
    codes = truth.codes[picture] if truth.codes and mark is not None else ()
    return Query(features, text, codes, k=DEEPEST, exclude=mark.mark_id if mark else None)


def _marks(truth: TruthSet) -> Iterator[tuple[int, Mark]]:
    """Every picture that can be found, as a mark; its file's name is made unique by its number."""
    for index, file in enumerate(truth.files):
        if truth.hidden is not None and truth.hidden[index]:
            continue
        try:
            data = file.read_bytes()
        except OSError as error:
            raise RecordError(f"cannot read the picture {file}: {error.strerror}") from error
        yield (
            index,
            Mark(
                source=SOURCE,
                file=f"{index:07d}-{file.name}",
                text=truth.texts[index] if truth.texts else None,
                vienna_codes=truth.codes[index] if truth.codes else (),
                year=None,
                picture=Picture(str(file.resolve()), hashlib.sha256(data).hexdigest(), len(data)),
            ),
        )


def pictures_by_mark(marks: Mapping[int, Mark]) -> dict[UUID, int]:
    """Which picture of the truth set each stored mark is."""
    return {mark.mark_id: index for index, mark in marks.items()}


def _take_in(runtime: Runtime, settings: Settings, marks: Sequence[Mark]) -> None:
    ingest(marks, runtime.ingest_store, source=SOURCE, path=SOURCE)
    with Workforce(settings, processes=settings.inference_threads, batch=_BATCH, until_empty=True) as workforce:
        workforce.watch(runtime.work)
    dead = runtime.work.dead_letters()
    if dead:
        raise LogosimError(f"{len(dead):,} pictures cannot be used, the first is {dead[0].file}: {dead[0].error}")
