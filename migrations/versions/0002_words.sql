-- Purpose: how often words stand in the names of the register. Filled by logosim.count_words.

create table logosim.word (
    word   text collate "C" not null
  , marks  integer          not null
  , constraint word_pkey primary key (word)
);

comment on table logosim.word is 'Words of the names of all marks, counted by logosim.count_words; rare words are the distinctive ones';
comment on column logosim.word.word is 'A word of logosim.mark.normalised_text';
comment on column logosim.word.marks is 'Marks with this word in their name, each counted once';

create table logosim.word_census (
    only_row    boolean     not null default true
  , names       integer     not null
  , changes     bigint      not null
  , counted_at  timestamptz not null default now()
  , constraint word_census_pkey primary key (only_row)
  , constraint word_census_only_row_check check (only_row)
);

comment on table logosim.word_census is 'One row: what the counts of logosim.word were taken from; none before the first count';
comment on column logosim.word_census.only_row is 'Always true: there is one row at most';
comment on column logosim.word_census.names is 'Marks with a name when the words were counted';
comment on column logosim.word_census.changes is 'Marks that all batches together had inserted or updated by then';
comment on column logosim.word_census.counted_at is 'When the words were counted';
