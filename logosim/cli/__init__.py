"""The command line: one file per group of commands, errors without tracebacks, exit codes that scripts can use."""

from __future__ import annotations

import sys
from importlib.metadata import version

import rich_click as click

from logosim.cli import (
    benchmark,
    database,
    demo,
    evaluation,
    explaining,
    ingestion,
    models,
    searching,
    serving,
    watching,
)
from logosim.cli.display import errors
from logosim.errors import LogosimError
from logosim.logs import configure
from logosim.settings import SETTINGS_HELP, Settings

_EPILOG = (
    "Exit codes: 0 done, 1 failed, 2 wrong input or setting, 3 database, 4 no such mark or handle, 5 model.\n\n"
    "Settings are variables of the environment:\n\n"
    + "\n\n".join(f"{name}: {text}" for name, text in SETTINGS_HELP.items())
)


@click.group(epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("logosim"), prog_name="logosim")
@click.pass_context
def cli(context: click.Context) -> None:
    """Which earlier marks could this logo be confused with, and why?

    \b
    First steps:
      logosim demo                       real logos in, one query answered
      logosim search LOGO.png            search with your own picture
      logosim ingest L3D_FOLDER          take in your own marks
      logosim serve                      the same over REST
    """
    settings = Settings.from_environment()
    configure(settings.log_level, settings.log_format)
    context.obj = settings


for _command in (
    demo.demo,
    database.db,
    ingestion.ingest,
    ingestion.worker,
    ingestion.work,
    searching.search,
    searching.similar,
    searching.text,
    explaining.explain,
    watching.watch,
    serving.serve,
    serving.keys,
    database.vienna,
    models.models,
    benchmark.benchmark,
    evaluation.evaluate,
):
    cli.add_command(_command)


def main() -> None:
    """Run the command line; the one place where its errors end."""
    try:
        cli()
    except LogosimError as error:
        errors.print(f"[bold red]Error:[/] {_escape(str(error))}", highlight=False)
        if error.hint:
            errors.print(_escape(error.hint), highlight=False)
        sys.exit(error.exit_code)
    except BrokenPipeError:  # the reader of our output went away, as `| head` does
        sys.stderr.close()
        sys.exit(1)


def _escape(text: str) -> str:
    return text.replace("[", r"\[")
