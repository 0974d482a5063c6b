"""What looks after the rest: the Vienna classification, keys of the REST interface, applied function files."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, LargeBinary, PrimaryKeyConstraint, Table, Text, UniqueConstraint, text

from logosim.store.tables.metadata import METADATA, TIMESTAMPTZ

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
