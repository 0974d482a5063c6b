"""Commands for embedding models: what there is, and going over to another one."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from logosim.cli.circumstances import circumstances
from logosim.cli.display import console, errors, progress_bar
from logosim.embedding import OnnxEmbedder, bundled_models, find_bundled, load_artifact, model_folder
from logosim.embedding.onnx import BATCH
from logosim.embedding.speed import measure_speed
from logosim.errors import InputError
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


@models.command(
    epilog="Example: logosim models measure bundled efficientnet-lite0-gem-whitened256 ~/artifacts/logo-moco-1"
)
@click.argument("models", metavar="[FOLDER|NAME]...", nargs=-1)
@click.option("--pictures", type=click.IntRange(1), default=400, show_default=True, help="How many each one sees.")
@click.pass_obj
def measure(settings: Settings, /, models: tuple[str, ...], pictures: int) -> None:
    """Measure how long models take for a picture, side by side; without names the bundled default.

    Timed is the model alone: no decoding, no text reading. The models take turns, so compare the rows of one table.
    Threads are those of LOGOSIM_THREADS.
    """
    artifacts = [load_artifact(model_folder(model)) for model in models or ("bundled",)]
    if len({artifact.manifest.input_size for artifact in artifacts}) > 1:
        raise InputError("the models want pictures of different sizes: measure those of one size together")
    embedders = [OnnxEmbedder(artifact, threads=settings.inference_threads) for artifact in artifacts]
    with progress_bar("runs") as bar:
        task = bar.add_task("Timing", total=None)
        speeds = measure_speed(embedders, pictures, lambda done, total: bar.update(task, completed=done, total=total))
    given = circumstances(settings)
    told = f"{given.machine}; {settings.inference_threads} threads; commit {given.commit or 'not from a clone'}"
    console.print(told, highlight=False, markup=False, soft_wrap=True)
    rows = [
        f"| model | MB | alone, p50 ms | alone, p99 ms | in batches of {BATCH}, ms | against the first |",
        "|---" * 6 + "|",
    ]
    for artifact, embedder, speed in zip(artifacts, embedders, speeds, strict=True):
        rows.append(
            f"| {artifact.manifest.name} {artifact.manifest.version} ({embedder.providers[0]}) "
            f"| {artifact.manifest.size_bytes / 1e6:.1f} "
            f"| {speed.alone_p50:.1f} | {speed.alone_p99:.1f} | {speed.batch:.1f} "
            f"| {speed.batch / speeds[0].batch:.2f} |"
        )
    console.print("\n".join(rows), highlight=False, markup=False, soft_wrap=True)


def _what_processes_need(settings: Settings, folder: Path, sha256: str) -> str:
    if find_bundled(sha256) is None:
        return f"Set LOGOSIM_MODEL_DIR={folder.resolve()} for all processes"
    if settings.model_dir is not None:
        return "Unset LOGOSIM_MODEL_DIR and restart running processes"
    return "Restart running processes"


def _print_line(name: str, since: str, states: list[str]) -> None:
    console.print(f"{name:<40} {since:<16}  {', '.join(states)}".rstrip(), highlight=False)
