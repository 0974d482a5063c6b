"""Commands for embedding models: what there is, and registering another one."""

from __future__ import annotations

import rich_click as click

from logosim.cli.circumstances import circumstances
from logosim.cli.display import console, counted, errors, progress_bar
from logosim.cli.model_versions import activate, backfill, drop
from logosim.embedding import OnnxEmbedder, bundled_models, load_artifact, model_folder
from logosim.embedding.onnx import BATCH
from logosim.embedding.speed import measure_speed
from logosim.errors import InputError
from logosim.runtime import Runtime
from logosim.settings import Settings


@click.group()
def models() -> None:
    """Embedding models. Searches use the active one; features of two models are never mixed.

    \b
    To go over to another model, while searches go on with the present one:
      logosim models register NAME|FOLDER
      logosim models backfill NAME
      logosim models activate NAME       again with the former NAME: back
      logosim models drop FORMER
    """


for _command in (backfill, activate, drop):
    models.add_command(_command)


@models.command("list", epilog="Example: logosim models list")
@click.pass_obj
def list_models(settings: Settings) -> None:
    """List the registered models and how far they are, and the bundled ones that could be registered."""
    inside = {model.manifest.sha256: model for model in bundled_models()}
    with Runtime.open(settings) as runtime:
        registered = runtime.model_versions.states()
    for row in registered:
        states = [row.state]
        if model := inside.pop(row.artifact_sha256, None):
            states.append("bundled, the default" if model.is_default else "bundled")
        seen = f"{row.seen:,} of {counted(row.marks, 'mark')} seen"
        if row.waiting or row.dead:
            seen += f" ({row.waiting:,} wait, {row.dead:,} given up)"
        _print_line(row.name, f"{row.registered_at:%Y-%m-%d %H:%M}", seen, states)
    for model in inside.values():
        states = ["bundled, the default" if model.is_default else "bundled"]
        _print_line(model.manifest.name, "available", "", states)


@models.command(
    "register",
    epilog="Example: logosim models register ~/artifacts/logo-moco-1\n\n"
    "Example: logosim models register efficientnet-lite0-gem-whitened256",
)
@click.argument("model", metavar="FOLDER|NAME")
@click.option(
    "--activate",
    is_flag=True,
    help="Make it the active model at once. Until the workers are done, marks that it has not seen are found by name "
    "only.",
)
@click.pass_obj
def register(settings: Settings, model: str, activate: bool) -> None:
    """Register the model artifact in FOLDER, or the bundled model NAME. Searches go on with the active one."""
    folder = model_folder(model)
    artifact = load_artifact(folder)
    name = artifact.manifest.name
    with Runtime.open(settings) as runtime:
        model_id = runtime.models.register(artifact.manifest, activate=activate)
        waiting = runtime.work.for_model(model_id).pending()
        here = runtime.has_artifact(runtime.named_model(name))
    console.print(f"{name} is {'active' if activate else 'registered'}.", highlight=False)
    needed = "" if here else f"Add {folder.resolve()} to LOGOSIM_MODEL_DIR for all processes. "
    if activate:
        said = f"{counted(waiting, 'mark is', 'marks are')} queued. {needed}Then run: logosim worker --until-empty"
    else:
        said = f"{needed}To have it look at the marks: logosim models backfill {name if here else model}"
    errors.print(said, highlight=False, soft_wrap=True)


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


def _print_line(name: str, since: str, seen: str, states: list[str]) -> None:
    console.print(f"{name:<40} {since:<16}  {seen:<30}  {', '.join(states)}".rstrip(), highlight=False, soft_wrap=True)
