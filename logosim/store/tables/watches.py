"""Saved searches, and what they have reported."""

from __future__ import annotations

from sqlalchemy import (
    DOUBLE_PRECISION,
    REAL,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from logosim.store.tables.metadata import METADATA, TIMESTAMPTZ

watch = Table(
    "watch",
    METADATA,
    Column("watch_id", BigInteger, Identity(always=True), nullable=False, comment="Number of the watch"),
    Column("name", Text, nullable=False, comment="Name it is run and dropped by"),
    Column(
        "asked",
        Uuid,
        comment="Mark that is watched, or handle of a picture of its own in query_picture, which does not expire; "
        "null: a name is watched",
    ),
    Column("asked_text", Text, comment="Name that is watched; null: a mark or picture is"),
    Column(
        "settings",
        JSONB,
        nullable=False,
        server_default=text("'{}'"),
        comment="Filters and weights of the search by the names of its parameters; weights of 1 are left out",
    ),
    Column("threshold", DOUBLE_PRECISION, nullable=False, comment="Least score that is reported, 0..1"),
    Column(
        "saved_by",
        Text,
        nullable=False,
        server_default=text("session_user"),
        comment="Login role that saved it; others may read it",
    ),
    Column("created_at", TIMESTAMPTZ, nullable=False, server_default=text("now()"), comment="When it was saved"),
    Column("tried_at", TIMESTAMPTZ, comment="When it was last run, with or without success"),
    Column("ran_at", TIMESTAMPTZ, comment="When it was last run with success; null before the first time"),
    Column("runs", Integer, nullable=False, server_default=text("0"), comment="How often it was run with success"),
    Column(
        "complete",
        Boolean,
        comment="Whether the last run cut none off: false where 1000 marks reached the threshold, as many as a search "
        "gives",
    ),
    Column("last_error", Text, comment="Why the last run failed; null where it did not"),
    PrimaryKeyConstraint("watch_id", name="watch_pkey"),
    UniqueConstraint("name", name="watch_name_key"),
    CheckConstraint("name <> ''", name="watch_name_check"),
    CheckConstraint("num_nonnulls(asked, asked_text) = 1", name="watch_asked_check"),
    CheckConstraint("threshold between 0 and 1", name="watch_threshold_check"),
    comment="Saved searches: what each asks, and how its last run went; logosim.watches is made for reading",
)

watch_hit = Table(
    "watch_hit",
    METADATA,
    Column("hit_id", BigInteger, Identity(always=True), nullable=False, comment="Number of the report, in order"),
    Column("watch_id", BigInteger, nullable=False, comment="Watch that reported it"),
    Column("mark_id", Uuid, nullable=False, comment="Mark that reached the threshold"),
    Column(
        "reported_as",
        Text,
        nullable=False,
        comment="Digest of the picture and the name that it had then, by logosim._mark_state",
    ),
    Column(
        "run",
        Integer,
        nullable=False,
        comment="Run of the watch that reported it, from 1; 0: it was there when the watch was saved, and counts as "
        "known",
    ),
    Column("reported_at", TIMESTAMPTZ, nullable=False, server_default=text("now()"), comment="When that was"),
    Column(
        "score", DOUBLE_PRECISION, nullable=False, comment="Score it had then, the probability of a confusion, 0..1"
    ),
    Column("risk", Text, nullable=False, comment="Its risk: identical, high, medium or low"),
    Column("found_by", ARRAY(Text), nullable=False, comment="Channels that found it"),
    Column("look", REAL, comment="How alike the pictures look, 0..1; null where they were not compared"),
    Column(
        "shape", REAL, comment="How much of the figure is found in the other, 0..1; null where they were not compared"
    ),
    Column("sound", REAL, comment="How alike the names sound, 0..1; null where they were not compared"),
    Column("spelling", REAL, comment="How alike the names are written, 0..1; null where they were not compared"),
    Column("vienna", REAL, comment="How much the Vienna codes overlap, 0..1; null where they were not compared"),
    Column(
        "again",
        Boolean,
        nullable=False,
        comment="Whether the mark was reported before, with another picture or name",
    ),
    UniqueConstraint("watch_id", "mark_id", "reported_as", name="watch_hit_once_key"),
    PrimaryKeyConstraint("hit_id", name="watch_hit_pkey"),
    ForeignKeyConstraint(["watch_id"], ["logosim.watch.watch_id"], name="watch_hit_watch_id_fkey", ondelete="CASCADE"),
    ForeignKeyConstraint(["mark_id"], ["logosim.mark.mark_id"], name="watch_hit_mark_id_fkey", ondelete="CASCADE"),
    CheckConstraint("run >= 0", name="watch_hit_run_check"),
    Index("watch_hit_mark_id_idx", "mark_id"),
    Index("watch_hit_run_idx", "watch_id", "run"),
    comment="What watches have reported, each mark once for each state of its picture and name",
)
