"""What a benchmark of parts prints and writes."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

from logosim.cli.circumstances import circumstances
from logosim.cli.display import console
from logosim.cli.json_file import write_json
from logosim.cli.timing import Percentiles, timing_table
from logosim.settings import Settings


def report(settings: Settings, took: Mapping[str, Percentiles], json_file: Path | None, **more: object) -> None:
    """Print a table of milliseconds under the circumstances, and write it as data with `more` beside it.

    Raises InputError: the file cannot be written.
    """
    given = circumstances(settings)
    told = f"{given.date}, commit {given.commit or 'not from a clone'}, {given.machine}: {given.command}"
    console.print(f"\n{told}\n", style="dim", highlight=False, markup=False, soft_wrap=True)
    console.print(timing_table(took), highlight=False, markup=False, soft_wrap=True)
    if json_file is not None:
        rows = {name: dataclasses.asdict(of) for name, of in took.items()}
        write_json(json_file, {**dataclasses.asdict(given), **more, "timings_ms": rows})
