"""A made-up register in a database of its own, kept in a folder for the next measurement or thrown away."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from logosim.cli.display import errors, progress_bar
from logosim.cli.json_file import write_json
from logosim.cli.scratch import scratch_database
from logosim.database import tuning
from logosim.errors import InputError
from logosim.evaluation.register import Register
from logosim.runtime import Runtime, database_url
from logosim.settings import Settings
from logosim.store.loading import LoadedMark, load

_NOTE = "register.json"  # what the database in a folder holds


@contextmanager
def register_database(
    settings: Settings, marks: int, seed: int, folder: Path | None
) -> Iterator[tuple[Runtime, Register]]:
    """A server with `marks` marks that the active model has seen; with a folder what was built there is taken again.

    Raises:
        InputError: the folder holds something else.
    """
    with ExitStack() as stack:
        kept = folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="logosim-benchmark-")))
        _refuse_others(kept)
        runtime, own = stack.enter_context(scratch_database(settings, kept))
        register = Register(marks, runtime.models.active().dimensions, seed)
        described: dict[str, object] = {"marks": marks, "seed": seed, "dimensions": register.dimensions}
        if not (kept / _NOTE).is_file():
            _build(runtime, register)
            write_json(kept / _NOTE, described)
        elif json.loads((kept / _NOTE).read_text()) != described:
            raise InputError(
                f"{kept} holds another register than {marks:,} marks with seed {seed} under this model.",
                hint="Choose another folder, or give the --marks and --seed that it was built with.",
            )
        tuning.prewarm(database_url(own))
        yield runtime, register


def _refuse_others(folder: Path) -> None:
    if folder.is_dir() and any(folder.iterdir()) and not (folder / _NOTE).is_file():
        raise InputError(
            f"{folder} is not empty and holds no finished register.", hint="Choose another folder, or empty it."
        )


def _build(runtime: Runtime, register: Register) -> None:
    with progress_bar("marks") as bar:
        task = bar.add_task("Filling", total=register.marks)
        load(
            runtime.pool,
            (
                [LoadedMark(*of) for of in zip(marks, embeddings, strict=True)]
                for marks, embeddings in register.chunks()
            ),
            loaded=lambda count: bar.advance(task, count),
            indexing=lambda name: errors.print(f"Building {name} ...", highlight=False),
        )
