"""`logosim benchmark`: speed of ingestion and search on the demo corpus. It prints rows for BENCHMARKS.md."""

from __future__ import annotations

import dataclasses
import os
import platform
import tempfile
import time
from pathlib import Path

import numpy as np
import rich_click as click

from logosim.cli.benchmark_names import names
from logosim.cli.benchmark_rerank import reranking
from logosim.cli.benchmark_search import at_size
from logosim.cli.benchmark_selectivity import selectivity
from logosim.cli.benchmark_sql import in_sql
from logosim.cli.display import console
from logosim.cli.ingestion import ingest_folder
from logosim.cli.scratch import scratch_database
from logosim.cli.workforce import Workforce
from logosim.demo.corpus import Corpus, build
from logosim.demo.query import variations
from logosim.domain.hit import Answer
from logosim.runtime import Runtime
from logosim.settings import OcrName, Settings

_BATCH = 16


@click.group(invoke_without_command=True, epilog="Example: logosim benchmark --logos 600 --queries 100")
@click.option("--logos", type=click.IntRange(50), help="Size of the corpus; unset: all logos of the demo.")
@click.option("--queries", type=click.IntRange(10), default=200, show_default=True, help="Varied logos to search with.")
@click.pass_context
def benchmark(context: click.Context, logos: int | None, queries: int) -> None:
    """Measure ingestion and search on the demo corpus, in a database of its own that is thrown away.

    Parts of it by themselves:

    \b
      logosim benchmark names NAMES.txt    grapheme-to-phoneme, ALINE and spelling
      logosim benchmark rerank             the channels of the re-ranking, on the marks of your database
      logosim benchmark search             whole searches on 770,000 marks that are made up
      logosim benchmark selectivity        stage 1 by look under filters, on 770,000 marks that are made up
      logosim benchmark sql                the search in SQL beside the program's own, likewise
    """
    if context.invoked_subcommand is None:
        _measure_demo(context.obj, logos, queries)


for _command in (names, reranking, at_size, selectivity, in_sql):
    benchmark.add_command(_command)


def _measure_demo(settings: Settings, logos: int | None, queries: int) -> None:
    cores = len(os.sched_getaffinity(0))
    console.print(f"Machine: {platform.machine()}, {cores} cores, Python {platform.python_version()}", highlight=False)
    with tempfile.TemporaryDirectory(prefix="logosim-benchmark-") as scratch:
        corpus = build(Path(scratch) / "corpus", limit=logos)
        readers: tuple[OcrName, ...] = ("none", "rapid")
        for ocr in readers:
            asked = dataclasses.replace(settings, ocr=ocr)
            with scratch_database(asked, Path(scratch) / ocr) as (runtime, environment):
                seconds = _ingest(runtime, environment, corpus, cores)
                console.print(
                    f"ingestion, text reader {ocr}: {len(corpus.marks):,} logos in {seconds:.0f} s = "
                    f"{len(corpus.marks) / seconds:.1f} logos/s",
                    highlight=False,
                )
                if ocr == "rapid":
                    _print_search(runtime, corpus, queries)


def _ingest(runtime: Runtime, settings: Settings, corpus: Corpus, processes: int) -> float:
    started = time.perf_counter()
    ingest_folder(runtime, corpus.folder, "demo")
    with Workforce(settings, processes=processes, batch=_BATCH, until_empty=True) as workforce:
        workforce.watch(runtime.work)
    return time.perf_counter() - started


def _print_search(runtime: Runtime, corpus: Corpus, count: int) -> None:
    asked = list(variations(corpus.marks, count, seed=1))
    runtime.warm()
    answers = [runtime.pipeline.by_picture(query.picture, k=100) for query in asked]
    ranks = [_rank(answer, query.expected.file) for answer, query in zip(answers, asked, strict=True)]
    for k in (1, 10, 100):
        found = sum(rank is not None and rank <= k for rank in ranks)
        console.print(f"varied logo found among the first {k}: {found / len(ranks):.3f}", highlight=False)
    console.print("stage            p50 ms   p99 ms")
    for stage in answers[0].timings_ms:
        times = np.array([answer.timings_ms[stage] for answer in answers])
        console.print(f"{stage:<14}{np.percentile(times, 50):>9.1f}{np.percentile(times, 99):>9.1f}", highlight=False)


def _rank(answer: Answer, file: str) -> int | None:
    return next((hit.rank for hit in answer.hits if hit.file == file), None)
