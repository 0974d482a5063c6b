"""Marks with what is known and seen of them, and the models that see."""

from __future__ import annotations

from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from logosim.store.tables.metadata import METADATA, TID, TIMESTAMPTZ

mark = Table(
    "mark",
    METADATA,
    Column("mark_id", Uuid, nullable=False, comment="Stable id derived from source and file name by logosim.mark_id"),
    Column("source", Text, nullable=False, comment="Data set or register the mark comes from, such as l3d"),
    Column("file", Text, nullable=False, comment="Picture file name within the source, as the record spells it"),
    Column("brand_text", Text, comment="Verbal element as recorded; null where the mark has none"),
    Column("normalised_text", Text, comment="Brand text as search key, by logosim.normalise_text"),
    Column(
        "phonemes",
        Text,
        comment="Brand text in IPA by profile, joined by |, as the engine of logosim.pronunciation says it",
    ),
    Column(
        "vienna_codes",
        ARRAY(Text),
        nullable=False,
        server_default=text("'{}'"),
        comment="Vienna codes as recorded, zero-padded (26.04.05)",
    ),
    Column(
        "vienna_keys",
        ARRAY(Text),
        Computed("logosim.vienna_keys(vienna_codes)", persisted=True),
        comment="Vienna codes with their divisions and categories: what filters compare with",
    ),
    Column(
        "vienna_divisions",
        ARRAY(Text),
        Computed("logosim.vienna_divisions(vienna_codes)", persisted=True),
        comment="Vienna divisions of the codes (26.04)",
    ),
    Column("year", SmallInteger, comment="Year of the mark; null where unknown"),
    Column(
        "picture_location", Text, nullable=False, comment="Absolute path of the picture file, as the workers see it"
    ),
    Column("picture_sha256", Text, nullable=False, comment="SHA-256 of the picture file, hexadecimal, lower case"),
    Column("picture_bytes", BigInteger, nullable=False, comment="Size of the picture file, bytes"),
    Column("picture_width", Integer, comment="Width of the decoded picture, pixels; null until a worker has seen it"),
    Column("picture_height", Integer, comment="Height of the decoded picture, pixels; null until a worker has seen it"),
    Column(
        "created_at",
        TIMESTAMPTZ,
        nullable=False,
        server_default=text("now()"),
        comment="When the mark was first taken in",
    ),
    Column(
        "updated_at",
        TIMESTAMPTZ,
        nullable=False,
        server_default=text("now()"),
        comment="When its record or picture last changed",
    ),
    PrimaryKeyConstraint("mark_id", name="mark_pkey"),
    CheckConstraint("brand_text <> ''", name="mark_brand_text_check"),
    CheckConstraint("picture_sha256 ~ '^[0-9a-f]{64}$'", name="mark_picture_sha256_check"),
    Index("mark_name_idx", "normalised_text", postgresql_using="hash"),
    Index("mark_source_file_key", "source", text('lower(file collate "C")'), unique=True),
    Index("mark_vienna_keys_idx", "vienna_keys", postgresql_using="gin"),
    Index(
        "mark_words_idx",
        text("string_to_array(normalised_text, ' ')"),
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    ),
    Index("mark_year_idx", "year"),
    comment="Trademarks, one row each, written by logosim.merge_marks",
)

model = Table(
    "model",
    METADATA,
    Column(
        "model_id",
        SmallInteger,
        Identity(always=True),
        nullable=False,
        comment="Number of the model, part of the key of its features and of its index name",
    ),
    Column("name", Text, nullable=False, comment="Name of the model as in its manifest"),
    Column(
        "artifact_sha256",
        Text,
        nullable=False,
        comment="SHA-256 of the weights file, hexadecimal: what the model is known by",
    ),
    Column("dimensions", Integer, nullable=False, comment="Dimensions of its embedding"),
    Column("patch_grid", Integer, nullable=False, comment="Patches per side of its patch map"),
    Column("patch_dimensions", Integer, nullable=False, comment="Dimensions of one patch vector"),
    Column("manifest", JSONB, nullable=False, comment="The whole manifest of the model artifact"),
    Column(
        "active",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="True for the one model that searches and workers use",
    ),
    Column(
        "registered_at",
        TIMESTAMPTZ,
        nullable=False,
        server_default=text("now()"),
        comment="When the model was registered",
    ),
    Column(
        "fed",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="Whether new and changed pictures are queued for it: from the beginning of its backfill until it is "
        "dropped, so that one can go back to it",
    ),
    UniqueConstraint("artifact_sha256", name="model_artifact_sha256_key"),
    UniqueConstraint("name", name="model_name_key"),
    PrimaryKeyConstraint("model_id", name="model_pkey"),
    CheckConstraint(
        "dimensions between 1 and 4000 and patch_grid > 0 and patch_dimensions > 0", name="model_dimensions_check"
    ),
    CheckConstraint("fed or not active", name="model_fed_check"),
    Index("model_active_key", "active", unique=True, postgresql_where=text("active")),
    comment="Embedding models that features were made with; at most one is active, and searches use that one only",
)

mark_features = Table(
    "mark_features",
    METADATA,
    Column("model_id", SmallInteger, nullable=False, comment="Model that made the features"),
    Column("mark_id", Uuid, nullable=False, comment="Mark whose picture was looked at"),
    Column(
        "embedding",
        HALFVEC,
        nullable=False,
        comment="Embedding of the whole picture: unit length, compared by cosine distance",
    ),
    Column(
        "patches",
        LargeBinary,
        nullable=False,
        comment="Patch vectors, int8 [grid, grid, dimensions] row by row from the top left, unit vectors times "
        "127, background all zero",
    ),
    Column("picture_sha256", Text, nullable=False, comment="SHA-256 of the picture the features were made from"),
    Column(
        "extracted_at", TIMESTAMPTZ, nullable=False, server_default=text("now()"), comment="When the features were made"
    ),
    Column(
        "blank",
        Boolean,
        Computed(r"ltrim(patches, '\x00'::bytea) = ''::bytea", persisted=True),
        nullable=False,
        comment="Whether the picture shows nothing but lettering: no patch is left once that is masked",
    ),
    PrimaryKeyConstraint("model_id", "mark_id", name="mark_features_pkey"),
    ForeignKeyConstraint(["mark_id"], ["logosim.mark.mark_id"], name="mark_features_mark_id_fkey", ondelete="CASCADE"),
    ForeignKeyConstraint(["model_id"], ["logosim.model.model_id"], name="mark_features_model_id_fkey"),
    Index("mark_features_mark_id_idx", "mark_id"),
    comment="What a model saw in a mark's picture",
)

mark_look = Table(
    "mark_look",
    METADATA,
    Column("model_id", SmallInteger, nullable=False, comment="As in mark_features"),
    Column("has_text", Boolean, nullable=False, comment="Whether the mark has a brand text"),
    Column("year", SmallInteger, comment="As in mark"),
    Column("mark_id", Uuid, nullable=False, comment="As in mark_features"),
    Column("embedding", HALFVEC, nullable=False, comment="As in mark_features"),
    Column("source", Text, nullable=False, comment="As in mark"),
    Column(
        "vienna_numbers",
        ARRAY(Integer),
        nullable=False,
        comment="Vienna keys of the mark as numbers, by logosim._vienna_numbers: 1 and their digits",
    ),
    PrimaryKeyConstraint("model_id", "mark_id", name="mark_look_pkey"),
    ForeignKeyConstraint(
        ["model_id", "mark_id"],
        ["logosim.mark_features.model_id", "logosim.mark_features.mark_id"],
        name="mark_look_features_fkey",
        ondelete="CASCADE",
    ),
    comment="What searches by look read: embeddings of mark_features beside what filters ask about, so that a filtered "
    "comparison needs no join; triggers keep it in step. Its indexes are made per model, as logosim._model_indexes "
    "says",
)

mark_coarse = Table(
    "mark_coarse",
    METADATA,
    Column(
        "codes_1",
        BigInteger,
        nullable=False,
        comment="Vienna categories and divisions of the mark, one bit each, by logosim._coarse_bits",
    ),
    Column("codes_2", BigInteger, nullable=False, comment="As codes_1"),
    Column("codes_3", BigInteger, nullable=False, comment="As codes_1"),
    Column("model_id", SmallInteger, nullable=False, comment="As in mark_look"),
    Column("year", SmallInteger, comment="As in mark"),
    Column("has_text", Boolean, nullable=False, comment="As in mark_look"),
    Column(
        "prefix",
        HALFVEC,
        nullable=False,
        comment="First dimensions of the embedding at unit length, by logosim._coarse",
    ),
    Column("mark_id", Uuid, nullable=False, comment="As in mark_look"),
    Column(
        "look_at",
        TID,
        nullable=False,
        comment="Where the row of mark_look was when this one was written; a hint, for rows move: whoever follows it "
        "looks whether it is the same mark",
    ),
    Column(
        "section_1",
        SmallInteger,
        nullable=False,
        comment="A Vienna section of the mark, by logosim._coarse_sections; 0: none",
    ),
    *(Column(f"section_{n}", SmallInteger, nullable=False, comment="As section_1") for n in range(2, 6)),
    Column(
        "section_6",
        SmallInteger,
        nullable=False,
        comment="As section_1; -1: the mark has more codes, which mark_look tells",
    ),
    Column("source", Text, nullable=False, comment="As in mark_look"),
    PrimaryKeyConstraint("model_id", "mark_id", name="mark_coarse_pkey"),
    ForeignKeyConstraint(
        ["model_id", "mark_id"],
        ["logosim.mark_look.model_id", "logosim.mark_look.mark_id"],
        name="mark_coarse_look_fkey",
        ondelete="CASCADE",
    ),
    comment="What a first look at all marks reads: the beginnings of the embeddings of mark_look beside what filters "
    "ask about, in short rows; what comes out near is compared again by the whole embedding. Triggers keep it in step",
)
