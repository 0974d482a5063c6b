"""Commands for embedding models: what there is, and going over to another one."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from logosim.cli.display import console, errors
from logosim.embedding import bundled_models, find_bundled, load_artifact, model_folder
from logosim.runtime import Runtime
from logosim.settings import Settings


@click.group()
def models() -> None:
    """Embedding models. Searches and workers use the active one; features of two models are never mixed."""


@models.command("list")
@click.pass_obj
def list_models(settings: Settings) -> None:
    """List the registered models, and the bundled ones that could be registered."""
    inside = {model.manifest.sha256: model for model in bundled_models()}
    with Runtime.open(settings) as runtime:
        registered = runtime.models.list()
    for row in registered:
        states = ["active"] if row.active else []
        if model := inside.pop(row.artifact_sha256, None):
            states.append("bundled, the default" if model.is_default else "bundled")
        _print_line(row.name, f"{row.registered_at:%Y-%m-%d %H:%M}", states)
    for model in inside.values():
        states = ["bundled, the default" if model.is_default else "bundled"]
        _print_line(model.manifest.name, "available", states)


@models.command(
    "register",
    epilog="Examples: logosim models register ~/artifacts/logo-moco-1 --activate\n\n"
    "logosim models register efficientnet-lite0-gem-whitened256 --activate",
)
@click.argument("model", metavar="FOLDER|NAME")
@click.option("--activate", is_flag=True, help="Make it the active model and queue the marks it has not seen.")
@click.pass_obj
def register(settings: Settings, model: str, activate: bool) -> None:
    """Register the model artifact in FOLDER, or the bundled model NAME. With --activate go over to it, or back to it.

    Until the workers are done, marks that it has not seen are found by name only.
    """
    folder = model_folder(model)
    artifact = load_artifact(folder)
    with Runtime.open(settings) as runtime:
        runtime.models.register(artifact.manifest, activate=activate)
        waiting = runtime.work.status().get("queued", 0)
    console.print(f"{artifact.manifest.name} is {'active' if activate else 'registered'}.", highlight=False)
    if activate:
        errors.print(
            f"{waiting:,} marks are queued. {_what_processes_need(settings, folder, artifact.manifest.sha256)}, "
            "then run: logosim worker --until-empty",
            highlight=False,
            soft_wrap=True,
        )


def _what_processes_need(settings: Settings, folder: Path, sha256: str) -> str:
    if find_bundled(sha256) is None:
        return f"Set LOGOSIM_MODEL_DIR={folder.resolve()} for all processes"
    if settings.model_dir is not None:
        return "Unset LOGOSIM_MODEL_DIR and restart running processes"
    return "Restart running processes"


def _print_line(name: str, since: str, states: list[str]) -> None:
    console.print(f"{name:<40} {since:<16}  {', '.join(states)}".rstrip(), highlight=False)
