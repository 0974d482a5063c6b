"""A register made up to measure searches at size: embeddings that cluster as pictures do, and L3D's codes.

How it was drawn to be like real marks:

- Embeddings. Within themes lie clusters, of Zipf sizes, and marks within clusters; the variance falls with the
  dimension as after whitening. The parameters were set so that the cosines of the 1st, 10th, 100th and 1,000th
  neighbour (medians 0.81, 0.72, 0.61 and 0.46 among 120,000), their spread and the local dimension (17) come near those
  of 121,661 drawn icons under a model of ours (0.85, 0.69, 0.59, 0.45 and 15).
- Vienna codes. 156 divisions, as L3D has: those of the classification, and what the office adds to them. The four most
  frequent ones are carried by as many marks as in L3D (28.7, 18.0, 12.7 and 10 %), the others fall off as
  Zipf-Mandelbrot does and then to single marks. Marks of one theme tend to the same divisions (a factor drawn from a
  lognormal distribution, mean 1), so that filters correlate with looks. Each division carried brings one or more of its
  ten sections.
- Years 1980 to 2021, later ones more often; nine marks in ten have a text; three sources of 80, 15 and 5 %.
"""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources

import numpy as np
import numpy.typing as npt

from logosim.domain.mark import Mark, Picture

Vectors = npt.NDArray[np.float32]

SOURCES = ("synthetic-l3d", "synthetic-euipo", "synthetic-office")
_SOURCE_SHARES = (0.80, 0.15, 0.05)
_TOP_DIVISIONS = (("27.05", 0.287), ("29.01", 0.180), ("26.04", 0.127), ("26.11", 0.100))
_OFFICE_DIVISIONS = (
    *("26.99", "27.99"),  # ellipses, letters
    *("98.02", "98.03", "98.04", "98.05", "98.06", "98.08", "98.09", "98.10", "99.99"),  # what is no figure
)
_DIVISIONS = 156
_SECTIONS = 10
_TEXT_SHARE = 0.9
_SYLLABLES = (
    "ka",
    "lo",
    "mi",
    "ren",
    "tos",
    "vi",
    "zan",
    "bel",
    "dur",
    "fil",
    "gor",
    "hap",
    "nex",
    "pol",
    "sta",
    "qui",
)
_CHUNK = 20_000
DRAWN = 2  # counts the ways in which marks were drawn: another way, other marks for the same arguments


@dataclass(frozen=True, slots=True)
class _Clusters:
    """Where the marks of one register lie."""

    scale: Vectors  # [dimensions]: standard deviation of each
    mean: Vectors  # [dimensions]
    centres: Vectors  # [clusters, dimensions], before scaling
    share: Vectors  # [clusters]: part of a mark's standard deviation that comes from its centre
    theme: npt.NDArray[np.int64]  # [clusters]
    weight: npt.NDArray[np.float64]  # [clusters]: how many of all marks; sums to 1
    themes: int


class Register:
    """Marks that were made up, the same ones for the same arguments.

    Args:
        marks: how many.
        dimensions: of the embeddings.
        seed: any number from 0.
    """

    def __init__(self, marks: int, dimensions: int = 256, seed: int = 0) -> None:
        self.marks = marks
        self.dimensions = dimensions
        self._seed = seed
        self._clusters = _clusters(marks, dimensions, np.random.default_rng([seed, 0]))
        self._divisions, self._shares = _divisions()
        draws = np.random.default_rng([seed, 1])
        leaning = draws.lognormal(-0.72, 1.2, (self._clusters.themes, _DIVISIONS))  # mean 1
        weight = np.bincount(self._clusters.theme, self._clusters.weight, self._clusters.themes)
        leaning /= weight @ leaning  # so that the shares hold whatever was drawn
        self._by_theme = np.minimum(self._shares * leaning, 0.95)
        sections = 1.0 / np.arange(1, _SECTIONS + 1) ** 1.5
        self._sections = np.cumsum(sections / sections.sum())

    def chunks(self) -> Iterator[tuple[list[Mark], Vectors]]:
        """All marks in order, some thousands at a time, with their embeddings [marks, dimensions] of unit length."""
        for number, start in enumerate(range(0, self.marks, _CHUNK)):
            draws = np.random.default_rng([self._seed, 2, number])
            size = min(_CHUNK, self.marks - start)
            cluster = draws.choice(len(self._clusters.weight), size, p=self._clusters.weight)
            yield self._records(start, cluster, draws), _placed(self._clusters, cluster, draws)

    def queries(self, count: int) -> Vectors:
        """Pictures that are asked about [count, dimensions]: drawn as the marks are, and none of them."""
        draws = np.random.default_rng([self._seed, 3])
        cluster = draws.choice(len(self._clusters.weight), count, p=self._clusters.weight)
        return _placed(self._clusters, cluster, draws)

    def _records(self, start: int, cluster: npt.NDArray[np.int64], draws: np.random.Generator) -> list[Mark]:
        size = len(cluster)
        carried = draws.random((size, _DIVISIONS), dtype=np.float32) < self._by_theme[self._clusters.theme[cluster]]
        bare = ~carried.any(axis=1)
        carried[bare, draws.choice(_DIVISIONS, int(bare.sum()), p=self._shares / self._shares.sum())] = True
        codes: list[list[str]] = [[] for _ in range(size)]
        for mark, division in zip(*(index.tolist() for index in np.nonzero(carried)), strict=True):
            codes[mark].append(self._divisions[division])
        many = 1 + draws.poisson(0.45, int(carried.sum()))
        drawn = iter(np.searchsorted(self._sections, draws.random(int(many.sum()))).tolist())
        counts = iter(many.tolist())
        year = (1980 + 42 * np.sqrt(draws.random(size))).astype(int).tolist()
        source = draws.choice(len(SOURCES), size, p=_SOURCE_SHARES).tolist()
        has_text = (draws.random(size) < _TEXT_SHARE).tolist()
        spelt = draws.integers(0, len(_SYLLABLES), (size, 4)).tolist()
        return [
            Mark(
                source=SOURCES[source[mark]],
                file=f"{start + mark:08d}.png",
                text="".join(_SYLLABLES[syllable] for syllable in spelt[mark]).upper() if has_text[mark] else None,
                vienna_codes=tuple(
                    sorted({f"{of}.{next(drawn) + 1:02d}" for of in codes[mark] for _ in range(next(counts))})
                ),
                year=year[mark],
                picture=Picture(f"/pictures/{start + mark:08d}.png", f"{start + mark:064x}", 4000),
            )
            for mark in range(size)
        ]


def _clusters(marks: int, dimensions: int, draws: np.random.Generator) -> _Clusters:
    count = max(marks // 20, 1)
    themes = max(count // 60, 1)
    variance = np.arange(1, dimensions + 1) ** -1.0
    theme = np.minimum((themes * draws.random(count) ** 1.5).astype(np.int64), themes - 1)
    centres = draws.standard_normal((themes, dimensions), dtype=np.float32)[theme] * np.float32(0.6**0.5)
    centres += draws.standard_normal((count, dimensions), dtype=np.float32) * np.float32(0.4**0.5)
    weight = np.arange(1, count + 1) ** -0.6
    return _Clusters(
        scale=np.sqrt(variance / variance.sum()).astype(np.float32),
        mean=(0.2 / np.sqrt(dimensions) * draws.standard_normal(dimensions)).astype(np.float32),
        centres=centres,
        share=np.sqrt(draws.uniform(0.45, 0.9, count)).astype(np.float32),
        theme=theme,
        weight=weight / weight.sum(),
        themes=themes,
    )


def _placed(clusters: _Clusters, cluster: npt.NDArray[np.int64], draws: np.random.Generator) -> Vectors:
    share = clusters.share[cluster][:, np.newaxis]
    vectors = share * clusters.centres[cluster]
    vectors += np.sqrt(1 - share**2) * draws.standard_normal(vectors.shape, dtype=np.float32)
    vectors = clusters.mean + vectors * clusters.scale
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32)


def _divisions() -> tuple[list[str], npt.NDArray[np.float64]]:
    """Codes of the divisions, and which part of the marks carries each."""
    taken = {code for code, _ in _TOP_DIVISIONS}
    others: list[str] = []
    for codes in itertools.zip_longest(*_divisions_of_categories()):  # the first of each category, the second of each
        others += (code for code in codes if code is not None and code not in taken)
    rank = np.arange(len(_TOP_DIVISIONS) + 1, _DIVISIONS + 1)
    tail = 0.97 * np.exp(-((rank / 60.0) ** 2)) / (rank + 6)
    names = [code for code, _ in _TOP_DIVISIONS] + others
    return names, np.array([*(share for _, share in _TOP_DIVISIONS), *tail])


def _divisions_of_categories() -> list[list[str]]:
    headings = resources.files("logosim.database").joinpath("data/vienna.csv").read_text(encoding="utf-8")
    codes = [row["code"] for row in csv.DictReader(io.StringIO(headings)) if row["level"] == "division"]
    by_category: dict[str, list[str]] = {}
    for code in sorted([*codes, *_OFFICE_DIVISIONS]):
        by_category.setdefault(code[:2], []).append(code)
    return list(by_category.values())
