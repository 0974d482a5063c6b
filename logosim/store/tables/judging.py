"""What marks are judged by in the second stage of a search."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Double, PrimaryKeyConstraint, Table, Text

from logosim.store.tables.metadata import METADATA

calibration = Table(
    "calibration",
    METADATA,
    Column(
        "model",
        Text,
        nullable=False,
        comment="Name of the model that the curve holds for; empty: of any that has none of its own",
    ),
    Column("channel", Text, nullable=False, comment="look, shape, sound, spelling or vienna"),
    Column("value", Double, nullable=False, comment="Value of the channel, 0 to 1"),
    Column(
        "evidence",
        Double,
        nullable=False,
        comment="What the value adds to the log odds of a confusion, nats; negative: it speaks against one",
    ),
    PrimaryKeyConstraint("model", "channel", "value", name="calibration_pkey"),
    CheckConstraint("channel in ('look', 'shape', 'sound', 'spelling', 'vienna')", name="calibration_channel_check"),
    CheckConstraint("value between 0 and 1", name="calibration_value_check"),
    comment="What likeness is worth as evidence: the knots of a curve for each channel, straight between them and "
    "level outside; loaded at each upgrade, from LOGOSIM_CALIBRATION if that is set",
)
