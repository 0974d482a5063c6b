"""What comes in and what is to be done: batches, staging, rejected records and the queue."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from logosim.store.tables.metadata import METADATA, TIMESTAMPTZ

ingest_batch = Table(
    "ingest_batch",
    METADATA,
    Column("batch_id", BigInteger, Identity(always=True), nullable=False, comment="Number of the batch"),
    Column("source", Text, nullable=False, comment="Source its marks belong to"),
    Column("path", Text, nullable=False, comment="Folder or file that was read"),
    Column("started_at", TIMESTAMPTZ, nullable=False, server_default=text("now()"), comment="When it began"),
    Column("finished_at", TIMESTAMPTZ, comment="When it ended; null while it runs or if it was broken off"),
    Column(
        "read_count",
        Integer,
        nullable=False,
        server_default=text("0"),
        comment="Records read, rejected ones included; set at the end",
    ),
    Column("inserted_count", Integer, nullable=False, server_default=text("0"), comment="Marks that were new"),
    Column(
        "updated_count",
        Integer,
        nullable=False,
        server_default=text("0"),
        comment="Marks whose record or picture had changed",
    ),
    Column(
        "unchanged_count", Integer, nullable=False, server_default=text("0"), comment="Marks that were there just so"
    ),
    Column("queued_count", Integer, nullable=False, server_default=text("0"), comment="Marks queued for a worker"),
    Column(
        "rejected_count",
        Integer,
        nullable=False,
        server_default=text("0"),
        comment="Records that were not taken in; see ingest_reject",
    ),
    PrimaryKeyConstraint("batch_id", name="ingest_batch_pkey"),
    comment="One run of taking marks in; its marks may be merged in several chunks",
)

ingest_reject = Table(
    "ingest_reject",
    METADATA,
    Column("reject_id", BigInteger, Identity(always=True), nullable=False, comment="Number of the rejection"),
    Column("batch_id", BigInteger, nullable=False, comment="Batch that met it last"),
    Column("source", Text, nullable=False, comment="Source the record belongs to"),
    Column(
        "path",
        Text,
        nullable=False,
        comment="File the record was read from; of an upload, upload/<its name>/records or .../pictures/<picture>",
    ),
    Column(
        "line",
        Integer,
        comment="Line in the file on which the record, or the damage, starts, from 1; null where no line is meant",
    ),
    Column(
        "record",
        Integer,
        comment="Number of the record in the file, from 1; null for damaged JSON, a whole file or a picture",
    ),
    Column("reason", Text, nullable=False, comment="Stable name of the reason, such as picture-missing"),
    Column("detail", Text, nullable=False, comment="One sentence for a person"),
    Column("rejected_at", TIMESTAMPTZ, nullable=False, server_default=text("now()"), comment="When it was last met"),
    UniqueConstraint(
        "source",
        "path",
        "line",
        "record",
        "reason",
        name="ingest_reject_record_key",
        postgresql_nulls_not_distinct=True,
    ),
    PrimaryKeyConstraint("reject_id", name="ingest_reject_pkey"),
    ForeignKeyConstraint(["batch_id"], ["logosim.ingest_batch.batch_id"], name="ingest_reject_batch_id_fkey"),
    Index("ingest_reject_batch_id_idx", "batch_id"),
    comment="Records that were not taken in, each once however often it was read",
)

mark_staging = Table(
    "mark_staging",
    METADATA,
    Column(
        "position",
        BigInteger,
        Identity(always=True),
        nullable=False,
        comment="Order of arrival: of two rows of one mark the later one counts",
    ),
    Column("batch_id", BigInteger, nullable=False, comment="Batch the row belongs to"),
    Column("source", Text, nullable=False, comment="As in mark"),
    Column("file", Text, nullable=False, comment="As in mark"),
    Column("brand_text", Text, comment="As in mark"),
    Column(
        "phonemes",
        Text,
        comment="Pronunciations if the client computed them, which is quicker; null: logosim.merge_marks does",
    ),
    Column("vienna_codes", ARRAY(Text), nullable=False, server_default=text("'{}'"), comment="As in mark"),
    Column("year", SmallInteger, comment="As in mark"),
    Column("picture_location", Text, nullable=False, comment="As in mark"),
    Column("picture_sha256", Text, nullable=False, comment="As in mark"),
    Column("picture_bytes", BigInteger, nullable=False, comment="As in mark"),
    Column(
        "phoneme_engine",
        Text,
        comment="Engine that made the pronunciations; null: the rules, of the client or of logosim.merge_marks",
    ),
    Index("mark_staging_batch_id_idx", "batch_id"),
    prefixes=["UNLOGGED"],
    comment="Where COPY puts marks before logosim.merge_marks takes them; emptied by it, and by a crash",
)

work = Table(
    "work",
    METADATA,
    Column("mark_id", Uuid, nullable=False, comment="Mark whose picture is to be looked at"),
    Column("model_id", SmallInteger, nullable=False, comment="Model to look at it with"),
    Column(
        "state",
        Text,
        nullable=False,
        server_default=text("'queued'"),
        comment="queued, leased (a worker has it) or dead (given up; see last_error and logosim.retry_dead)",
    ),
    Column(
        "attempts",
        Integer,
        nullable=False,
        server_default=text("0"),
        comment="How often a worker has taken it, the present time included",
    ),
    Column("lease_token", Uuid, comment="Token of the claim that holds it"),
    Column("lease_owner", Text, comment="Worker that holds it, or held it last"),
    Column("lease_until", TIMESTAMPTZ, comment="When the lease runs out unless the worker extends it"),
    Column("last_error", Text, comment="Why the last attempt failed"),
    Column(
        "not_before",
        TIMESTAMPTZ,
        nullable=False,
        server_default=text("now()"),
        comment="When it may be tried again; later after every failed attempt",
    ),
    Column(
        "queued_at",
        TIMESTAMPTZ,
        nullable=False,
        server_default=text("now()"),
        comment="When it was last queued; the oldest goes first",
    ),
    Column(
        "updated_at", TIMESTAMPTZ, nullable=False, server_default=text("now()"), comment="When the row last changed"
    ),
    PrimaryKeyConstraint("mark_id", "model_id", name="work_pkey"),
    ForeignKeyConstraint(["mark_id"], ["logosim.mark.mark_id"], name="work_mark_id_fkey", ondelete="CASCADE"),
    ForeignKeyConstraint(["model_id"], ["logosim.model.model_id"], name="work_model_id_fkey"),
    CheckConstraint(
        "(state = 'leased') = (lease_token is not null and lease_until is not null)", name="work_lease_check"
    ),
    CheckConstraint("state in ('queued', 'leased', 'dead')", name="work_state_check"),
    Index("work_lease_token_idx", "lease_token", postgresql_where=text("state = 'leased'")),
    Index("work_lease_until_idx", "lease_until", postgresql_where=text("state = 'leased'")),
    Index("work_queued_idx", "model_id", "queued_at", "mark_id", postgresql_where=text("state = 'queued'")),
    comment="Pictures that a worker has yet to look at. Finished work leaves the table and has a row in mark_features",
)
