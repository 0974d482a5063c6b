"""The frame of a command of this package: parse, work, print, and say what went wrong in words for a person."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

import torch

from logosim.errors import LogosimError
from training.allocator import keep_freed_memory, out_of_memory
from training.checkpoint import CheckpointError
from training.collection import CollectionError
from training.configuration import ConfigurationError
from training.holdout import HoldoutError
from training.parity import ParityError
from training.trainer import LossNotFinite

_TOLD = (
    CheckpointError,
    CollectionError,
    ConfigurationError,
    HoldoutError,
    LogosimError,
    LossNotFinite,
    OSError,
    ParityError,
    ValueError,
)


def reported(
    parser: argparse.ArgumentParser, arguments: Sequence[str] | None, work: Callable[[argparse.Namespace], str]
) -> int:
    """Parse, work, and print what the work says of itself, or what went wrong; the process's exit status."""
    options = parser.parse_args(arguments)
    torch.set_num_threads(max(1, options.threads or 1))
    keep_freed_memory()
    try:
        told = work(options)
    except (*_TOLD, RuntimeError, MemoryError) as error:
        said = _said(error)
        if said is None:
            raise
        sys.stderr.write(f"error: {said}\n")
        return 1
    sys.stdout.write(told + "\n")
    return 0


def _said(error: Exception) -> str | None:
    """An error in words for a person; None for one that is nobody's fault but the program's."""
    words = str(error).strip()
    if out_of_memory(error):
        return (
            "out of memory; if this trains, halve optimiser.pairs or set machine.gradient_checkpoints = true; "
            f"training.train --dry-run finds the batch that fits ({words.partition(chr(10))[0]})"
        )
    if isinstance(error, _TOLD):
        # torch hands on what a process that makes views raised with its whole traceback, the message last
        return words.splitlines()[-1].partition(": ")[2] if "\nOriginal Traceback" in words else words
    if words.startswith("DataLoader worker"):
        return (
            "a process that makes views died, mostly for want of main or shared memory: lower machine.workers or "
            f"machine.cache_megabytes ({words.partition(chr(10))[0]})"
        )
    return None
