"""Commands for the database: the embedded server, upgrades, tuning, and the Vienna classification."""

from __future__ import annotations

import csv
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import rich_click as click

from logosim.cli.display import console, errors, progress_bar
from logosim.cli.scratch import scratch_database
from logosim.database import embedded, tuning
from logosim.database.catalogue import broken, signatures
from logosim.database.catalogue_page import page
from logosim.database.psql import analyst_settings
from logosim.database.psql import command as psql_command
from logosim.domain.vienna import canonical
from logosim.errors import ConfigurationError, DatabaseError, InputError, RecordError, ViennaCodeError
from logosim.ingest.pronounce import pronounce_all
from logosim.runtime import Runtime, build_transcriber, database_url, upgrade_database
from logosim.settings import PronunciationName, Settings
from logosim.store.pronunciation import Pronunciation


@click.group()
def db() -> None:
    """The database: start, stop, status, upgrade, pronounce, psql, tune, catalogue."""


def _embedded_only(settings: Settings) -> None:
    if settings.database_url:
        raise ConfigurationError(
            "LOGOSIM_DATABASE_URL selects a server of yours; logosim does not start or stop it.",
            hint="Unset it to use the embedded server.",
        )


@db.command()
@click.pass_obj
def start(settings: Settings) -> None:
    """Start the embedded server and bring it to this version."""
    _embedded_only(settings)
    upgrade_database(settings)
    console.print(f"Running; data in {settings.data_dir}", highlight=False, soft_wrap=True)


@db.command()
@click.pass_obj
def stop(settings: Settings) -> None:
    """Stop the embedded server; the data stays."""
    _embedded_only(settings)
    stopped = embedded.stop(settings.data_dir)
    console.print("Stopped." if stopped else "It was not running.")


@db.command()
@click.pass_obj
def status(settings: Settings) -> None:
    """Say which database is used, its versions, and what it holds."""
    if not settings.database_url and not embedded.status(settings.data_dir).running:
        console.print(f"The embedded server in {settings.data_dir} is not running.", highlight=False, soft_wrap=True)
        sys.exit(DatabaseError.exit_code)
    with Runtime.open(settings) as runtime:
        for name, version in runtime.versions().items():
            console.print(f"{name:<10} {version}", highlight=False)
        console.print(f"{'model':<10} {runtime.models.active().name}", highlight=False)
        console.print(f"{'sounds':<10} {_told(runtime.pronunciation.state())}", highlight=False)
        console.print(f"{'marks':<10} {runtime.marks.count():,}", highlight=False)
        for state, count in runtime.work.status().items():
            console.print(f"{state:<10} {count:,}", highlight=False)


@db.command()
@click.pass_obj
def upgrade(settings: Settings) -> None:
    """Bring the database to this version: revisions, functions, classification, and a model if it has none yet."""
    for line in upgrade_database(settings).lines():
        console.print(line, highlight=False)
    with Runtime.open(settings) as runtime:
        if offered := runtime.offered_model():
            console.print(
                f"The model stays {runtime.models.active().name}; the default is {offered} by now. "
                f"To go over: logosim models register {offered}, then backfill and activate it",
                highlight=False,
                soft_wrap=True,
            )
        state = runtime.pronunciation.state()
        if not state.complete:
            engine = state.engine.split()[0]
            console.print(
                f"Names are to be pronounced anew before sounds are compared: logosim db pronounce --engine {engine}",
                highlight=False,
                soft_wrap=True,
            )


@db.command(epilog="Example: logosim db pronounce --engine epitran")
@click.option("--engine", type=click.Choice(get_args(PronunciationName)), required=True, help="What pronounces names.")
@click.pass_obj
def pronounce(settings: Settings, engine: PronunciationName) -> None:
    """Pronounce all stored names by another engine, or anew by this one if an upgrade asks for it.

    Until it is done no sounds are compared: searches that have a name end with an error. Broken off, it goes on where
    it was when run again.
    """
    transcriber = build_transcriber(engine)
    with Runtime.open(settings) as runtime, progress_bar("names") as bar:
        task = bar.add_task("Sounds", total=None)
        started = runtime.pronunciation.begin(transcriber.name)
        bar.update(task, total=runtime.pronunciation.state().waiting)
        done = pronounce_all(runtime.pronunciation, transcriber, lambda names: bar.update(task, advance=names))
    said = f"{done:,} names pronounced" if started else "All names are pronounced already"
    console.print(f"{said} by {transcriber.name}.", highlight=False)
    if settings.pronunciation != engine:
        errors.print(f"Set LOGOSIM_PRONUNCIATION={engine} for all processes and restart them.", highlight=False)


@db.command(
    context_settings={"ignore_unknown_options": True},
    epilog="Example: logosim db psql --analyst\n\nExample: logosim db psql -c 'select * from logosim.queue_health'",
)
@click.option(
    "--analyst",
    is_flag=True,
    help="As logosim_analyst: to read and search, with the time limit of analysts. A guard against slips, not against "
    "intent: the login stays yours, and may take its own role again.",
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
def psql(settings: Settings, analyst: bool, arguments: tuple[str, ...]) -> None:
    """Open psql on the database; further ARGUMENTS are psql's own."""
    url = database_url(settings)
    command, environment = psql_command(
        url, arguments, settings.environment(), analyst_settings(url) if analyst else None
    )
    os.execve(command[0], command, environment)  # noqa: S606


@db.command()
@click.pass_obj
def tune(settings: Settings) -> None:
    """Print settings of Postgres that suit this machine; the embedded server takes them at each start."""
    recommended = tuning.recommended()
    if settings.database_url:
        lines = tuning.as_statements(recommended) + tuning.about_huge_pages(recommended, "--")
    else:
        lines = tuning.as_configuration(recommended) + tuning.about_huge_pages(recommended, "#")
    console.print(lines, end="", highlight=False, markup=False, soft_wrap=True)


@db.command(epilog="Example: logosim db catalogue sql")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.pass_obj
def catalogue(settings: Settings, folder: Path) -> None:
    """Write the catalogue of the SQL functions into FOLDER, the sql/ of a checkout: README.md and signatures.txt.

    A database is made for it and thrown away. Signatures that are listed may only grow: nothing is written where one
    of them is gone or has changed.
    """
    with (
        tempfile.TemporaryDirectory(prefix="logosim-catalogue-") as scratch,
        scratch_database(settings, Path(scratch)) as (runtime, _),
    ):
        found = runtime.catalogue()
    listing, present = folder / "signatures.txt", signatures(found)
    faults = broken(listing.read_text(encoding="utf-8"), present) if listing.exists() else ()
    if faults:
        raise InputError(
            f"A published signature would be broken: {'; '.join(faults)}.",
            hint="Give the new shape a name of its own. If the old one has to go, a revision drops it, CHANGELOG.md "
            f"says so, and its lines are taken out of {listing} by hand.",
        )
    listing.write_text(present, encoding="utf-8")
    (folder / "README.md").write_text(page(found, folder), encoding="utf-8")
    console.print(
        f"{len(found.routines)} functions, {len(found.views)} views and {len(found.tables)} tables written.",
        highlight=False,
    )


@click.group()
def vienna() -> None:
    """The Vienna classification of figurative elements."""


@vienna.command("import", epilog="Example: logosim vienna import vienna_codes.csv")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_obj
def import_file(settings: Settings, file: Path) -> None:
    """Take in an official list: a CSV FILE with the columns code and heading.

    Headings of the file replace the short labels that logosim brings for categories and divisions.
    """
    rows = list(_rows(file))
    with Runtime.open(settings) as runtime:
        count = runtime.vienna.import_rows((code, heading) for code, heading in rows if heading)
    console.print(f"{count:,} codes taken in, {len(rows) - count:,} left out for want of a heading.", highlight=False)


@vienna.command("show", epilog="Example: logosim vienna show 03.07")
@click.argument("code")
@click.pass_obj
def show(settings: Settings, code: str) -> None:
    """Print the heading of CODE and of the codes below it."""
    with Runtime.open(settings) as runtime:
        headings = runtime.vienna.headings(canonical(code))
    for found, label in headings:
        console.print(f"{found:<9} {label}", highlight=False, markup=False)
    if not headings:
        console.print(f"No heading is known for {canonical(code)}.", highlight=False)


def _told(state: Pronunciation) -> str:
    return state.engine if state.complete else f"{state.engine}, {state.waiting:,} of {state.names:,} names to do"


def _rows(file: Path) -> Iterator[tuple[str, str]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            if not {"code", "heading"} <= set(reader.fieldnames or ()):
                raise RecordError(f"{file} has no columns code and heading.")
            for row in reader:
                try:
                    yield canonical(row["code"] or ""), (row["heading"] or "").strip()
                except ViennaCodeError as error:
                    raise RecordError(f"{file}, line {reader.line_num}: {error}") from None
    except OSError as error:
        raise RecordError(f"{file} cannot be read: {error.strerror}.") from None
    except (UnicodeDecodeError, csv.Error):
        raise RecordError(f"{file} is not a CSV file in UTF-8.") from None
