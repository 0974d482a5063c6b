"""A truth set: pictures, which of them ask, and which of them each should find.

Every loader of this package gives a `TruthSet`, whatever its data look like on disk; metrics, plots, contact sheets and
the search through the database read nothing else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

DISTRACTORS = "distractors"
"""Name of the group of pictures that are never right; see `TruthSet.with_distractors`."""


@dataclass(frozen=True, slots=True, eq=False)
class TruthSet:
    """Which pictures should find which. What is per picture has one entry per picture, in the order of `files`.

    Without `relevant` a query should find the main pictures of its group in another drawing. With it, a query should
    find the pictures listed for it and no others; groups then only say which queries depend on one another.
    """

    name: str
    files: tuple[Path, ...]
    groups: IntArray  # number of the group: an index into `group_names`
    drawings: IntArray  # number of the drawing; a drawing belongs to one group
    main: BoolArray  # counts as a query and as a positive
    group_names: tuple[str, ...]
    difficulty: tuple[str, ...] | None = None  # label such as "hard"; "" where there is none
    asked: IntArray | None = None  # the queries, where not every main picture with something to find is one
    hidden: BoolArray | None = None  # pictures that only ask and stand in nobody's way, such as changed copies
    relevant: Mapping[int, IntArray] | None = None  # by query: the pictures it should find, by index
    families: IntArray | None = None  # pictures of the query's family are never wrong: other logos of one company
    codes: tuple[tuple[str, ...], ...] | None = None  # canonical Vienna codes
    texts: tuple[str | None, ...] | None = None  # brand text of the record

    def __len__(self) -> int:
        return len(self.files)

    def positives(self, query: int) -> BoolArray:
        """[pictures]: those the query should find. A drawing of it that is the query's own never counts."""
        other = self.drawings != self.drawings[query]
        if self.relevant is not None:
            wanted = np.zeros(len(self), dtype=np.bool_)
            wanted[self.relevant.get(query, np.empty(0, dtype=np.int64))] = True
        else:
            wanted = self.main & (self.groups == self.groups[query])
        return np.asarray(wanted & other & ~self._hidden())

    def ignored(self, query: int) -> BoolArray:
        """[pictures]: neither right nor wrong: the query, its drawing, hidden pictures, and what else is of its group.

        The last holds without `relevant` only: twins and lock-ups of a brand. With `relevant`, what is not listed is
        wrong. What is of the query's family, where there are families, is not wrong either.
        """
        same = self.drawings == self.drawings[query]
        if self.relevant is None:
            same |= self.groups == self.groups[query]
        if self.families is not None:
            same |= self.families == self.families[query]
        return np.asarray((same | self._hidden()) & ~self.positives(query))

    def queries(self) -> IntArray:
        """Indices of the pictures that ask and have at least one positive, ascending."""
        if self.asked is not None or self.relevant is not None:
            listed = list(self.relevant or ()) if self.asked is None else self.asked.tolist()
            return np.asarray(sorted(query for query in listed if self.positives(query).any()), dtype=np.int64)
        drawings_by_group: dict[int, set[int]] = {}
        for index in np.flatnonzero(self.main & ~self._hidden()):
            drawings_by_group.setdefault(int(self.groups[index]), set()).add(int(self.drawings[index]))
        wanted = [
            index
            for index in np.flatnonzero(self.main)
            if drawings_by_group.get(int(self.groups[index]), set()) - {int(self.drawings[index])}
        ]
        return np.asarray(wanted, dtype=np.int64)

    def restricted(self, without_groups: Collection[str]) -> TruthSet:
        """The same gallery, but the groups named here are not asked about; names compare without regard to case.

        For brands that a model was trained on: they stay as pictures that can wrongly be found. Names that the set
        does not have are no error: a list of training brands may well name more.
        """
        names = {name.strip().casefold() for name in without_groups}
        left_out = np.asarray([name.casefold() in names for name in self.group_names], dtype=np.bool_)
        queries = self.queries()
        return replace(self, asked=queries[~left_out[self.groups[queries]]])

    def sampled(self, count: int, seed: int = 0) -> TruthSet:
        """The same gallery, asked about with at most `count` of the queries, drawn with `seed`."""
        queries = self.queries()
        if len(queries) <= count:
            return self
        drawn = np.random.default_rng(seed).choice(queries, size=count, replace=False)
        return replace(self, asked=np.sort(drawn).astype(np.int64))

    def with_distractors(self, files: Sequence[Path]) -> TruthSet:
        """The same questions in a larger gallery: pictures that nobody asks with and that are never right.

        Each counts as a drawing of its own, so none may be in the set already, nor twice in `files`.
        """
        if not files:
            return self
        first_drawing = int(self.drawings.max(initial=-1)) + 1
        first_family = 0 if self.families is None else int(self.families.max(initial=-1)) + 1
        numbers = np.arange(len(files), dtype=np.int64)
        none = np.zeros(len(files), dtype=np.bool_)
        return replace(
            self,
            name=f"{self.name}, {len(files):,} distractors",
            files=(*self.files, *files),
            groups=np.concatenate([self.groups, np.full(len(files), len(self.group_names), dtype=np.int64)]),
            drawings=np.concatenate([self.drawings, first_drawing + numbers]),
            main=np.concatenate([self.main, none]),
            group_names=(*self.group_names, DISTRACTORS),
            difficulty=None if self.difficulty is None else (*self.difficulty, *("" for _ in files)),
            hidden=None if self.hidden is None else np.concatenate([self.hidden, none]),
            families=None if self.families is None else np.concatenate([self.families, first_family + numbers]),
            codes=None if self.codes is None else (*self.codes, *(() for _ in files)),
            texts=None if self.texts is None else (*self.texts, *(None for _ in files)),
        )

    def difficulty_of(self, queries: IntArray) -> tuple[str, ...]:
        """The label of each query's picture; "" where there is none."""
        return tuple(self.difficulty[query] if self.difficulty is not None else "" for query in queries)

    def group_name(self, picture: int) -> str:
        """Name of the group a picture belongs to."""
        return self.group_names[int(self.groups[picture])]

    def _hidden(self) -> BoolArray:
        return np.zeros(len(self), dtype=np.bool_) if self.hidden is None else self.hidden


def numbered(values: Collection[str]) -> tuple[IntArray, tuple[str, ...]]:
    """A number for each value, int64 [len(values)], and the values by number, sorted."""
    names, numbers = np.unique(np.asarray(list(values), dtype=object), return_inverse=True)
    return numbers.astype(np.int64), tuple(str(name) for name in names)
