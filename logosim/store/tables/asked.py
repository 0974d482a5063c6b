"""Pictures that are asked about."""

from __future__ import annotations

from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from logosim.store.tables.metadata import METADATA, TIMESTAMPTZ

query_picture = Table(
    "query_picture",
    METADATA,
    Column(
        "handle",
        Uuid,
        nullable=False,
        server_default=text("gen_random_uuid()"),
        comment="What the picture is asked about by: random, so that it cannot be guessed",
    ),
    Column("model_id", SmallInteger, nullable=False, comment="Model that its regions were or will be looked at with"),
    Column("picture_sha256", Text, nullable=False, comment="SHA-256 of the picture file, hexadecimal, lower case"),
    Column("picture", LargeBinary, comment="The picture file, for drawings; null where it was not kept"),
    Column(
        "vienna_codes",
        ARRAY(Text),
        nullable=False,
        server_default=text("'{}'"),
        comment="Vienna codes of the picture itself, zero-padded",
    ),
    Column("created_at", TIMESTAMPTZ, nullable=False, server_default=text("now()"), comment="When it was handed in"),
    Column(
        "expires_at",
        TIMESTAMPTZ,
        nullable=False,
        comment="From when on the handle is refused; the row goes when the next picture is remembered",
    ),
    PrimaryKeyConstraint("handle", name="query_picture_pkey"),
    ForeignKeyConstraint(["model_id"], ["logosim.model.model_id"], name="query_picture_model_id_fkey"),
    CheckConstraint("picture_sha256 ~ '^[0-9a-f]{64}$'", name="query_picture_picture_sha256_check"),
    CheckConstraint("expires_at > created_at", name="query_picture_expires_at_check"),
    Index("query_picture_expires_at_idx", "expires_at"),
    comment="Pictures that are asked about, each under a handle until it expires; no search finds them",
)

query_region = Table(
    "query_region",
    METADATA,
    Column("handle", Uuid, nullable=False, comment="Picture it is part of"),
    Column(
        "region_number",
        SmallInteger,
        nullable=False,
        comment="Number of the region as asked, from 1; 0: the whole picture",
    ),
    Column(
        "figure_number",
        SmallInteger,
        nullable=False,
        server_default=text("0"),
        comment="Number of a separate figure of the region, from 1; 0: the region itself",
    ),
    Column(
        "region_left",
        Integer,
        nullable=False,
        comment="Left edge, pixels from that of the picture; 0 of the whole. "
        "Of a figure, as the picture was read: without its margin, shrunk",
    ),
    Column("region_top", Integer, nullable=False, comment="Upper edge, in the same way"),
    Column("region_width", Integer, nullable=False, comment="Width, pixels"),
    Column("region_height", Integer, nullable=False, comment="Height, pixels"),
    Column("brand_text", Text, comment="Name that is compared, given or read in the region; null: none, as of figures"),
    Column(
        "embedding",
        HALFVEC,
        nullable=False,
        comment="Embedding of the region or figure: unit length, compared by cosine distance",
    ),
    Column("patches", LargeBinary, nullable=False, comment="Patch vectors, as in mark_features"),
    PrimaryKeyConstraint("handle", "region_number", "figure_number", name="query_region_pkey"),
    ForeignKeyConstraint(
        ["handle"], ["logosim.query_picture.handle"], name="query_region_handle_fkey", ondelete="CASCADE"
    ),
    CheckConstraint("region_number >= 0", name="query_region_region_number_check"),
    CheckConstraint("figure_number >= 0", name="query_region_figure_number_check"),
    CheckConstraint(
        "region_left >= 0 and region_top >= 0 and region_width > 0 and region_height > 0",
        name="query_region_rectangle_check",
    ),
    CheckConstraint("brand_text <> ''", name="query_region_brand_text_check"),
    comment="What is searched of a picture that is asked about: the whole, or regions of it, one row each, "
    "and one for each separate figure in it",
)
