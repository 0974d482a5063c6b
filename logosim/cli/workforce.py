"""Several worker processes, started, watched and stopped together."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from types import TracebackType
from typing import Protocol, Self

from logosim.cli.display import errors, progress_bar
from logosim.errors import DatabaseUnavailable, LogosimError
from logosim.settings import Settings

_RESTARTS = 20  # a picture that kills its worker is set aside after five attempts; this many are no accident


class Queue(Protocol):
    """What the progress bar asks of the queue."""

    def pending(self) -> int:
        """Marks, or pictures, queued or leased."""


class Workforce:
    """Worker processes as a context: all of them are gone when it ends, however it ends.

    `model` is the name or folder of the model they work for; None: whichever is active. With `pictures` they answer
    SQL clients only.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        processes: int,
        batch: int,
        until_empty: bool,
        model: str | None = None,
        pictures: bool = False,
    ) -> None:
        self._command = [
            sys.executable,
            "-m",
            "workers",
            f"--batch={batch}",
            *(["--until-empty"] if until_empty else []),
            *([f"--model={model}"] if model else []),
            *(["--pictures"] if pictures else []),
        ]
        # One thread a process: several processes on few cores work off more than one process with several threads.
        threads = max(1, settings.inference_threads // processes)
        self._environment = {**replace(settings, threads=threads).environment(), "OMP_NUM_THREADS": str(threads)}
        self._processes = [self._start() for _ in range(processes)]
        self._restarts = 0

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self._command, env=self._environment)  # noqa: S603  our own interpreter and module

    def watch(self, queue: Queue, unit: str = "marks") -> None:
        """Show progress, counted in `unit`, until every worker has ended, replacing workers that were killed.

        Raises:
            LogosimError: a worker ended with an error, or workers are killed again and again.
        """
        total = queue.pending()
        with progress_bar(unit) as bar:
            task = bar.add_task("Extracting", total=total)
            try:
                while self._at_work():
                    # Whether a database that is away is waited for, the workers decide.
                    with suppress(DatabaseUnavailable):
                        left = queue.pending()
                        total = max(total, left)
                        bar.update(task, total=total, completed=total - left)
                    time.sleep(0.5)
            except KeyboardInterrupt:
                errors.print("Finishing the batches at hand ...")
                return
            bar.update(task, completed=total - queue.pending())

    def _at_work(self) -> bool:
        """Whether a worker still runs, after those that were killed have been replaced."""
        for place, process in enumerate(self._processes):
            code = process.poll()
            if code is None or code == 0:
                continue
            if code > 0:
                raise LogosimError(f"A worker ended with exit code {code}; its message stands above.")
            self._restarts += 1
            if self._restarts > _RESTARTS:
                raise LogosimError(f"Workers were killed {_RESTARTS} times; the queue keeps what is not done.")
            errors.print(f"A worker was killed (signal {-code}); another takes its place.", highlight=False)
            self._processes[place] = self._start()
        return any(process.poll() is None for process in self._processes)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self._processes:
            process.wait()
