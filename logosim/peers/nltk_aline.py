"""NLTK's ALINE: the one that others would take from a package, for a row beside ours.

A port of Kondrak's program (2002) with constants and saliences changed "to replicate published results", and a feature
table of its own. It gives alignments and no scores; what the best is worth is found here by the recurrence of its
`align` over its own functions, each asked once for a pair of sounds. A test holds that equal to its alignments.
Normalised and averaged over profiles as ours: 2 s(a,b) / (s(a,a) + s(b,b)), clipped to 1.

Its table has no affricates and no lax i: they are written as it can read them (tʃ for ʧ, i for ɪ, which ours holds
equal too). What it does not know even so is passed over.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from math import inf
from types import MappingProxyType
from typing import Any

import numpy as np

from logosim.domain.features import FloatArray
from logosim.errors import DependencyMissing
from logosim.phonetics import PROFILE_SEPARATOR

SPELT: Mapping[str, str] = MappingProxyType({"ʦ": "ts", "ʧ": "tʃ", "ʤ": "dʒ", "ɪ": "i"})


class NltkAline:
    """Similarities of transcriptions as `logosim.phonetics.phonemes` gives them. Remembers what it has compared."""

    def __init__(self) -> None:
        """Raises DependencyMissing if nltk is not installed."""
        try:
            from nltk.metrics import aline  # type: ignore[import-untyped]
        except ImportError as error:
            raise DependencyMissing(
                "the package nltk is not installed", hint="Run pip install 'nltk>=3.9.2', or install the extra dev."
            ) from error
        self._align: Callable[[str, str], Sequence[Any]] = aline.align
        self._spelling = str.maketrans(dict(SPELT))
        self._known = frozenset(aline.feature_matrix)
        self._skip = float(aline.C_skip)
        self._substitution: Callable[[str, str], float] = functools.cache(aline.sigma_sub)
        self._expansion: Callable[[str, str], float] = functools.cache(aline.sigma_exp)
        self._scores: dict[tuple[str, str], float] = {}

    def sounds(self, transcription: str) -> tuple[str, ...]:
        """What it can read of a transcription, by profile."""
        spelt = transcription.translate(self._spelling)
        return tuple("".join(filter(self._known.__contains__, part)) for part in spelt.split(PROFILE_SEPARATOR))

    def align(self, one: str, other: str) -> int:
        """Align two transcriptions by NLTK's own function, in every profile: the number of its alignments.

        This is what is timed: nothing is remembered.
        """
        profiles = zip(self.sounds(one), self.sounds(other), strict=True)
        return sum(len(self._align(here, there)) for here, there in profiles if here and there)

    def similarities(self, query: str, candidates: Sequence[str | None]) -> FloatArray:
        """How alike `query` and each candidate sound: float32 [N] in 0..1, nan where nothing can be compared."""
        return np.array([self._similarity(query, candidate) for candidate in candidates], dtype=np.float32)

    def _similarity(self, query: str, candidate: str | None) -> float:
        if candidate is None:
            return np.nan
        values = [
            min(1.0, 2 * self.score(one, other) / (self.score(one, one) + self.score(other, other)))
            for one, other in zip(self.sounds(query), self.sounds(candidate), strict=True)
            if one and other
        ]
        return sum(values) / len(values) if values else np.nan

    def score(self, one: str, other: str) -> float:
        """Worth of the best local alignment of two strings of sounds that it knows."""
        pair = (one, other) if one <= other else (other, one)  # its functions are symmetric
        if pair not in self._scores:
            self._scores[pair] = self._best(*pair)
        return self._scores[pair]

    def _best(self, one: str, other: str) -> float:
        table = np.zeros((len(one) + 1, len(other) + 1)).tolist()
        for i, j in product(range(1, len(one) + 1), range(1, len(other) + 1)):
            here, there = one[i - 1], other[j - 1]
            table[i][j] = max(
                0.0,
                table[i - 1][j] + self._skip,
                table[i][j - 1] + self._skip,
                table[i - 1][j - 1] + self._substitution(here, there),
                table[i - 2][j - 1] + self._expansion(there, one[i - 2 : i]) if i > 1 else -inf,
                table[i - 1][j - 2] + self._expansion(here, other[j - 2 : j]) if j > 1 else -inf,
            )
        return float(max(map(max, table)))
