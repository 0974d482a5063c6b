"""The one place that reads the environment: settings as frozen values, read once by the front doors.

Every setting has a default that works on a fresh machine. `SETTINGS_HELP` is what the README's table and
`logosim --help` show; a test holds it equal to the fields.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Literal

import platformdirs

from logosim.errors import ConfigurationError

OcrName = Literal["rapid", "easy", "none"]
PronunciationName = Literal["rules", "epitran"]
LogFormat = Literal["text", "json"]

SETTINGS_HELP: dict[str, str] = {
    "LOGOSIM_DATABASE_URL": "Postgres 16+ with pgvector 0.8.4+; unset: the embedded server in the data folder",
    "LOGOSIM_DATA_DIR": "where the embedded database, uploaded pictures and the demo lie",
    "LOGOSIM_MODEL_DIR": "folders of models of yours, parted by `:`; the active model is looked for in them, then "
    "among the bundled ones",
    "LOGOSIM_CALIBRATION": "table of what likeness is worth as evidence; unset: the one learnt for the bundled models",
    "LOGOSIM_OCR": "text reader: rapid (default), easy (extra `easyocr`) or none",
    "LOGOSIM_PRONUNCIATION": "what pronounces names, as in the database: rules (default) or epitran (extra `epitran`)",
    "LOGOSIM_THREADS": "threads a process uses for model inference; 0: all cores",
    "LOGOSIM_LOG_FORMAT": "log lines on stderr as text (default) or json",
    "LOGOSIM_LOG_LEVEL": "lowest level logged: DEBUG, INFO, WARNING (default) or ERROR",
    "LOGOSIM_MAX_PICTURE_BYTES": "largest picture file accepted, bytes (default 20 MiB)",
    "LOGOSIM_MAX_PICTURE_PIXELS": "largest picture accepted, pixels (default 50 million)",
}


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of one process. Fields correspond to the variables `LOGOSIM_<FIELD>`."""

    data_dir: Path
    database_url: str | None = field(default=None, repr=False)  # may hold a password
    model_dir: tuple[Path, ...] = ()
    calibration: Path | None = None
    ocr: OcrName = "rapid"
    pronunciation: PronunciationName = "rules"
    threads: int = 0
    log_format: LogFormat = "text"
    log_level: str = "WARNING"
    max_picture_bytes: int = 20 * 1024 * 1024
    max_picture_pixels: int = 50_000_000

    @property
    def inference_threads(self) -> int:
        """Threads for model inference: the setting, or the cores this process may use."""
        if self.threads:
            return self.threads
        affinity = getattr(os, "sched_getaffinity", None)  # not on macOS
        return len(affinity(0)) if affinity else os.cpu_count() or 1

    @property
    def picture_dir(self) -> Path:
        """Where pictures received over REST are kept."""
        return self.data_dir / "pictures"

    def environment(self) -> dict[str, str]:
        """The environment for a process that shall have these settings: this process's own, with ours put over it."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("LOGOSIM_")}
        return {**inherited, **self.variables()}

    def variables(self) -> dict[str, str]:
        """The settings as variables of the environment; those that have no value are left out."""
        ours = {f"LOGOSIM_{f.name.upper()}": getattr(self, f.name) for f in fields(self)}
        return {name: _written(value) for name, value in ours.items() if value not in (None, ())}

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read the settings.

        Args:
            environment: variables to read instead of the process's own.

        Raises:
            ConfigurationError: a variable has a value that is not allowed, or a misspelt name.
        """
        variables = os.environ if environment is None else environment
        given = {name: value.strip() for name, value in variables.items() if name.startswith("LOGOSIM_")}
        if unknown := sorted(set(given) - set(SETTINGS_HELP)):
            raise ConfigurationError(
                f"Unknown setting {unknown[0]}.", hint="Settings are " + ", ".join(SETTINGS_HELP) + "."
            )
        return cls(
            data_dir=_path(given, "LOGOSIM_DATA_DIR") or Path(platformdirs.user_data_dir("logosim")),
            database_url=given.get("LOGOSIM_DATABASE_URL") or None,
            model_dir=_paths(given, "LOGOSIM_MODEL_DIR"),
            calibration=_path(given, "LOGOSIM_CALIBRATION"),
            ocr=_choice(given, "LOGOSIM_OCR", "rapid", ("rapid", "easy", "none")),  # type: ignore[arg-type]
            pronunciation=_choice(given, "LOGOSIM_PRONUNCIATION", "rules", ("rules", "epitran")),  # type: ignore[arg-type]
            threads=_number(given, "LOGOSIM_THREADS", 0, least=0),
            log_format=_choice(given, "LOGOSIM_LOG_FORMAT", "text", ("text", "json")),  # type: ignore[arg-type]
            log_level=_choice(given, "LOGOSIM_LOG_LEVEL", "WARNING", ("DEBUG", "INFO", "WARNING", "ERROR")),
            max_picture_bytes=_number(given, "LOGOSIM_MAX_PICTURE_BYTES", 20 * 1024 * 1024, least=1024),
            max_picture_pixels=_number(given, "LOGOSIM_MAX_PICTURE_PIXELS", 50_000_000, least=1024),
        )


def _path(given: Mapping[str, str], name: str) -> Path | None:
    value = given.get(name)
    return Path(value).expanduser().resolve() if value else None


def _paths(given: Mapping[str, str], name: str) -> tuple[Path, ...]:
    parts = given.get(name, "").split(os.pathsep)
    return tuple(Path(part).expanduser().resolve() for part in parts if part.strip())


def _written(value: object) -> str:
    return os.pathsep.join(map(str, value)) if isinstance(value, tuple) else str(value)


def _choice(given: Mapping[str, str], name: str, default: str, allowed: tuple[str, ...]) -> str:
    value = given.get(name) or default
    if value not in allowed:
        raise ConfigurationError(f"{name} is {value!r}; it must be one of {', '.join(allowed)}.")
    return value


def _number(given: Mapping[str, str], name: str, default: int, *, least: int) -> int:
    text = given.get(name) or str(default)
    try:
        value = int(text)
    except ValueError:
        raise ConfigurationError(f"{name} is {text!r}; it must be a whole number.") from None
    if value < least:
        raise ConfigurationError(f"{name} is {value}; it must be at least {least}.")
    return value
