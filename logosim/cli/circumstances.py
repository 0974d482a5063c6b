"""What stands beside a number in BENCHMARKS.md: date, commit, machine and command."""

from __future__ import annotations

import os
import platform
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import logosim
from logosim.evaluation.report import Circumstances
from logosim.settings import Settings

_DECISIVE = ("model_dir", "ocr", "threads")  # never the database's address: it may hold a password


def circumstances(settings: Settings) -> Circumstances:
    """Those of this run."""
    return Circumstances(
        date=date.today().isoformat(),
        commit=_commit(Path(logosim.__file__).parents[1]),
        machine=_machine(),
        command=command(sys.argv[1:], settings),
    )


def command(arguments: Sequence[str], settings: Settings) -> str:
    """The command as it can be typed again, with the settings that change what is measured and are not the defaults."""
    usual = Settings(data_dir=settings.data_dir)
    changed = [name for name in _DECISIVE if getattr(settings, name) != getattr(usual, name)]
    written = settings.variables()
    given = [f"LOGOSIM_{name.upper()}={shlex.quote(written[f'LOGOSIM_{name.upper()}'])}" for name in changed]
    return " ".join((*given, shlex.join(["logosim", *arguments])))


def _commit(clone: Path) -> str:
    """Short hash of the commit of a clone, with + where files differ from it; "" without git or outside a clone."""
    git = shutil.which("git")
    if git is None or not (clone / ".git").exists():
        return ""
    named = _output([git, "-C", str(clone), "rev-parse", "--short", "HEAD"])
    changed = _output([git, "-C", str(clone), "status", "--porcelain", "--untracked-files=no"])
    return f"{named}+" if named and changed else named


def _output(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  git, by its full path
    return done.stdout.strip() if done.returncode == 0 else ""


def _machine() -> str:
    """Processor and the cores this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    name = platform.processor() or platform.machine()
    facts = Path("/proc/cpuinfo")
    if facts.is_file():
        lines = facts.read_text(encoding="utf-8", errors="replace").splitlines()
        name = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), name)
    return f"{name}, {cores} cores"
