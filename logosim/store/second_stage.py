"""The second stage of a search as SQL does it, and the analyst's tools: for measuring them beside the program's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from logosim.domain.features import PatchArray
from logosim.store.features import patches_to_database
from logosim.store.pool import Pool, borrowed


class SecondStage:
    """Calls the functions. All values are 0..1, None where a channel is absent."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def aline(self, spoken: str, names: Sequence[str | None]) -> list[float | None]:
        """How alike a transcription and each of others sound, without regard to words."""
        ((values,),) = self._rows("select logosim._aline_similarities(%s, %s)", spoken, list(names))
        return list(values)

    def names(
        self, asked: str, spoken: str, names: Sequence[str | None], spoken_names: Sequence[str | None]
    ) -> tuple[list[float | None], list[float | None]]:
        """How alike a normalised name and each of others sound and are written."""
        ((sounds, spellings),) = self._rows(
            "select logosim._sound_of_names(%s, %s, %s, %s), logosim._spelling_of_names(%s, %s)",
            *(asked, spoken, list(names), list(spoken_names), asked, list(names)),
        )
        return list(sounds), list(spellings)

    def patches(self, asked: PatchArray, candidates: Sequence[PatchArray]) -> list[float]:
        """How well the figure of a picture, int8 [grid, grid, dimensions], is found in each of others."""
        rows = self._rows(
            "select similarity from logosim._match_patches(%s, %s, %s, %s) order by candidate",
            *(patches_to_database(asked), [patches_to_database(given) for given in candidates]),
            *(asked.shape[0], asked.shape[-1]),
        )
        return [similarity for (similarity,) in rows]

    def search(self, asked: UUID, k: int) -> list[tuple[UUID, float]]:
        """The k hits of a stored mark or of a handle, with their scores. Raises MarkNotFound, HandleNotFound."""
        return [
            (row[0], row[1]) for row in self._rows("select mark_id, score from logosim.search(%s, k => %s)", asked, k)
        ]

    def explain(self, asked: UUID, other: UUID) -> dict[str, str]:
        """What each channel says of a stored mark and another, as a sentence. Raises MarkNotFound, HandleNotFound."""
        return dict(self._rows("select channel, sentence from logosim.explain(%s, %s)", asked, other))

    def facets(self, marks: Sequence[UUID]) -> dict[tuple[str, str | None], int]:
        """How many of the marks are of each division, year and source."""
        return {
            (facet, value): count
            for facet, value, _, count in self._rows("select * from logosim.facets(%s)", list(marks))
        }

    def suggested_codes(self, asked: UUID) -> list[str]:
        """Vienna codes that the picture of a stored mark, or of a handle, probably carries, the likeliest first."""
        return [code for (code,) in self._rows("select code from logosim.suggest_vienna(%s)", asked)]

    def near_duplicates(self, part: int, parts: int) -> list[tuple[UUID, UUID]]:
        """Pairs of marks that look all but the same, one of many equal parts of them."""
        rows = self._rows("select mark_id, other_id from logosim.near_duplicates(part => %s, parts => %s)", part, parts)
        return [(first, second) for first, second in rows]

    def _rows(self, statement: str, *given: object) -> list[tuple[Any, ...]]:
        with borrowed(self._pool) as connection:
            return connection.execute(statement.encode(), given, binary=True).fetchall()
