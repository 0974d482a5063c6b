"""Pictures that SQL clients have handed in for a worker to look at."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    Index,
    Integer,
    Interval,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from logosim.store.tables.metadata import METADATA, TIMESTAMPTZ

picture_request = Table(
    "picture_request",
    METADATA,
    Column(
        "request",
        Uuid,
        nullable=False,
        server_default=text("gen_random_uuid()"),
        comment="What the answer is asked for by: random, so that it cannot be guessed",
    ),
    Column(
        "asked_by", Text, nullable=False, server_default=text("session_user"), comment="Login role that handed it in"
    ),
    Column("picture", LargeBinary, comment="The picture file; null once a worker has answered"),
    Column("brand_text", Text, comment="Name to compare; null: what is read in the picture; empty: none"),
    Column(
        "vienna_codes",
        ARRAY(Text),
        nullable=False,
        server_default=text("'{}'"),
        comment="Vienna codes of the picture itself, zero-padded",
    ),
    Column(
        "regions",
        ARRAY(Integer),
        comment="Regions to search in place of the whole, one after the other: left, top, width and height of each, "
        "pixels; null: the whole",
    ),
    Column("keep_for", Interval, nullable=False, comment="How long the handle is to be good"),
    Column(
        "state",
        Text,
        nullable=False,
        server_default=text("'queued'"),
        comment="queued, leased (a worker has it), done (handle) or refused (error)",
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
    Column("lease_until", TIMESTAMPTZ, comment="When another worker may take it unless this one extends its lease"),
    Column("handle", Uuid, comment="What the picture is asked about by, as in query_picture"),
    Column("error_code", Text, comment="SQLSTATE that the client gets"),
    Column("error", Text, comment="Why there is no handle, in a sentence"),
    Column("hint", Text, comment="What to do about it"),
    Column(
        "requested_at",
        TIMESTAMPTZ,
        nullable=False,
        server_default=text("now()"),
        comment="When it was handed in; the oldest goes first",
    ),
    Column(
        "expires_at",
        TIMESTAMPTZ,
        nullable=False,
        comment="From when on nobody looks at it any more; the row goes with the next request or claim",
    ),
    PrimaryKeyConstraint("request", name="picture_request_pkey"),
    CheckConstraint("state in ('queued', 'leased', 'done', 'refused')", name="picture_request_state_check"),
    CheckConstraint(
        "(state = 'leased') = (lease_token is not null and lease_until is not null)", name="picture_request_lease_check"
    ),
    CheckConstraint(
        "(state = 'done') = (handle is not null)"
        " and (state = 'refused') = (error is not null and error_code is not null)",
        name="picture_request_answer_check",
    ),
    CheckConstraint("(state in ('queued', 'leased')) = (picture is not null)", name="picture_request_picture_check"),
    Index("picture_request_waiting_idx", "requested_at", postgresql_where=text("picture is not null")),
    prefixes=["UNLOGGED"],
    comment="Pictures that SQL clients have handed in for a worker to look at, until it has, or they expire; "
    "emptied by a crash",
)
