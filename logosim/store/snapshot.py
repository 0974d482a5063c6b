"""All that a search reads, as the marks are at one moment: stage 1 is one call of `logosim.candidates`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import psycopg

from logosim.domain.features import Features, PatchArray
from logosim.domain.hit import Candidate, CandidateSet, Neighbour, SingleCandidate
from logosim.domain.query import Query
from logosim.domain.words import NO_COUNTS, WordCounts
from logosim.errors import MarkNotFound, ModelMismatch
from logosim.store.features import embedding_from_database, embedding_to_database, patches_from_database
from logosim.store.models import ModelRow, read_active
from logosim.store.pronunciation import Transcriber, require_comparable

LOOK_LIMIT = 1000  # candidates by look that stage 2 compares closely
FIGURE_LIMIT = 300  # candidates that look like each separate figure of a picture
NAME_LIMIT = 200  # candidates each by spelling and by sound beside them


class Snapshot:
    """Reads in one transaction: a candidate cannot vanish, nor the model change, between two calls.

    Args:
        connection: in a transaction, nothing read yet.
        transcriber: as of `SearchStore`.
    """

    def __init__(self, connection: psycopg.Connection[Any], transcriber: Transcriber | None) -> None:
        connection.execute("set transaction isolation level repeatable read, read only")
        self._connection = connection
        self._transcriber = transcriber
        self._active = read_active(connection)

    def candidates(
        self,
        query: Query,
        *,
        limit: int = LOOK_LIMIT,
        name_limit: int = NAME_LIMIT,
    ) -> CandidateSet:
        """Candidates by look and by name among the marks that pass the filter, nearest look first.

        What only a separate figure of the query found comes last.

        Args:
            query: what is asked.
            limit: how many candidates by look.
            name_limit: how many candidates each by spelling and by sound; never fewer than the hits wanted, and
                `limit` of them where there is no picture.

        Raises:
            NoActiveModel: the query has a picture and no model is active.
            ModelMismatch: the query's features were made with another model than the stored ones.
            PronunciationMismatch: the query has a text, and the stored names are pronounced by another engine.
            ViennaCodeError, FilterError: the filter cannot be used.
        """
        connection = self._connection
        _require_same_model(query, self._active)
        sounds = self._sounds(query)
        names = max(name_limit, query.k) if query.features else max(limit, query.k)
        found = _search(connection, query, sounds, limit, names)
        if query.features is not None and query.features.figures:
            cosines = _cosines(connection, query.features, [row[0] for row in found])
        else:
            cosines = {row[0]: (1.0 - row[2],) for row in found if row[2] is not None}
        inputs = {row[0]: row for row in _inputs(connection, [row[0] for row in found])}
        if found:
            route, passed, complete = found[0][3:]
        else:
            route, passed, complete = ("name" if query.features is None else "exact"), None, True
            if query.features is not None:
                complete = not _work_waits(connection, self._active)
        return CandidateSet(
            model=self._active.name if self._active else None,
            candidates=tuple(
                _candidate(inputs[mark_id], channels, cosines.get(mark_id, ())) for mark_id, channels, *_ in found
            ),
            route=route,
            passed=passed,
            complete=complete,
            words=_word_counts(connection, query, (row[4] for row in inputs.values())),
        )

    def patches(self, mark_ids: Sequence[UUID]) -> PatchArray:
        """Patches of marks that the active model has looked at: int8 [N, grid, grid, dimensions], in that order.

        Raises:
            MarkNotFound: there is no such mark, or nobody has looked at it.
        """
        rows = self._connection.execute(
            "select mark_id, patches from logosim.patches_of(%s::uuid[])", (list(mark_ids),), binary=True
        ).fetchall()
        if len(rows) != len(mark_ids) or self._active is None:
            raise MarkNotFound(f"Nobody has looked at {len(mark_ids) - len(rows)} of {len(mark_ids)} marks.")
        return patches_from_database([row[1] for row in rows], self._active)

    def nearest(self, query: Query, count: int) -> list[Neighbour]:
        """The marks that look most like a query with a picture, among those that pass its filter, nearest first.

        At most `count`; pictures that are blank without their text are left out, for they all look the same.

        Raises:
            NoActiveModel: no model is active.
            ModelMismatch: the query's features were made with another model than the stored ones.
        """
        _require_same_model(query, self._active)
        alone = replace(query, text=None, features=query.features and replace(query.features, figures=()))
        found = _search(self._connection, alone, None, count, 0)
        embeddings = dict(
            self._connection.execute(
                """
                select f.mark_id, f.embedding
                  from logosim.mark_features f
                 where f.model_id = %s and f.mark_id = any (%s::uuid[]) and not f.blank
                """,
                (self._active.model_id if self._active else None, [row[0] for row in found]),
                binary=True,
            ).fetchall()
        )
        neighbours = []
        for mark_id, _, distance, *_ in found:
            embedding = embedding_from_database(embeddings.get(mark_id))
            if embedding is not None and distance is not None:
                neighbours.append(Neighbour(embedding, 1.0 - distance))
        return neighbours

    def fetched(self, query: Query, found: CandidateSet) -> CandidateSet:
        """The same candidates, read once more: what stage 2 needs of each, without the search for them.

        `candidates` does this after its search; by itself it is for measuring what reading takes.

        Raises:
            MarkNotFound: one of them is there no longer.
        """
        inputs = {row[0]: row for row in _inputs(self._connection, [of.mark_id for of in found.candidates])}
        gone = next((of.mark_id for of in found.candidates if of.mark_id not in inputs), None)
        if gone is not None:
            raise MarkNotFound(f"There is no mark {gone}.")
        candidates = tuple(
            replace(_candidate(inputs[of.mark_id], of.channels, ()), cosine=of.cosine, figure_cosines=of.figure_cosines)
            for of in found.candidates
        )
        words = _word_counts(self._connection, query, (row[4] for row in inputs.values()))
        return replace(found, candidates=candidates, words=words)

    def candidate(self, query: Query, mark_id: UUID) -> SingleCandidate:
        """One stored mark as the candidate it would be if a search for `query` found it.

        Raises:
            MarkNotFound: there is no such mark.
            NoActiveModel: the query has a picture and no model is active.
            ModelMismatch: the query's features were made with another model than the stored ones.
            PronunciationMismatch: the query has a text, and the stored names are pronounced by another engine.
        """
        _require_same_model(query, self._active)
        self._sounds(query)
        rows = _inputs(self._connection, [mark_id])
        if not rows:
            raise MarkNotFound(f"There is no mark {mark_id}.")
        cosines = _cosines(self._connection, query.features, [mark_id]) if query.features else {}
        candidate = _candidate(rows[0], (), cosines.get(mark_id, ()))
        return SingleCandidate(
            candidate,
            patches=None if candidate.blank is None else self.patches([mark_id])[0],
            model=self._active.name if self._active else None,
            words=_word_counts(self._connection, query, [candidate.normalised_text]),
        )

    def _sounds(self, query: Query) -> str | None:
        """How the query's text sounds, "" without a sound; None: it has no text, or the database pronounces it."""
        if self._transcriber is None or not query.text:
            return None
        require_comparable(self._connection, self._transcriber.name)
        return self._transcriber.phonemes(query.text) or ""


def _require_same_model(query: Query, active: ModelRow | None) -> None:
    made_with = query.features.model_sha256 if query.features else None
    if made_with is not None and active is not None and active.artifact_sha256 != made_with:
        raise ModelMismatch(
            f"The query's features were made with another model than the active one, {active.name!r}.",
            hint="Another model was activated meanwhile: ask again.",
        )


def _search(
    connection: psycopg.Connection[Any], query: Query, sounds: str | None, limit: int, name_limit: int
) -> list[tuple[Any, ...]]:
    wanted = query.filter
    return connection.execute(
        """
        select mark_id, found_by, look_distance, route, passed, complete
          from logosim.candidates(
                 query_embedding => %(embedding)s::halfvec
               , query_text => %(text)s
               , query_phonemes => %(sounds)s
               , vienna_any => %(vienna_any)s::text[]
               , vienna_all => %(vienna_all)s::text[]
               , year_from => %(year_from)s
               , year_to => %(year_to)s
               , sources => %(sources)s::text[]
               , has_text => %(has_text)s
               , exclude => %(exclude)s
               , candidates => %(limit)s
               , name_candidates => %(name_limit)s
               , vienna_none => %(vienna_none)s::text[]
               , figure_embeddings => %(figures)s::halfvec[]
               , figure_candidates => %(figure_limit)s)
        """,
        {
            "embedding": None if query.features is None else embedding_to_database(query.features.embedding),
            "text": query.text,
            "sounds": sounds,
            "vienna_any": list(wanted.vienna_any) or None,
            "vienna_all": list(wanted.vienna_all) or None,
            "year_from": wanted.year_from,
            "year_to": wanted.year_to,
            "sources": list(wanted.sources) or None,
            "has_text": wanted.has_text,
            "exclude": query.exclude,
            "limit": limit,
            "name_limit": name_limit,
            "vienna_none": list(wanted.vienna_none) or None,
            "figures": [embedding_to_database(of.embedding) for of in query.features.figures] if query.features else [],
            "figure_limit": FIGURE_LIMIT,
        },
        binary=True,
    ).fetchall()


def _inputs(connection: psycopg.Connection[Any], mark_ids: list[UUID]) -> list[tuple[Any, ...]]:
    return connection.execute("select * from logosim.rerank_inputs(%s::uuid[])", (mark_ids,), binary=True).fetchall()


def _work_waits(connection: psycopg.Connection[Any], active: ModelRow | None) -> bool:
    row = connection.execute(
        "select exists (select from logosim.work where model_id = %s)", (active.model_id if active else None,)
    ).fetchone()
    return bool(row and row[0])


def _word_counts(connection: psycopg.Connection[Any], query: Query, names: Iterable[str | None]) -> WordCounts:
    """Counts of the words of the query and of normalised names, in one call; none of a query without a name."""
    if not query.text:
        return NO_COUNTS
    words = sorted({word for name in names if name for word in name.split()})
    rows = connection.execute(
        """
        select word, marks, names
          from logosim.word_counts(%s::text[] || string_to_array(logosim.normalise_text(%s), ' '))
        """,
        (words, query.text),
        binary=True,
    ).fetchall()
    return WordCounts(rows[0][2] if rows else 0, {word: marks for word, marks, _ in rows if marks})


def _cosines(
    connection: psycopg.Connection[Any], features: Features, mark_ids: Sequence[UUID]
) -> dict[UUID, tuple[float, ...]]:
    """Cosine of each mark that was looked at to the query's picture, then to each of its separate figures."""
    vectors = [features.embedding, *(figure.embedding for figure in features.figures)]
    rows = connection.execute(
        "select mark_id, distances from logosim.look_distances(%s::halfvec[], %s::uuid[])",
        ([embedding_to_database(vector) for vector in vectors], list(mark_ids)),
        binary=True,  # as text a real would come back rounded
    )
    return {mark_id: tuple(1.0 - distance for distance in distances) for mark_id, distances in rows}


def _candidate(row: tuple[Any, ...], channels: Sequence[str], cosines: Sequence[float]) -> Candidate:
    return Candidate(
        mark_id=row[0],
        source=row[1],
        file=row[2],
        text=row[3],
        normalised_text=row[4],
        phonemes=row[5],
        vienna_codes=tuple(row[6]),
        year=row[7],
        picture_location=row[8],
        channels=tuple(channels),
        cosine=cosines[0] if cosines else None,
        blank=row[9],
        figure_cosines=tuple(cosines[1:]),
    )
