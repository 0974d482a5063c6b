"""How names are written, pronounced and weighed."""

from __future__ import annotations

from pgvector.sqlalchemy import BIT
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
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

SKETCH_BITS = 512

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

name_sketch = Table(
    "name_sketch",
    METADATA,
    Column("mark_id", Uuid, nullable=False, comment="Mark whose name it is"),
    Column(
        "spelling",
        BIT(SKETCH_BITS),
        comment="Pairs and triples of neighbouring letters of the normalised name, hashed; compared by Jaccard "
        "distance",
    ),
    Column(
        "sound",
        BIT(SKETCH_BITS),
        comment="The same of its pronunciations in classes of sounds; null where nothing in it is pronounceable",
    ),
    Column("source", Text, nullable=False, comment="As in mark"),
    Column("year", SmallInteger, comment="As in mark"),
    Column("vienna_keys", ARRAY(Text), nullable=False, comment="As in mark"),
    PrimaryKeyConstraint("mark_id", name="name_sketch_pkey"),
    ForeignKeyConstraint(["mark_id"], ["logosim.mark.mark_id"], name="name_sketch_mark_id_fkey", ondelete="CASCADE"),
    Index(
        "name_sketch_spelling_idx",
        "spelling",
        postgresql_using="hnsw",
        postgresql_ops={"spelling": "public.bit_jaccard_ops"},
    ),
    Index(
        "name_sketch_sound_idx", "sound", postgresql_using="hnsw", postgresql_ops={"sound": "public.bit_jaccard_ops"}
    ),
    Index(
        "name_sketch_vienna_keys_idx",
        "vienna_keys",
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    ),
    Index("name_sketch_year_idx", "year"),
    comment="Names of marks as bit sets, of which the nearest can be found, beside what filters ask about; kept by a "
    "trigger on logosim.mark, one row each",
)

word = Table(
    "word",
    METADATA,
    Column("word", Text(collation="C"), nullable=False, comment="A word of logosim.mark.normalised_text"),
    Column("marks", Integer, nullable=False, comment="Marks with this word in their name, each counted once"),
    PrimaryKeyConstraint("word", name="word_pkey"),
    Index(
        "word_trigrams_idx",
        "word",
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
        postgresql_ops={"word": "public.gin_trgm_ops"},
    ),
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

generic_word = Table(
    "generic_word",
    METADATA,
    Column("word", Text(collation="C"), nullable=False, comment="Word of a normalised name"),
    Column("kind", Text, nullable=False, comment="What kind of word it is, such as legal form"),
    PrimaryKeyConstraint("word", name="generic_word_pkey"),
    comment="Words of names that distinguish nothing in any register; loaded at each upgrade",
)

segment = Table(
    "segment",
    METADATA,
    Column("segment", Text, nullable=False, comment="One character of IPA"),
    Column("code", Integer, nullable=False, comment="Number of the sound, from 1"),
    Column(
        "vowel",
        Integer,
        nullable=False,
        comment="What an alignment of it costs because it is a vowel or glide, 0 of a consonant; times 2",
    ),
    Column(
        "differences",
        ARRAY(Integer),
        nullable=False,
        comment="How different it is from each sound, in the order of the codes; times 2",
    ),
    PrimaryKeyConstraint("segment", name="segment_pkey"),
    UniqueConstraint("code", name="segment_code_key"),
    comment="Sounds that logosim.aline_similarity compares, with what it costs to take one for another; "
    "loaded at each upgrade",
)
