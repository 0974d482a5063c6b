"""What the commands print: the consoles, the progress bar and the table of hits."""

from __future__ import annotations

import dataclasses
import json

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from logosim.domain.asked import KeptPicture
from logosim.domain.hit import Answer, Hit

console = Console(emoji=False)  # names may hold :words: between colons
errors = Console(stderr=True, emoji=False)

_ID_WIDTH = 36  # characters; an id is never cut
_OTHER_COLUMNS = 30  # characters that the columns beside the mark take
_RISK_STYLE = {"identical": "bold red", "high": "red", "medium": "yellow", "low": "dim"}


def counted(count: int, one: str, more: str | None = None) -> str:
    """A number with its noun: 1 mark, 2 marks, 1,000 marks. `more` is the plural where an s is not enough."""
    return f"{count:,} {one if count == 1 else more or one + 's'}"


def progress_bar(unit: str) -> Progress:
    """A bar on stderr with the count, the elapsed time and the time left."""
    return Progress(
        TextColumn("{task.description:<10}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=errors,
    )


def print_answer(answer: Answer, *, as_json: bool, kept: KeptPicture | None = None, reasons: int = 5) -> None:
    """Print an answer for a person, or as one JSON object for a program.

    Args:
        answer: what the search found.
        as_json: print JSON to stdout and nothing else.
        kept: what the picture was kept under; its handle is printed too.
        reasons: for how many of the first hits every channel's sentence is printed.
    """
    if as_json:
        handle = {} if kept is None else {"handle": kept.handle, "expires_at": kept.expires_at.isoformat()}
        print(json.dumps(dataclasses.asdict(answer) | handle, ensure_ascii=False, default=str))  # noqa: T201
        return
    _print_hits(answer, reasons)
    if kept is not None:
        console.print(
            f"\nKept until {kept.expires_at:%Y-%m-%d %H:%M %Z} under the handle {kept.handle}. "
            f"In `logosim db psql --analyst`:\n\n    {kept.sql}",
            highlight=False,
            soft_wrap=True,
        )


def _print_hits(answer: Answer, reasons: int) -> None:
    if not answer.hits:
        console.print(
            "Nothing can be compared: no channel that has a weight has something to go by, such as a name or a figure."
            if answer.candidates
            else "No earlier mark is like this, or none passes the filter."
        )
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading, width in (("#", 3), ("score", 5), ("risk", 9), ("year", 4)):
        table.add_column(heading, min_width=width, no_wrap=True)
    table.add_column("mark", max_width=max(_ID_WIDTH, console.width - _OTHER_COLUMNS), no_wrap=True)
    for hit in answer.hits:
        table.add_row(
            str(hit.rank),
            f"{hit.score:.3f}",
            f"[{_RISK_STYLE[hit.risk]}]{hit.risk}[/]",
            str(hit.year or ""),
            f"{escape(hit.text or hit.file)}  [dim]{' '.join(hit.vienna_codes)}\n{hit.mark_id}{_region(hit)}[/]",
        )
    console.print(table)
    for hit in answer.hits[:reasons]:
        _print_reasons(hit)
    console.print(_summary(answer), style="dim", highlight=False)


def _print_reasons(hit: Hit) -> None:
    name = escape(hit.text or hit.file)
    console.print(f"\n[bold]{hit.rank}. {name}[/] {hit.score:.3f}{_region(hit)}", highlight=False)
    for item in hit.evidence:
        console.print(
            f"   {item.channel:<9}{item.value:.2f}  {item.contribution:+.3f}  {escape(item.sentence)}",
            highlight=False,
        )


def _region(hit: Hit) -> str:
    return "" if hit.region is None else f"  by region {hit.region}"


def _summary(answer: Answer) -> str:
    total = answer.timings_ms.get("total", 0.0)
    stages = ", ".join(f"{name} {ms:.0f}" for name, ms in answer.timings_ms.items() if name != "total")
    complete = "complete" if answer.complete else "not complete"
    heard = f'Text compared: "{answer.query_text}". ' if answer.query_text else ""
    return (
        f"\n{heard}{answer.candidates} candidates ({answer.route}, {complete}) "
        f"in {total:.0f} ms ({stages}); model {answer.model}."
    )
