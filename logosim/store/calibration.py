"""The curves of evidence that searches in SQL judge by."""

from __future__ import annotations

from logosim.store.pool import Pool, borrowed

Knots = tuple[tuple[float, ...], tuple[float, ...]]


class CalibrationStore:
    """Reads what the last upgrade has put in force."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def knots(self) -> dict[tuple[str, str], Knots]:
        """By model (or "") and channel: values of the channel, 0..1, ascending, and their evidence, nats."""
        with borrowed(self._pool) as connection:
            rows = connection.execute(
                """
                select model, channel, array_agg(value order by value), array_agg(evidence order by value)
                  from logosim.calibration
                 group by model, channel
                """,
                binary=True,
            ).fetchall()
        return {(model, channel): (tuple(values), tuple(evidence)) for model, channel, values, evidence in rows}
