"""What is asked: the features of a query, the filter on earlier marks, and the weights of the channels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from logosim.domain.features import Features
from logosim.errors import FilterError, WeightsError

CHANNELS = ("look", "shape", "sound", "spelling", "vienna")
"""What two marks are compared by, in the order of evidence."""

MAX_WEIGHT = 10.0

CONFUSABLE = 0.001
"""Share of candidates that are confusable, before any is compared: one of the thousand that stage 1 hands on."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which earlier marks are asked about. An empty filter keeps all."""

    vienna_any: tuple[str, ...] = ()  # canonical codes of any level; at least one must be carried
    vienna_all: tuple[str, ...] = ()  # canonical codes of any level; every one must be carried
    year_from: int | None = None  # inclusive
    year_to: int | None = None  # inclusive
    sources: tuple[str, ...] = ()
    has_text: bool | None = None
    vienna_none: tuple[str, ...] = ()  # canonical codes of any level; none may be carried

    def __post_init__(self) -> None:
        if self.year_from is not None and self.year_to is not None and self.year_from > self.year_to:
            raise FilterError(f"The years {self.year_from} to {self.year_to} are an empty range.")


@dataclass(frozen=True, slots=True)
class Weights:
    """How much the evidence of each channel counts: 1 as learnt, 0 not at all, 2 twice."""

    look: float = 1.0
    shape: float = 1.0
    sound: float = 1.0
    spelling: float = 1.0
    vienna: float = 1.0

    def __post_init__(self) -> None:
        values = self.as_tuple()
        if not all(0 <= value <= MAX_WEIGHT for value in values) or not any(value > 0 for value in values):
            raise WeightsError()

    def as_tuple(self) -> tuple[float, ...]:
        """Weights in the order of `CHANNELS`."""
        return tuple(getattr(self, channel) for channel in CHANNELS)

    @classmethod
    def parse(cls, given: Mapping[str, float]) -> Weights:
        """Defaults replaced by what was given.

        Raises:
            WeightsError: an unknown channel, a weight that is negative or too heavy, or all zero.
        """
        if unknown := sorted(set(given) - set(CHANNELS)):
            raise WeightsError(f"Unknown channel {unknown[0]!r}; channels are {', '.join(CHANNELS)}.")
        return cls(**given)


@dataclass(frozen=True, slots=True)
class Query:
    """One question. At least one of `features`, `text` is there; what is absent leaves its channels out."""

    features: Features | None = None
    text: str | None = None  # brand text, given or read from the picture
    vienna_codes: tuple[str, ...] = ()  # codes of the query itself (evidence), not a filter
    filter: Filter = field(default_factory=Filter)
    weights: Weights = field(default_factory=Weights)
    k: int = 20  # hits wanted, 1..1000
    exclude: UUID | None = None  # the queried mark itself, when it is a stored one
    expand: int = 0  # how many of the first answers by look the query is put together with before it is asked, 0..100

    def __post_init__(self) -> None:
        if self.features is None and not self.text:
            raise FilterError("A query needs a picture or a text.")
        if not 1 <= self.k <= 1000:
            raise FilterError(f"k is {self.k}; it must be 1 to 1000.")
        if not 0 <= self.expand <= 100:
            raise FilterError(f"expand is {self.expand}; it must be 0 to 100.")
