"""Commands that measure: speed on the demo corpus, recall on a truth set. They print rows for BENCHMARKS.md."""

from __future__ import annotations

import dataclasses
import os
import platform
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import rich_click as click

from logosim.cli.display import console, errors, progress_bar
from logosim.cli.ingestion import ingest_folder
from logosim.cli.workforce import Workforce
from logosim.database import embedded
from logosim.demo.corpus import Corpus, build
from logosim.demo.query import variations
from logosim.domain.features import Features, FloatArray
from logosim.domain.hit import Answer
from logosim.evaluation import TruthSet, load_brands
from logosim.evaluation import evaluate as measure
from logosim.extract import Extractor
from logosim.runtime import Runtime, build_extractor, upgrade_database
from logosim.settings import OcrName, Settings

_BATCH = 16


@click.command(epilog="Example: logosim benchmark --logos 600 --queries 100")
@click.option("--logos", type=click.IntRange(50), help="Size of the corpus; unset: all logos of the demo.")
@click.option("--queries", type=click.IntRange(10), default=200, show_default=True, help="Varied logos to search with.")
@click.pass_obj
def benchmark(settings: Settings, logos: int | None, queries: int) -> None:
    """Measure ingestion and search on the demo corpus, in a database of its own that is thrown away."""
    cores = len(os.sched_getaffinity(0))
    console.print(f"Machine: {platform.machine()}, {cores} cores, Python {platform.python_version()}", highlight=False)
    with tempfile.TemporaryDirectory(prefix="logosim-benchmark-") as scratch:
        corpus = build(Path(scratch) / "corpus", limit=logos)
        readers: tuple[OcrName, ...] = ("none", "rapid")
        for ocr in readers:
            with _scratch_database(settings, Path(scratch) / ocr, ocr) as (runtime, environment):
                seconds = _ingest(runtime, environment, corpus, cores)
                console.print(
                    f"ingestion, text reader {ocr}: {len(corpus.marks):,} logos in {seconds:.0f} s = "
                    f"{len(corpus.marks) / seconds:.1f} logos/s",
                    highlight=False,
                )
                if ocr == "rapid":
                    _print_search(runtime, corpus, queries)


@click.command(epilog="Example: LOGOSIM_OCR=none logosim evaluate brands/")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.pass_obj
def evaluate(settings: Settings, folder: Path) -> None:
    """Measure how well the model finds brands drawn by different hands.

    FOLDER holds pictures and an index.csv with the columns file, brand_group, drawing and role. Pictures go the same
    way as in ingestion and search, the text reader included.
    """
    truth = load_brands(folder)
    extractor = build_extractor(settings)
    started = time.perf_counter()
    metrics = measure(truth, _embeddings(truth, extractor))
    errors.print(f"{len(truth):,} pictures in {time.perf_counter() - started:.0f} s", highlight=False)
    for name, value in dataclasses.asdict(metrics).items():
        console.print(f"{name:<16}{value:,}" if isinstance(value, int) else f"{name:<16}{value:.3f}", highlight=False)


def _embeddings(truth: TruthSet, extractor: Extractor) -> FloatArray:
    rows: list[FloatArray] = []
    with progress_bar("pictures") as bar:
        task = bar.add_task("Embedding", total=len(truth))
        for start in range(0, len(truth), _BATCH):
            files = truth.files[start : start + _BATCH]
            results = extractor.extract([file.read_bytes() for file in files])
            for file, result in zip(files, results, strict=True):
                if not isinstance(result, Features):
                    errors.print(f"{file}: {result}", highlight=False)
                    raise result
                rows.append(result.embedding)
            bar.update(task, advance=len(files))
    return np.stack(rows)


@contextmanager
def _scratch_database(settings: Settings, folder: Path, ocr: OcrName) -> Iterator[tuple[Runtime, Settings]]:
    own = dataclasses.replace(settings, data_dir=folder, database_url=None, ocr=ocr)
    try:
        upgrade_database(own)
        with Runtime.open(own) as runtime:
            yield runtime, own
    finally:
        embedded.stop(folder)


def _ingest(runtime: Runtime, settings: Settings, corpus: Corpus, processes: int) -> float:
    started = time.perf_counter()
    ingest_folder(runtime, corpus.folder, "demo")
    with Workforce(settings, processes=processes, batch=_BATCH, until_empty=True) as workforce:
        workforce.watch(runtime.work)
    return time.perf_counter() - started


def _print_search(runtime: Runtime, corpus: Corpus, count: int) -> None:
    answers: list[tuple[Answer, str]] = []
    asked = list(variations(corpus.marks, count, seed=1))
    runtime.warm()
    for query in asked:
        answers.append((runtime.pipeline.by_picture(query.picture, k=100), query.expected.file))
    ranks = [next((hit.rank for hit in answer.hits if hit.file == file), None) for answer, file in answers]
    for k in (1, 10, 100):
        found = sum(rank is not None and rank <= k for rank in ranks)
        console.print(f"varied logo found among the first {k}: {found / len(ranks):.3f}", highlight=False)
    console.print("stage            p50 ms   p99 ms")
    for stage in answers[0][0].timings_ms:
        times = np.array([answer.timings_ms[stage] for answer, _ in answers])
        console.print(f"{stage:<14}{np.percentile(times, 50):>9.1f}{np.percentile(times, 99):>9.1f}", highlight=False)
