"""The Vienna classification as the database holds it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from logosim.domain.vienna import ViennaLevel, canonical, level
from logosim.errors import InputError
from logosim.store.pool import Pool, borrowed


class ViennaStore:
    """Reads headings and takes official lists in."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def import_rows(self, rows: Iterable[tuple[str, str]]) -> int:
        """Take in codes with their headings, all or none; they replace the labels that were there. Returns how many.

        Only the owner of the schema may do this.

        Raises:
            ViennaCodeError: a code is none.
            InputError: a heading is empty.
            PrivilegeMissing: the database role is not the owner.
        """
        given: dict[str, tuple[str, str, str]] = {}
        for code, heading in rows:
            key = canonical(code)
            if not heading.strip():
                raise InputError(f"Code {key} has no heading.")
            given[key] = (key, level(key).value, heading.strip())
        with borrowed(self._pool) as connection, connection.transaction(), connection.cursor() as cursor:
            cursor.executemany(
                """
                insert into logosim.vienna (code, level, label, origin) values (%s, %s, %s, 'import')
                on conflict (code) do update set label = excluded.label, origin = excluded.origin
                """,
                list(given.values()),
            )
        return len(given)

    def headings(self, code: str) -> tuple[tuple[str, str], ...]:
        """A code and the codes below it with their headings, in order; empty if none is known.

        Raises:
            ViennaCodeError: `code` is none.
        """
        key = canonical(code)
        with borrowed(self._pool) as connection:
            rows = connection.execute(
                'select code, label from logosim.vienna where code = %s or code like %s order by code collate "C"',
                (key, f"{key}.%"),
            ).fetchall()
        return tuple((found, label) for found, label in rows)

    def coded(self, count: int, seed: int = 0) -> tuple[tuple[UUID, tuple[str, ...]], ...]:
        """At most `count` marks with codes that the active model has seen, and their codes with all ancestors.

        They are drawn by `seed`: the same seed, the same marks. Every mark is looked at: for measurements.
        """
        with borrowed(self._pool) as connection:
            rows = connection.execute(
                """
                select m.mark_id, m.vienna_keys
                  from logosim.mark m
                  join logosim.mark_features f on f.mark_id = m.mark_id
                  join logosim.model a on a.model_id = f.model_id and a.active
                 where cardinality(m.vienna_codes) > 0
                 order by md5(m.mark_id::text || %s::text), m.mark_id
                 limit %s
                """,
                (seed, count),
                binary=True,
            ).fetchall()
        return tuple((mark, tuple(keys)) for mark, keys in rows)

    def frequencies(self) -> dict[str, int]:
        """How many marks carry each code, of every level."""
        with borrowed(self._pool) as connection:
            rows = connection.execute(
                "select key, count(*) from logosim.mark m cross join unnest(m.vienna_keys) as key group by key"
            ).fetchall()
        return dict(rows)

    def suggested(self, asked: UUID, *, level: ViennaLevel, neighbours: int) -> dict[str, float]:
        """Codes that `logosim.suggest_vienna` gives a mark or a kept picture, with their weights, 0..1.

        Raises:
            MarkNotFound: there is neither a mark nor a picture with this id.
            FilterError: nobody has looked at the mark yet.
        """
        with borrowed(self._pool) as connection:
            rows = connection.execute(
                "select code, weight from logosim.suggest_vienna(%s, 10000, %s, %s)",
                (asked, level.value, neighbours),
                binary=True,
            ).fetchall()
        return dict(rows)

    def labels(self, codes: Sequence[str]) -> dict[str, str]:
        """Headings of canonical codes, without those that have none."""
        with borrowed(self._pool) as connection:
            rows = connection.execute(
                "select code, label from logosim.vienna where code = any (%s)", (list(codes),)
            ).fetchall()
        return dict(rows)
