"""Marks on their way in: COPY to staging, then merged by id."""

from __future__ import annotations

from collections.abc import Sequence

from logosim.domain.ingest import IngestReport, MergeCounts
from logosim.domain.mark import Mark, Rejection
from logosim.store.pool import Pool, borrowed, fetch_row
from logosim.store.pronunciation import Transcriber

WORD_TOLERANCE = 0.01  # share of the names that may change before words are counted anew; weights go by their logarithm


class IngestStore:
    """Takes batches of marks in. Each call is a transaction of its own; all may be repeated.

    Args:
        pool: connections of a role that may take marks in.
        transcriber: what pronounces names. The rules in Python equal the SQL function and are ten times as fast;
            without any the database computes the pronunciations by rule.
    """

    def __init__(self, pool: Pool, transcriber: Transcriber | None = None) -> None:
        self._pool = pool
        self._transcriber = transcriber

    def begin(self, source: str, path: str) -> int:
        """Open a batch and return its id.

        Raises:
            PronunciationMismatch: the stored names are pronounced by another engine; `merge` looks again.
        """
        with borrowed(self._pool) as connection:
            if self._transcriber is not None:
                connection.execute("select logosim.require_pronunciation(%s, true)", (self._transcriber.name,))
            row = connection.execute("select logosim.begin_ingest(%s, %s)", (source, path)).fetchone()
        return int(row[0]) if row else 0

    def stage(self, batch_id: int, marks: Sequence[Mark]) -> None:
        """COPY marks into the batch's staging rows.

        Raises:
            InputError: a text holds a character that Postgres cannot keep (NUL).
        """
        statement = """
            copy logosim.mark_staging (
                   batch_id, source, file, brand_text, phonemes, vienna_codes, year
                 , picture_location, picture_sha256, picture_bytes, phoneme_engine)
            from stdin
        """
        transcriber = self._transcriber
        engine = transcriber.name if transcriber else None
        with borrowed(self._pool) as connection, connection.cursor() as cursor, cursor.copy(statement) as copy:
            for mark in marks:
                copy.write_row(
                    (
                        batch_id,
                        mark.source,
                        mark.file,
                        mark.text,
                        transcriber.phonemes(mark.text) if transcriber and mark.text else None,
                        list(mark.vienna_codes),
                        mark.year,
                        mark.picture.location,
                        mark.picture.sha256,
                        mark.picture.size_bytes,
                        engine,
                    )
                )

    def merge(self, batch_id: int) -> MergeCounts:
        """Merge the staged marks by id, queue the work they need and clear the staging rows.

        Raises:
            FilterError: there is no such batch.
            PronunciationMismatch: the stored names are pronounced by another engine than the staged ones.
        """
        row = fetch_row(
            self._pool, "select inserted, updated, unchanged, queued from logosim.merge_marks(%s)", (batch_id,)
        )
        inserted, updated, unchanged, queued = row if row else (0, 0, 0, 0)
        return MergeCounts(inserted=inserted, updated=updated, unchanged=unchanged, queued=queued)

    def reject(self, batch_id: int, rejections: Sequence[Rejection]) -> None:
        """Keep rejections as rows; the same one twice is kept once."""
        with borrowed(self._pool) as connection:
            connection.execute(
                "select logosim.record_rejects(%s, %s::text[], %s::integer[], %s::integer[], %s::text[], %s::text[])",
                (
                    batch_id,
                    [_storable(r.path) for r in rejections],
                    [r.line for r in rejections],
                    [r.record for r in rejections],
                    [r.reason for r in rejections],
                    [_storable(r.detail) for r in rejections],
                ),
            )

    def finish(self, batch_id: int, counts: IngestReport) -> None:
        """Close the batch with its counts, and count the words of all names anew if enough of them are new."""
        with borrowed(self._pool) as connection:
            connection.execute("select logosim.finish_ingest(%s, %s)", (batch_id, counts.read))
        fetch_row(self._pool, "select logosim.count_words(%s)", (WORD_TOLERANCE,))


def _storable(text: str) -> str:
    """A rejection quotes what it rejects, which may hold what Postgres cannot keep: NUL and lone surrogates."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")
