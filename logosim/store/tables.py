"""The declared schema: every table of `logosim` with its keys, indexes and comments.

Revisions in migrations/ bring a database here; a test holds the two equal. The vector indexes, one per model, are made
by `logosim.register_model` and are not declared.
"""

from __future__ import annotations

from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import (
    TIMESTAMP,
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
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

METADATA = MetaData(schema="logosim")
TIMESTAMPTZ = TIMESTAMP(timezone=True)
TRIGRAMS_OF_TEXT = {"normalised_text": "public.gin_trgm_ops"}
TRIGRAMS_OF_PHONEMES = {"phonemes": "public.gin_trgm_ops"}

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
    Index("mark_normalised_text_idx", "normalised_text", postgresql_using="gin", postgresql_ops=TRIGRAMS_OF_TEXT),
    Index("mark_phonemes_idx", "phonemes", postgresql_using="gin", postgresql_ops=TRIGRAMS_OF_PHONEMES),
    Index("mark_source_file_key", "source", text('lower(file collate "C")'), unique=True),
    Index("mark_vienna_keys_idx", "vienna_keys", postgresql_using="gin"),
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
    UniqueConstraint("artifact_sha256", name="model_artifact_sha256_key"),
    UniqueConstraint("name", name="model_name_key"),
    PrimaryKeyConstraint("model_id", name="model_pkey"),
    CheckConstraint(
        "dimensions between 1 and 4000 and patch_grid > 0 and patch_dimensions > 0", name="model_dimensions_check"
    ),
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
    PrimaryKeyConstraint("model_id", "mark_id", name="mark_features_pkey"),
    ForeignKeyConstraint(["mark_id"], ["logosim.mark.mark_id"], name="mark_features_mark_id_fkey", ondelete="CASCADE"),
    ForeignKeyConstraint(["model_id"], ["logosim.model.model_id"], name="mark_features_model_id_fkey"),
    Index("mark_features_mark_id_idx", "mark_id"),
    comment="What a model saw in a mark's picture; one HNSW index per model, made by logosim.register_model",
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

word = Table(
    "word",
    METADATA,
    Column("word", Text(collation="C"), nullable=False, comment="A word of logosim.mark.normalised_text"),
    Column("marks", Integer, nullable=False, comment="Marks with this word in their name, each counted once"),
    PrimaryKeyConstraint("word", name="word_pkey"),
    comment="Words of the names of all marks, counted by logosim.count_words; rare words are the distinctive ones",
)

word_census = Table(
    "word_census",
    METADATA,
    Column(
        "only_row",
        Boolean,
        nullable=False,
        server_default=text("true"),
        comment="Always true: there is one row at most",
    ),
    Column("names", Integer, nullable=False, comment="Marks with a name when the words were counted"),
    Column(
        "changes",
        BigInteger,
        nullable=False,
        comment="Marks that all batches together had inserted or updated by then",
    ),
    Column(
        "counted_at", TIMESTAMPTZ, nullable=False, server_default=text("now()"), comment="When the words were counted"
    ),
    PrimaryKeyConstraint("only_row", name="word_census_pkey"),
    CheckConstraint("only_row", name="word_census_only_row_check"),
    comment="One row: what the counts of logosim.word were taken from; none before the first count",
)

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

transliteration = Table(
    "transliteration",
    METADATA,
    Column("character", Text, nullable=False, comment="One character, after compatibility decomposition (NFKD)"),
    Column("replacement", Text, nullable=False, comment="Lower-case ASCII letters and spaces; may be empty"),
    PrimaryKeyConstraint("character", name="transliteration_pkey"),
    comment="How logosim.normalise_text writes letters that are not a to z; loaded at each upgrade",
)

phoneme_rule = Table(
    "phoneme_rule",
    METADATA,
    Column("profile", Text, nullable=False, comment="Pronunciation profile: en, de or ro (romance)"),
    Column(
        "position",
        Integer,
        nullable=False,
        comment="Order within the profile: of several rules that fit, the first wins",
    ),
    Column("grapheme", Text, nullable=False, comment="Letters the rule reads"),
    Column(
        "before",
        Text,
        nullable=False,
        server_default=text("''"),
        comment="Characters allowed immediately left; empty: any; _: word boundary",
    ),
    Column(
        "after",
        Text,
        nullable=False,
        server_default=text("''"),
        comment="Characters allowed immediately right; empty: any; _: word boundary",
    ),
    Column(
        "after_2",
        Text,
        nullable=False,
        server_default=text("''"),
        comment="Characters allowed second to the right; empty: any",
    ),
    Column(
        "after_3",
        Text,
        nullable=False,
        server_default=text("''"),
        comment="Characters allowed third to the right; empty: any",
    ),
    Column(
        "phonemes",
        Text,
        nullable=False,
        server_default=text("''"),
        comment="IPA, one character a segment; empty: silent",
    ),
    PrimaryKeyConstraint("profile", "position", name="phoneme_rule_pkey"),
    CheckConstraint("grapheme <> ''", name="phoneme_rule_grapheme_check"),
    Index("phoneme_rule_lookup_idx", "profile", text("left(grapheme, 1)"), "position"),
    CheckConstraint("profile in ('en', 'de', 'ro')", name="phoneme_rule_profile_check"),
    comment="How logosim.phonemes pronounces letters; loaded at each upgrade",
)

pronunciation = Table(
    "pronunciation",
    METADATA,
    Column(
        "only_row", Boolean, nullable=False, server_default=text("true"), comment="True, so that there is no second row"
    ),
    Column(
        "engine",
        Text,
        nullable=False,
        comment="Engine of all pronunciations, or the one that is being gone over to: rules (logosim.phonemes), or "
        "name and version of another",
    ),
    Column(
        "complete",
        Boolean,
        nullable=False,
        comment="False while names of an earlier engine, or of earlier rules, are left; sounds are not compared then",
    ),
    Column("reached", Uuid, comment="Last mark that was gone over, in order of ids; null before the first"),
    Column(
        "changed_at", TIMESTAMPTZ, nullable=False, server_default=text("now()"), comment="When the row last changed"
    ),
    PrimaryKeyConstraint("only_row", name="pronunciation_pkey"),
    CheckConstraint("not complete or reached is null", name="pronunciation_complete_check"),
    CheckConstraint("engine <> ''", name="pronunciation_engine_check"),
    CheckConstraint("only_row", name="pronunciation_only_row_check"),
    comment="Which engine pronounced the names of logosim.mark, for sounds of two cannot be compared; one row",
)

vienna = Table(
    "vienna",
    METADATA,
    Column("code", Text, nullable=False, comment="Zero-padded code: 26, 26.04 or 26.04.05"),
    Column("level", Text, nullable=False, comment="category, division or section"),
    Column("label", Text, nullable=False, comment="What the code stands for, in short"),
    Column("origin", Text, nullable=False, comment="seed (our own words) or import (from the list of an office)"),
    PrimaryKeyConstraint("code", name="vienna_pkey"),
    CheckConstraint("code ~ '^[0-9]{2}([.][0-9]{2}){0,2}$'", name="vienna_code_check"),
    CheckConstraint("level in ('category', 'division', 'section')", name="vienna_level_check"),
    CheckConstraint("origin in ('seed', 'import')", name="vienna_origin_check"),
    comment="Headings of the Vienna classification: categories and divisions from the start, sections by "
    "logosim vienna import",
)

api_key = Table(
    "api_key",
    METADATA,
    Column("key_id", Text, nullable=False, comment="Public part of the key, by which it is looked up"),
    Column("name", Text, nullable=False, comment="Who or what the key is for"),
    Column("key_hash", LargeBinary, nullable=False, comment="SHA-256 of the whole key, which is random and long"),
    Column("created_at", TIMESTAMPTZ, nullable=False, server_default=text("now()"), comment="When it was made"),
    Column("revoked_at", TIMESTAMPTZ, comment="When it was withdrawn; null while it is valid"),
    UniqueConstraint("name", name="api_key_name_key"),
    PrimaryKeyConstraint("key_id", name="api_key_pkey"),
    CheckConstraint("octet_length(key_hash) = 32", name="api_key_key_hash_check"),
    comment="Keys that open the REST interface; the keys themselves are not kept",
)

sql_file = Table(
    "sql_file",
    METADATA,
    Column("name", Text, nullable=False, comment="Name of the file, such as functions/040_search.sql"),
    Column("sha256", Text, nullable=False, comment="SHA-256 of the file as applied, hexadecimal"),
    Column("applied_at", TIMESTAMPTZ, nullable=False, server_default=text("now()"), comment="When it was applied"),
    PrimaryKeyConstraint("name", name="sql_file_pkey"),
    comment="Function, view, grant and data files as they are in force, so that an upgrade knows which changed",
)
