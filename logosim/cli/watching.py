"""Commands for saved searches: add, list, run now or on a schedule, look at what they reported, remove."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from uuid import UUID

import rich_click as click

from logosim.cli.display import console, counted, errors
from logosim.cli.options import filter_of, filter_options, weights_of, weights_option
from logosim.cli.searching import ROLE, read_picture
from logosim.domain.parse import parse_interval, parse_text
from logosim.domain.watch import Watch, WatchHit, WatchRun
from logosim.errors import InputError, LogosimError, WatchNotFound
from logosim.runtime import Runtime
from logosim.settings import Settings
from workers.stopping import until_stopped
from workers.watching import WatchRunner


@click.group()
def watch() -> None:
    """Saved searches that report what is new: marks taken in since that come too near to one of yours.

    \b
      logosim watch add sun --mark MARK_ID --threshold 0.5 --skip-present
      logosim watch run                      all of them, now
      logosim watch run --every 1h --json    all of them, every hour, for ever
      logosim watch hits sun                 what was reported, for good
    """


@watch.command(
    epilog="Example: logosim watch add sun --mark 0d3c1f2e-5a6b-8c7d-9e0f-112233445566 --year 2020: --skip-present\n\n"
    "Example: logosim watch add fildor --text FILDOR --threshold 0.3 --weights sound=2\n\n"
    "Example: logosim watch add 'new logo' --picture logo.png --text ACME"
)
@click.argument("name")
@click.option("--mark", type=click.UUID, help="Watch a stored mark, by its id.")
@click.option("--handle", type=click.UUID, help="Watch a kept picture; the watch has a copy, which does not expire.")
@click.option("--picture", type=click.Path(path_type=Path, dir_okay=False), help="Watch a new picture.")
@click.option("--text", help="Watch a name; with --picture, the verbal element of the mark.")
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1),
    default=0.1,
    show_default=True,
    help="Least score that is reported: the probability of a confusion. From 0.1 the risk is medium, from 0.5 high.",
)
@click.option(
    "--skip-present", is_flag=True, help="What reaches the threshold by now is known; report only what comes later."
)
@weights_option
@filter_options
@click.pass_obj
def add(
    settings: Settings,
    /,
    name: str,
    mark: UUID | None,
    handle: UUID | None,
    picture: Path | None,
    text: str | None,
    threshold: float,
    skip_present: bool,
    **given: Any,
) -> None:
    """Save a search under NAME."""
    asked = [one for one in (mark, handle, picture) if one is not None]
    if len(asked) > 1 or (not asked and text is None) or (text is not None and (mark or handle)):
        raise InputError(
            "A watch asks by one thing.", hint="Give --mark, --handle, --picture (with its --text), or --text alone."
        )
    wanted, weights = filter_of(given), weights_of(given)
    with Runtime.open(settings, role=ROLE) as runtime:
        by: UUID | None = mark or handle
        if picture is not None:
            name_of_it = None if text is None else parse_text(text) or ""
            by = runtime.pipeline.remember(read_picture(picture), text=name_of_it).handle
        runtime.watches.save(
            name,
            asked=by,
            text=parse_text(text or "") if by is None else None,
            threshold=threshold,
            filter=wanted,
            weights=weights,
            skip_present=skip_present,
        )
    console.print(f"Saved. Run it with: logosim watch run {name}", highlight=False, markup=False, soft_wrap=True)


@watch.command("list", epilog="Example: logosim watch list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@click.pass_obj
def list_watches(settings: Settings, as_json: bool) -> None:
    """List the watches, with what they ask and how they go."""
    with Runtime.open(settings, role=ROLE) as runtime:
        found = runtime.watches.list()
    for saved in found:
        _say(json.dumps(dataclasses.asdict(saved), ensure_ascii=False, default=str) if as_json else _told(saved))


@watch.command(
    epilog="Example: logosim watch run sun fildor\n\nExample: logosim watch run --every 1h --json >> hits.jsonl"
)
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--every", metavar="TIME", help="Run them again and again, each after so long: 90s, 15m, 1h, 1d.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for each new hit.")
@click.pass_obj
def run(settings: Settings, names: tuple[str, ...], every: str | None, as_json: bool) -> None:
    """Run watches and print what is new: all of them, or those named.

    With --every this goes on until it is stopped, and waits for a database that is away. Several may run at once:
    each watch is run by one of them. After a change of the model, watched pictures are looked at again first. What
    could not be run is noted: logosim watch list.
    """
    interval = parse_interval(every) if every else None
    with Runtime.open(settings, role="logosim_worker") as runtime:
        known = {saved.name for saved in runtime.watches.list()}
        if missing := [name for name in names if name not in known]:
            raise WatchNotFound(f"There is no watch called {missing[0]}.")
        if interval is not None:
            runner = WatchRunner(runtime.watches, interval, names)
            runner.run(until_stopped(), lambda done: _tell(done, as_json=as_json))
            return
        failed = 0
        for name in names or sorted(known):
            try:
                done = runtime.watches.run(name)
            except LogosimError as error:
                done = WatchRun.failed(name, error)
                failed += 1
            _tell(done, as_json=as_json)
    if failed:
        tried = counted(len(names or known), "watch", "watches")
        raise LogosimError(f"{failed:,} of {tried} could not be run; why stands above.")


@watch.command(epilog="Example: logosim watch hits sun --json | jq .mark_id")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for each hit.")
@click.pass_obj
def hits(settings: Settings, name: str, as_json: bool) -> None:
    """Print all that the watch NAME has reported, the latest run first."""
    with Runtime.open(settings, role=ROLE) as runtime:
        found = runtime.watches.hits(name)
    _print_hits(found, as_json=as_json)


@watch.command(epilog="Example: logosim watch remove sun")
@click.argument("name")
@click.pass_obj
def remove(settings: Settings, name: str) -> None:
    """Remove the watch NAME, with all that it has reported."""
    with Runtime.open(settings, role=ROLE) as runtime:
        if not runtime.watches.drop(name):
            raise WatchNotFound(f"There is no watch called {name}.")
    console.print("Removed.")


def _tell(done: WatchRun, *, as_json: bool) -> None:
    """New hits on stdout, how it went on stderr."""
    _print_hits(done.hits, as_json=as_json)
    said = f"{len(done.hits):,} new" if done.error is None else f"could not be run: {done.error}"
    errors.print(f"{done.watch}: {said}", highlight=False, markup=False, soft_wrap=True)


def _print_hits(found: Iterable[WatchHit], *, as_json: bool) -> None:
    for hit in found:
        if as_json:
            _say(json.dumps(dataclasses.asdict(hit), ensure_ascii=False, default=str))
        else:
            again = " (changed)" if hit.again else ""
            _say(
                f"{hit.reported_at:%Y-%m-%d %H:%M} {hit.watch}: {hit.score:.3f} {hit.risk} {hit.mark_id} "
                f"{hit.text or '(no text)'} {hit.source}/{hit.file}{again}"
            )


def _told(saved: Watch) -> str:
    """A watch in one line."""
    ran = f"run {saved.runs:,} times, last {saved.ran_at:%Y-%m-%d %H:%M}" if saved.ran_at else "not run yet"
    asked = " ".join(str(part) for part in (saved.watched, saved.asked, saved.text) if part is not None)
    cut = "; as many reach the threshold as a search gives, and more may" if saved.complete is False else ""
    failed = f"; last error: {saved.last_error}" if saved.last_error else ""
    return f"{saved.name}: {asked}, from {saved.threshold:g}; {ran}; {saved.reported:,} reported{cut}{failed}"


def _say(line: str) -> None:
    """A line that whoever reads our output sees at once."""
    print(line, flush=True)  # noqa: T201
