"""What a run needs to go on as if it had never stopped: written whole or not at all, read without running any code."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch

from training.configuration import Configuration

FORMAT = 1
_PREFIX = "step-"
BEST = "best.pt"
_log = logging.getLogger(__name__)


class CheckpointError(Exception):
    """A checkpoint cannot be written, cannot be read or belongs to another run."""


def write_checkpoint(file: Path, state: Mapping[str, Any]) -> None:
    """Write beside the target, flush to the disk, then rename: what stood at `file` stays until the new one is whole.

    Raises CheckpointError, as when the disk is full; nothing half-written stays behind.
    """
    scratch = file.with_name(f"{file.name}.tmp")
    try:
        with scratch.open("wb") as out:
            torch.save({"format": FORMAT, **state}, out)
            out.flush()
            os.fsync(out.fileno())
        scratch.replace(file)
        _flush_folder(file.parent)
    except (OSError, RuntimeError) as error:  # torch wraps a failed write into a RuntimeError
        with contextlib.suppress(OSError):
            scratch.unlink(missing_ok=True)
        raise CheckpointError(
            f"cannot write the checkpoint {file}: {error}. Make room and start again with the same command: "
            "the run goes on from the checkpoint before it"
        ) from error


def read_checkpoint(file: Path) -> dict[str, Any]:
    """The state that was written. Raises CheckpointError if the file is missing, damaged or of another format.

    Only tensors and plain values are read (`weights_only`): a file that wants to run code is refused by torch.
    """
    try:
        state = torch.load(file, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise CheckpointError(f"there is no checkpoint {file}") from error
    except Exception as error:  # a damaged file raises what its first wrong byte leads to
        raise CheckpointError(f"the checkpoint {file} cannot be read: {error}") from error
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise CheckpointError(f"{file} is not a checkpoint of format {FORMAT}")
    return state


def checkpoint_file(folder: Path, step: int) -> Path:
    """Where the checkpoint after so many steps lies."""
    return folder / f"{_PREFIX}{step:09d}.pt"


def checkpoints(folder: Path) -> list[Path]:
    """The numbered checkpoints of a run, oldest first; half-written ones are not among them."""
    return sorted(folder.glob(f"{_PREFIX}*.pt"))


def newest(folder: Path) -> Iterator[dict[str, Any]]:
    """The readable checkpoints of a run, newest first.

    A damaged one is told of in the log and renamed to `*.damaged`: by its number it would count among the last that are
    kept, in place of a whole one.
    """
    for file in reversed(checkpoints(folder)):
        try:
            state = read_checkpoint(file)
        except CheckpointError as error:
            told = {"action": "checkpoint_set_aside", "reason": str(error)}
            _log.warning("A checkpoint is set aside: %s", error, extra=told)
            file.rename(file.with_suffix(".damaged"))
            continue
        yield state


def prune(folder: Path, keep: int) -> None:
    """Remove all but the last `keep` numbered checkpoints, and what an interrupted write left."""
    for file in [*checkpoints(folder)[:-keep], *folder.glob("*.pt.tmp")]:
        file.unlink(missing_ok=True)


def differences(configuration: Configuration, saved: Mapping[str, Any]) -> list[str]:
    """Settings in which a checkpoint's configuration differs, as `section.name: theirs, ours`.

    How often things are written down and how the machine is used may differ: they change nothing that is learnt.
    """
    ours, theirs = _flat(configuration.as_plain()), _flat(saved)
    free = ("machine.", "keeping.")
    return [
        f"{name}: {theirs.get(name)!r} in the checkpoint, {ours.get(name)!r} here"
        for name in sorted(ours.keys() | theirs.keys())
        if ours.get(name) != theirs.get(name) and not name.startswith(free)
    ]


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in values.items():
        flat |= _flat(value, f"{prefix}{name}.") if isinstance(value, Mapping) else {f"{prefix}{name}": value}
    return flat


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
