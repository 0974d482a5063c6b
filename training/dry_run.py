"""Tries one batch of a run: whether it fits into memory, and how long a step takes. Nothing is written."""

from __future__ import annotations

import dataclasses
import gc
import resource
import sys
import time

import torch

from training.allocator import out_of_memory
from training.assembly import assemble
from training.batches import Batches, batch_loader
from training.configuration import Configuration

_STEPS = 4  # the first warms up and is not timed


def dry_run(configuration: Configuration, batches: Batches, device: torch.device) -> str:
    """A report in words: memory and time of a step, or the largest batch (by halving) that fits."""
    pairs = configuration.optimiser.pairs
    while True:
        try:
            seconds = _try(configuration, batches, device)
            break
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
        _forget(device)  # not while the error is handled: it holds on to what was in memory
        batches.pairs //= 2
        if batches.pairs < 2:
            return "not even 2 pairs fit into memory: lower data.pixels, or take a larger card"
    fits = f"{batches.pairs} pairs of {configuration.data.pixels} x {configuration.data.pixels} pixels fit: "
    report = f"{fits}{seconds:.2f} s a step, {2 * batches.pairs / seconds:.0f} pictures/s, {_memory(device)}"
    if batches.pairs < pairs:
        return f"{pairs} pairs do not fit. {report}. Set optimiser.pairs = {batches.pairs}"
    return report


def _try(configuration: Configuration, batches: Batches, device: torch.device) -> float:
    optimiser = dataclasses.replace(configuration.optimiser, pairs=batches.pairs)
    trainer = assemble(dataclasses.replace(configuration, optimiser=optimiser), batches, device)
    times = []
    for batch in batch_loader(batches, range(_STEPS), 0):
        start = time.perf_counter()
        trainer.take(batch)
        if device.type == "cuda":
            torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    return sum(times[1:]) / len(times[1:])


def _forget(device: torch.device) -> None:
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


def _memory(device: torch.device) -> str:
    if device.type == "cuda":
        total = torch.cuda.get_device_properties(device).total_memory
        return f"{torch.cuda.max_memory_allocated() / 2**30:.2f} GiB of {total / 2**30:.0f} GiB of the card at most"
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return f"{peak / 2**30:.2f} GiB of main memory at most"
