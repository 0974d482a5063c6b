"""Several worker processes, started, watched and stopped together."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from dataclasses import replace
from types import FrameType, TracebackType
from typing import Protocol, Self

from logosim.cli.display import errors, progress_bar
from logosim.errors import DatabaseUnavailable, LogosimError
from logosim.settings import Settings
from workers.stopping import told_to_end

_RESTARTS = 20  # a picture that kills its worker is set aside after five attempts; this many are no accident


class Queue(Protocol):
    """What the progress bar asks of the queue."""

    def pending(self) -> int:
        """Marks, or pictures, queued or leased."""


class Workforce:
    """Worker processes as a context: all of them are gone when it ends, however it ends.

    SIGTERM and SIGHUP end it as Ctrl-C does, with KeyboardInterrupt, once the workers have finished the batches at
    hand. After a second Ctrl-C they are killed, and their leases run out.

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
        self._wanted = processes
        self._processes: list[subprocess.Popen[bytes]] = []
        self._restarts = 0
        self._ending = False  # it was told to end
        self._starting = False
        self._exit = ExitStack()

    def _start(self) -> None:
        self._starting = True  # a worker that nobody knows of yet would outlive us
        try:
            # Our own interpreter and module.
            self._processes.append(subprocess.Popen(self._command, env=self._environment))  # noqa: S603
        finally:
            self._starting = False
        if self._ending:
            raise KeyboardInterrupt

    def _end(self, _signal: int, _frame: FrameType | None) -> None:
        if self._ending:  # a closed terminal says so more than once
            return
        self._ending = True
        if not self._starting:
            raise KeyboardInterrupt

    def watch(self, queue: Queue, unit: str = "marks") -> None:
        """Show progress, counted in `unit`, until every worker has ended, replacing workers that were killed.

        Raises:
            LogosimError: a worker ended with an error, or workers are killed again and again.
            KeyboardInterrupt: the process was told to end.
        """
        try:
            self._show(queue, unit)
        except KeyboardInterrupt:
            errors.print("Finishing the batches at hand ...")
            raise

    def _show(self, queue: Queue, unit: str) -> None:
        total = queue.pending()
        with progress_bar(unit) as bar:
            task = bar.add_task("Extracting", total=total)
            while self._at_work():
                # Whether a database that is away is waited for, the workers decide.
                with suppress(DatabaseUnavailable):
                    left = queue.pending()
                    total = max(total, left)
                    bar.update(task, total=total, completed=total - left)
                time.sleep(0.5)
            bar.update(task, completed=total - queue.pending())

    def _at_work(self) -> bool:
        """Whether a worker still runs, after those that were killed have been replaced."""
        for process in list(self._processes):
            code = process.poll()
            if code is None or code == 0:
                continue
            if code > 0:
                raise LogosimError(f"A worker ended with exit code {code}; its message stands above.")
            self._restarts += 1
            if self._restarts > _RESTARTS:
                raise LogosimError(f"Workers were killed {_RESTARTS} times; the queue keeps what is not done.")
            errors.print(f"A worker was killed (signal {-code}); another takes its place.", highlight=False)
            self._processes.remove(process)
            self._start()
        return any(process.poll() is None for process in self._processes)

    def __enter__(self) -> Self:
        with ExitStack() as ending:
            ending.enter_context(told_to_end(self._end))
            ending.callback(self._stop)
            for _ in range(self._wanted):
                self._start()
            self._exit = ending.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._exit.close()

    def _stop(self) -> None:
        self._ending = True  # from now on only Ctrl-C changes anything
        try:
            for process in self._processes:
                process.send_signal(signal.SIGTERM)
            for process in self._processes:
                process.wait()
        except KeyboardInterrupt:
            for process in self._processes:
                process.kill()
                process.wait()
            raise
