"""Commands for embedding models: what is registered, and going over to another one."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from logosim.cli.display import console, errors
from logosim.embedding import load_artifact
from logosim.runtime import Runtime
from logosim.settings import Settings


@click.group()
def models() -> None:
    """Embedding models. Searches and workers use the active one; features of two models are never mixed."""


@models.command("list")
@click.pass_obj
def list_models(settings: Settings) -> None:
    """List the registered models."""
    with Runtime.open(settings) as runtime:
        for model in runtime.models.list():
            state = "active" if model.active else ""
            console.print(f"{model.name:<40} {model.registered_at:%Y-%m-%d %H:%M}  {state}", highlight=False)


@models.command("register", epilog="Example: logosim models register ~/artifacts/logo-moco-1 --activate")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--activate", is_flag=True, help="Make it the active model and queue the marks it has not seen.")
@click.pass_obj
def register(settings: Settings, folder: Path, activate: bool) -> None:
    """Register the model artifact in FOLDER. With --activate go over to it, or back to it.

    Until the workers are done, marks that it has not seen are found by name only.
    """
    artifact = load_artifact(folder)
    with Runtime.open(settings) as runtime:
        runtime.models.register(artifact.manifest, activate=activate)
        waiting = runtime.work.status().get("queued", 0)
    console.print(f"{artifact.manifest.name} is {'active' if activate else 'registered'}.", highlight=False)
    if activate:
        errors.print(
            f"{waiting:,} marks are queued. Set LOGOSIM_MODEL_DIR={folder.resolve()} for all processes, "
            "then run: logosim worker --until-empty",
            highlight=False,
            soft_wrap=True,
        )
