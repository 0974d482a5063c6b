"""Filters of every selectivity on a made-up register, and what an exact search finds under each."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
import numpy.typing as npt

from logosim.domain.mark import Mark
from logosim.domain.query import Filter
from logosim.domain.vienna import ViennaLevel, keys, level

Floats = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]

SHARES = (0.29, 0.10, 0.05, 0.01, 0.001)
_NEIGHBOURS = 300  # whose codes a filter that is correlated with the query excludes
_LEFT = 0.03  # share of them that may still pass
_CHUNK = 50_000


@dataclass(frozen=True, slots=True)
class Case:
    """Filters of one kind, one for each query."""

    name: str
    filters: Sequence[Filter]


class Brute:
    """Compares each query with every mark, in NumPy: the slow, plain twin of all searches by look.

    Args:
        batches: all marks with their embeddings [marks, dimensions].
        queries: embeddings that ask [queries, dimensions].

    Embeddings are compared as half precision keeps them, by cosine.
    """

    def __init__(self, batches: Iterable[tuple[Sequence[Mark], Floats]], queries: Floats) -> None:
        ids: list[UUID] = []
        years: list[int] = []
        has_text: list[bool] = []
        sources: list[str] = []
        carriers: dict[str, list[int]] = defaultdict(list)
        self._carried: list[tuple[str, ...]] = []
        parts: list[npt.NDArray[np.float16]] = []
        for marks, embeddings in batches:
            parts.append(embeddings.astype(np.float16))
            for mark in marks:
                carried = tuple(keys(mark.vienna_codes))
                for key in carried:
                    carriers[key].append(len(ids))
                self._carried.append(carried)
                ids.append(mark.mark_id)
                years.append(mark.year or 0)
                has_text.append(mark.text is not None)
                sources.append(mark.source)
        self.ids = ids
        self.queries = queries.astype(np.float16).astype(np.float32)
        self.embeddings = np.concatenate(parts)  # [marks, dimensions], half precision
        self._carriers = {key: np.array(of, dtype=np.int64) for key, of in carriers.items()}
        self._years = np.array(years)
        self._has_text = np.array(has_text)
        self._sources = np.array(sources)
        self._cosines = np.empty((len(queries), len(ids)), dtype=np.float32)
        asking = _unit(self.queries)
        for start in range(0, len(ids), _CHUNK):
            part = _unit(self.embeddings[start : start + _CHUNK].astype(np.float32))
            self._cosines[:, start : start + _CHUNK] = asking @ part.T

    def passing(self, wanted: Filter) -> Flags:
        """Which marks pass a filter [marks]."""
        passes = np.ones(len(self.ids), dtype=bool)
        if wanted.vienna_any:
            passes &= np.any([self._carry(key) for key in wanted.vienna_any], axis=0)
        for key in wanted.vienna_all:
            passes &= self._carry(key)
        for key in wanted.vienna_none:
            passes &= ~self._carry(key)
        if wanted.year_from is not None:
            passes &= self._years >= wanted.year_from
        if wanted.year_to is not None:
            passes &= self._years <= wanted.year_to
        if wanted.sources:
            passes &= np.isin(self._sources, wanted.sources)
        if wanted.has_text is not None:
            passes &= self._has_text == wanted.has_text
        return passes

    def nearest(self, query: int, passing: Flags, count: int) -> list[UUID]:
        """The `count` marks nearest to a query among those that pass, in no order."""
        among = np.flatnonzero(passing)
        if len(among) > count:
            among = among[np.argpartition(-self._cosines[query, among], count - 1)[:count]]
        return [self.ids[index] for index in among]

    def cases(self) -> list[Case]:
        """Everything; nine in ten; half; Vienna keys from 29 % to single marks; filters that exclude what is near.

        Of the keys the most frequent division, and whichever has most nearly each of `SHARES`.
        """
        count = len(self._cosines)
        half = int(np.median(self._years))
        singles = sorted(key for key, of in self._carriers.items() if len(of) == 1)
        cases = [
            Case("100 %", [Filter()] * count),
            Case("90 % (with a text)", [Filter(has_text=True)] * count),
            Case("50 % (years)", [Filter(year_from=half)] * count),
        ]
        cases.append(self._carrying(self._most_frequent_division(), "the most frequent division"))
        cases += [self._carrying(self._key_near(share), f"{100 * share:g} %") for share in SHARES]
        if singles:
            cases.append(Case("single marks", [Filter(vienna_any=(singles[i % len(singles)],)) for i in range(count)]))
        for name, of in (
            ("the query's neighbours excluded", ViennaLevel.DIVISION),
            ("its neighbours excluded by sections", ViennaLevel.SECTION),
        ):
            cases.append(Case(name, [self._without_neighbours(i, of) for i in range(count)]))
        cases.append(Case("only what its neighbours lack", [self._what_neighbours_lack(i) for i in range(count)]))
        return cases

    def _carry(self, key: str) -> Flags:
        flags = np.zeros(len(self.ids), dtype=bool)
        flags[self._carriers.get(key, [])] = True
        return flags

    def _key_near(self, share: float) -> str:
        wanted = np.log(share * len(self.ids))
        return min(self._carriers, key=lambda key: (abs(np.log(len(self._carriers[key])) - wanted), key))

    def _carrying(self, key: str, name: str) -> Case:
        return Case(f"{name} ({key})", [Filter(vienna_any=(key,))] * len(self._cosines))

    def _most_frequent_division(self) -> str:
        carried = self._codes(range(len(self.ids)), ViennaLevel.DIVISION)
        return min(carried, key=_most_frequent(carried))

    def _neighbours(self, query: int) -> list[int]:
        nearest = np.argpartition(-self._cosines[query], _NEIGHBOURS - 1)[:_NEIGHBOURS]
        return [int(index) for index in nearest]

    def _codes(self, marks: Iterable[int], of: ViennaLevel) -> Counter[str]:
        return Counter(key for mark in marks for key in self._carried[mark] if level(key) is of)

    def _without_neighbours(self, query: int, of: ViennaLevel) -> Filter:
        left = self._neighbours(query)
        excluded: list[str] = []
        while len(left) > _LEFT * _NEIGHBOURS:
            carried = self._codes(left, of)
            excluded.append(min(carried, key=_most_frequent(carried)))
            left = [mark for mark in left if excluded[-1] not in self._carried[mark]]
        return Filter(vienna_none=tuple(excluded))

    def _what_neighbours_lack(self, query: int) -> Filter:
        beside = self._codes(self._neighbours(query), ViennaLevel.DIVISION)
        divisions = [key for key in self._carriers if level(key) is ViennaLevel.DIVISION]
        frequent = [key for key in divisions if len(self._carriers[key]) > len(self.ids) // 25] or [
            max(divisions, key=lambda key: len(self._carriers[key]))
        ]
        return Filter(vienna_any=(min(frequent, key=lambda key: (beside[key] / len(self._carriers[key]), key)),))


def _most_frequent(counts: Counter[str]) -> Callable[[str], tuple[int, str]]:
    return lambda key: (-counts[key], key)


def _unit(vectors: Floats) -> Floats:
    unit: Floats = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit
