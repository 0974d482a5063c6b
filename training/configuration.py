"""What a training run is told: read from a TOML file, checked once, and written into every checkpoint."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from training.augment.settings import ViewSettings


class ConfigurationError(Exception):
    """A setting of a training run is missing, unknown or out of its range."""


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """What learns, and what stands on top of it while it learns."""

    frozen_stages: int = 0  # so many of the first stages keep their weights, 0 to 5; the stem always does
    frozen_batch_norm: bool = False  # keep ImageNet's statistics: needed where batches are small
    projector: str = "mlp"  # mlp (MoCo v3's three layers) or whitening (one layer that starts as a fitted whitening)
    predictor: str = "mlp"  # mlp (MoCo v3's two layers), residual (starts as the identity) or none
    hidden: int = 4096  # width of the hidden layers of both
    dimensions: int = 256  # of the vectors that are compared while training


@dataclass(frozen=True, slots=True)
class LossSettings:
    """What the vectors are asked to do."""

    temperature: float = 0.2
    queue: int = 65_536  # keys of former steps that serve as negatives; 0: those of the step only
    supervised_weight: float = 0.0  # of the term that draws towards all drawings of one concept in the queue
    vienna_weight: float = 0.0  # of the auxiliary classifier of Vienna divisions


@dataclass(frozen=True, slots=True)
class OptimiserSettings:
    """How the weights move."""

    pairs: int = 64  # pairs of views in a step: the batch
    steps: int = 100_000
    warmup_steps: int = 2_000
    learning_rate: float = 1.5e-4  # at its highest
    weight_decay: float = 0.05
    clip_norm: float = 1.0  # of the gradient
    key_momentum: float = 0.99  # of the key encoder at the start; grows to 1 by a cosine


@dataclass(frozen=True, slots=True)
class DataSettings:
    """What a batch is made of."""

    pixels: int = 224  # side of a view
    other_hand: float = 0.5  # share of pairs whose second view is another drawing of the concept, where there is one
    hard_negatives: float = 0.0  # share of pairs drawn from the neighbours of the pairs before them


@dataclass(frozen=True, slots=True)
class MachineSettings:
    """How the machine is used; of no consequence to what is learnt but for rounding."""

    precision: str = "full"  # full, bf16, fp16 (with a loss scaler) or bf16-forward (only where no gradient flows)
    # Compute activations twice to hold them once. Batch norms that learn take note of their statistics twice as well.
    gradient_checkpoints: bool = False
    channels_last: bool = True
    compile: bool = False  # torch.compile
    workers: int = 2  # processes that make views
    # What each worker keeps of decoded pictures, those used last. 256 x 256 pixels in colour take 0.19 MB, so the
    # default holds 2,700 of them: enough for the second view of a pair and for a small folder drawn often; 4 GB with
    # eight workers. 770,000 would take 150 GB; as JPEG of some 6 to 15 KB they take 5 to 12 GB, which the system's
    # file cache holds on a machine of 32 GB if the workers leave it the room. So more here helps small folders only.
    cache_megabytes: float = 512


@dataclass(frozen=True, slots=True)
class KeepingSettings:
    """What is written down, and how often (in steps)."""

    log_every: int = 20
    validate_every: int = 1_000
    checkpoint_every: int = 500
    keep_last: int = 2


@dataclass(frozen=True, slots=True)
class Configuration:
    """All of a run's settings; two runs of one configuration, data and machine give the same weights on CPUs.

    On a card they do but for rounding: some of its sums are taken in no fixed order.
    """

    seed: int = 0
    model: ModelSettings = field(default_factory=ModelSettings)
    loss: LossSettings = field(default_factory=LossSettings)
    optimiser: OptimiserSettings = field(default_factory=OptimiserSettings)
    data: DataSettings = field(default_factory=DataSettings)
    machine: MachineSettings = field(default_factory=MachineSettings)
    keeping: KeepingSettings = field(default_factory=KeepingSettings)
    views: ViewSettings = field(default_factory=ViewSettings)

    def as_plain(self) -> dict[str, Any]:
        """The settings as plain values, as a checkpoint holds them."""
        return dataclasses.asdict(self)


_CHOICES = {
    "projector": ("mlp", "whitening"),
    "predictor": ("mlp", "residual", "none"),
    "precision": ("full", "bf16", "fp16", "bf16-forward"),
}
_RANGES: dict[str, tuple[float, float]] = {
    "frozen_stages": (0, 5),
    "hidden": (1, 65_536),
    "dimensions": (2, 4_096),
    "temperature": (0.005, 5),
    "queue": (0, 10_000_000),
    "supervised_weight": (0, 100),
    "vienna_weight": (0, 100),
    "pairs": (2, 1_000_000),
    "steps": (1, 1_000_000_000),
    "warmup_steps": (0, 1_000_000_000),
    "learning_rate": (1e-9, 100),
    "weight_decay": (0, 10),
    "clip_norm": (1e-6, 1e6),
    "key_momentum": (0, 1),
    "pixels": (32, 1_024),
    "other_hand": (0, 1),
    "hard_negatives": (0, 0.5),
    "workers": (0, 256),
    "cache_megabytes": (0, 1_000_000),
    "log_every": (1, 1_000_000),
    "validate_every": (1, 1_000_000_000),
    "checkpoint_every": (1, 1_000_000_000),
    "keep_last": (1, 1_000),
    "seed": (0, 2**63 - 1),
}


def load_configuration(file: Path) -> Configuration:
    """Read a TOML file; what it does not name keeps its default. Raises ConfigurationError naming the setting."""
    try:
        return parse_configuration(read_toml(file))
    except ConfigurationError as error:
        raise ConfigurationError(f"{error} (in {file})") from error


def read_toml(file: Path) -> dict[str, Any]:
    """The values of a TOML file. Raises ConfigurationError if it cannot be read or is none."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"cannot read {file}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file} is not TOML: {error}") from error


def parse_configuration(values: Mapping[str, Any]) -> Configuration:
    """Settings from plain values, such as a checkpoint's. Raises ConfigurationError naming the setting."""
    return _refuse_idle(_parsed(Configuration, values, ""))


def _refuse_idle(configuration: Configuration) -> Configuration:
    """Raise ConfigurationError for a setting that another one makes idle."""
    if configuration.loss.supervised_weight and not configuration.loss.queue:
        raise ConfigurationError("loss.supervised_weight needs loss.queue: the term is over the keys of the queue")
    return configuration


def changed(configuration: Configuration, changes: Mapping[str, Any]) -> Configuration:
    """A configuration with some settings changed, named like `loss.queue`; texts are read as TOML values."""
    plain = configuration.as_plain()
    for name, value in changes.items():
        *sections, last = name.split(".")
        place = plain
        for section in sections:
            if not isinstance(place.get(section), dict):
                raise ConfigurationError(f"there is no setting {name}")
            place = place[section]
        place[last] = _value(value) if isinstance(value, str) else value
    return parse_configuration(plain)


def _value(text: str) -> Any:
    """A number or a truth value in TOML's spelling, or the text as it is."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _parsed(kind: Any, values: Mapping[str, Any], where: str) -> Any:
    known = {one.name: one for one in dataclasses.fields(kind)}
    given: dict[str, Any] = {}
    for name, value in values.items():
        if name not in known:
            raise ConfigurationError(f"there is no setting {where}{name}; known are {', '.join(known)}")
        default = _default(known[name])
        if dataclasses.is_dataclass(default):
            if not isinstance(value, Mapping):
                raise ConfigurationError(f"{where}{name} must be a table of settings")
            given[name] = _parsed(type(default), value, f"{where}{name}.")
        else:
            given[name] = _checked(f"{where}{name}", name, value, default)
    try:
        return kind(**given)
    except ValueError as error:  # ViewSettings checks its own ranges
        raise ConfigurationError(f"{where}{error}") from error


def _default(one: Any) -> Any:
    return one.default_factory() if one.default is dataclasses.MISSING else one.default


def _checked(where: str, name: str, value: Any, default: Any) -> Any:
    if isinstance(default, bool) or isinstance(value, bool):
        good = isinstance(value, bool) and isinstance(default, bool)
    elif isinstance(default, float):
        good = isinstance(value, (int, float))
        value = float(value) if good else value
    else:
        good = isinstance(value, type(default))
    if not good:
        raise ConfigurationError(f"{where} must be like {default!r}, not {value!r}")
    if name in _CHOICES and value not in _CHOICES[name]:
        raise ConfigurationError(f"{where} must be one of {', '.join(_CHOICES[name])}, not {value!r}")
    if name in _RANGES:
        lowest, highest = _RANGES[name]
        if not lowest <= value <= highest:
            raise ConfigurationError(f"{where} must be from {lowest} to {highest}, not {value}")
    return value
