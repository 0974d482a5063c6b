"""A made-up register in a database of its own, kept in a folder for the next measurement or thrown away."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import rich_click as click

from logosim.cli.display import errors, progress_bar
from logosim.cli.json_file import write_json
from logosim.cli.options import together
from logosim.cli.register_dress import Dress, dressed
from logosim.cli.scratch import scratch_database
from logosim.database import tuning
from logosim.errors import InputError
from logosim.evaluation.register import DRAWN, Register
from logosim.runtime import Runtime, database_url
from logosim.settings import Settings
from logosim.store.loading import LoadedMark, load

_NOTE = "register.json"  # what the database in a folder holds

register_options = together(
    click.option(
        "--marks", type=click.IntRange(1000), default=770_000, show_default=True, help="Size of the register."
    ),
    click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Which register is made up."),
    click.option(
        "--folder",
        type=click.Path(path_type=Path, file_okay=False),
        help="Keep the database here, and take it again if it is there. Unset: it is thrown away.",
    ),
)
"""Add `--marks`, `--seed` and `--folder`, the arguments of `register_database`, to a command."""


@contextmanager
def register_database(
    settings: Settings,
    marks: int,
    seed: int,
    folder: Path | None,
    dress: Callable[[Runtime], Dress] | None = None,
) -> Iterator[tuple[Runtime, Register]]:
    """A server with `marks` marks that the active model has seen; with a folder what was built there is taken again.

    `dress` makes what whole searches compare; without it marks can be searched by look alone.

    Raises:
        InputError: the folder holds something else.
    """
    with ExitStack() as stack:
        kept = folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="logosim-benchmark-")))
        _refuse_others(kept)
        runtime, own = stack.enter_context(scratch_database(settings, kept))
        register = Register(marks, runtime.models.active().dimensions, seed)
        described = {"marks": marks, "seed": seed, "dimensions": register.dimensions, "drawn": DRAWN}
        if not (kept / _NOTE).is_file():
            _build(runtime, register, dress(runtime) if dress else None)
            write_json(kept / _NOTE, {**described, "dressed": dress is not None})
        else:
            _refuse_other_registers(kept, described, whole=dress is not None)
        tuning.prewarm(database_url(own))
        yield runtime, register


def _refuse_others(folder: Path) -> None:
    if folder.is_dir() and any(folder.iterdir()) and not (folder / _NOTE).is_file():
        raise InputError(
            f"{folder} is not empty and holds no finished register.", hint="Choose another folder, or empty it."
        )


def _refuse_other_registers(folder: Path, described: dict[str, int], *, whole: bool) -> None:
    found = json.loads((folder / _NOTE).read_text())
    if {key: found.get(key) for key in described} != described:
        raise InputError(
            f"{folder} holds another register than {described['marks']:,} marks with seed {described['seed']} under "
            "this model, as they are drawn now.",
            hint="Choose another folder or empty this one; where only --marks or --seed differ, give those of then.",
        )
    if whole and not found.get("dressed"):
        raise InputError(
            f"The marks in {folder} have no names and patches: they can be searched by look alone.",
            hint="Choose another folder; a register with both serves both benchmarks.",
        )


def _build(runtime: Runtime, register: Register, dress: Dress | None) -> None:
    bare = ([LoadedMark(*of) for of in zip(marks, embeddings, strict=True)] for marks, embeddings in register.chunks())
    with progress_bar("marks") as bar:
        task = bar.add_task("Filling", total=register.marks)
        load(
            runtime.pool,
            bare if dress is None else dressed(register, dress, runtime),
            loaded=lambda count: bar.advance(task, count),
            indexing=lambda name: errors.print(f"Building {name} ...", highlight=False),
        )
    errors.print("Building the indexes of frequent Vienna categories ...", highlight=False)
    runtime.model_indexes.make(runtime.models.active().model_id)
